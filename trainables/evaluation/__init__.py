"""What a trained encoder is worth on a target."""
