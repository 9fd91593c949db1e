"""Answers for people: tables, text, the terminal of a launch."""
