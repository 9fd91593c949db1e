"""Searches as a service reads them: kept in memory, and read anew only when something of theirs changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.engine import Engine

from search.answers.benchmark import BenchmarkTable
from search.answers.items import RecipeList
from search.answers.mixes import BestMixes
from search.answers.status import SearchList, SearchStatus
from search.config import workspace as places
from search.config.workspace import Workspace, find
from search.formatting import shown
from search.results.benchmark import tabulate
from search.results.items import list_recipes
from search.results.ranking import rank_and_explain
from search.results.row_source import RowSource, StoredRows
from search.results.status import list_searches, summarize
from search.service.shelf import Kept, NotReady, Shelf
from search.studies.database import connect, open_storage, parsed, sqlite_file, usable
from search.studies.holder import Holder
from search.studies.live import LiveFacts, observe
from search.studies.studies import Studies, study_name
from search.studies.ticket import read_ticket
from spaces.errors import Failure, InputError, Problem

PATIENCE = 5.0
"""Seconds that a caller waits for a search to be read, or for what it has learned."""

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
        self._opened = Shelf("reader", threads=4, room=1000)
        self._lists = Shelf("lister", threads=2, room=16)  # of megabytes each, in a large search
        self._learned = Shelf("thinker", threads=1, room=64)  # one at a time: it takes all cores it gets
        self._engines: dict[str, tuple[int, Engine]] = {}  # address -> inode of its file, connections
        self._files: dict[str, Path | None] = {}  # address -> file of SQLite
        self._said: dict[str, tuple[Stamp, SearchStatus]] = {}  # the last status of each
        self._found: dict[str, tuple[Stamp, Workspace]] = {}
        self._lock = threading.Lock()

    # --- answers

    def names(self) -> list[str]:
        """All searches, by name."""
        return places.names()

    def list(self) -> SearchList:
        """What `status` says."""
        return list_searches(self.observe, lambda name: (self.find(name), self.studies(name)[0]))

    def status(self, name: str) -> SearchStatus:
        """What `status NAME` says. Raises `NoSearch`, `Reading`, and Failure when the database is away."""
        opened = self.open(name)
        holder, live = self.observe(opened.workspace)
        queued = read_ticket(opened.workspace.folder) is not None
        key = (opened.stamp, holder.id if holder else None, live, queued)
        known = self._said.get(name)
        if known is None or known[0] != key:
            known = self._said[name] = key, summarize(opened.studies, holder is not None, queued, holder, live)
        return known[1]

    def observe(self, workspace: Workspace) -> tuple[Holder | None, LiveFacts | None]:
        """Who drives a search now and what they are at. Raises as `status`."""
        url = workspace.studies_url
        if not self._is_there(url):
            return None, None
        with usable(url):
            return observe(self._engine(url), workspace.name)

    def is_driven(self, workspace: Workspace) -> bool:
        """Whether a driver runs a search. Raises as `status`."""
        return self.observe(workspace)[0] is not None

    def best(self, name: str, target: str | None = None, top: int = 3) -> BestMixes:
        """What `best NAME` says. Raises as `status`, and InputError where the search has no such target."""
        return self.best_known(name, target, top).value

    def best_known(self, name: str, target: str | None = None, top: int = 3) -> Kept[BestMixes]:
        """As `best`; of a large search it may be what was known a while ago."""
        opened = self.open(name)

        def think() -> BestMixes:
            return rank_and_explain(opened.studies, target, top, opened.rows)

        return self.learned(name, ("best", name, target, top), opened.stamp, think)

    def table_known(self, name: str, suite: str) -> Kept[BenchmarkTable]:
        """What `best NAME --suite S` says. As `best_known`, and InputError where there is no such suite."""
        opened = self.open(name)

        def think() -> BenchmarkTable:
            return tabulate(opened.studies, suite, opened.rows)

        return self.learned(name, ("suite", name, suite), opened.stamp, think)

    def recipes(self, name: str, target: str | None, after: str | None, limit: int) -> RecipeList:
        """As `list_recipes`. Raises as `status`, and InputError where the search has no such target or recipe."""
        opened = self.open(name)

        def listed() -> RecipeList:
            return list_recipes(opened.studies, target, after, limit)

        try:
            return self._lists.get((name, target, after, limit), opened.stamp, listed, self._patience).value
        except NotReady as error:
            raise _reading(name) from error

    def studies(self, name: str) -> tuple[Studies, RowSource]:
        """The studies of a search as they are now, and who knows the rows behind its scores. Raises as `status`."""
        opened = self.open(name)
        return opened.studies, opened.rows

    # --- reading

    def find(self, name: str) -> Workspace:
        """Where a search lives. Raises `NoSearch`, and InputError where its file cannot be read."""
        if name not in self.names():
            raise NoSearch(Problem("no search of that name", found=name[:200], fix="GET /api/v1/searches lists them"))
        known = self._found.get(name)
        if known is None or known[0] != _files_stamp(known[1]):
            workspace = find(name)
            known = self._found[name] = _files_stamp(workspace), workspace
        return known[1]

    def stamp(self, name: str) -> Stamp:
        """Changes when a search does; one cheap query. Raises as `status`."""
        workspace = self.find(name)
        return self._stamp(workspace)

    def open(self, name: str) -> Opened:
        """A search in memory as it is now, or was when it was last read. Raises as `status`."""
        workspace = self.find(name)
        stamp = self._stamp(workspace)
        try:
            return self._opened.get(name, stamp, lambda: self._read(workspace, stamp), self._patience).value
        except NotReady as error:
            raise _reading(name) from error

    def learned(
        self, name: str, key: Hashable, stamp: Stamp, think: Callable[[], T], patience: float | None = None
    ) -> Kept[T]:
        """What takes thought, kept with what it was made of.

        Args:
            name: of the search.
            key: of the question.
            patience: seconds until a caller is told that it takes a while; None: as for all.

        Raises:
            Reading: it is being computed for the first time.
        """
        try:
            return self._learned.get(key, stamp, think, self._patience if patience is None else patience)
        except NotReady as error:
            raise _reading(name) from error

    def last(self, key: Hashable) -> Kept[Any] | None:
        """The answer to a question of `learned` that was there last, however old; None: there was none."""
        return self._learned.last(key)

    def close(self) -> None:
        """Lets go of threads and databases."""
        self._opened.close()
        self._lists.close()
        self._learned.close()
        for _, engine in self._engines.values():
            engine.dispose()

    def _read(self, workspace: Workspace, stamp: Stamp) -> Opened:
        studies = self._studies(workspace) if isinstance(stamp[1], tuple) else Studies.in_memory(workspace.search)
        return Opened(workspace, studies, StoredRows(workspace, studies, at_once=False), stamp)

    def _studies(self, workspace: Workspace) -> Studies:
        with usable(workspace.studies_url):
            storage = open_storage(workspace.studies_url)
            try:
                return Studies(storage, workspace.search)
            finally:
                storage.engine.dispose()

    def _stamp(self, workspace: Workspace) -> Stamp:
        files = (*_files_stamp(workspace), _changed(workspace.folder / "row_errors.json"))
        try:
            return files, self._studies_stamp(workspace)
        except Failure:
            if read_ticket(workspace.folder) is None:
                raise
            return files, "waits for its first turn"

    def _studies_stamp(self, workspace: Workspace) -> Stamp:
        """Trials are only added, and their states go one way: a trial that ended does not change any more."""
        url, config = workspace.studies_url, workspace.config
        if not self._is_there(url):
            fix = "launch the search first, or see that storage.studies is the one it was launched with"
            raise Failure(Problem("the studies of the search are not there", shown(url), fix=fix))
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
            if not connection.execute(
                text(f"SELECT count(*) FROM studies WHERE study_name IN ({marks})"), names
            ).scalar():
                fix = "launch the search first"
                raise Failure(Problem("the studies of the search are not there", shown(url), fix=fix))
            attributes = connection.execute(
                text(
                    "SELECT key, value_json FROM study_user_attributes WHERE study_id = "
                    "(SELECT study_id FROM studies WHERE study_name = :n0) ORDER BY key"
                ),
                names,
            ).all()
        return self._engines[url][0], tuple(trials), hash(tuple(map(tuple, attributes)))

    def _is_there(self, url: str) -> bool:
        """Whether a database may be connected to without making one."""
        if url not in self._files:
            self._files[url] = sqlite_file(parsed(url, "storage.studies"))
        file = self._files[url]
        return file is None or file.exists()

    def _engine(self, url: str) -> Engine:
        """Connections that are kept; to the file that is there now, should it be another one of the same name."""
        file = self._files.get(url)
        inode = file.stat().st_ino if file is not None else 0
        with self._lock:
            known = self._engines.get(url)
            if known is not None and known[0] == inode:
                return known[1]
            if known is not None:
                known[1].dispose()
            self._engines[url] = inode, connect(url)
            return self._engines[url][1]


def _reading(name: str) -> Reading:
    return Reading(Problem("is still being read", found=name, fix="ask again in a few seconds"))


def _files_stamp(workspace: Workspace) -> Stamp:
    """Of the search file and the cards that it brings."""
    cards = [file for folder in workspace.config.cards for file in sorted(Path(folder).rglob("*.yaml"))]
    return tuple(map(_changed, [workspace.file, *cards]))


def _changed(file: Path) -> tuple[str, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return str(file), found.st_mtime_ns, found.st_size
