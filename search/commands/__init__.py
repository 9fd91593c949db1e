"""A file for each command. What is heavy is imported by the function that runs it."""
