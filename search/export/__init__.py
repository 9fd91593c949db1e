"""What is taken home from a search."""
