"""Starts searches, a few at a time, as processes that do not end with the service.

What waits is a file in the search's folder, what runs holds its lease: nothing else is remembered, so that a service
that is killed and started again goes on where it was. A driver that is started twice is refused by the lease.
"""

from __future__ import annotations

import datetime as dt
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

from cluster.connect import ROOT
from cluster.submit import ENTRYPOINT, Jobs, check_shared, pack
from search.config import workspace as places
from search.config.search_file import differences, dump, load, stored_config
from search.config.workspace import Workspace
from search.results.service_model import BudgetChange, Launched
from search.service.access import TOKEN
from search.service.problems import Refused
from search.service.readers import Searches
from search.service.reading import LOG_FILE
from search.service.settings import Settings
from search.service.submission import submitted
from search.studies.holder import born, this_machine
from search.studies.lease import is_held
from search.studies.stop import ask_to_stop, is_orphaned
from search.studies.ticket import Ticket, drop_ticket, read_ticket, write_ticket
from spaces.errors import Problem, TaskmixError
from trainables.store.filesystem import write_aside

log = logging.getLogger("taskmix.service")

JOB_SECONDS = 600.0
"""How long a job may take to begin, once nobody knows it any more."""

PRIVATE = (TOKEN, "TASKMIX_URL")
"""Environment variables that a driver does not get: it neither asks a service nor is one."""


class Launcher:
    """Args:
    searches: those of the service.
    settings: how many run at once, and what files may name.
    """

    def __init__(self, searches: Searches, settings: Settings) -> None:
        self._searches, self._settings = searches, settings
        self._children: list[subprocess.Popen[bytes]] = []
        self._lock = threading.RLock()
        self._connected: Jobs | None = None

    # --- requests

    def launch(self, name: str, content: bytes, by: str) -> tuple[Launched, bool]:
        """Launch a search, or go on with it; and whether it is a new one.

        Args:
            content: the search file.
            by: who wants it.

        Raises:
            InputError: mistakes in the file.
            Refused: a search of that name has other settings.
        """
        with submitted(content, self._settings) as (search, sent), self._lock:
            workspace = Workspace.of(search)
            if workspace.name != name:
                problem = Problem("the file has another name", "search.yaml: name", workspace.name, f"name: {name}")
                raise Refused(422, problem)
            if self._settings.cluster and (
                lacking := check_shared(search.config.model_dump(mode="json"), "search.yaml")
            ):
                raise Refused(422, lacking)
            is_new = not workspace.file.exists()
            if not is_new:
                kept = stored_config(workspace.file)
                if changed := differences(kept, search.config):
                    raise Refused(409, [one.problem for one in changed])
                if self._is_busy(workspace) and dump(kept, workspace.folder) != dump(search.config, sent.parent):
                    fix = f"stop it first: POST /api/v1/searches/{name}/stop"
                    raise Refused(409, Problem("it runs, with other settings that may change", name, fix=fix))
            workspace.enter(sent)
            return self._wait(workspace, by), is_new

    def resume(self, name: str, change: BudgetChange, by: str) -> Launched:
        """Go on with a search, with another budget if one is given.

        Raises:
            NoSearch: there is none.
            InputError: mistakes in its file.
            Refused: it runs, or waits.
        """
        with self._lock:
            workspace = self._searches.find(name)
            if self._is_busy(workspace):
                raise Refused(409, Problem("this search runs, or waits for its turn", name))
            values = change.model_dump(exclude_none=True)
            if values:
                config = workspace.config
                budget = type(config.budget).model_validate({**config.budget.model_dump(), **values})
                with write_aside(workspace.file) as aside:
                    aside.touch(mode=0o600)
                    text = dump(config.model_copy(update={"budget": budget}), workspace.folder)
                    aside.write_text(text, encoding="utf-8")
            load(workspace.file, stored=True)  # what cannot be launched any more is said now
            return self._wait(workspace, by)

    def stop(self, name: str, hard: bool, by: str) -> Launched:
        """Ask a search to stop, or take it out of the queue.

        Raises:
            NoSearch: there is none.
            Refused: it neither runs nor waits.
        """
        with self._lock:
            workspace = self._searches.find(name)
            waited = self._take_back(workspace)
            held = ask_to_stop(workspace.studies_url, name, by, hard)
        if held is not None:
            self._say(workspace, f"{by} asks for a stop")
            return Launched(search=name, state="stopping", by=by)
        if not waited:
            raise Refused(409, Problem("this search does not run", name))
        return Launched(search=name, state="stopped", by=by)

    def withdraw(self, name: str) -> None:
        """Take a search out of the queue.

        Raises:
            NoSearch: there is none.
            Refused: it does not wait, or runs already.
        """
        with self._lock:
            workspace = self._searches.find(name)
            ticket = read_ticket(workspace.folder)
            if ticket is None or ticket.is_started:
                what = "this search does not wait for its turn" if ticket is None else "its driver was started"
                raise Refused(409, Problem(what, name))
            drop_ticket(workspace.folder)

    def note(self, name: str, text: str) -> None:
        """Keep in a search's log what somebody did. Raises `NoSearch`."""
        self._say(self._searches.find(name), text)

    # --- what happens by itself

    def tick(self) -> None:
        """Look after the queue. Call it every second or so; what goes wrong with one search hinders no other."""
        self._children = [child for child in self._children if child.poll() is None]
        with self._lock:
            waiting = []
            for workspace, ticket in self._tickets():
                if ticket.is_started:
                    self._look_after(workspace, ticket)
                else:
                    waiting.append((ticket.at, workspace.name, workspace, ticket))
            if waiting:
                free = self._settings.searches - self._busy()
                for _, _, workspace, ticket in sorted(waiting, key=lambda one: one[:2])[: max(0, free)]:
                    self._start(workspace, ticket)

    def adopt(self) -> None:
        """Queue the searches whose driver died, unless somebody asked for that."""
        for name in self._searches.names():
            try:
                workspace = self._searches.find(name)
                if read_ticket(workspace.folder) is None and is_orphaned(workspace.studies_url, name):
                    write_ticket(workspace.folder, Ticket(by="the service: its driver died"))
            except (TaskmixError, OSError) as error:
                log.warning("%s: %s", name, error)

    # --- how

    def _wait(self, workspace: Workspace, by: str) -> Launched:
        """Give a search that does not run a ticket, and start it if there is room."""
        if not self._is_busy(workspace):
            write_ticket(workspace.folder, Ticket(by=by))
            self.tick()
        ticket = read_ticket(workspace.folder)
        state = "running" if ticket is None else "starting" if ticket.is_started else "queued"
        return Launched(search=workspace.name, state=state, by=ticket.by if ticket else by)

    def _is_busy(self, workspace: Workspace) -> bool:
        """Whether it runs, is being started, or waits."""
        return read_ticket(workspace.folder) is not None or is_held(workspace)

    def _busy(self) -> int:
        """How many searches run or are being started."""
        count = 0
        for name in self._searches.names():
            try:
                workspace = self._searches.find(name)
                ticket = read_ticket(workspace.folder)
                count += (ticket is not None and ticket.is_started) or is_held(workspace)
            except TaskmixError:  # nobody can run what cannot be read
                continue
        return count

    def _tickets(self) -> list[tuple[Workspace, Ticket]]:
        found = []
        for name in self._searches.names():
            ticket = read_ticket(places.home() / name)
            if ticket is not None:
                try:
                    found.append((self._searches.find(name), ticket))
                except TaskmixError as error:
                    log.warning("%s: %s", name, error)
        return found

    def _look_after(self, workspace: Workspace, ticket: Ticket) -> None:
        """A driver that holds the lease needs no ticket any more; neither does one that ended."""
        try:
            if is_held(workspace) or not self._lives(ticket):
                drop_ticket(workspace.folder)
        except TaskmixError as error:
            log.warning("%s: %s", workspace.name, error)

    def _lives(self, ticket: Ticket) -> bool:
        if not ticket.job or self._settings.cluster is None:
            return ticket.is_alive
        age = dt.datetime.now(dt.UTC) - dt.datetime.fromisoformat(ticket.at)
        try:
            return self._jobs(self._settings.cluster).is_alive(ticket.job)
        except TaskmixError:  # the head died, and with it what it knew: a job of its takes the lease soon, or never
            return age.total_seconds() < JOB_SECONDS

    def _jobs(self, address: str) -> Jobs:
        """Connected when it is first needed: it brings Ray."""
        if self._connected is None:
            self._connected = Jobs(address, log.info)
        return self._connected

    def _submit(self, workspace: Workspace, ticket: Ticket, address: str) -> Ticket:
        """As a job of a Ray cluster, which has this $TASKMIX_HOME, too; its output goes to the same log."""
        self._say(workspace, f"submitted by {ticket.by}")
        file = shlex.quote(str(workspace.folder / LOG_FILE))
        command = f"set -o pipefail; TASKMIX_HOME={shlex.quote(str(places.home()))} {ENTRYPOINT} 2>&1 | tee -a {file}"
        with tempfile.TemporaryDirectory(prefix="taskmix-submit-") as scratch:
            pack(Path(scratch), dump(workspace.config, workspace.folder), [])
            job = self._jobs(address).submit(workspace.name, Path(scratch), f"bash -c {shlex.quote(command)}")
        return replace(ticket, job=job)

    def _take_back(self, workspace: Workspace) -> bool:
        """Let a search neither wait nor start; whether it did."""
        ticket = read_ticket(workspace.folder)
        if ticket is None:
            return False
        drop_ticket(workspace.folder)
        if is_held(workspace):
            return True
        if ticket.is_alive:
            os.kill(ticket.pid, signal.SIGTERM)  # as an interrupt: it has not begun
        if ticket.job and self._settings.cluster is not None:
            self._jobs(self._settings.cluster).stop(ticket.job)
        return True

    def _start(self, workspace: Workspace, ticket: Ticket) -> None:
        try:
            cluster = self._settings.cluster
            started = self._submit(workspace, ticket, cluster) if cluster else self._start_here(workspace, ticket)
            write_ticket(workspace.folder, replace(started, at=_now()))
        except (OSError, TaskmixError) as error:
            log.warning("%s cannot be started: %s", workspace.name, error)
            self._say(workspace, f"cannot be started: {error}")
            drop_ticket(workspace.folder)

    def _start_here(self, workspace: Workspace, ticket: Ticket) -> Ticket:
        """As a process in a session of its own, so that no signal to the service reaches it."""
        self._say(workspace, f"launched by {ticket.by}")
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

    def _say(self, workspace: Workspace, text: str) -> None:
        """A line in the driver's log."""
        with (workspace.folder / LOG_FILE).open("a", encoding="utf-8") as out:
            out.write(f"service: {text}\n")


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")


def child_environment() -> dict[str, str]:
    """The environment of a command that the service starts."""
    kept = {name: value for name, value in os.environ.items() if name not in PRIVATE}
    known = [path for path in kept.get("PYTHONPATH", "").split(os.pathsep) if path]
    paths = known if str(ROOT) in known else [*known, str(ROOT)]
    return {**kept, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", "TASKMIX_HOME": str(places.home())}
