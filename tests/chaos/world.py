"""What can be killed: a Ray cluster of three nodes with its workers, the driver, the database, the disk."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from ray._private import ray_constants
from ray.cluster_utils import Cluster

MARK = "TASKMIX_CHAOS"
"""Environment variable of every process of a test, so that strays are found."""

HEALTH = {
    "health_check_initial_delay_ms": 1000,
    "health_check_period_ms": 500,
    "health_check_timeout_ms": 1000,
    "health_check_failure_threshold": 4,
}
"""Ray notices a lost node within 3 s instead of 15 s."""

NODES, CPUS = 3, 2

PATIENCE = 240.0
"""Seconds that anything may take on a busy machine before it counts as hung."""


def until(what: str, met: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Waits until `met` gives something true, and returns it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := met():
            return found
        time.sleep(0.05)
    raise AssertionError(f"still not after {seconds:g} s: {what}")


class Nodes:
    """Three nodes with two CPUs each, and a head without any, which drivers connect to and which is never killed."""

    def __init__(self) -> None:
        # Before the nodes start: they and their workers have it from here.
        head = {"num_cpus": 0, "include_dashboard": False, "_system_config": HEALTH}
        self._cluster = Cluster(initialize_head=True, head_node_args=head)
        for _ in range(NODES):
            self._cluster.add_node(num_cpus=CPUS)

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def workers(self) -> list[psutil.Process]:
        """Processes that compute work items, or are about to, by their number."""
        found = []
        for node in self._cluster.worker_nodes:
            with suppress(psutil.Error):
                found.extend(filter(_is_worker, _raylet(node).children(recursive=True)))
        return sorted(found, key=lambda process: process.pid)

    def cut_power(self, choice: int) -> str:
        """A node and all that runs on it are gone at once."""
        node = self._node(choice)
        raylet = _raylet(node)
        doomed = [raylet, *raylet.children(recursive=True)]
        return self._lose(node, doomed)

    def kill_raylet(self, choice: int) -> str:
        """Only the node's own process is killed: its workers may go on for a while, unseen."""
        node = self._node(choice)
        return self._lose(node, [_raylet(node)])

    def _lose(self, node: Any, doomed: list[psutil.Process]) -> str:
        workers = sum(map(_is_worker, doomed))
        for process in doomed:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        self._cluster.remove_node(node, allow_graceful=False)
        self._cluster.add_node(num_cpus=CPUS, wait=False)  # another machine takes its place
        return f"{len(doomed)} processes, {workers} of them workers"

    def _node(self, choice: int) -> Any:
        nodes = sorted(self._cluster.worker_nodes, key=lambda node: str(node.node_id))
        return nodes[choice % len(nodes)]

    def shutdown(self) -> None:
        self._cluster.shutdown()


def _raylet(node: Any) -> psutil.Process:
    return psutil.Process(node.all_processes["raylet"][0].process.pid)


def _is_worker(process: psutil.Process) -> bool:
    with suppress(psutil.Error):
        return (process.cmdline() or [""])[0].startswith(("ray::WorkItem", "ray::ResourceTrainable"))
    return False


@contextmanager
def nodes(mark: str) -> Iterator[Nodes]:
    """A cluster whose processes carry the mark; nothing of it is left at the end."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MARK, mark)
        patch.setenv("RAY_CHDIR_TO_TRIAL_DIR", "0")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # on loopback; read once, at Ray's import
        patch.setattr(ray_constants, "ENABLE_RAY_CLUSTER", False)
        cluster = Nodes()
        try:
            yield cluster
        finally:
            cluster.shutdown()


def strays(mark: str) -> list[str]:
    """Processes other than this one that carry the mark, less the database server: other tests share it."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.pid == os.getpid() or process.status() == "zombie" or process.name() == "postgres":
                continue
            if process.environ().get(MARK) == mark:
                found.append(f"{process.pid} {' '.join(process.cmdline())[:100]}")
    return found


@dataclass
class Drivers:
    """Launches one search, again and again, one driver at a time.

    Args:
        file: of the search.
        worker: "module:class".
        address: of the cluster; None: a Ray of the driver's own.
        mark: of its processes.
    """

    file: Path
    worker: str
    address: str | None
    mark: str
    lives: int = 0
    process: subprocess.Popen[bytes] = field(init=False)

    @property
    def home(self) -> Path:
        return self.file.parent

    @property
    def log(self) -> Path:
        """What the latest driver printed."""
        return self.home / f"driver-{self.lives}.log"

    def launch(self) -> None:
        self.lives += 1
        command = [sys.executable, "-m", "tests.chaos.drive", self.worker, "launch", str(self.file)]
        environment = {
            **os.environ,
            "TASKMIX_HOME": str(self.home),
            "TASKMIX_CACHE": str(self.home / "cache"),
            MARK: self.mark,
        }
        with self.log.open("wb") as out:
            self.process = subprocess.Popen(
                [*command, *(["--address", self.address] if self.address else [])],
                cwd=self.home,
                env=environment,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    @property
    def code(self) -> int | None:
        """The exit code of a driver that has ended."""
        return self.process.poll()

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@dataclass(frozen=True)
class Begun:
    """A work item that a worker took on."""

    item: str
    pid: int
    recipe: str
    rung: int
    keys: dict[str, str]


@dataclass
class WorkLog:
    """What the workers wrote down; read on from where the last reading came to."""

    file: Path
    begun: list[Begun] = field(default_factory=list)
    open: dict[str, int] = field(default_factory=dict)  # work item -> the process that began it last, if not at its end
    examples: int = 0
    _read: int = 0

    def read(self) -> WorkLog:
        if self.file.exists():
            with self.file.open("rb") as file:
                file.seek(self._read)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._read += len(line)
                    self._take(json.loads(line))
        return self

    def _take(self, line: dict[str, Any]) -> None:
        match line["event"]:
            case "begin":
                begun = Begun(line["item"], line["pid"], line["recipe"], line["rung"], line["keys"])
                self.begun.append(begun)
                self.open[begun.item] = begun.pid
            case "examples":
                self.examples += line["count"]
            case "end" if self.open.get(line["item"]) == line["pid"]:
                del self.open[line["item"]]

    def runs(self, item: str) -> bool:
        """Whether a living process works on it."""
        pid = self.open.get(item)
        return pid is not None and psutil.pid_exists(pid)
