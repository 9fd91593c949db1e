"""Connections on which a request does not arrive are closed; others are left alone."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from search.config.workspace import Workspace
from search.service import connection as module
from search.service.app import make_app
from search.service.server import listen
from search.service.settings import Settings
from tests.search.service.conftest import ACCESS, WRITER
from tests.support.browser import listening

pytestmark = pytest.mark.long

HEAD = f"Host: 127.0.0.1\r\nAuthorization: Bearer {WRITER.secret}\r\n"
JSON = "Content-Type: application/json\r\n"


@pytest.fixture
def address(home: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, int]]:
    """Of a service that waits half a second for a request."""
    monkeypatch.setattr(module, "ARRIVE_SECONDS", 0.5)
    with listening(make_app(home, Settings(access=ACCESS, searches=0))) as url:
        host, _, port = url.removeprefix("http://").partition(":")
        yield host, int(port)


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "GET",
        f"GET /api/v1/searches HTTP/1.1\r\n{HEAD}X-Half: ",
        f"POST /api/v1/searches/small/stop HTTP/1.1\r\n{HEAD}{JSON}Content-Length: 20\r\n\r\n{{",
        f"PUT /api/v1/searches/small HTTP/1.1\r\n{HEAD}{JSON}Transfer-Encoding: chunked\r\n\r\n",
    ],
)
def test_a_request_that_does_not_arrive_is_not_waited_for(address: tuple[str, int], sent: str) -> None:
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(sent.encode())
        assert connection.recv(100) == b""  # a service that waits would time out here


def test_a_head_that_comes_drop_by_drop_is_not_waited_for(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=60) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\n")
        connection.settimeout(0.05)
        for number in range(2000):
            try:
                connection.sendall(f"X-{number}: y\r\n".encode())
                assert connection.recv(100) == b""
                return
            except TimeoutError:
                continue
            except ConnectionError:
                return
    raise AssertionError("it is waited for")


def test_streams_and_connections_that_are_kept_stay_open(address: tuple[str, int]) -> None:
    with socket.create_connection(address, timeout=60) as connection, connection.makefile("rb") as answer:
        for _ in range(3):
            connection.sendall(f"GET /healthz HTTP/1.1\r\n{HEAD}\r\n".encode())
            assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
            while answer.readline() != b"\r\n":
                pass
            assert answer.read(3) == b"ok\n"
        connection.sendall(f"GET /api/v1/searches/small/events HTTP/1.1\r\n{HEAD}\r\n".encode())
        assert answer.readline() == b"HTTP/1.1 200 OK\r\n"
        connection.settimeout(2.0)
        with pytest.raises(TimeoutError):  # nothing more happens, and nobody closes it
            while answer.readline():
                pass


def test_answers_are_not_held_back_for_more_to_come() -> None:
    """Nagle's algorithm and a client that waits before it acknowledges cost 40 ms an answer."""

    async def looked_at() -> int:
        accepted: asyncio.Queue[socket.socket] = asyncio.Queue()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            accepted.put_nowait(writer.get_extra_info("socket"))

        async with await asyncio.start_server(accept, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            held = await accepted.get()
            writer.close()
            return int(held.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    with listen("127.0.0.1", 0) as listener:
        assert asyncio.run(looked_at())
