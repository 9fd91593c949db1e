"""What a gain is worth: the noise of seeds, the error of rows, intervals and probabilities. Knows no search."""
