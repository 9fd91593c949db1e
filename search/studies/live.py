"""What a driver is at: a row per search beside its lease, for whoever looks on. Losing it loses nothing."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, ValidationError
from sqlalchemy import Column, String, Table, Text, delete, insert, select, update
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError

from search.answers.status import NodeState
from search.studies.database import connect, parsed, sqlite_file, usable
from search.studies.holder import LEASES, Holder, has_table, read

LIVE = Table(
    "taskmix_live",
    LEASES.metadata,
    Column("search", String(255), primary_key=True),
    Column("holder", String(36), nullable=False),
    Column("content", Text, nullable=False),
)
"""Its columns stay as they are: nothing adds one to a table that is there already."""


class LiveItem(BaseModel):
    """How far a work item is.

    Args:
        key: of the work item.
        phase: what is done, as "intermediate" or "verses: evaluating de (3 of 7)"; empty: its worker starts.
        done: share of its training that is over.
        node: name of the machine; empty: not known yet.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    phase: str = ""
    done: float = 0.0
    node: str = ""


class LiveNode(BaseModel):
    """A node that the search ran on, or was to run on.

    Args:
        state: `lost`: Ray has given it up; `left_out`: it does not do.
        why: it is lost or left out; empty: not known, or it works.
        since: when it came to that state, seconds since 1970 by the driver's clock.
    """

    model_config = ConfigDict(frozen=True)

    name: str
    state: NodeState = "works"
    why: str = ""
    since: float = 0.0


class LiveNodes(BaseModel):
    """The nodes of a search, by name, and how many work items find room on those that work."""

    model_config = ConfigDict(frozen=True)

    nodes: tuple[LiveNode, ...] = ()
    at_once: int = 0


class LiveFacts(BaseModel):
    """What runs and where, and how long the rest will take; None: not known yet."""

    model_config = ConfigDict(frozen=True)

    seconds_left: float | None = None
    items: tuple[LiveItem, ...] = ()
    nodes: LiveNodes | None = None


def write_live(engine: Engine, search: str, holder: str, live: LiveFacts) -> None:
    """Say what a driver is at.

    Args:
        holder: id of its lease.
    """
    values = {"holder": holder, "content": live.model_dump_json()}
    with engine.begin() as connection:
        if connection.execute(update(LIVE).where(LIVE.c.search == search).values(values)).rowcount:
            return
    try:
        with engine.begin() as connection:
            connection.execute(insert(LIVE).values(search=search, **values))
    except IntegrityError:  # another driver was quicker; its lease is the one that counts
        return


def forget_live(engine: Engine, search: str, holder: str) -> None:
    """Take the row of a driver away, if it is there still."""
    with engine.begin() as connection:
        connection.execute(delete(LIVE).where((LIVE.c.search == search) & (LIVE.c.holder == holder)))


def observe(engine: Engine, search: str) -> tuple[Holder | None, LiveFacts | None]:
    """Who drives a search now and what they are at; None, None when nobody does."""
    held = read(engine, search) if has_table(engine, LEASES) else None
    if held is None or held.is_over:
        return None, None
    if not has_table(engine, LIVE):
        return held, None
    with engine.begin() as connection:
        row = connection.execute(select(LIVE).where(LIVE.c.search == search)).mappings().one_or_none()
    if row is None or row["holder"] != held.id:
        return held, None
    try:
        return held, LiveFacts.model_validate_json(row["content"])
    except ValidationError:  # of another version
        return held, None


def observe_at(url: str, search: str) -> tuple[Holder | None, LiveFacts | None]:
    """As `observe`; nothing is made where there is no database.

    Raises:
        InputError, Failure: as `find_holder`.
    """
    file = sqlite_file(parsed(url, "storage.studies"))
    if file is not None and not file.exists():
        return None, None
    with usable(url):
        engine = connect(url)
        try:
            return observe(engine, search)
        finally:
            engine.dispose()
