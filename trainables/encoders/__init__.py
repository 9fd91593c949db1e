"""Encoders: loaded, checked, merged, saved."""
