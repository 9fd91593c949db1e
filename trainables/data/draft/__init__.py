"""A first card for data that have none."""
