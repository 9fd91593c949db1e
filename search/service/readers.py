"""Searches as a service reads them: kept in memory, and read anew only when something of theirs changed."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar, cast

from sqlalchemy import text
from sqlalchemy.engine import Engine

from search.config import workspace as places
from search.config.workspace import Workspace, find
from search.results.model import BestMixes
from search.results.ranking import rank_and_explain
from search.results.row_source import RowSource, StoredRows
from search.results.status import list_searches, summarize
from search.results.status_model import SearchList, SearchStatus
from search.studies.database import connect, open_storage, parsed, sqlite_file, usable
from search.studies.lease import is_held
from search.studies.studies import Studies, study_name
from spaces.errors import Failure, InputError, Problem

PATIENCE = 5.0
"""Seconds that a caller waits for a search to be read, or for what it has learned."""

KEPT = 64
"""Computed answers that are kept."""

Stamp = tuple[Hashable, ...]
"""Changes with everything that an answer about a search is made of."""

T = TypeVar("T")


class Reading(Failure):
    """It takes a while: the answer is there when it is asked for again."""


class NoSearch(InputError):
    """There is no search of that name."""


@dataclass(frozen=True)
class Opened:
    """A search in memory.

    Args:
        stamp: of what was read.
        rows: who knows the rows behind its scores; what is not computed yet is not waited for.
    """

    workspace: Workspace
    studies: Studies
    rows: RowSource
    stamp: Stamp


class Searches:
    """The searches below a folder. Safe to use from several threads; writes nothing.

    Args:
        home: $TASKMIX_HOME.
        patience: seconds until a caller is told that it takes a while.

    Raises:
        InputError: `home` is not $TASKMIX_HOME, where everything else looks.
    """

    def __init__(self, home: Path, patience: float = PATIENCE) -> None:
        if home.resolve() != places.home():
            raise InputError(Problem("is not $TASKMIX_HOME", found=str(home), fix=f"TASKMIX_HOME={home}"))
        self.home = home.resolve()
        self._patience = patience
        self._opened: dict[str, Opened] = {}
        self._engines: dict[str, Engine] = {}
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(4, "reader")
        self._thinkers = ThreadPoolExecutor(1, "thinker")  # what a search has learned takes all cores it gets
        self._pending: dict[Hashable, Future[object]] = {}
        self._answers: OrderedDict[Hashable, object] = OrderedDict()

    # --- answers

    def names(self) -> list[str]:
        """All searches, by name."""
        return places.names()

    def list(self) -> SearchList:
        """What `status` says."""
        return list_searches(is_held, lambda name: (self.find(name), self.studies(name)[0]))

    def status(self, name: str) -> SearchStatus:
        """What `status NAME` says. Raises `NoSearch`, `Reading`, and Failure when the database is away."""
        opened = self.open(name)
        return summarize(opened.studies, is_held(opened.workspace))

    def best(self, name: str, target: str | None = None, top: int = 3) -> BestMixes:
        """What `best NAME` says. Raises as `status`, and InputError where the search has no such target."""
        opened = self.open(name)
        return self.kept(
            ("best", name, target, top, opened.stamp),
            lambda: rank_and_explain(opened.studies, target, top, opened.rows),
            self._thinkers,
        )

    def studies(self, name: str) -> tuple[Studies, RowSource]:
        """The studies of a search as they are now, and who knows the rows behind its scores. Raises as `status`."""
        opened = self.open(name)
        return opened.studies, opened.rows

    # --- reading

    def find(self, name: str) -> Workspace:
        """Where a search lives. Raises `NoSearch`, and InputError where its file cannot be read."""
        if name not in self.names():
            raise NoSearch(Problem("no search of that name", found=name[:200], fix="GET /api/v1/searches lists them"))
        return find(name)

    def stamp(self, name: str) -> Stamp:
        """Changes when a search does; one cheap query. Raises as `status`."""
        workspace = self.find(name)
        return self._stamp(workspace)

    def open(self, name: str) -> Opened:
        """A search in memory, as it is now. Raises as `status`."""
        workspace = self.find(name)
        stamp = self._stamp(workspace)
        known = self._opened.get(name)
        if known is not None and known.stamp == stamp:
            return known
        return self._waited(("open", name, stamp), lambda: self._read(workspace, stamp), self._readers, name)

    def kept(self, key: Hashable, compute: Callable[[], T], pool: ThreadPoolExecutor | None = None) -> T:
        """What `compute` returns, computed once for a key and kept for a while.

        Raises:
            Reading: it is being computed.
        """
        with self._lock:
            if key in self._answers:
                self._answers.move_to_end(key)
                return cast(T, self._answers[key])

        def keep() -> T:
            answer = compute()
            with self._lock:
                self._answers[key] = answer
                while len(self._answers) > KEPT:
                    self._answers.popitem(last=False)
            return answer

        return self._waited(key, keep, pool or self._readers, str(key))

    def close(self) -> None:
        """Lets go of threads and databases."""
        for pool in (self._readers, self._thinkers):
            pool.shutdown(wait=False, cancel_futures=True)
        for engine in self._engines.values():
            engine.dispose()

    def _waited(self, key: Hashable, compute: Callable[[], T], pool: ThreadPoolExecutor, noun: str) -> T:
        """What is computed once, however many ask for it."""
        with self._lock:
            pending = self._pending.get(key)
            if pending is None:
                pending = self._pending[key] = cast("Future[object]", pool.submit(compute))
                pending.add_done_callback(lambda _: self._pending.pop(key, None))
        try:
            return cast(T, pending.result(self._patience))
        except NotYet as error:
            if pending.done():  # a time-out of its own
                raise
            fix = "ask again in a few seconds"
            raise Reading(Problem("is still being read", found=noun, fix=fix)) from error

    def _read(self, workspace: Workspace, stamp: Stamp) -> Opened:
        with usable(workspace.studies_url):
            storage = open_storage(workspace.studies_url)
            try:
                studies = Studies(storage, workspace.search)
            finally:
                storage.engine.dispose()
        opened = Opened(workspace, studies, StoredRows(workspace, studies, at_once=False), stamp)
        with self._lock:
            self._opened[workspace.name] = opened
        return opened

    def _stamp(self, workspace: Workspace) -> Stamp:
        files = [workspace.file, workspace.folder / "row_errors.json"]
        files += [file for folder in workspace.config.cards for file in Path(folder).rglob("*.yaml")]
        return (tuple(map(_changed, files)), self._studies_stamp(workspace))

    def _studies_stamp(self, workspace: Workspace) -> Stamp:
        """Trials are only added, and their states go one way: a trial that ended does not change any more."""
        url, config = workspace.studies_url, workspace.config
        file = sqlite_file(parsed(url, "storage.studies"))
        if file is not None and not file.exists():
            fix = "launch the search first, or see that storage.studies is the one it was launched with"
            raise Failure(Problem("the studies of the search are not there", str(file), fix=fix))
        studies = [study_name(config.name, target) for target in config.targets]
        names = {f"n{number}": name for number, name in enumerate(studies)}
        marks = ", ".join(f":{mark}" for mark in names)
        with usable(url), self._engine(url).connect() as connection:
            trials = connection.execute(
                text(
                    "SELECT count(*), max(trial_id), sum(CASE WHEN state = 'RUNNING' THEN 0 ELSE 1 END) FROM trials "
                    f"WHERE study_id IN (SELECT study_id FROM studies WHERE study_name IN ({marks}))"
                ),
                names,
            ).one()
            attributes = connection.execute(
                text(
                    "SELECT key, value_json FROM study_user_attributes WHERE study_id = "
                    "(SELECT study_id FROM studies WHERE study_name = :n0) ORDER BY key"
                ),
                names,
            ).all()
        return tuple(trials), hash(tuple(map(tuple, attributes)))

    def _engine(self, url: str) -> Engine:
        with self._lock:
            if url not in self._engines:
                self._engines[url] = connect(url)
            return self._engines[url]


def _changed(file: Path) -> tuple[str, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return str(file), found.st_mtime_ns, found.st_size
