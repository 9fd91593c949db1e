"""The service as a process, and the streams that it sends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from search.config.workspace import Workspace
from search.studies.database import connect
from search.studies.lease import Lease
from search.studies.live import LiveFacts, LiveItem, write_live
from tests.support.searches import Filler

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]


@contextmanager
def serving(*options: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A service of $TASKMIX_HOME; its process, address and token."""
    command = [sys.executable, "-m", "search", "serve", "--port", "0", *options]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        match = re.search(r"at (http://[^/]+)/\?token=(\S+)", line)
        assert match, line
        yield process, match[1], match[2]
    finally:
        process.kill()
        process.wait()


def stream(url: str, token: str, last: str = "") -> Iterator[tuple[str, Any, str]]:
    """Events as (name, data, id)."""
    headers = {"Authorization": f"Bearer {token}", **({"Last-Event-ID": last} if last else {})}
    with httpx2.stream("GET", f"{url}/api/v1/searches/small/events", headers=headers, timeout=60) as answer:
        assert answer.status_code == 200
        fields: dict[str, str] = {}
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                fields[name] = value
            else:
                if "data" in fields:
                    yield fields["event"], json.loads(fields["data"]), fields["id"]
                fields = {}


def test_events_go_on_where_they_were_through_a_restart(filled: Filler, workspace: Workspace) -> None:
    with serving() as (process, url, token):
        assert httpx2.get(f"{url}/healthz").text == "ok\n"
        with closing(stream(url, token)) as events:
            name, status, _ = next(events)
            assert (name, status["work_items"]["done"]) == ("status", 9)
            assert next(events)[0] == "progress"
            filled.run("ner", 1, {"related": 0.5}, "promotion")
            name, item, last = next(events)
            assert (name, item["mix"], item["state"]) == ("finished", "ner:1", "done")
        process.send_signal(signal.SIGKILL)
        process.wait()
    filled.run("crossref", 1, {"related": 0.5}, "promotion")
    (workspace.folder / "launch.log").write_text("a line\n")
    with serving() as (process, url, token), closing(stream(url, token, last)) as events:
        found = [next(events) for _ in range(4)]
        assert [name for name, _, _ in found] == ["finished", "status", "progress", "log"]
        assert found[0][1]["mix"] == "crossref:1"
        assert found[3][1] == {"text": "a line\n", "end": 7}
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130


def test_what_runs_is_pushed(filled: Filler, workspace: Workspace) -> None:
    item = filled.item("ner", 1, ("related",))
    engine = connect(workspace.studies_url)
    with Lease.take(workspace.studies_url, "small") as lease, serving() as (_, url, token):
        filled.studies.begin(item, "promotion", "related")
        live = LiveFacts(seconds_left=60.0, items=(LiveItem(key=item.key, phase="related", done=0.25, node="there"),))
        write_live(engine, "small", lease.id, live)
        with closing(stream(url, token)) as events:
            name, status, _ = next(events)
            assert (name, status["state"], status["driver"]["pid"]) == ("status", "running", os.getpid())
            assert status["seconds"]["left"] == 60.0
            write_live(engine, "small", lease.id, live.model_copy(update={"seconds_left": 50.0}))
            while (event := next(events))[0] != "progress" or event[1]["left"] != 50.0:
                pass
            running = event[1]["running"][0]
            assert (running["phase"], running["done"], running["node"]) == ("related", 0.25, "there")
    engine.dispose()


@pytest.mark.slow
def test_half_open_and_unread_connections_hinder_nobody(workspace: Workspace) -> None:
    with serving() as (_, url, token):
        host, port = url.removeprefix("http://").split(":")
        lazy = [socket.create_connection((host, int(port))) for _ in range(60)]
        for number, connection in enumerate(lazy):
            path = "/api/v1/searches/small/events" if number % 2 else "/"
            head = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n"
            connection.sendall((head + ("\r\n" if number % 2 else "X: ")).encode())
        for _ in range(5):
            answer = httpx2.get(
                f"{url}/api/v1/searches/small", headers={"Authorization": f"Bearer {token}"}, timeout=20
            )
            assert answer.status_code == 200
        for connection in lazy:
            connection.close()


@pytest.mark.slow
def test_a_second_service_of_the_same_searches_is_refused(workspace: Workspace) -> None:
    with serving():
        command = [sys.executable, "-m", "search", "serve", "--port", "0"]
        second = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert second.returncode == 2
        assert "serves these searches already" in second.stderr
