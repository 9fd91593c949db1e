"""Searches that are launched, queued, stopped and resumed for those who ask over HTTP."""
