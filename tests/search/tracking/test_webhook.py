"""A search that has ended is told."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from search.results.status import search_line
from search.tracking.webhook import tell
from tests.support.searches import Filler


@pytest.fixture
def heard() -> Iterator[tuple[str, list[Any]]]:
    """The address of a server, and what was posted to it."""
    bodies: list[Any] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if self.path == "/" else 410)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/", bodies
    server.shutdown()
    server.server_close()


def test_the_line_of_a_search_is_posted(filled: Filler, heard: tuple[str, list[Any]]) -> None:
    url, bodies = heard
    said: list[str] = []
    tell(lambda: search_line(filled.studies), said.append, {"TASKMIX_WEBHOOK": url})
    [body] = bodies
    assert body["text"] == "small: unfinished; 4 recipes in 10 work items, 1 of them failed"
    assert body["best"]["related"]["mix"] == "paraphrase:0.7 + ner:0.3"
    assert not said
    tell(lambda: pytest.fail("drawn for nobody"), said.append, {})
    assert len(bodies) == 1


@pytest.mark.parametrize("path", ["gone-T0KEN", None])
def test_what_does_not_arrive_is_said_without_the_address(
    filled: Filler, heard: tuple[str, list[Any]], path: str | None
) -> None:
    said: list[str] = []
    url = heard[0] + path if path else "file:///T0KEN"
    tell(lambda: search_line(filled.studies), said.append, {"TASKMIX_WEBHOOK": url})
    assert len(said) == 1 and "TASKMIX_WEBHOOK" in said[0] and "T0KEN" not in said[0]
