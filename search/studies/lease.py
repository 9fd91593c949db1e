"""The lease: one driver per search, wherever drivers run.

A row per search in the studies' database says who drives it and until when, by the database's clock. A thread of the
holder renews it; when the holder dies it runs out, and on the holder's own machine its process is looked at, so that
a search can be launched again at once. Taking is a compare-and-set: of two takers one wins.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from sqlalchemy import Column, Float, Integer, MetaData, String, Table, delete, insert, inspect, select, text, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from search.config.workspace import Workspace
from search.studies.database import alone, connect, parsed, persistently, sqlite_file, usable
from spaces.errors import Failure, InputError, Problem

TIME_TO_LIVE = 30.0
"""Seconds that a lease lasts without being renewed; a third of it lies between renewals."""

CLOCK = {
    "sqlite": "SELECT (julianday('now') - 2440587.5) * 86400.0",
    "postgresql": "SELECT CAST(extract(epoch FROM clock_timestamp()) AS double precision)",
}
"""The database's clock, in seconds since 1970."""

LEASES = Table(
    "taskmix_leases",
    MetaData(),
    Column("search", String(255), primary_key=True),
    Column("holder", String(36), nullable=False),
    Column("host", String(255), nullable=False),
    Column("machine", String(255), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("born", String(32), nullable=False),
    Column("taken", Float(53), nullable=False),
    Column("expires", Float(53), nullable=False),
)


def acquire(workspace: Workspace, say: Callable[[str], None] = lambda text: None) -> Lease:
    """One driver per search, wherever it runs: a context, as long as which this process is the one.

    Args:
        say: told when a driver that died on another machine has to be waited for.

    Raises:
        InputError: another driver runs the search.
        Failure: the studies' database cannot be used.
    """
    return Lease.take(workspace.studies_url, workspace.name, say)


def is_held(workspace: Workspace) -> bool:
    """Whether a driver runs the search, here or elsewhere. Raises Failure when the database cannot be used."""
    return holder(workspace.studies_url, workspace.name) is not None


class LeaseLost(Failure):
    """Another driver runs the search by now; this one must not write."""


@dataclass(frozen=True)
class Holder:
    """Who drives a search.

    Args:
        id: of this lease, new each time that one is taken.
        machine: what processes that see each other have in common; empty where that cannot be told.
        born: when the process started, in the kernel's words; tells it from another of the same number.
        taken, expires: seconds since 1970 by the database's clock.
        left: seconds until it expires, as it was read.
    """

    id: str
    host: str
    machine: str
    pid: int
    born: str
    taken: float
    expires: float
    left: float

    @property
    def is_here(self) -> bool:
        """Whether its process would be seen from here."""
        return bool(self.machine) and self.machine == _machine()

    @property
    def is_dead(self) -> bool:
        """Whether its process is known to be over; one on another machine never is."""
        return self.is_here and _born(self.pid) != self.born

    def __str__(self) -> str:
        since, until = (f"{dt.datetime.fromtimestamp(time):%Y-%m-%d %H:%M:%S}" for time in (self.taken, self.expires))
        return f"{self.host}, process {self.pid}, since {since}; its lease lasts until {until} unless it is renewed"


class Lease:
    """A search that this process drives, until `release` or the end of the context."""

    def __init__(self, engine: Engine, search: str, holder: str, since: float, say: Callable[[str], None]) -> None:
        """Not for callers: see `take`."""
        self.search, self._engine, self._holder, self._say = search, engine, holder, say
        self._until = since + TIME_TO_LIVE
        self._lost: Problem | None = None
        self._renewing = threading.Lock()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="lease", daemon=True)
        self._thread.start()

    @classmethod
    def take(cls, url: str, search: str, say: Callable[[str], None] = lambda text: None) -> Lease:
        """Wait until the lease is free, or known to be held by a driver that lives.

        Args:
            url: of the studies' database.
            search: its name.
            say: told when this has to wait for the lease of a driver that does not renew it any more.

        Raises:
            InputError: another driver runs the search.
            Failure: the database cannot be used.
        """
        with usable(url):
            with alone(parsed(url, "storage.studies"), "leases"):
                engine = connect(url)
                LEASES.metadata.create_all(engine)
            first: Holder | None = None
            while True:
                since = _clock()
                with engine.begin() as connection:
                    held = _read(connection, search)
                if held is None or held.left <= 0 or held.is_dead:
                    if id := _take(engine, search, held):
                        break
                    continue  # somebody was quicker: look who
                first = first or held
                if held.is_here or (held.id, held.expires) != (first.id, first.expires):
                    engine.dispose()
                    raise _refusal(search, held)
                if held is first:
                    who = f"{held.host}, process {held.pid}"
                    say(f"waiting for {held.left:.0f} s for the lease of {who}, unless it is renewed")
                time.sleep(max(0.05, min(1.0, held.left)))
        return cls(engine, search, id, since, say)

    def check(self) -> None:
        """Call it before each write: costs nothing as long as the last renewal is young enough to write under.

        If it is not, the lease is renewed here, which waits for a database that is away.

        Raises:
            LeaseLost: another driver has taken the search over.
            Failure: the database was away for too long.
        """
        if self._lost is None and _clock() > self._until - TIME_TO_LIVE / 3:
            persistently(self._renew, lambda: None, say=self._say)
        if self._lost is not None:
            raise LeaseLost(self._lost)

    def release(self) -> None:
        """Give it back; what cannot be given back runs out."""
        self._over.set()
        self._thread.join(timeout=5.0)  # it may be waiting for a database that is away
        try:
            with self._engine.begin() as connection:
                mine = (LEASES.c.search == self.search) & (LEASES.c.holder == self._holder)
                connection.execute(delete(LEASES).where(mine))
        except SQLAlchemyError:
            pass
        self._engine.dispose()

    def __enter__(self) -> Lease:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _keep(self) -> None:
        """Renews until the end, more often while the database is away."""
        pause = TIME_TO_LIVE / 3
        while not self._over.wait(pause):
            try:
                self._renew()
                pause = TIME_TO_LIVE / 3
            except SQLAlchemyError:  # `check` says what is wrong, if it is not over by then
                pause = TIME_TO_LIVE / 30

    def _renew(self) -> None:
        with self._renewing:
            if self._lost is not None or self._over.is_set():
                return
            since = _clock()
            with self._engine.begin() as connection:
                mine = (LEASES.c.search == self.search) & (LEASES.c.holder == self._holder)
                expires = _now(connection) + TIME_TO_LIVE
                renewed = connection.execute(update(LEASES).where(mine).values(expires=expires)).rowcount
                held = None if renewed else _read(connection, self.search)
            if renewed:
                self._until = since + TIME_TO_LIVE
            else:
                fix = f"watch it: taskmix status {self.search}"
                found = str(held) if held else "nobody holds it: it was released, or the database was emptied"
                self._lost = Problem("another driver has taken this search over", self.search, found, fix)


def holder(url: str, search: str) -> Holder | None:
    """Who drives a search now; None when nobody does, or there is no such database.

    Raises:
        Failure: the database cannot be used.
    """
    file = sqlite_file(parsed(url, "storage.studies"))
    if file is not None and not file.exists():
        return None
    with usable(url):
        engine = connect(url)
        try:
            if not inspect(engine).has_table(LEASES.name):
                return None
            with engine.begin() as connection:
                held = _read(connection, search)
        finally:
            engine.dispose()
    return None if held is None or held.left <= 0 or held.is_dead else held


def _read(connection: Connection, search: str) -> Holder | None:
    row = connection.execute(select(LEASES).where(LEASES.c.search == search)).mappings().one_or_none()
    if row is None:
        return None
    known = {name: row[name] for name in ("host", "machine", "pid", "born", "taken", "expires")}
    return Holder(id=row["holder"], left=row["expires"] - _now(connection), **known)


def _take(engine: Engine, search: str, held: Holder | None) -> str | None:
    """Puts this process in the place of the holder that was seen; None when somebody else was quicker."""
    id, pid = str(uuid.uuid4()), os.getpid()
    who = {"holder": id, "host": socket.gethostname(), "machine": _machine(), "pid": pid, "born": _born(pid)}
    try:
        with engine.begin() as connection:
            now = _now(connection)
            values = {**who, "taken": now, "expires": now + TIME_TO_LIVE}
            if held is None:
                connection.execute(insert(LEASES).values(search=search, **values))
                return id
            seen = (LEASES.c.search == search) & (LEASES.c.holder == held.id) & (LEASES.c.expires == held.expires)
            return id if connection.execute(update(LEASES).where(seen).values(values)).rowcount else None
    except IntegrityError:
        return None


def _refusal(search: str, held: Holder) -> InputError:
    fix = f"watch it: taskmix status {search}; or stop it with Ctrl-C where it runs"
    return InputError(Problem("this search is running already", search, str(held), fix))


def _now(connection: Connection) -> float:
    return float(connection.execute(text(CLOCK[connection.dialect.name])).scalar_one())


def _clock() -> float:
    """This machine's clock for how long something took; it goes on while the machine sleeps, where there is one."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _machine() -> str:
    """Host name, boot and process numbering: containers may share the first two. Empty where there is no Linux."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _born(pid: int) -> str:
    """When a process started, in ticks since boot; empty when there is none, or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
