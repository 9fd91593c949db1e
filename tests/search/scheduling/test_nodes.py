"""Nodes that join, do not do, or are lost while a search runs: on a real cluster, with a worker that acts."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import ray

from cluster import survey
from cluster.connect import WORKER_ENVIRONMENT
from cluster.node_report import ReportRequest, list_software, new_probe_name
from cluster.placement import Placement
from cluster.resources import ItemResources
from search.checks.admission import Admission
from search.scheduling.driver import SearchEnd, run
from search.studies.live import LiveNodes
from spaces.errors import Failure
from tests.search.scheduling.test_driver import WORKER, WORKERS, ListAgenda, item, plan_in, told
from tests.support.nodes import ROOT, Nodes
from trainables.store.filesystem import Files
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome

pytestmark = pytest.mark.ray

PATH = os.pathsep.join(map(str, (ROOT, WORKERS)))
VARIABLES = {"PYTHONPATH": PATH, **WORKER_ENVIRONMENT}


class OnNodes(ListAgenda):
    """Notes what is said, and on which node each work item ended; goes on until enough is known."""

    def __init__(self, items: list[WorkItem], enough: Callable[[OnNodes], bool] = lambda agenda: True) -> None:
        super().__init__(items)
        self.lines: list[str] = []
        self.unpicklable = threading.RLock()  # as the terminal has one
        self.nodes: list[str] = []
        self._enough, self._until = enough, time.monotonic() + 120
        self._number = 1000

    @property
    def over(self) -> bool:
        assert time.monotonic() < self._until, self.lines
        return not self.waiting and self._enough(self)

    def next(self) -> WorkItem | None:
        if not self.waiting and not self.over:
            self._number += 1
            return item(self._number, seconds=0.2)
        return super().next()

    def done(self, item: WorkItem, outcome: Outcome) -> None:
        super().done(item, outcome)
        if not outcome.failure:
            self.nodes.append(Path(told(outcome)["cwd"]).name)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def said(self, *words: str) -> str:
        """The line with these words."""
        (line,) = [line for line in self.lines if all(word in line for word in words)]
        return line


@pytest.fixture
def nodes(tmp_path: Path) -> Iterator[Nodes]:
    """A head without CPUs and the node "first"; this process is connected."""
    made = Nodes(tmp_path / "nodes")
    try:
        made.add("first", VARIABLES, num_cpus=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(tmp_path)
            ray.init(made.address, log_to_driver=False)
            yield made
    finally:
        ray.shutdown()
        made.close()
        Placement.left_out = set()


@pytest.fixture
def admission(nodes: Nodes, tmp_path: Path) -> Admission:
    """Looks for what a launch leaves in store and cache."""
    store, probe = tmp_path / "store", new_probe_name()
    Files(str(store)).publish(probe, b"from the driver")
    (tmp_path / "cache").mkdir()
    request = ReportRequest(str(store), str(tmp_path / "cache"), probe, temporary="/tmp")
    return Admission(request, list_software(), ItemResources(), frozenset(node.id for node in survey.list_nodes()))


def test_a_node_that_joins_later_works_if_it_is_as_the_others(
    nodes: Nodes, admission: Admission, tmp_path: Path
) -> None:
    shadow = tmp_path / "shadow"
    metadata = shadow / "tokenizers-0.1.dist-info" / "METADATA"
    metadata.parent.mkdir(parents=True)
    metadata.write_text("Metadata-Version: 2.1\nName: tokenizers\nVersion: 0.1\n")
    (tmp_path / "store").mkdir(exist_ok=True)

    class Growing(OnNodes):
        def done(self, item: WorkItem, outcome: Outcome) -> None:
            super().done(item, outcome)
            if len(self.outcomes) == 1:
                nodes.add("odd", {**VARIABLES, "PYTHONPATH": os.pathsep.join((PATH, str(shadow)))}, num_cpus=1)
                nodes.add("good", VARIABLES, num_cpus=1)

    def enough(agenda: OnNodes) -> bool:
        refused = any("is left out" in line for line in agenda.lines)
        return refused and {"first", "good"} <= set(agenda.nodes)

    agenda = Growing([item(0)], enough)
    plan, seen = plan_in(tmp_path / "store"), list[LiveNodes]()
    ending = run(
        plan, agenda, ItemResources(), 3, worker=WORKER, say=agenda.say, show_nodes=seen.append, admission=admission
    )
    first, last = ({node.name.partition(" ")[0]: node.state for node in nodes.nodes} for nodes in (seen[0], seen[-1]))
    assert (first, seen[0].at_once) == ({"first": "works"}, 1)
    assert (last, seen[-1].at_once) == ({"first": "works", "good": "works", "odd": "left_out"}, 2)

    assert ending is SearchEnd.OVER
    assert set(agenda.nodes) == {"first", "good"}, "nothing ran on the odd one"
    line = agenda.said("odd", "is left out")
    assert "tokenizers 0.1" in line and "pip install" in line
    assert agenda.said("good", "joined")
    assert not any(outcome.failure for outcome in agenda.by_number.values())


def test_a_launch_waits_for_nodes(nodes: Nodes) -> None:
    lines: list[str] = []
    two = ItemResources(cpus=2)
    with pytest.raises(Failure, match="not even one work item fits"):
        survey.wait_for_room(two, lines.append, seconds=0.1)
    assert "waiting for nodes, 0 s at most" in lines[0] and "asked: 2 CPU" in lines[0]
    assert len(lines) == 1

    def join(line: str) -> None:
        nodes.add("large", VARIABLES, num_cpus=2)

    found = survey.wait_for_room(two, join, seconds=120)
    assert "large" in {node.name.partition(" ")[0] for node in found}


@pytest.mark.slow
def test_a_fault_of_one_node_is_that_nodes_and_one_of_all_is_the_searchs(nodes: Nodes, tmp_path: Path) -> None:
    nodes.add("second", VARIABLES, num_cpus=1)
    (tmp_path / "store").mkdir()
    plan = plan_in(tmp_path / "store")
    asked = item(0, act="lack", where="second", seconds=0.2)
    agenda = OnNodes([asked, item(1, act="lack", where="second", seconds=0.2), item(2, act="lack", where="second")])
    ending = run(plan, agenda, ItemResources(), 2, worker=WORKER, say=agenda.say)
    assert ending is SearchEnd.OVER
    assert agenda.nodes == ["first"] * 3
    assert "no credentials" in agenda.said("second", "is left out")
    assert agenda.by_number.keys() == {0, 1, 2}

    agenda = OnNodes([item(number, act="lack", where="") for number in range(3)])
    agenda.done = lambda item, outcome: setattr(agenda, "stop_reason", outcome.failure.message)  # type: ignore
    ending = run(plan, agenda, ItemResources(), 2, worker=WORKER, say=agenda.say)
    assert ending is SearchEnd.STOPPED
    assert agenda.stop_reason == "no credentials"
    assert len(agenda.lines) == 1, "the first node only was left out"


@pytest.mark.slow
def test_a_node_that_is_lost_is_named(nodes: Nodes, tmp_path: Path) -> None:
    second = nodes.add("second", VARIABLES, num_cpus=1)
    (tmp_path / "store").mkdir()

    class Losing(OnNodes):
        def progress(self, item: WorkItem, progress: Any) -> None:
            super().progress(item, progress)
            if len(self.seen) == 2:  # both nodes work
                nodes.remove(second)

    agenda = Losing([item(0, seconds=3.0), item(1, seconds=3.0)])
    plan, seen = plan_in(tmp_path / "store"), list[LiveNodes]()
    ending = run(plan, agenda, ItemResources(), 2, worker=WORKER, say=agenda.say, show_nodes=seen.append)
    assert ending is SearchEnd.OVER
    assert [node.state for node in seen[-1].nodes] == ["works", "lost"]
    assert sorted(agenda.by_number) == [0, 1]
    assert set(agenda.nodes) == {"first"}
    assert agenda.said("second", "is gone", "1 work item at a time")
    assert "is started again in another worker" in agenda.said("its node second", "was lost")
