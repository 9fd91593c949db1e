"""Which work item is next, and Ray Tune that runs it."""
