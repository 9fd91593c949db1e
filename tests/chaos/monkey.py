"""Kills what a search runs on, at seeded moments, and sees after each kill that nothing was lost."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import psutil
from optuna.storages import RDBStorage
from sqlalchemy import text

from search.config.search import Search
from search.studies.database import open_storage
from tests.chaos.proofs import History, Truth, the_store_is_whole
from tests.chaos.worker import HOLD
from tests.chaos.world import Drivers, Nodes, WorkLog, until
from tests.support.full_disk import set_capacity, used
from tests.support.postgres import Server

Kind = Literal["driver", "actor", "node", "database", "disk"]
KINDS: tuple[Kind, ...] = get_args(Kind)

LARGE = 10**9
"""Bytes of a disk that is not full."""

STOPPED = 1
"""Exit code of a driver that ended because of its environment."""

CAUSES = ("database", "MLflow", "cluster", "no answer", "space")
"""What it then complains of, when it met a kill while it started."""


@dataclass(frozen=True)
class Kill:
    """What is killed and when.

    Args:
        kind: of the victim.
        after: how many more work items have come to their end since the kill before.
        pause: seconds after that.
        choice: which one of several victims, or in which way.
        wait: whether the next kill waits until this one is got over.
    """

    kind: Kind
    after: int
    pause: float
    choice: int
    wait: bool


def series(seed: int, counts: Mapping[Kind, int]) -> list[Kill]:
    """A series of kills that follows from the seed.

    Args:
        counts: how many of each kind.
    """
    draw = random.Random(seed)
    kinds = [kind for kind in KINDS for _ in range(counts.get(kind, 0))]
    draw.shuffle(kinds)
    return [
        Kill(kind, draw.choice((0, 1, 1, 2)), draw.uniform(0.0, 0.7), draw.randrange(1000), draw.random() < 0.5)
        for kind in kinds
    ]


@dataclass
class Monkey:
    """One search and all that it stands on.

    Args:
        search: it.
        drivers: that launch it.
        nodes: where it runs; None: a Ray of the driver's own, that dies with it.
        server: holds studies and MLflow; None: they are SQLite files, and are not killed.
        disk: folder of the store; see tests/support/full_disk.py.
    """

    search: Search
    drivers: Drivers
    nodes: Nodes | None
    server: Server | None
    disk: Path
    studies: str
    done: list[str] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.history = History(self.search.config.resources.concurrency or 1)
        self.log = WorkLog(self.drivers.home / "cache" / "work.jsonl")
        self._storage: RDBStorage | None = None
        self._began = time.monotonic()
        self._orphans: set[int] = set()  # workers of dead drivers

    # --- reading

    def truth(self) -> Truth:
        """The studies as they are now."""
        return Truth(self._opened(), self.search)

    def _opened(self) -> RDBStorage:
        if self._storage is None:
            self._storage = open_storage(self.studies)
        return self._storage

    def _count(self) -> int:
        """Work items and their copies for other targets that came to their end."""
        with self._opened().engine.connect() as connection:
            return int(connection.execute(text("SELECT count(*) FROM trials WHERE state <> 'RUNNING'")).scalar_one())

    def look(self) -> Truth:
        """Everything that was finished is there, and what is in the store is whole."""
        truth = self.truth()
        self.history.look(truth)
        the_store_is_whole(f"capped://{self.disk}/store", self.drivers.home / "checks", truth, self.log)
        return truth

    # --- killing

    def run(self, kills: list[Kill]) -> None:
        """Launch the search, kill, launch it again where needed, until it is over."""
        self._note(f"{len(kills)} kills")
        self.drivers.launch()
        count = self._count()
        for kill in kills:
            if not self._has_come(kill, count):
                break
            finished, running = len(self.truth().scores()), len(self.truth().running())
            what = getattr(self, f"_kill_{kill.kind}")(kill)
            if what is None:  # the search was over first
                break
            self.kills[kill.kind] += 1
            self._note(f"{kill.kind}: {what}; {finished} scores, {running} running; {kill}")
            self.look()
            if self.drivers.code == STOPPED or kill.kind == "driver":
                self.drivers.launch()
            if kill.wait:
                self._wait_until_all_runs()
            count = self._count()
        until("the search is over", self._over, seconds=1200)
        self._note(f"over after {self.drivers.lives} launches")

    def _has_come(self, kill: Kill, count: int) -> bool:
        """Waits for the moment of a kill; False when the search is over first."""
        until(f"the moment of {kill}", lambda: self._over() or self._count() >= count + kill.after)
        time.sleep(kill.pause)
        return not self._over()

    def _over(self) -> bool:
        """Whether the driver has come to the end of the search. One that was stopped by a kill is launched again."""
        code = self.drivers.code
        if code is None or code == 0:
            return code == 0
        words = self._last_words()
        excused = code == STOPPED and any(cause in words for cause in CAUSES)
        assert excused, f"exit code {code}\n{self.drivers.log.read_text()}\n{self.done}"
        self._note(f"launched again: {words}")
        self.look()
        self.drivers.launch()
        return False

    def _last_words(self) -> str:
        lines = self.drivers.log.read_text().splitlines()
        return " | ".join(line.strip() for line in lines if line.startswith(("error", "  found")))

    def _kill_driver(self, kill: Kill) -> str:
        self._orphans |= set(self.log.read().open.values())
        self.drivers.kill()
        return f"life {self.drivers.lives}"

    def _kill_actor(self, kill: Kill) -> str | None:
        assert self.nodes is not None
        nodes = self.nodes
        workers = until("a worker", lambda: (self._over() and ["over"]) or nodes.workers())
        if workers == ["over"]:
            return None
        victim = workers[kill.choice % len(workers)]
        busy = victim.pid in self.log.read().open.values()
        victim.kill()
        return f"worker {victim.pid}, {'at work' if busy else 'idle or starting'}, one of {len(workers)}"

    def _kill_node(self, kill: Kill) -> str:
        assert self.nodes is not None
        return self.nodes.kill_raylet(kill.choice) if kill.choice % 3 == 0 else self.nodes.cut_power(kill.choice)

    def _kill_database(self, kill: Kill) -> str:
        assert self.server is not None
        self.server.stop()
        seconds = 0.5 + kill.choice % 20 / 10
        time.sleep(seconds)
        self.server.start()
        return f"away for {seconds} s"

    def _kill_disk(self, kill: Kill) -> str | None:
        """The disk is full until the driver has given up."""
        room = kill.choice * 100
        set_capacity(self.disk, used(self.disk) + room)
        until("the driver stops", lambda: self.drivers.code is not None)
        set_capacity(self.disk, LARGE)
        if self.drivers.code == 0:
            return None
        assert self.drivers.code == STOPPED, self.drivers.log.read_text()
        assert "space" in self._last_words(), self.drivers.log.read_text()
        return f"{room} bytes left, life {self.drivers.lives}"

    def _wait_until_all_runs(self) -> None:
        """What is RUNNING really runs, or is over soon: nothing waits for somebody who is dead. Nothing else goes on
        meanwhile, however long it takes on a busy machine; else the search could be over before the next kill."""
        hold = self.drivers.home / "cache" / HOLD
        hold.touch()
        waiting = {item.key for item in self.truth().running()}

        def seen() -> bool:
            log = self.log.read()
            running = {item.key for item in self.truth().running()}
            waiting.intersection_update(running)
            waiting.difference_update([item for item in waiting if log.runs(item)])
            return self._over() or not (waiting or any(map(psutil.pid_exists, self._orphans)))

        try:
            until("each RUNNING work item runs, and nothing of a dead driver does", seen)
        finally:
            hold.unlink()

    def _note(self, text: str) -> None:
        """For replay: kept for the report, and printed where pytest shows it when the test fails."""
        line = f"[{time.monotonic() - self._began:.1f} s] {text}"
        self.done.append(line)
        print(line, flush=True)
