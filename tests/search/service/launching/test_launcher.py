"""Launch, queue, stop and resume, with real drivers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from fastapi.testclient import TestClient

from search.config.workspace import Workspace
from search.studies import lease
from search.studies.lease import Lease, is_held
from search.studies.stop import ask_to_stop, is_orphaned
from search.studies.ticket import Ticket, read_ticket, write_ticket
from tests.support.lease_holder import driver
from tests.support.searches import SEARCH, Filler

pytestmark = pytest.mark.long

API = "/api/v1"
CARDS = Path(SEARCH["cards"][0])
YAML = {"Content-Type": "application/yaml"}


def until(true: Callable[[], object], seconds: float = 120.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def file_of(**changes: Any) -> str:
    return yaml.safe_dump({**SEARCH, "cards": ["cards"], **changes})


@pytest.fixture
def served(home: Path, make_client: Callable[..., TestClient]) -> TestClient:
    """A service that starts nothing by itself: all its places are taken."""
    return make_client(searches=0, cards=(CARDS.parent,))


def test_a_search_is_queued_once(served: TestClient, home: Path) -> None:
    answer = served.put(f"{API}/searches/small", content=file_of(), headers=YAML)
    assert (answer.status_code, answer.json()) == (201, {"search": "small", "state": "queued", "by": "writer"})
    ticket = read_ticket(home / "small")
    again = served.put(f"{API}/searches/small", content=file_of(), headers=YAML)
    assert (again.status_code, again.json()["state"]) == (200, "queued")
    assert read_ticket(home / "small") == ticket
    assert served.get(f"{API}/searches").json()["searches"][0]["state"] == "queued"
    assert served.get(f"{API}/searches/small").json()["state"] == "queued"
    other = served.put(f"{API}/searches/small", content=file_of(seed=2), headers=YAML)
    assert other.status_code == 409
    assert other.json()["problems"][0]["where"] == "seed"
    assert served.delete(f"{API}/searches/small/queued").status_code == 204
    assert served.delete(f"{API}/searches/small/queued").status_code == 409


def test_a_budget_may_change_while_nothing_runs(served: TestClient, workspace: Workspace) -> None:
    answer = served.post(f"{API}/searches/small/resume", json={"recipes": 9})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert served.get(f"{API}/searches/small").json()["budget"]["recipes"]["total"] == 9
    assert served.post(f"{API}/searches/small/resume", json={}).status_code == 409
    assert served.post(f"{API}/searches/small/stop", json={}).json()["state"] == "stopped"
    assert served.post(f"{API}/searches/small/stop", json={}).status_code == 409
    assert served.post(f"{API}/searches/small/resume", json={"recipes": 0}).status_code == 422
    assert served.post(f"{API}/searches/small/resume", json={"recipes": 8.5}).status_code == 422
    assert served.post(f"{API}/searches/small/resume", json={"recipes": 8.0}).status_code == 202
    assert served.post(f"{API}/searches/small/stop", json={}).json()["state"] == "stopped"
    assert served.post(f"{API}/searches/small/resume").status_code == 202


def test_a_driver_anywhere_is_stopped(served: TestClient, workspace: Workspace) -> None:
    with driver(workspace.studies_url) as process:
        assert served.get(f"{API}/searches/small").json()["state"] == "running"
        assert served.post(f"{API}/searches/small/resume", json={}).status_code == 409
        assert (
            served.put(f"{API}/searches/small", content=file_of(budget={"recipes": 8}), headers=YAML).status_code == 409
        )
        answer = served.post(f"{API}/searches/small/stop", json={"hard": False})
        assert (answer.status_code, answer.json()["state"]) == (202, "stopping")
        until(lambda: not is_held(workspace), 20)
        process.join(20)
    assert not is_orphaned(workspace.studies_url, "small")


def test_a_request_is_to_one_driver(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LOOK", 0.1)
    asked: list[str] = []
    with driver(workspace.studies_url):
        ask_to_stop(workspace.studies_url, "small", "ann")
        until(lambda: not is_held(workspace), 20)
    with Lease.take(workspace.studies_url, "small", on_stop=lambda request: asked.append(request.by)):
        time.sleep(0.5)
        assert not asked
        ask_to_stop(workspace.studies_url, "small", "bob")
        until(lambda: asked == ["bob"], 20)
        ask_to_stop(workspace.studies_url, "small", "bob", hard=True)
        until(lambda: asked == ["bob", "bob"], 20)


def test_who_died_alone_is_launched_again(workspace: Workspace, make_client: Callable[..., TestClient]) -> None:
    with driver(workspace.studies_url) as process:
        process.kill()
        process.join()
        assert is_orphaned(workspace.studies_url, "small")
    make_client(searches=0, resume_interrupted=True)
    until(lambda: read_ticket(workspace.folder))


@pytest.mark.slow
def test_queued_searches_run_one_after_the_other_and_outlive_the_service(
    filled: Filler, workspace: Workspace, make_client: Callable[..., TestClient]
) -> None:
    """Their budget is spent, so that they end as soon as they have begun."""
    filled.run("ner", 1, {"related": 0.5, "verses": 0.5}, "promotion")
    spent = yaml.safe_load(workspace.file.read_text()) | {"budget": {"recipes": 4, "work_items": 1}}
    workspace.file.write_text(yaml.safe_dump(spent))
    client = make_client(searches=1)
    assert client.post(f"{API}/searches/small/resume", json={}).json()["state"] == "starting"
    ticket = read_ticket(workspace.folder)
    assert ticket is not None and psutil.Process(ticket.pid).is_running()
    assert os.getsid(ticket.pid) == ticket.pid
    assert client.post(f"{API}/searches/small/resume", json={}).status_code == 409
    client.__exit__(None, None, None)  # the service ends, and another one begins
    again = make_client(searches=1)
    until(lambda: read_ticket(workspace.folder) is None)
    until(lambda: not is_held(workspace) and not ticket.is_alive)
    log = again.get(f"{API}/searches/small/log").text
    assert log.count("launched by writer") == 1
    assert "search    small: over" in log


def test_the_oldest_starts_first_and_places_are_counted(
    workspace: Workspace, make_client: Callable[..., TestClient]
) -> None:
    with driver(workspace.studies_url):
        client = make_client(searches=1, cards=(CARDS.parent,))
        second = client.put(f"{API}/searches/second", content=file_of(name="second"), headers=YAML)
        assert second.json()["state"] == "queued"
        time.sleep(1.2)
        assert read_ticket(workspace.folder.parent / "second") is not None
        assert client.delete(f"{API}/searches/second/queued").status_code == 204


def test_a_ticket_of_a_process_that_is_gone_is_dropped(workspace: Workspace, served: TestClient) -> None:
    write_ticket(workspace.folder, Ticket("ann", pid=os.getpid(), born="1", machine="elsewhere"))
    until(lambda: read_ticket(workspace.folder) is None)


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"storage": {"studies": "postgresql://me:secret@db/x"}}, "storage.studies"),
        ({"cards": ["/etc"]}, "cards.0"),
        ({"cards": ["../support"]}, "cards.0"),
        ({"cards": [7]}, "cards.0"),
        ({"model": "/etc"}, "model"),
        ({"model": "../x"}, "model"),
        ({"model": {"id": "/etc", "revision": "x"}}, "model"),
        ({"name": "../x"}, "name"),
        ({"name": "other"}, "name"),
        ({"budget": {}, "seed": "x"}, "seed"),
    ],
)
def test_files_from_elsewhere_may_not_name_everything(
    served: TestClient, home: Path, changes: dict[str, Any], where: str
) -> None:
    answer = served.put(f"{API}/searches/small", content=file_of(**changes), headers=YAML)
    assert answer.status_code == 422
    assert any(problem["where"].endswith(where) for problem in answer.json()["problems"]), answer.text
    assert "secret" not in answer.text and "taskmix-sent" not in answer.text
    assert not (home / "small").exists()


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/yaml", 422),
        (b"x" * (300 << 10), "application/yaml", 413),
        (b"{}", "text/html", 415),
        (b"{}", "", 415),
        (b"\xff\xfe", "application/yaml", 422),
        (b"[1]", "application/json", 422),
        (b"a: " + b"[" * 5000, "application/yaml", 422),
    ],
)
def test_bodies_that_are_no_search_files(served: TestClient, content: bytes, kind: str, status: int) -> None:
    for method, path in (("PUT", "/searches/small"), ("POST", "/plans")):
        answer = served.request(method, f"{API}{path}", content=content, headers={"Content-Type": kind})
        assert answer.status_code == status
        assert len(answer.content) < 2000
