"""The suite, built once for all tests of the session."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainables.offline.build import build


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The really built suite."""
    return build(tmp_path_factory.mktemp("suites"), lambda line: None)
