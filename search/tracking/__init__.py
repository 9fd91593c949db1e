"""MLflow, a view of the studies: one writer."""
