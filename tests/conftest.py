"""What tests of several packages share."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from tests.support.postgres import Server
from tests.support.s3 import Server as S3Server

_numbers = itertools.count(1)


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
