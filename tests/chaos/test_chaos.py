"""Nothing is lost: searches on a real Ray cluster whose driver, workers, nodes, database and disk are killed.

The default run kills three times, with work items that are simulated (`worker.Simulated`: real store, no training).
`pytest -m chaos` kills six times more in these, and at least 50 times in searches that really train. docs/chaos.md says what is guaranteed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from search.config.search import Search
from search.results.ranking import rank
from search.scheduling.agenda import Agenda
from search.studies.database import open_storage
from search.studies.studies import Studies
from tests.chaos import worker
from tests.chaos.lab import Lab
from tests.chaos.monkey import LARGE, Kind, Monkey, series
from tests.chaos.proofs import (
    Truth,
    mlflow_agrees,
    needed_examples,
    promotions_are_right,
    without,
)
from tests.chaos.world import Drivers, Nodes, WorkLog, nodes, strays
from tests.support.full_disk import environment, set_capacity
from tests.support.postgres import Server
from tests.support.searches import kept_at
from trainables.work.item import WorkItem

pytestmark = pytest.mark.long

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
            "studies": postgres.url(f"{lab.folder.name}_{home}_studies"),
            "mlflow": postgres.url(f"{lab.folder.name}_{home}_mlflow"),
            "store": set_capacity(lab.folder / home / "disk", LARGE),
        }
        search, file = lab.search(home, storage, recipes, at_once)
        drivers = Drivers(file, worker, cluster.address, str(folder))
        return Monkey(search, drivers, cluster, postgres, lab.folder / home / "disk", storage["studies"])

    return make


@dataclass(frozen=True)
class Run:
    """A search that is over: what its studies say, its answer, and the examples that were trained for it."""

    truth: Truth
    answer: dict[str, Any]
    examples: int

    @classmethod
    def of(cls, search: Search, studies: str, cache: Path) -> Run:
        answer = rank(Studies.open(kept_at(studies, search))).to_json()["targets"]
        found = {target: without(entry, "cost") for target, entry in answer.items()}
        return cls(Truth(open_storage(studies), search), found, WorkLog(cache / "work.jsonl").read().examples)

    @property
    def repeated(self) -> float:
        """Examples that were trained beyond those that were needed, in percent of these."""
        needed = needed_examples(self.truth.search.plan("", ""), self.truth)
        return 100 * (self.examples / needed - 1)


def simulated(lab: Lab, recipes: int, at_once: int, patch: pytest.MonkeyPatch) -> Run:
    """A simulated search without Ray, and without a kill; of the work items in flight the oldest ends first."""
    search, file = lab.search("undisturbed", {}, recipes, at_once)
    url, cache = f"sqlite:///{file.parent / 'studies.db'}", file.parent / "cache"
    patch.setattr(worker, "NAP", 0.0)
    simulated = worker.Simulated(search.plan(str(file.parent / "store"), str(cache)))
    agenda, running = Agenda(search, Studies.create(kept_at(url, search))), list[WorkItem]()
    while not agenda.over:
        while len(running) < at_once and (item := agenda.next()):
            running.append(item)
        item = running.pop(0)
        agenda.done(item, simulated.run(item, lambda progress: None, 0))
    return Run.of(search, url, cache)


def trained(lab: Lab, arrange: Arrange, recipes: int, at_once: int) -> Run:
    """A search that really trains, launched once."""
    monkey = arrange(lab, "undisturbed", WATCHED, recipes, at_once)
    monkey.run([])
    assert monkey.drivers.lives == 1
    return over(monkey)


def disturbed(monkey: Monkey, seed: int, counts: Mapping[Kind, int]) -> Run:
    """A search that is killed again and again; it is whole at its end."""
    monkey.run(series(seed, counts))
    assert monkey.kills == counts, "the search was over before all kills had come: give it more recipes"
    return over(monkey)


def over(monkey: Monkey) -> Run:
    """Looks at a search that is over."""
    truth = monkey.look()
    assert truth.running() == []
    mlflow_agrees(monkey.search.config.storage.mlflow or "", truth)
    assert promotions_are_right(truth) > 0
    run = Run.of(monkey.search, monkey.studies, monkey.drivers.home / "cache")
    lost = monkey.history.scores.keys() - truth.scores().keys()
    print(f"{monkey.kills.total()} kills {dict(monkey.kills)}, {len(lost)} results lost, {run.repeated:.1f} % repeated")
    return run


def alike(one: Run, other: Run) -> None:
    """What two runs with several work items in flight, which may end in any order, have in common."""
    assert one.truth.brought_in() == other.truth.brought_in(), "the same new recipes in the same order"
    ours, theirs = one.truth.scores(), other.truth.scores()
    common = ours.keys() & theirs.keys()
    print(f"{len(common)} scores are common to both, {len(ours) - len(common)} and {len(theirs) - len(common)} are not")
    assert {place: ours[place] for place in common} == {place: theirs[place] for place in common}
    for target, answer in one.answer.items():
        if one.truth.promoted(target) == other.truth.promoted(target):
            print(f"{target}: the same recipes were promoted")
            assert answer["best"][0]["digest"] == other.answer[target]["best"][0]["digest"]


@pytest.mark.chaos
def test_several_work_items_in_flight(folder: Path, arrange: Arrange, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab.made(folder / "several", data=False)
    monkey = arrange(lab, "disturbed", SIMULATED, recipes=10, at_once=3)
    found = disturbed(monkey, 1, {"driver": 1, "actor": 2, "node": 1, "database": 1, "disk": 1})
    expected = simulated(lab, 10, 3, monkeypatch)
    assert expected.repeated == 0
    alike(found, expected)


def test_one_work_item_at_a_time(folder: Path, arrange: Arrange, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = Lab.made(folder / "one", data=False)
    monkey = arrange(lab, "disturbed", SIMULATED, recipes=4, at_once=1)
    found = disturbed(monkey, 2, {"driver": 1, "actor": 1, "database": 1})
    expected = simulated(lab, 4, 1, monkeypatch)
    assert found.truth.facts() == expected.truth.facts()
    assert found.answer == expected.answer


@pytest.mark.chaos
@pytest.mark.parametrize("seed", [1])
def test_several_work_items_that_train(folder: Path, arrange: Arrange, seed: int) -> None:
    lab = Lab.made(folder / "train", data=True)
    expected = trained(lab, arrange, 60, 3)
    assert expected.repeated == 0
    monkey = arrange(lab, "disturbed", WATCHED, recipes=60, at_once=3)
    alike(disturbed(monkey, seed, {"driver": 8, "actor": 12, "node": 8, "database": 8, "disk": 6}), expected)


@pytest.mark.chaos
@pytest.mark.parametrize("seed", [2])
def test_one_work_item_that_trains(folder: Path, arrange: Arrange, seed: int) -> None:
    lab = Lab.made(folder / "train_one", data=True)
    expected = trained(lab, arrange, 10, 1)
    monkey = arrange(lab, "disturbed", WATCHED, recipes=10, at_once=1)
    found = disturbed(monkey, seed, {"driver": 2, "actor": 2, "node": 2, "database": 2, "disk": 2})
    assert found.truth.facts() == expected.truth.facts()
    assert found.answer == expected.answer
