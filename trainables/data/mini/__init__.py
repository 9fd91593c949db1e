"""The offline suite "mini": real data and a real pretrained encoder from pip packages, without any hub."""

SUITE_VERSION = 2
"""Goes up when the suite's content changes: a part of its folder's name, so that an old cache is never taken for it."""
