"""The offline suite "mini": real data and a real pretrained encoder from pip packages, without any hub."""

from pathlib import Path

SUITE_VERSION = 3
"""Goes up when the suite's content changes: a part of its folder's name, so that an old cache is never taken for it."""


def suite_folder(cache: Path, suite: str) -> Path:
    """Where an offline suite is built; its data sets lie at `data/<path>/<config>/<split>.parquet`."""
    return cache / f"{suite}-v{SUITE_VERSION}"
