"""MLflow beside the search: a thread writes its runs, so that a slow server, or one that is silent, costs no time.

The driver says what happened and goes on. The thread writes when it comes to it: a run is computed from the studies as
they are then, so what happened meanwhile is in it, and what could not be written is written later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import TYPE_CHECKING, Any

from search.config.search import Search
from search.results.row_source import RowSource
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from search.tracking.client import open_client
from search.tracking.mlflow_runs import Tracking
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress

if TYPE_CHECKING:
    from search.scheduling.driver import SearchEnd

END_SECONDS = 60.0
"""How long the end of a search waits for MLflow."""

TOLD_SECONDS = 2.0
"""After so long it is said what the end waits for."""

IDLE_SECONDS = 5.0
"""Between two looks whether something that could not be written may be tried again."""


class Turn:
    """Whose turn it is to read or change the studies: the driver's, or the thread's that writes to MLflow."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner: int | None = None

    def __enter__(self) -> None:
        self._lock.acquire()
        self._owner = threading.get_ident()

    def __exit__(self, *_: object) -> None:
        self._owner = None
        self._lock.release()

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Within it, it is the others' turn; nothing where it is not this thread's."""
        if self._owner != threading.get_ident():
            yield
            return
        self.__exit__()
        try:
            yield
        finally:
            self.__enter__()


class _Lending:
    """A client whose calls lend the turn while they wait for an answer."""

    def __init__(self, client: Any, turn: Turn) -> None:
        self._client, self._turn = client, turn

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._client, name)

        def call(*arguments: Any, **keywords: Any) -> Any:
            with self._turn.lent():
                return method(*arguments, **keywords)

        return call


class Beside:
    """Writes a search's runs in a thread, as a listener of its agenda.

    Args: as of `Tracking`, and
        turn: taken by whoever changes the studies.
        end_seconds: how long the end waits for what is not written yet.
    """

    def __init__(
        self,
        search: Search,
        studies: Studies,
        uri: str,
        turn: Turn,
        warn: Callable[[str], None] = lambda text: None,
        opener: Callable[[str], Any] = open_client,
        rows: RowSource | None = None,
        end_seconds: float = END_SECONDS,
    ) -> None:
        self._turn, self._warn, self._end_seconds = turn, warn, end_seconds

        def open_lending(uri: str) -> Any:
            return _Lending(opener(uri), turn)

        self._tracking = Tracking(search, studies, uri, warn, open_lending, rows)
        self._news: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="mlflow runs", daemon=True)
        self._ending: str | None = None

    def __enter__(self) -> Beside:
        self._tracking.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ending is None:
            self._end("interrupted" if kind and issubclass(kind, KeyboardInterrupt) else "failed")

    def ready(self) -> None:
        """Waits until MLflow is open and its runs are what the studies say, as `Tracking.ready`. Raises Failure."""
        self._tracking.ready()
        if self._thread.ident is None and self._ending is None:
            self._thread.start()

    def keep_report(self, draw: Callable[[], str]) -> None:
        """The search as an HTML page, an artifact of its run, as `Tracking.keep_report`."""
        self._news.put(lambda: self._tracking.keep_report(draw))

    def end(self, ending: SearchEnd) -> None:
        """Writes what is left, for a limited time, and terminates the runs."""
        self._end(ending.value)

    # --- agenda.Listener

    def started(self, item: WorkItem, purpose: Purpose) -> None:
        self._news.put(lambda: self._tracking.note_started(item))

    def progressed(self, item: WorkItem, progress: Progress) -> None:
        """MLflow gets results, not progress."""

    def finished(self, item: WorkItem, outcome: Outcome) -> None:
        self._news.put(lambda: self._tracking.note_finished(item))

    # --- the thread

    def _end(self, ending: str) -> None:
        self._ending = ending
        if self._thread.ident is None:
            self._tracking.finish(ending)
            return
        self._news.put(None)
        self._thread.join(min(TOLD_SECONDS, self._end_seconds))
        if self._thread.is_alive():
            self._warn(f"writing what MLflow lacks, for {self._end_seconds:g} s at most")
            self._thread.join(max(0.0, self._end_seconds - TOLD_SECONDS))
        if self._thread.is_alive():
            self._warn("MLflow lacks results of this search; launching it again writes them")

    def _write(self) -> None:
        is_over = False
        while not is_over:
            news = []
            with suppress(Empty):
                news.append(self._news.get(timeout=IDLE_SECONDS))
            while not self._news.empty():
                news.append(self._news.get())
            is_over = None in news  # nothing comes after it
            with self._turn:
                for note in filter(None, news):
                    note()
                if is_over:
                    self._tracking.finish(str(self._ending))
                else:
                    self._tracking.write()
