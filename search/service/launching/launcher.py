"""Launches searches, a few at a time.

What waits is a file in the search's folder, what runs holds its lease: nothing else is remembered, so that a service
that is killed and started again goes on where it was.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

from cluster.packing import check_shared
from search.answers.service import BudgetChange, Launched
from search.config import workspace as places
from search.config.differences import differences
from search.config.search_file import dump, load, stored_config
from search.config.workspace import Workspace
from search.service.launching.drivers import ClusterJobs, Drivers, Processes, say
from search.service.launching.submission import submitted
from search.service.problems import Refused
from search.service.readers import Searches
from search.service.settings import Settings
from search.studies.lease import is_held
from search.studies.stop import ask_to_stop, is_orphaned
from search.studies.ticket import Ticket, drop_ticket, note_launch, read_ticket, write_ticket
from spaces.errors import Failure, Problem, TaskmixError
from trainables.store.filesystem import write_aside

log = logging.getLogger("taskmix.service")

RETRY_SECONDS = 10.0
"""Between two attempts to start a driver where a cluster is away."""

ADOPT_SECONDS = 30.0
"""Between two looks for searches whose driver died."""


class Launcher:
    """Args:
    searches: those of the service.
    settings: how many run at once, and what files may name.
    """

    def __init__(self, searches: Searches, settings: Settings) -> None:
        self._searches, self._settings = searches, settings
        self._drivers: Drivers = ClusterJobs(settings.cluster) if settings.cluster else Processes()
        self._lock = threading.RLock()
        self._ticking = threading.Lock()
        self._starting: set[str] = set()
        self._refused: dict[str, tuple[float, str]] = {}  # when a driver could not be started, and why
        self._adopted = float("-inf")

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
            say(workspace, f"{by} asks for a stop")
            return Launched(search=name, state="stopping", by=by)
        if not waited:
            raise Refused(409, Problem("this search does not run", name))
        is_ending = read_ticket(workspace.folder) is not None
        return Launched(search=name, state="stopping" if is_ending else "stopped", by=by)

    def withdraw(self, name: str) -> None:
        """Take a search out of the queue.

        Raises:
            NoSearch: there is none.
            Refused: it does not wait, or runs already.
        """
        with self._lock:
            workspace = self._searches.find(name)
            ticket = read_ticket(workspace.folder)
            if ticket is None or ticket.is_started or ticket.withdrawn:
                what = "this search does not wait for its turn" if ticket is None else "its driver was started"
                raise Refused(409, Problem(what, name))
            self._take_back(workspace)

    def note(self, name: str, text: str) -> None:
        """Keep in a search's log what somebody did. Raises `NoSearch`."""
        say(self._searches.find(name), text)

    # --- what happens by itself

    def tick(self) -> None:
        """Look after the queue. Call it every second or so; what goes wrong with one search hinders no other.

        Raises OSError where folders cannot be read.
        """
        with self._ticking:
            for workspace, ticket in self._tickets():
                if ticket.is_started or ticket.withdrawn:
                    self._look_after(workspace, ticket)
            if self._settings.resume_interrupted and time.monotonic() - self._adopted > ADOPT_SECONDS:
                self._adopt()
                self._adopted = time.monotonic()
        self._start_waiting()

    # --- how

    def _adopt(self) -> None:
        """Queue the searches whose driver died, unless somebody asked for that."""
        for name in self._searches.names():
            try:
                workspace = self._searches.find(name)
                if read_ticket(workspace.folder) is None and is_orphaned(workspace.studies_url, name):
                    with self._lock:
                        if read_ticket(workspace.folder) is None:
                            write_ticket(workspace.folder, Ticket(by="the service: its driver died"))
            except (TaskmixError, OSError) as error:
                log.warning("%s: %s", name, error)

    def _wait(self, workspace: Workspace, by: str) -> Launched:
        """Give a search that does not run a ticket, and start it if there is room."""
        if not self._is_busy(workspace):
            note_launch(workspace.folder, by)
            write_ticket(workspace.folder, Ticket(by=by))
            self._start_waiting()
        ticket = read_ticket(workspace.folder)
        if ticket is not None and ticket.withdrawn:
            fix = "ask again in a few seconds"
            raise Refused(409, Problem("a driver of this search is being ended", workspace.name, fix=fix))
        is_starting = workspace.name in self._starting or (ticket is not None and ticket.is_started)
        state = "running" if ticket is None else "starting" if is_starting else "queued"
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
                started = ticket is not None and (ticket.is_started or name in self._starting)
                count += started or is_held(workspace)
            except TaskmixError:  # nobody can run what cannot be read
                continue
        return count

    def _tickets(self) -> Iterator[tuple[Workspace, Ticket]]:
        for name in self._searches.names():
            ticket = read_ticket(places.home() / name)
            if ticket is not None:
                try:
                    yield self._searches.find(name), ticket
                except TaskmixError as error:
                    log.warning("%s: %s", name, error)

    def _look_after(self, workspace: Workspace, ticket: Ticket) -> None:
        """A driver that holds the lease needs no ticket any more; neither does one that ended.

        Whoever keeps the drivers may take long to answer, so nobody is kept waiting for the lock meanwhile.
        """
        try:
            is_driven = is_held(workspace)
            if is_driven and ticket.withdrawn:  # it was quicker
                ask_to_stop(workspace.studies_url, workspace.name, ticket.by)
            if is_driven:
                self._exchange(workspace, ticket, None)
                return
            if ticket.withdrawn and workspace.name in self._starting:
                return  # it is looked for when it is there
            if ticket.withdrawn:
                self._drivers.end(workspace, ticket)
            life = self._drivers.life(workspace, ticket) if ticket.is_started else "over"
            if life == "over" or (life == "unknown" and ticket.withdrawn):
                self._exchange(workspace, ticket, None)
            elif life == "unknown":  # its head node died before it took the lease: once more
                self._exchange(workspace, ticket, replace(ticket, job="", pid=0))
        except (TaskmixError, OSError) as error:
            log.warning("%s: %s", workspace.name, error)

    def _exchange(self, workspace: Workspace, old: Ticket, new: Ticket | None) -> bool:
        """Put a ticket in the place of another one, unless somebody was quicker; whether nobody was."""
        with self._lock:
            if read_ticket(workspace.folder) != old:
                return False
            if new is None:
                drop_ticket(workspace.folder)
            else:
                write_ticket(workspace.folder, new)
            return True

    def _take_back(self, workspace: Workspace) -> bool:
        """Let a search neither wait nor start; whether it did."""
        ticket = read_ticket(workspace.folder)
        if ticket is None:
            return False
        if self._drivers.is_quick:
            drop_ticket(workspace.folder)
            if not is_held(workspace):
                self._drivers.end(workspace, ticket)
        elif ticket.is_started or workspace.name in self._starting:
            write_ticket(workspace.folder, replace(ticket, withdrawn=True))  # ends when it can be reached
        else:
            drop_ticket(workspace.folder)
        return True

    def _start_waiting(self) -> None:
        """Start those that wait, the oldest first, as far as there is room."""
        with self._lock:
            now = time.monotonic()
            waiting = [
                (ticket.at, workspace.name, workspace, ticket)
                for workspace, ticket in self._tickets()
                if not ticket.is_started and not ticket.withdrawn and workspace.name not in self._starting
            ]
            if not waiting:
                return
            free = self._settings.searches - self._busy()
            for _, name, workspace, ticket in sorted(waiting, key=lambda one: one[:2])[: max(0, free)]:
                if now - self._refused.get(name, (float("-inf"), ""))[0] < RETRY_SECONDS:
                    continue
                self._starting.add(name)
                if self._drivers.is_quick:
                    self._start(workspace, ticket)
                else:  # nobody waits for it, not even the service's end
                    threading.Thread(target=self._start, args=(workspace, ticket), name="starter", daemon=True).start()

    def _start(self, workspace: Workspace, ticket: Ticket) -> None:
        name = workspace.name
        try:
            started = replace(self._drivers.start(workspace, ticket), at=_now())
            with self._lock:
                self._starting.discard(name)
                self._refused.pop(name, None)
                if not self._exchange(workspace, ticket, started):  # it was withdrawn meanwhile
                    withdrawn = read_ticket(workspace.folder)
                    if withdrawn is not None and withdrawn.withdrawn:
                        write_ticket(workspace.folder, replace(started, withdrawn=True))
        except Failure as error:  # a cluster that is away comes back
            if self._refused.get(name, (0.0, ""))[1] != str(error):
                log.warning("%s cannot be started: %s", name, error)
                say(workspace, f"waits: {error}")
            self._refused[name] = time.monotonic(), str(error)
        except (OSError, TaskmixError) as error:
            log.warning("%s cannot be started: %s", name, error)
            say(workspace, f"cannot be started: {error}")
            drop_ticket(workspace.folder)
        except Exception:
            log.exception("%s cannot be started", name)
            self._refused[name] = time.monotonic(), "a mistake in taskmix"
        finally:
            with self._lock:
                self._starting.discard(name)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
