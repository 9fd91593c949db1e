"""The suite, built once for all tests of the session."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from trainables.data.mini.build import build


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The really built suite; processes of pytest-xdist share it, and one of them builds."""
    folder = tmp_path_factory.getbasetemp()
    shared = folder.parent if os.environ.get("PYTEST_XDIST_WORKER") else folder
    return build(shared / "suites", lambda line: None)
