"""The model of all results: targets, rungs and recipes in one Gaussian process."""
