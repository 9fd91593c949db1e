"""A store that is away for a while, and one that is away for good."""

from __future__ import annotations

import errno
import os
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from s3fs import S3FileSystem

from spaces.errors import Problem
from trainables.store import patience as module
from trainables.store.patience import Patience
from trainables.store.store import Store, StoreError


class Clock:
    """Time that passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def failing(cause: Exception) -> StoreError:
    error = StoreError(Problem("the store cannot be read", "s3://bucket", str(cause)))
    error.__cause__ = cause
    return error


def test_who_does_not_answer_is_named_while_the_client_still_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SILENCE", 0.1)
    told, said = threading.Event(), list[str]()

    def say(line: str) -> None:
        said.append(line)
        told.set()

    assert Patience(600.0, say).bear(lambda: told.wait(60), "s3://bucket")
    assert said == ["waiting for s3://bucket (no answer for 0 s)"]
    assert Patience(600.0, said.append).bear(lambda: "at once") == "at once" and len(said) == 1


def test_what_is_away_is_waited_for_and_said_now_and_then(clock: Clock) -> None:
    said: list[str] = []

    def answer() -> str:
        if clock.now < 65:
            raise failing(TimeoutError("no answer"))
        return "here"

    assert Patience(600.0, said.append).bear(answer) == "here"
    assert said == ["waiting for s3://bucket (no answer)"] * 2


def test_patience_ends(clock: Clock) -> None:
    def never() -> None:
        raise failing(ConnectionRefusedError(errno.ECONNREFUSED, "refused"))

    with pytest.raises(StoreError, match="refused"):
        Patience(60.0).bear(never)
    assert 50 <= clock.now <= 60


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EROFS])
def test_what_does_not_pass_by_itself_is_not_waited_for(clock: Clock, code: int) -> None:
    def full() -> None:
        raise failing(OSError(code, os.strerror(code)))

    with pytest.raises(StoreError):
        Patience(600.0).bear(full)
    assert clock.now == 0


@pytest.fixture
def own_client() -> Iterator[None]:
    """fsspec keeps one client for the whole process, with the environment that the first test had."""
    S3FileSystem.clear_instance_cache()
    yield
    S3FileSystem.clear_instance_cache()


class Relay(socketserver.StreamRequestHandler):
    """Passes bytes on to the real server, both ways."""

    port: int

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.port)) as there:
            back = threading.Thread(target=pump, args=(there, self.connection), daemon=True)
            back.start()
            pump(self.connection, there)
            back.join()


def pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


@pytest.mark.long
@pytest.mark.usefixtures("own_client")
def test_a_server_that_comes_back_is_read_and_written(s3: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    real = urlsplit(os.environ["AWS_ENDPOINT_URL"]).port
    assert real is not None
    monkeypatch.setattr(Relay, "port", real, raising=False)
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    S3FileSystem.clear_instance_cache()  # the bucket was made by one that knows the real address
    store, said = Store(f"{s3}/taskmix", tmp_path / "cache"), list[str]()
    store.patience.seconds, store.patience.say = 60.0, said.append
    writer = threading.Thread(target=store.put_score, args=("k", {"score": 0.5}))
    writer.start()
    while not said:
        assert writer.is_alive()
        time.sleep(0.05)
    with socketserver.ThreadingTCPServer(("127.0.0.1", port), Relay) as relay:
        relay.daemon_threads = True
        threading.Thread(target=relay.serve_forever, daemon=True).start()
        writer.join(timeout=30)
        assert store.score("k") == {"score": 0.5}
        relay.shutdown()
    assert len(said) == 1 and "Could not connect" in said[0]
