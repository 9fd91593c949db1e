"""The offline suites "mini" and "kin": real data and a real pretrained encoder from pip packages, without any hub."""

from pathlib import Path

SUITE_VERSIONS = {"mini": 3, "kin": 1}
"""Goes up when a suite's content changes: a part of its folder's name, so that an old cache is never taken for it."""


def folder_name(suite: str) -> str:
    """Of an offline suite, in a cache."""
    return f"{suite}-v{SUITE_VERSIONS.get(suite, 0)}"


def suite_folder(cache: Path, suite: str) -> Path:
    """Where an offline suite is built; its data sets lie at `data/<path>/<config>/<split>.parquet`."""
    return cache / folder_name(suite)
