"""Encoders, scores and predictions under the digest of what produced them."""
