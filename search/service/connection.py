"""Connections: uvicorn's own, with a limit to how long a request may take to arrive. uvicorn itself has none.

Whoever opens connections and sends half a head, or nothing, would hold each for as long as they like.
"""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

ARRIVE_SECONDS = 40.0
"""From the first byte of a request to its last; of a new connection from its begin. A search file has to fit in."""

DEAD_SECONDS = 120
"""After which a peer that acknowledges nothing is gone: its machine went off, or a firewall forgot it."""


class Connection(H11Protocol):
    """As uvicorn's, and closed when a request does not arrive in time."""

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_watching()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if not self._is_awaited:
            self._stop_watching()
        elif self._late is None:
            self._late = self.loop.call_later(ARRIVE_SECONDS, self._close)

    @property
    def _is_awaited(self) -> bool:
        """Whether a request, or the rest of one, is to come."""
        return self.conn.their_state in (h11.IDLE, h11.SEND_BODY)

    def _stop_watching(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None

    def _close(self) -> None:
        self._late = None
        if self._is_awaited and not self.transport.is_closing():
            self.transport.close()


def notice_the_dead(listener: socket.socket) -> None:
    """Let the connections of a listener end where the other side is gone without a word; where the system can."""
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    options = {"TCP_KEEPIDLE": DEAD_SECONDS // 2, "TCP_KEEPINTVL": DEAD_SECONDS // 8, "TCP_KEEPCNT": 4}
    for name, value in {**options, "TCP_USER_TIMEOUT": DEAD_SECONDS * 1000}.items():
        with suppress(AttributeError, OSError):
            listener.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
