"""Nothing is lost: searches on a real Ray cluster whose driver, workers, nodes, database and disk are killed.

The default run kills a dozen times, with work items that are simulated (`worker.Simulated`: real store, no training).
`pytest -m chaos` kills at least 50 times in searches that really train. docs/chaos.md says what is guaranteed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from search.agenda import Agenda
from search.database import open_storage
from search.studies import Studies
from tests.chaos import worker
from tests.chaos.lab import Lab
from tests.chaos.monkey import LARGE, Monkey, series
from tests.chaos.proofs import (
    Truth,
    mlflow_agrees,
    needed_examples,
    promotions_are_right,
)
from tests.chaos.world import Drivers, Nodes, nodes, strays
from tests.full_disk import environment, set_capacity
from tests.postgres import Server
from trainables.item import WorkItem
from trainables.outcome import Outcome

SIMULATED, WATCHED = "tests.chaos.worker:Simulated", "tests.chaos.worker:Watched"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("chaos")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Nodes]:
    """Three nodes; nothing of them, or of any driver, is left at the end."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment(folder / "entry").items():
            patch.setenv(name, value)
        with nodes(str(folder)) as made:
            yield made
    deadline = time.monotonic() + 30
    while strays(str(folder)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert strays(str(folder)) == []


Arrange = Callable[..., Monkey]


@pytest.fixture
def arrange(folder: Path, cluster: Nodes, postgres: Server) -> Arrange:
    """Makes a search with its databases and its disk."""

    def make(lab: Lab, home: str, worker: str, recipes: int, at_once: int) -> Monkey:
        storage = {
            "studies": postgres.url(f"{home}_studies"),
            "mlflow": postgres.url(f"{home}_mlflow"),
            "store": set_capacity(lab.folder / home / "disk", LARGE),
        }
        search, file = lab.search(home, storage, recipes, at_once)
        drivers = Drivers(file, worker, cluster.address, str(folder))
        return Monkey(search, drivers, cluster, postgres, lab.folder / home / "disk", storage["studies"])

    return make


def undisturbed(lab: Lab, home: str, recipes: int, at_once: int, patch: pytest.MonkeyPatch) -> Truth:
    """The same simulated search, to its end in this process: no Ray, no kill, the oldest work item ends first."""
    search, file = lab.search(home, {}, recipes, at_once)
    url, plan = (
        f"sqlite:///{file.parent / 'studies.db'}",
        search.plan(str(file.parent / "store"), str(file.parent / "cache")),
    )
    patch.setattr(worker, "NAP", 0.0)
    simulated, agenda, running = worker.Simulated(plan), Agenda(search, Studies.create(url, search)), list[WorkItem]()
    while not agenda.over:
        while len(running) < at_once and (item := agenda.next()):
            running.append(item)
        item = running.pop(0)
        *_, outcome = simulated.run(item)
        assert isinstance(outcome, Outcome)
        agenda.done(item, outcome)
    return Truth(open_storage(url), search)


def check(monkey: Monkey) -> Truth:
    """What is true at the end of any search."""
    truth = monkey.look()
    assert truth.running() == []
    assert mlflow_agrees(monkey.search.config.storage.mlflow or "", truth) is None
    assert promotions_are_right(truth) > 0
    return truth


def repeated(monkey: Monkey, truth: Truth) -> float:
    """Examples that were trained beyond those that are needed, in percent of them."""
    needed = needed_examples(monkey.search.plan("", ""), truth)
    return 100 * (monkey.log.read().examples / needed - 1)


def test_a_dozen_kills_with_several_work_items_in_flight(
    folder: Path, arrange: Arrange, monkeypatch: pytest.MonkeyPatch
) -> None:
    lab = Lab.made(folder / "dozen", data=False)
    monkey = arrange(lab, "disturbed", SIMULATED, recipes=16, at_once=3)
    monkey.run(series(1, {"driver": 3, "actor": 4, "node": 2, "database": 2, "disk": 1}))
    assert monkey.kills.total() == 12
    truth, same = check(monkey), undisturbed(lab, "same", 16, 3, monkeypatch)
    compare(truth, same)
    print(f"{monkey.kills.total()} kills survived, {repeated(monkey, truth):.1f} % of the work repeated")


def compare(truth: Truth, same: Truth) -> None:
    """What several work items in flight, which may end in any order, leave equal to a run without kills."""
    assert truth.brought_in() == same.brought_in(), "the same new recipes in the same order"
    ours, theirs = truth.scores(), same.scores()
    common = ours.keys() & theirs.keys()
    assert {place: ours[place] for place in common} == {place: theirs[place] for place in common}
    print(f"{len(common)} of {len(ours)} and {len(theirs)} scores are common")
