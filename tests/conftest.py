"""What tests of several packages share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub import client
from tests.hub.server import Hub
from tests.support import tiers
from tests.support.postgres import Server
from tests.support.s3 import Server as S3Server

_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    tiers.mark(items)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """With `-m unit` no file that needs torch is read, which would take longer than the tests."""
    is_test = collection_path.name.startswith("test_") and collection_path.suffix == ".py"
    return True if config.option.markexpr == "unit" and is_test and tiers.imports_torch(collection_path) else None


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running PostgreSQL; a test that stops it starts it again."""
    with Server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: Server) -> str:
    """A database of the test's own, empty."""
    return postgres.url(f"test_{next(_numbers)}")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A running S3 interface."""
    with S3Server() as server:
        yield server


@pytest.fixture
def s3(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of a bucket of the test's own; this process and those it starts can reach it."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return s3_server.bucket()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A stand-in for the Hugging Face hub, empty, which this process's client asks; `HF_HOME` is `tmp_path`/hf."""
    with Hub() as server:
        client.point(monkeypatch, server.url, tmp_path / "hf")
        yield server
