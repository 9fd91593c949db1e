"""What must be true before a search begins."""
