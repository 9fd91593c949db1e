"""The service as a process: it listens until it is interrupted."""

from __future__ import annotations

import fcntl
import logging
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from search.service.access import is_loopback
from search.service.app import make_app
from search.service.connection import Connection, notice_the_dead
from search.service.settings import Settings
from spaces.errors import Failure, InputError, Problem

LEAVE_SECONDS = 3
"""How long requests that are being answered may take when the service ends."""

IDLE_SECONDS = 20


def serve(home: Path, settings: Settings, host: str, port: int, say: Callable[[str], None]) -> None:
    """Answers until SIGINT or SIGTERM.

    Args:
        host, port: where it listens; port 0: any that is free.
        say: told where it is, with a link that holds a token.

    Raises:
        InputError: another service has these searches.
        Failure: something else listens there.
    """
    with _alone(home):
        _serve(home, settings, host, port, say)


def _serve(home: Path, settings: Settings, host: str, port: int, say: Callable[[str], None]) -> None:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    app = make_app(home, settings)
    listener = listen(host, port)
    name = host if is_loopback(host) else sorted(settings.access.hosts)[0]
    shown = f"[{name}]" if ":" in name else name
    writer = next((token for token in settings.access.tokens if token.role == "write"), None)
    query = f"/?token={writer.secret}" if writer and writer.name != "environment" else "/"
    say(f"serves {home} at http://{shown}:{listener.getsockname()[1]}{query}")
    _Server(configured(app), app).run(sockets=[listener])


def configured(app: FastAPI) -> uvicorn.Config:
    """How the application is served."""
    return uvicorn.Config(
        app,
        http=Connection,
        log_level="warning",
        access_log=False,  # links have tokens in them
        server_header=False,
        lifespan="on",
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=LEAVE_SECONDS,
        h11_max_incomplete_event_size=32 << 10,
        ws="none",
    )


class _Server(uvicorn.Server):
    """Ends its streams before it waits for what is being answered."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._app.state.feeds.close()
        await super().shutdown(sockets)


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """One service per $TASKMIX_HOME on a machine, or two would start what waits."""
    home.mkdir(parents=True, exist_ok=True)
    folder = os.open(home, os.O_RDONLY)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise InputError(Problem("a service serves these searches already", str(home))) from error
        yield
    finally:
        os.close(folder)


def listen(host: str, port: int) -> socket.socket:
    """A socket that waits for connections; raises Failure where it cannot."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # With the protocol named: only then does asyncio turn Nagle's algorithm off, which holds each answer for 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        notice_the_dead(listener)
        listener.bind((host, port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        fix = "another --port, or stop what listens there"
        raise Failure(Problem("the service cannot listen", f"{host}:{port}", str(error), fix)) from error
    return listener
