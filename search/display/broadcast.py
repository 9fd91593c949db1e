"""Tells whoever looks on from elsewhere what the terminal of a driver shows."""

from __future__ import annotations

import threading
from contextlib import suppress
from types import TracebackType

from sqlalchemy.exc import SQLAlchemyError

from search.config.workspace import Workspace
from search.display.terminal import Terminal
from search.studies.database import connect
from search.studies.live import LiveFacts, forget_live, write_live

PAUSE = 2.0
"""Seconds between two looks; what did not change is not written."""


class Broadcast:
    """As long as the context lasts.

    Args:
        holder: id of the driver's lease.
    """

    def __init__(self, workspace: Workspace, terminal: Terminal, holder: str) -> None:
        self._name, self._terminal, self._holder = workspace.name, terminal, holder
        self._engine = connect(workspace.studies_url)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._tell, name="broadcast", daemon=True)

    def __enter__(self) -> Broadcast:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join(timeout=5.0)  # it may be waiting for a database that is away
        with suppress(SQLAlchemyError):
            forget_live(self._engine, self._name, self._holder)
        self._engine.dispose()

    def _tell(self) -> None:
        told: LiveFacts | None = None
        while not self._over.wait(PAUSE):
            live = self._terminal.live
            if live is not None and live != told:
                with suppress(SQLAlchemyError):  # it is told again
                    write_live(self._engine, self._name, self._holder, live)
                    told = live
