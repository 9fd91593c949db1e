"""The lease: one driver per search, wherever drivers run.

A driver writes itself down as the holder of its search (`holder.py`) for half a minute, and a thread renews that. When
it dies its lease runs out; on its own machine its process is looked at, so that a search can be launched again at once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from search.config.workspace import Workspace
from search.studies.database import PATIENCE, persistently, usable
from search.studies.holder import Holder, claim, find_holder, give_back, open_leases, read, renew
from search.studies.stop import StopRequest, find_request
from spaces.errors import Failure, InputError, Problem
from trainables.store.patience import telling_of_silence

TIME_TO_LIVE = 30.0
"""Seconds that a lease lasts without being renewed; a third of it lies between renewals."""

LOOK = 3.0
"""Seconds between two looks for a request to stop."""

SILENCE = 6.0
"""Seconds without an answer of the database after which it is said: who writes meanwhile may try for much longer."""

OnStop = Callable[[StopRequest], None]
"""Called from the lease's thread when somebody wants the driver to end; a second time when at once."""


def acquire(
    workspace: Workspace,
    say: Callable[[str], None] = lambda text: None,
    on_stop: OnStop = lambda request: None,
) -> Lease:
    """One driver per search, wherever it runs: a context, as long as which this process is the one.

    Args:
        say: told when a driver that died on another machine has to be waited for.
        on_stop: called when somebody wants this driver to end.

    Raises:
        InputError: another driver runs the search.
        Failure: the studies' database cannot be used.
    """
    patience = workspace.config.failures.patience
    return Lease.take(workspace.studies_url, workspace.name, say, on_stop, patience)


def is_held(workspace: Workspace) -> bool:
    """Whether a driver runs the search, here or elsewhere. Raises Failure when the database cannot be used."""
    return find_holder(workspace.studies_url, workspace.name) is not None


class LeaseLost(Failure):
    """Another driver runs the search by now; this one must not write."""


class Lease:
    """A search that this process drives, until `release` or the end of the context."""

    def __init__(
        self,
        engine: Engine,
        search: str,
        id: str,
        since: float,
        say: Callable[[str], None],
        on_stop: OnStop = lambda request: None,
        patience: float = PATIENCE,
    ) -> None:
        """Not for callers: see `take`."""
        self._on_stop, self._asked = on_stop, False
        self._is_hard, self._patience = False, patience
        self.search, self._engine, self._id, self._say = search, engine, id, say
        self._until = since + TIME_TO_LIVE
        self._lost: Problem | None = None
        self._renewing = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    @classmethod
    def take(
        cls,
        url: str,
        search: str,
        say: Callable[[str], None] = lambda text: None,
        on_stop: OnStop = lambda request: None,
        patience: float = PATIENCE,
    ) -> Lease:
        """Wait until the lease is free, or known to be held by a driver that lives.

        Args:
            url: of the studies' database.
            search: its name.
            say: told when this has to wait for the lease of a driver that does not renew it any more.
            on_stop: called when somebody wants this driver to end.
            patience: seconds for which a database that is away is waited for, once the lease is taken.

        Raises:
            InputError: another driver runs the search.
            Failure: the database cannot be used.
        """
        engine = open_leases(url)
        first: Holder | None = None
        with usable(url):
            while True:
                since = _clock()
                held = read(engine, search)
                if held is None or held.is_over:
                    if id := claim(engine, search, held, TIME_TO_LIVE):
                        return cls(engine, search, id, since, say, on_stop, patience)
                    continue  # somebody was quicker: look who
                first = first or held
                if held.is_here or (held.id, held.expires) != (first.id, first.expires):
                    engine.dispose()
                    raise _refusal(search, held)
                if held is first:
                    who = f"{held.host}, process {held.pid}"
                    say(f"waiting for {held.left:.0f} s for the lease of {who}, unless it is renewed")
                time.sleep(max(0.05, min(1.0, held.left)))

    @property
    def id(self) -> str:
        """Of this lease, new each time that one is taken."""
        return self._id

    def check(self) -> None:
        """Call it before each write: costs nothing as long as the last renewal is young enough to write under.

        If it is not, the lease is renewed here, which waits for a database that is away.

        Raises:
            LeaseLost: another driver has taken the search over.
            Failure: the database was away for too long.
        """
        if self._lost is None and _clock() > self._until - TIME_TO_LIVE / 3:
            persistently(self._renew, lambda: None, seconds=self._patience, say=self._say)
        if self._lost is not None:
            raise LeaseLost(self._lost)

    def release(self) -> None:
        """Give it back; what cannot be given back runs out."""
        self._over.set()
        self._thread.join(timeout=5.0)  # it may be waiting for a database that is away
        with suppress(SQLAlchemyError):
            give_back(self._engine, self.search, self._id)
        self._engine.dispose()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _keep(self) -> None:
        """Renews until the end, more often while the database is away, and looks for requests in between."""
        renewal = _clock() + TIME_TO_LIVE / 3
        while not self._over.wait(max(0.0, min(LOOK, renewal - _clock()))):
            try:
                with telling_of_silence(self._tell_of_silence, SILENCE):
                    if _clock() >= renewal:
                        self._renew()
                        renewal = _clock() + TIME_TO_LIVE / 3
                    self._look()
            except SQLAlchemyError:  # `check` says what is wrong, if it is not over by then
                renewal = min(renewal, _clock() + TIME_TO_LIVE / 30)

    def _tell_of_silence(self, seconds: float) -> None:
        self._say(f"the database has not answered for {seconds:g} s; the search waits for it")

    def _look(self) -> None:
        """Passes a request to stop on, once, and once more when it became a hard one."""
        request = find_request(self._engine, self.search)
        if request is None or request.holder != self._id or (self._asked and request.hard == self._is_hard):
            return
        self._asked, self._is_hard = True, request.hard
        self._on_stop(request)

    def _renew(self) -> None:
        with self._renewing:
            if self._lost is not None or self._over.is_set():
                return
            since = _clock()
            if renew(self._engine, self.search, self._id, TIME_TO_LIVE):
                self._until = since + TIME_TO_LIVE
                return
            held = read(self._engine, self.search)
            fix = f"watch it: taskmix status {self.search}"
            found = str(held) if held else "nobody holds it: it was released, or the database was emptied"
            self._lost = Problem("another driver has taken this search over", self.search, found, fix)


def _refusal(search: str, held: Holder) -> InputError:
    fix = f"watch it: taskmix status {search}; or stop it where it runs: Ctrl-C; a cluster's job: taskmix jobs --stop"
    return InputError(Problem("this search is running already", search, str(held), fix))


def _clock() -> float:
    """This machine's clock for how long something took; it goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))
