"""A store on local files and on a real S3 interface."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.stores import SIZE, Raw, make_folder
from trainables.store.store import Store


@pytest.fixture(params=["local", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return str(tmp_path / "store")
    return f"{request.getfixturevalue('s3')}/taskmix"


@pytest.fixture
def store(url: str, tmp_path: Path) -> Store:
    return Store(url, tmp_path / "cache")


@pytest.fixture
def raw(url: str) -> Raw:
    return Raw(url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "encoder", os.urandom(SIZE))
