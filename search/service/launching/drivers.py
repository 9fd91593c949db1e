"""Drivers of searches: processes of this machine, or jobs of a Ray cluster; both outlive the service.

What was started stands in the search's ticket until its driver holds the lease. A driver that is started twice, because
somebody was killed in between, is refused by the lease.
"""

from __future__ import annotations

import logging
import os
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import replace
from pathlib import Path
from typing import Literal, Protocol

from cluster.connect import ROOT
from cluster.jobs import Jobs
from cluster.packing import SEARCH_FILE, pack
from search.config import workspace as places
from search.config.search_file import dump
from search.config.workspace import Workspace
from search.service.access import TOKEN
from search.service.launching.launch_log import LOG_FILE
from search.studies.holder import born, this_machine
from search.studies.ticket import Ticket

log = logging.getLogger("taskmix.service")

PRIVATE = (TOKEN, "TASKMIX_URL")
"""Environment variables that a driver does not get: it neither asks a service nor is one."""

Life = Literal["alive", "over", "unknown"]
"""Of a driver that was started; unknown: whoever started it has died and forgotten it."""


class Drivers(Protocol):
    """How drivers are started.

    Attributes:
        is_quick: whether that takes no longer than a request may.
    """

    is_quick: bool

    def start(self, workspace: Workspace, ticket: Ticket) -> Ticket:
        """Start the driver of a search, or find the one that was; the ticket says which it is.

        Raises:
            Failure: it cannot be started now.
        """
        ...

    def life(self, workspace: Workspace, ticket: Ticket) -> Life:
        """Whether the driver of a ticket is there. Raises Failure where nobody can say."""
        ...

    def end(self, workspace: Workspace, ticket: Ticket) -> None:
        """Let the driver of a ticket end as an interrupt does; does not wait. Raises Failure as `life`."""
        ...


class Processes:
    """Each in a session of its own, so that no signal to the service reaches it."""

    is_quick = True

    def __init__(self) -> None:
        self._children: list[subprocess.Popen[bytes]] = []

    def start(self, workspace: Workspace, ticket: Ticket) -> Ticket:
        self._children = [child for child in self._children if child.poll() is None]
        say(workspace, f"launched by {ticket.by}")
        with (workspace.folder / LOG_FILE).open("ab") as out:
            child = subprocess.Popen(
                [sys.executable, "-m", "search", "resume", workspace.name],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=child_environment(),
            )
        self._children.append(child)
        return replace(ticket, pid=child.pid, born=born(child.pid), machine=this_machine())

    def life(self, workspace: Workspace, ticket: Ticket) -> Life:
        self._children = [child for child in self._children if child.poll() is None]
        return "alive" if ticket.is_alive else "over"

    def end(self, workspace: Workspace, ticket: Ticket) -> None:
        if ticket.is_alive:
            os.kill(ticket.pid, signal.SIGTERM)


class ClusterJobs:
    """Jobs of a Ray cluster that has this $TASKMIX_HOME, too; what they print goes to the same log.

    Args:
        address: of its dashboard. Whoever answers there is asked anew each time: a head that died forgets its jobs.
    """

    is_quick = False

    def __init__(self, address: str) -> None:
        self._address = address
        self._jobs: Jobs | None = None
        self._lock = threading.Lock()

    def start(self, workspace: Workspace, ticket: Ticket) -> Ticket:
        jobs = self._connected()
        if (running := jobs.find(workspace.name)) is not None:  # of a service that died before it wrote that down
            return replace(ticket, job=running)
        say(workspace, f"submitted by {ticket.by}")
        with tempfile.TemporaryDirectory(prefix="taskmix-submit-") as scratch:
            pack(Path(scratch), dump(workspace.config, workspace.folder), [])
            return replace(ticket, job=jobs.submit(workspace.name, Path(scratch), self._command(workspace)))

    def life(self, workspace: Workspace, ticket: Ticket) -> Life:
        known = self._connected().state(ticket.job)
        if known is None:
            return "unknown"
        if known.is_over and known.message:
            say(workspace, f"{ticket.job} has ended: {known.message}")
        return "over" if known.is_over else "alive"

    def end(self, workspace: Workspace, ticket: Ticket) -> None:
        jobs = self._connected()
        job = ticket.job or jobs.find(workspace.name)
        if job:
            jobs.ask_to_stop(job)

    def _connected(self) -> Jobs:
        """Connected when it is first needed: it brings Ray."""
        with self._lock:
            if self._jobs is None:
                self._jobs = Jobs(self._address, log.info)
            else:
                self._jobs.knock()  # Ray's own client would wait for ever
            return self._jobs

    def _command(self, workspace: Workspace) -> str:
        """One process, which gets the signals itself: a shell or `tee` before it would end sooner than it."""
        home, file = shlex.quote(str(places.home())), shlex.quote(str(workspace.folder / LOG_FILE))
        command = f"exec env TASKMIX_HOME={home} PYTHONUNBUFFERED=1 python -m search launch {SEARCH_FILE}"
        return f"{command} >> {file} 2>&1"


def say(workspace: Workspace, text: str) -> None:
    """A line in the driver's log."""
    with (workspace.folder / LOG_FILE).open("a", encoding="utf-8") as out:
        out.write(f"service: {text}\n")


def child_environment() -> dict[str, str]:
    """The environment of a command that the service starts."""
    kept = {name: value for name, value in os.environ.items() if name not in PRIVATE}
    known = [path for path in kept.get("PYTHONPATH", "").split(os.pathsep) if path]
    paths = known if str(ROOT) in known else [*known, str(ROOT)]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", "TASKMIX_HOME": str(places.home())}
