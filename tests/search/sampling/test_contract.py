"""What holds for every sampler of a search, ours and Optuna's (see `search.sampling.proposer.Proposer`)."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any, get_args

import pytest

from search.config.schema import SamplerName
from search.config.search import Search
from search.sampling.proposer import Proposer
from search.sampling.samplers import SAMPLERS, make_proposer
from search.studies.state import SearchState
from search.studies.studies import Studies
from spaces.mixture import Mixture
from spaces.recipe import Candidate, Recipe, Value, candidate_key
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome

TARGETS = ("related", "verses")
STARTUP = 3

SPACE: dict[str, Any] = {
    "max_tasks": 2,
    "min_weight": 0.2,
    "weight_step": 0.1,
    "exclude": [["ner", "crossref"]],
    "hyperparameters": {
        "intermediate.learning_rate": {"low": 1e-5, "high": 1e-4, "log": True, "default": 5e-5},
        "intermediate.batch_size": {"choices": [16, 32]},
        "intermediate.max_length": {"low": 64, "high": 128, "step": 32, "default": 128},
        "target.warmup": {"low": 0.0, "high": 0.3, "default": 0.1},
        "target.weight_decay": {"low": 0.01, "high": 0.01, "default": 0.01},
    },
}
"""Every constraint, and every way to search a hyperparameter; one of them leaves no choice."""

ONLY_TASKS: dict[str, Any] = {"max_tasks": 2, "min_weight": 0.5, "weight_step": 0.5, "exclude": [["ner", "crossref"]]}
"""Five recipes: each of three tasks, and half of each of two pairs."""


class Desk:
    """A search by hand: what is proposed can be begun, finished, or left in flight."""

    def __init__(self, filler: Any) -> None:
        self.filler, self.search, self.studies = filler, filler.search, filler.studies

    @property
    def state(self) -> SearchState:
        return self.studies.state

    def recipe(self, mixture: Mixture, values: dict[str, Value]) -> Recipe:
        return Recipe.of(mixture, values, self.search.config.model, self.search.config.seed)

    def is_started(self, mixture: Mixture, values: dict[str, Value]) -> bool:
        return self.recipe(mixture, values).digest in self.state.recipes

    def propose(self, proposer: Proposer, seed: int = 1, state: SearchState | None = None) -> Candidate | None:
        def cost(mixture: Mixture, values: Any) -> float:
            return 1.0 + mixture.weights.get("ner", 0.0)

        return proposer.propose(state or self.state, seed, self.is_started, cost)

    def begin(self, candidate: Candidate, owner: str = "related") -> WorkItem:
        item = WorkItem(self.recipe(*candidate), 0, TARGETS)
        self.studies.begin(item, "proposal", owner)
        return item

    def finish(self, item: WorkItem, score: float | None) -> None:
        failed = Outcome(failure=Failed(kind="diverged", message="the loss is nan"))
        scores = {target: score + number / 10 for number, target in enumerate(item.targets)} if score else {}
        self.studies.finish(item, self.filler.outcome(item, scores) if scores else failed)

    # --- situations that a sampler may be asked in

    def nothing(self) -> None: ...

    def the_baseline_alone(self) -> None:
        for rung in (0, 1):
            self.filler.run("none", rung, dict.fromkeys(TARGETS, 0.5), "baseline")

    def failures_alone(self) -> None:
        for mix in ("ner", "crossref", "paraphrase"):
            self.filler.fail(mix, 0)

    def a_result_on_one_target(self) -> None:
        self.filler.run("ner", 0, {"related": 0.4})

    def runs_alone(self) -> None:
        for mix in ("ner", "crossref", "paraphrase"):
            self.filler.begin(self.filler.item(mix, 0))

    def results(self) -> None:
        self.the_baseline_alone()
        for mix, score in (("ner", 0.4), ("crossref", 0.55), ("paraphrase", 0.6), ("ner:0.5 + paraphrase:0.5", 0.58)):
            self.filler.run(mix, 0, {"related": score, "verses": 1 - score})
        self.filler.run("paraphrase", 1, {"related": 0.65, "verses": 0.5}, "promotion")

    def results_failures_and_runs(self) -> None:
        self.results()
        self.filler.fail("crossref:0.8 + paraphrase:0.2", 0)
        self.filler.begin(self.filler.item("ner:0.2 + paraphrase:0.8", 0))
        self.filler.begin(self.filler.item("crossref", 1, ("related",)), "promotion")


SITUATIONS = [
    Desk.nothing,
    Desk.the_baseline_alone,
    Desk.failures_alone,
    Desk.a_result_on_one_target,
    Desk.runs_alone,
    Desk.results,
    Desk.results_failures_and_runs,
]


@pytest.fixture(params=list(SAMPLERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=SITUATIONS, ids=lambda situation: situation.__name__)
def situation(request: pytest.FixtureRequest) -> Callable[[Desk], None]:
    fill: Callable[[Desk], None] = request.param
    return fill


@pytest.fixture(params=[SPACE], ids=[""])
def search(request: pytest.FixtureRequest, make_search: Callable[..., Search]) -> Search:
    return make_search(space=request.param)


@pytest.fixture
def studies(search: Search) -> Studies:
    return Studies.in_memory(search)


@pytest.fixture
def desk(filler: Any) -> Desk:
    return Desk(filler)


def test_the_table_has_the_names_that_a_search_file_may_have() -> None:
    assert {"auto", *SAMPLERS} == set(get_args(SamplerName))


@pytest.mark.parametrize("target", TARGETS)
def test_proposals_lie_in_the_space_and_are_new(
    desk: Desk, name: str, situation: Callable[[Desk], None], target: str
) -> None:
    situation(desk)
    space, proposer = desk.search.space, make_proposer(name, desk.search.space, target, STARTUP)
    for seed in range(4):  # all of them stay in flight
        candidate = desk.propose(proposer, seed)
        assert candidate is not None
        mixture, values = candidate
        assert space.problems(mixture) == []
        assert space.nearest(mixture) == mixture
        assert list(values) == [hyperparameter for hyperparameter, _ in space.hyperparameters]
        assert space.decode(space.encode(mixture, values)) == candidate
        assert 1e-5 <= float(values["intermediate.learning_rate"]) <= 1e-4
        assert values["intermediate.batch_size"] in (16, 32)
        assert values["intermediate.max_length"] in (64, 96, 128)
        assert 0.0 <= float(values["target.warmup"]) <= 0.3
        assert values["target.weight_decay"] == 0.01
        assert not desk.is_started(mixture, values)
        desk.begin(candidate, target)


def test_a_proposal_follows_from_state_and_seed(desk: Desk, name: str, situation: Callable[[Desk], None]) -> None:
    situation(desk)
    for target in TARGETS:
        one, other = (make_proposer(name, desk.search.space, target, STARTUP) for _ in range(2))
        proposals = [desk.propose(one, seed) for seed in range(4)]
        assert proposals == [desk.propose(one, seed) for seed in range(4)]
        assert proposals[::-1] == [desk.propose(other, seed) for seed in reversed(range(4))]
        assert len({candidate_key(candidate) for candidate in proposals if candidate}) > 1


def test_one_that_was_made_anew_proposes_the_same(desk: Desk, name: str) -> None:
    """After a crash: whatever the first has seen on the way, and whatever it was asked."""
    desk.the_baseline_alone()
    space, order, running = desk.search.space, random.Random(1), list[WorkItem]()
    kept = {target: make_proposer(name, space, target, STARTUP) for target in TARGETS}
    for number in range(16):
        target = TARGETS[number % 2]
        candidate = desk.propose(kept[target], number)
        assert candidate is not None
        anew, again = make_proposer(name, space, target, STARTUP), list(desk.studies.all())
        order.shuffle(again)
        assert desk.propose(anew, number, SearchState(TARGETS, 2, again)) == candidate
        running.append(desk.begin(candidate, target))
        if len(running) == 3:
            item = running.pop(order.randrange(3))
            desk.finish(item, None if number == 4 else 0.4 + order.random() / 5)
            if number % 2:
                promoted = WorkItem(item.recipe, 1, TARGETS)
                desk.studies.begin(promoted, "promotion", target)
                desk.finish(promoted, 0.5 + order.random() / 5)
    for rungs in desk.state.rungs.values():  # first the lower rung had enough results, then the upper one
        assert len(rungs[0].ranked) > len(rungs[1].ranked) > STARTUP


def test_nothing_known_is_written_to(desk: Desk, name: str, situation: Callable[[Desk], None]) -> None:
    situation(desk)
    before = copy.deepcopy(vars(desk.state)), copy.deepcopy((desk.studies.records, desk.studies.estimates))
    for target in TARGETS:
        desk.propose(make_proposer(name, desk.search.space, target, STARTUP))
    assert (vars(desk.state), (desk.studies.records, desk.studies.estimates)) == before


@pytest.mark.parametrize("search", [ONLY_TASKS], indirect=True, ids=[""])
@pytest.mark.parametrize("outcome", ["results", "failures", "runs"])
def test_none_is_left_when_the_space_is_exhausted(desk: Desk, name: str, outcome: str) -> None:
    proposer, proposed = make_proposer(name, desk.search.space, "verses", STARTUP), []
    for number in range(20):
        candidate = desk.propose(proposer, number)
        if candidate is None:
            break
        proposed.append(str(candidate[0]))
        item = desk.begin(candidate)
        if outcome != "runs":
            desk.finish(item, 0.4 + number / 100 if outcome == "results" else None)
    pairs = ["crossref:0.5 + paraphrase:0.5", "ner:0.5 + paraphrase:0.5"]
    assert sorted(proposed) == sorted(["crossref:1", "ner:1", "paraphrase:1", *pairs])
