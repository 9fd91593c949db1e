"""A service of a $TASKMIX_HOME with one search that is nearly over."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from search.config.search import Search
from search.config.workspace import Workspace
from search.service.access import Access, Token, allowed_hosts
from search.service.app import make_app
from search.service.settings import Settings
from search.studies.studies import Studies
from tests.support.searches import Filler

WRITER = Token("writer", "write", "writer-of-the-tests")
READER = Token("reader", "read", "reader-of-the-tests")
ACCESS = Access((WRITER, READER), allowed_hosts("127.0.0.1", ["taskmix.example"]))
BASE = "http://127.0.0.1:8717"


@pytest.fixture
def workspace(home: Path, search: Search, tmp_path: Path, filled_database: Path) -> Workspace:
    """A search with results, in its home."""
    workspace = Workspace.of(search)
    workspace.enter(tmp_path / "search.yaml")
    for file in filled_database.parent.glob(f"{filled_database.name}*"):
        shutil.copy(file, workspace.folder / file.name.replace(filled_database.name, "studies.db"))
    return workspace


@pytest.fixture
def filled(workspace: Workspace) -> Filler:
    """Its studies, to write on."""
    return Filler(workspace.search, Studies.create(workspace))


@pytest.fixture
def make_client(home: Path) -> Iterator[Callable[..., TestClient]]:
    """A client of a service that has `home`; keywords are its settings."""
    clients: list[TestClient] = []

    def make(token: Token | None = WRITER, **settings: object) -> TestClient:
        app = make_app(home, Settings(access=ACCESS, **settings))  # type: ignore[arg-type]
        headers = {"Authorization": f"Bearer {token.secret}"} if token else {}
        client = TestClient(app, base_url=BASE, headers=headers, follow_redirects=False, raise_server_exceptions=False)
        client.__enter__()
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.__exit__(None, None, None)


@pytest.fixture
def client(workspace: Workspace, make_client: Callable[..., TestClient]) -> TestClient:
    """Of a service with one search."""
    return make_client()
