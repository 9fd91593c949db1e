"""The service: searches over HTTP."""
