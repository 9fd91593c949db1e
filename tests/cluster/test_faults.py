"""Hosts that are cut off, killed, slow, or join late while a search runs on them: what it says, and when it goes on.

Run by hand, as root: `pytest -m slow tests/cluster/test_faults.py -s`. It prints the seconds.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import hosts
from tests.support.host_cluster import HostCluster, wait
from tests.support.nodes import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ray,
    pytest.mark.skipif(not hosts.can_be_made(), reason="network namespaces cannot be made: root alone can"),
]

WORKERS = ROOT / "tests" / "search" / "scheduling" / "workers"

SOON = 240.0
"""Seconds within which everything is to happen, on a busy machine, too."""

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
run(plan_in(folder), agenda, ItemResources(), 3, worker=WORKER, say=lambda line: say(line=line))
say(twice=len(agenda.outcomes) - len(agenda.by_number), missing=agenda.number - len(agenda.outcomes))
"""


class EndlessSearch:
    """Work items of half a second, without an end, three at a time where three find room."""

    def __init__(self, cluster: HostCluster, folder: Path) -> None:
        self._folder, self._out = folder, folder / "driver.log"
        cluster.hosts.start("head", sys.executable, "-c", DRIVER, cluster.address, str(folder), out=self._out)

    def said(self) -> list[dict[str, object]]:
        lines = self._out.read_text().splitlines() if self._out.exists() else []
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def lines(self, *words: str) -> list[str]:
        told = [str(entry["line"]) for entry in self.said() if "line" in entry]
        return [line for line in told if all(word in line for word in words)]

    def says(self, what: str, *words: str) -> None:
        """Wait for a line with these words."""
        wait(lambda: self.lines(*words), what, SOON, self._out)

    def goes_on(self, node: str, what: str) -> None:
        """Wait for the next result from a host."""
        before = self._count(node)
        wait(lambda: self._count(node) > before, f"{what}: a result from {node} after", SOON, self._out)

    def end(self) -> None:
        """Nothing was lost, nothing was told twice, nothing failed."""
        (self._folder / "stop").touch()
        wait(lambda: any("twice" in entry for entry in self.said()), "over after", SOON, self._out)
        (end,) = [entry for entry in self.said() if "twice" in entry]
        assert end == {"twice": 0, "missing": 0}
        assert all(entry["node"] is not None for entry in self.said() if "node" in entry), "no work item failed"

    def _count(self, node: str) -> int:
        return sum(entry.get("node") == node for entry in self.said())


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostCluster]:
    with HostCluster(tmp_path_factory.mktemp("f"), paths=(WORKERS,)) as made:
        yield made


@pytest.fixture
def search(cluster: HostCluster, tmp_path: Path) -> Iterator[EndlessSearch]:
    """One that has results from both hosts; at its end nothing is lost."""
    begun = EndlessSearch(cluster, tmp_path)
    for name in ("w1", "w2"):
        begun.goes_on(name, "begun")
    yield begun
    begun.end()


@pytest.mark.parametrize("seconds", [20, 60, 300])
def test_a_host_that_is_cut_off(cluster: HostCluster, search: EndlessSearch, seconds: int) -> None:
    """Ray gives it up after about a minute; then its Ray ends, is started again, and joins as another node.

    A call that was on its way for twenty seconds Ray calls lost, so its work item may be done again sooner.
    """
    hosts, what = cluster.hosts, f"w2 cut off for {seconds} s"
    hosts.cut("w2")
    until = time.monotonic() + seconds
    search.goes_on("w1", what)
    is_given_up = seconds > 200
    if is_given_up:
        search.says(f"{what}: given up", "w2", "is gone")
        search.says(f"{what}: its work item given out again", "was lost", "started again")
        search.goes_on("w1", f"{what}: given up")
    outlived = {number for number, line in hosts.programs("w2").items() if line.startswith("ray::WorkItem")}
    time.sleep(max(0.0, until - time.monotonic()))
    hosts.heal("w2")
    search.goes_on("w2", f"{what}: back")
    if is_given_up:
        assert search.lines("w2", "joined")
        assert not outlived & hosts.programs("w2").keys(), "a process that trained outlives its node"
    if seconds < 30:
        assert search.lines("is gone") == []


def test_a_host_that_is_killed(cluster: HostCluster, search: EndlessSearch) -> None:
    cluster.hosts.kill("w1")
    search.goes_on("w2", "w1 killed")
    search.says("w1 killed: named", "w1", "is gone")
    search.says("w1 killed: its work item given out again", "was lost", "started again")
    search.goes_on("w1", "w1 killed: back")
    assert search.lines("w1", "joined")


def test_a_host_that_joins_late(cluster: HostCluster, search: EndlessSearch) -> None:
    cluster.join("w3")
    search.says("w3 started: named", "w3", "joined")
    search.goes_on("w3", "w3 joined")
    cluster.hosts.kill("w3", supervisors=True)
    search.says("w3 killed for good: named", "w3", "is gone")
    search.goes_on("w1", "w3 killed for good")


@pytest.mark.parametrize(("seconds", "loss"), [(0.25, 0.0), (0.0, 0.05)], ids=["500 ms", "5 % lost"])
def test_a_host_that_is_far(cluster: HostCluster, search: EndlessSearch, seconds: float, loss: float) -> None:
    """It is used on, and not given up."""
    cluster.hosts.slow("w2", seconds, loss)
    try:
        search.goes_on("w1", "w2 is far")
        for number in range(1, 6):
            search.goes_on("w2", f"w2 is far: {number}")
        assert search.lines("is gone") == []
    finally:
        cluster.hosts.quick("w2")
    search.goes_on("w2", "w2 is near again")
