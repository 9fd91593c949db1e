"""Who drives a search: a row per search in the studies' database, which `lease.py` takes, renews and gives back.

The row says which process drives the search and until when, by the database's clock, so that it holds for drivers on
several machines. Every write is a compare-and-set: of two processes that saw the same row, one wins.
"""

from __future__ import annotations

import datetime as dt
import os
import socket
import uuid
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import (
    Column,
    ColumnElement,
    Float,
    Integer,
    MetaData,
    String,
    Table,
    delete,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import IntegrityError

from search.studies.database import alone, connect, parsed, sqlite_file, usable

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
"""Its columns are those of `Holder`. They stay as they are: nothing adds one to a table that is there already."""


@dataclass(frozen=True)
class Holder:
    """The process that drives a search, or drove it last.

    Args:
        id: of its lease, new each time that one is taken.
        host: name of its machine, for people.
        machine: equal for processes that see each other's process numbers; empty where that cannot be told.
        born: when the process started, in clock ticks since the machine's boot; tells it from a later process of the
            same number.
        taken, expires: seconds since 1970 by the database's clock.
        left: seconds until `expires`, when the row was read; 0 or less: its lease is over.
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
        return bool(self.machine) and self.machine == this_machine()

    @property
    def is_dead(self) -> bool:
        """Whether its process is known to be over; one on another machine never is."""
        return self.is_here and born(self.pid) != self.born

    @property
    def is_over(self) -> bool:
        """Whether the search is free: the lease ran out, or the process that held it is known to be over."""
        return self.left <= 0 or self.is_dead

    def __str__(self) -> str:
        since, until = (f"{dt.datetime.fromtimestamp(time):%Y-%m-%d %H:%M:%S}" for time in (self.taken, self.expires))
        return f"{self.host}, process {self.pid}, since {since}; its lease lasts until {until} unless it is renewed"


def find_holder(url: str, search: str) -> Holder | None:
    """Who drives a search now; None when nobody does, or there is no such database, which is not made then.

    Args:
        url: of the studies' database.
        search: its name.

    Raises:
        InputError: the address is none of a database that can be used.
        Failure: the database cannot be used.
    """
    file = sqlite_file(parsed(url, "storage.studies"))
    if file is not None and not file.exists():
        return None
    with usable(url):
        engine = connect(url)
        try:
            held = read(engine, search) if has_table(engine, LEASES) else None
        finally:
            engine.dispose()
    return None if held is None or held.is_over else held


def open_leases(url: str) -> Engine:
    """A way to the rows of a studies' database; the table is made when there is none.

    Raises:
        InputError, Failure: as `find_holder`.
    """
    with usable(url), alone(parsed(url, "storage.studies"), "leases"):
        engine = connect(url)
        LEASES.metadata.create_all(engine)
    return engine


def read(engine: Engine, search: str) -> Holder | None:
    """The row of a search, also one that is over; None where there is none."""
    with engine.begin() as connection:
        row = connection.execute(select(LEASES).where(LEASES.c.search == search)).mappings().one_or_none()
        if row is None:
            return None
        known = {name: row[name] for name in ("host", "machine", "pid", "born", "taken", "expires")}
        return Holder(id=row["holder"], left=row["expires"] - now_of(connection), **known)


def claim(engine: Engine, search: str, seen: Holder | None, seconds: float) -> str | None:
    """Makes this process the holder instead of the one that was seen.

    Args:
        seen: what `read` returned.
        seconds: how long the lease lasts.

    Returns:
        The id of the lease; None when the row is not as it was seen any more: somebody else was quicker.
    """
    id, pid = str(uuid.uuid4()), os.getpid()
    who = {"holder": id, "host": socket.gethostname(), "machine": this_machine(), "pid": pid, "born": born(pid)}
    try:
        with engine.begin() as connection:
            now = now_of(connection)
            values = {**who, "taken": now, "expires": now + seconds}
            if seen is None:
                connection.execute(insert(LEASES).values(search=search, **values))
                return id
            same = _row(search, seen.id) & (LEASES.c.expires == seen.expires)
            return id if connection.execute(update(LEASES).where(same).values(values)).rowcount else None
    except IntegrityError:
        return None


def renew(engine: Engine, search: str, id: str, seconds: float) -> bool:
    """Lets a lease last for so many seconds from now; whether it was there still."""
    with engine.begin() as connection:
        renewed = update(LEASES).where(_row(search, id)).values(expires=now_of(connection) + seconds)
        return bool(connection.execute(renewed).rowcount)


def give_back(engine: Engine, search: str, id: str) -> None:
    """Takes a lease away, if it is there still."""
    with engine.begin() as connection:
        connection.execute(delete(LEASES).where(_row(search, id)))


def has_table(engine: Engine, table: Table) -> bool:
    """Whether a database has one of our tables: who only reads makes none."""
    return bool(inspect(engine).has_table(table.name))


def _row(search: str, id: str) -> ColumnElement[bool]:
    return (LEASES.c.search == search) & (LEASES.c.holder == id)


def now_of(connection: Connection) -> float:
    return float(connection.execute(text(CLOCK[connection.dialect.name])).scalar_one())


def this_machine() -> str:
    """Host name, boot and process numbering: containers may share the first two. Empty where there is no Linux."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def born(pid: int) -> str:
    """When a process started, in ticks since boot; empty when there is none, or it is a zombie.

    Not psutil's `create_time`: it adds the time of the boot, which moves with the machine's clock, so that a driver
    that lives could be taken for another one.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in "ZX" else fields[19]
