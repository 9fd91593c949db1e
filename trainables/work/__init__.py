"""What is asked of a worker and what comes back. Neither torch nor Ray."""
