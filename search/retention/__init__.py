"""What of the store a search may lose."""
