"""Hosts that are cut off, killed and started again while a search runs on them; what it says, and when it goes on.

Run by hand, as root: `pytest -m slow tests/cluster/test_faults.py -s`. It prints the seconds.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cluster.connect import WORKER_ENVIRONMENT
from tests.support import hosts
from tests.support.hosts import Hosts
from tests.support.nodes import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ray,
    pytest.mark.skipif(not hosts.can_be_made(), reason="network namespaces cannot be made: root alone can"),
]

WORKERS = ROOT / "tests" / "search" / "scheduling" / "workers"
PATIENT = {"RAY_agent_register_timeout_ms": "120000", "RAY_enable_metrics_collection": "0"}
"""Of Ray's start, which takes long on a busy machine."""

LOST = 150.0
"""Seconds after which Ray has certainly given up a host that is cut off."""

DRIVER = """
import json, sys, time
from pathlib import Path
import ray
from cluster.resources import ItemResources
from search.scheduling.driver import run
from tests.search.scheduling.test_driver import WORKER, ListAgenda, item, plan_in, told

address, folder = sys.argv[1], Path(sys.argv[2])

def say(**what):
    print(json.dumps(what), flush=True)

class Endless(ListAgenda):
    number = 0
    over = property(lambda self: (folder / "stop").exists())
    def next(self):
        if self.over:
            return None
        self.number += 1
        return item(self.number, seconds=0.5)
    def done(self, item, outcome):
        super().done(item, outcome)
        say(node=Path(told(outcome)["cwd"]).name if outcome.failure is None else None, number=item.recipe.seed)

while True:
    try:
        ray.init(address, log_to_driver=False)
        break
    except Exception:  # the head has not started yet
        time.sleep(2)
while ray.cluster_resources().get("CPU", 0) < 2:
    time.sleep(0.5)
agenda = Endless([])
run(plan_in(folder), agenda, ItemResources(), 2, worker=WORKER, say=lambda line: say(line=line))
say(twice=len(agenda.outcomes) - len(agenda.by_number), missing=agenda.number - len(agenda.outcomes))
"""


class Cluster:
    """A head with a driver, and two hosts that work."""

    def __init__(self, folder: Path) -> None:
        path = os.pathsep.join(map(str, (ROOT, WORKERS)))
        home = folder / "home"
        home.mkdir()
        variables = {"PYTHONPATH": path, "HOME": str(home), "RAY_TMPDIR": str(folder), **PATIENT, **WORKER_ENVIRONMENT}
        self.hosts, self.folder, self.out = Hosts(folder / "hosts", variables), folder, folder / "driver.log"
        self.addresses = {name: self.hosts.add(name) for name in ("head", "w1", "w2")}
        self.head = f"{self.addresses['head']}:6379"
        own = [f"--node-ip-address={self.addresses['head']}", "--node-name=head", "--num-cpus=0"]
        ray = [sys.executable, "-m", "ray.scripts.scripts", "start", "--block"]
        self.hosts.supervise("head", *ray, "--head", "--port=6379", "--include-dashboard=false", *own)
        for name in ("w1", "w2"):
            own = [f"--node-ip-address={self.addresses[name]}", f"--node-name={name}", "--num-cpus=1"]
            self.hosts.supervise(name, *ray, f"--address={self.head}", *own)
        self.hosts.start("head", sys.executable, "-c", DRIVER, self.head, str(folder), out=self.out)

    def said(self) -> list[dict[str, object]]:
        lines = self.out.read_text().splitlines() if self.out.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{")]

    def lines(self, *words: str) -> list[str]:
        told = [str(entry["line"]) for entry in self.said() if "line" in entry]
        return [line for line in told if all(word in line for word in words)]

    def count(self, node: str) -> int:
        return sum(entry.get("node") == node for entry in self.said())

    def goes_on(self, node: str, what: str, seconds: float = 180.0) -> None:
        """Wait for the next result from a host, and print how long it took."""
        before = self.count(node)
        self.wait(lambda: self.count(node) > before, f"{what}: a result from {node}", seconds)

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 180.0) -> None:
        began = time.monotonic()
        while not condition():
            assert time.monotonic() - began < seconds, (
                f"{what}: not within {seconds:.0f} s\n{self.out.read_text()[-3000:]}"
            )
            time.sleep(0.2)
        print(f"{what} after {time.monotonic() - began:.1f} s")


@pytest.fixture
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    made = Cluster(tmp_path_factory.mktemp("f"))
    try:
        yield made
    finally:
        made.hosts.close()


def test_hosts_that_are_cut_off_killed_and_started_again(cluster: Cluster) -> None:
    hosts = cluster.hosts
    for name in ("w1", "w2"):
        cluster.goes_on(name, "begun", 300)

    hosts.cut("w2")
    cluster.goes_on("w1", "w2 cut off for 10 s")
    time.sleep(10)
    hosts.heal("w2")
    cluster.goes_on("w2", "w2 back after 10 s")
    assert cluster.lines("is gone") == []

    hosts.cut("w2")
    cluster.goes_on("w1", "w2 cut off for good")
    cluster.wait(lambda: cluster.lines("w2", "is gone"), "w2 given up", LOST)
    cluster.wait(lambda: cluster.lines("was lost", "started again"), "its work item given out again")
    cluster.goes_on("w1", "w2 given up")
    worker = {number for number, line in hosts.programs("w2").items() if "ray::" in line and "Agent" not in line}
    assert worker
    hosts.heal("w2")
    cluster.wait(lambda: not worker & hosts.programs("w2").keys(), "w2's worker over")
    cluster.wait(lambda: cluster.lines("w2", "joined"), "w2 joined")
    cluster.goes_on("w2", "w2 started again")

    hosts.kill("w1")
    cluster.goes_on("w2", "w1 killed")
    cluster.wait(lambda: cluster.lines("w1", "is gone"), "w1 given up", LOST)
    cluster.wait(lambda: cluster.lines("w1", "joined"), "w1 joined")
    cluster.goes_on("w1", "w1 started again")

    (cluster.folder / "stop").touch()
    cluster.wait(lambda: any("twice" in entry for entry in cluster.said()), "over")
    (end,) = [entry for entry in cluster.said() if "twice" in entry]
    assert end == {"twice": 0, "missing": 0}
    assert all(entry["node"] is not None for entry in cluster.said() if "node" in entry), "no work item failed"
