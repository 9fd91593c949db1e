"""Requests to stop: a row per search beside its lease, which the driver looks for wherever it runs.

A request names the lease that it is about, so that it never stops a driver that came later.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Boolean, Column, Float, String, Table, delete, insert, select
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from search.studies.database import connect, parsed, sqlite_file, usable
from search.studies.holder import LEASES, Holder, find_holder, has_table, now_of, open_leases, read

STOPS = Table(
    "taskmix_stops",
    LEASES.metadata,
    Column("search", String(255), primary_key=True),
    Column("holder", String(36), nullable=False),
    Column("asked_by", String(255), nullable=False),
    Column("asked", Float(53), nullable=False),
    Column("hard", Boolean, nullable=False),
)
"""Its columns stay as they are: nothing adds one to a table that is there already."""


@dataclass(frozen=True)
class StopRequest:
    """Somebody wants a driver to end.

    Args:
        holder: id of its lease.
        by: who.
        hard: at once, without putting anything away.
    """

    holder: str
    by: str
    hard: bool


def ask_to_stop(url: str, search: str, by: str, hard: bool = False) -> Holder | None:
    """Ask whoever drives a search to end, and say who that is; None when nobody does.

    Args:
        url: of the studies' database.
        by: who asks.
        hard: at once, without putting anything away.

    Raises:
        InputError, Failure: as `find_holder`.
    """
    held = find_holder(url, search)
    if held is None:
        return None
    engine = open_leases(url)
    try:
        with usable(url):
            _write(engine, search, StopRequest(held.id, by, hard))
    finally:
        engine.dispose()
    return held


def find_request(engine: Engine, search: str) -> StopRequest | None:
    """The last request about a search, whichever driver it was to."""
    with engine.begin() as connection:
        row = connection.execute(select(STOPS).where(STOPS.c.search == search)).mappings().one_or_none()
    return None if row is None else StopRequest(row["holder"], row["asked_by"], bool(row["hard"]))


def is_orphaned(url: str, search: str) -> bool:
    """Whether the driver of a search died without being asked to: who ends in order gives its lease back.

    Raises:
        InputError, Failure: as `find_holder`.
    """
    file = sqlite_file(parsed(url, "storage.studies"))
    if file is not None and not file.exists():
        return False
    with usable(url):
        engine = connect(url)
        try:
            held = read(engine, search) if has_table(engine, LEASES) else None
            if held is None or not held.is_over:
                return False
            asked = find_request(engine, search) if has_table(engine, STOPS) else None
            return asked is None or asked.holder != held.id
        finally:
            engine.dispose()


def _write(engine: Engine, search: str, request: StopRequest) -> None:
    """Two who ask at once mean the same."""
    values = {"holder": request.holder, "asked_by": request.by[:255], "hard": request.hard}
    try:
        with engine.begin() as connection:
            connection.execute(delete(STOPS).where(STOPS.c.search == search))
            connection.execute(insert(STOPS).values(search=search, asked=now_of(connection), **values))
    except IntegrityError:
        if find_request(engine, search) is None:
            raise
