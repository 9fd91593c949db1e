"""Tickets: a file in a search's folder as long as it waits for its turn, or for its driver to take the lease."""

from __future__ import annotations

import datetime as dt
import json
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from search.studies.holder import born, this_machine
from trainables.store.filesystem import write_aside

FILE = "queued.json"


LAUNCHED = "launched.json"
"""Beside the search file: who launched it last by way of a service."""


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")


@dataclass(frozen=True)
class Ticket:
    """A search that somebody wants to run.

    Args:
        by: who.
        at: since when, ISO 8601 in UTC.
        pid, born, machine: of the process that was started for it, as `Holder` has them; 0 and empty: none was.
        job: name of the Ray job that was submitted for it; empty: none was.
        withdrawn: nobody wants it any more; it is kept until its driver, if one was started, has ended.
    """

    by: str
    at: str = field(default_factory=_now)
    pid: int = 0
    born: str = ""
    machine: str = ""
    job: str = ""
    withdrawn: bool = False

    @property
    def is_started(self) -> bool:
        """Whether a driver was started, which may not hold the lease yet."""
        return bool(self.pid or self.job)

    @property
    def is_alive(self) -> bool:
        """Whether that driver's process is there, as far as can be seen from here."""
        return bool(self.pid) and self.machine == this_machine() and born(self.pid) == self.born


def read_ticket(folder: Path) -> Ticket | None:
    """The ticket of a search; None where it has none."""
    try:
        return Ticket(**json.loads((folder / FILE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def note_launch(folder: Path, by: str) -> None:
    """Keep who launched a search. Raises OSError where the folder cannot be written."""
    with write_aside(folder / LAUNCHED) as aside:
        aside.write_text(json.dumps({"by": by}), encoding="utf-8")


def who_launched(folder: Path) -> str | None:
    """Who launched a search last by way of a service; None: nobody did."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        return str(json.loads((folder / LAUNCHED).read_text(encoding="utf-8"))["by"])
    return None


def write_ticket(folder: Path, ticket: Ticket) -> None:
    """Keep a ticket. Raises OSError where the folder cannot be written."""
    with write_aside(folder / FILE) as aside:
        aside.write_text(json.dumps(asdict(ticket)), encoding="utf-8")


def drop_ticket(folder: Path) -> bool:
    """Take the ticket away; whether there was one that waited."""
    ticket = read_ticket(folder)
    with suppress(FileNotFoundError):
        (folder / FILE).unlink()
    return ticket is not None and not ticket.is_started
