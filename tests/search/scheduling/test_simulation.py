"""A simulated search: the same decisions as a real one, and a wall-clock that adds up."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from search.config.search import Search
from search.forecast.estimate import estimate
from search.scheduling.simulation import simulate
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.simulated import Surface, usual_values
from trainables.trainable import WorkItemTrainable
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome
from trainables.work.preparation import PreparationReport, Sizes

pytestmark = pytest.mark.long


def findings(search: Search) -> PreparationReport:
    sizes = {name: Sizes(rows=100, tokens=20.0, evaluation_rows=50, evaluation_tokens=20.0) for name in search.tasks}
    sizes |= {name: Sizes(rows=100, tokens=20.0, evaluation_rows=50, evaluation_tokens=20.0) for name in search.targets}
    for (card,) in search.plan("store", "cache").training_cards.values():
        sizes.setdefault(card.name, Sizes(rows=100, tokens=20.0))
    return PreparationReport(sizes=sizes, seconds_per_token=1e-3)


def test_one_at_a_time_the_wall_clock_is_the_sum(search: Search) -> None:
    found = simulate(search, search.plan("store", "cache"), findings(search), concurrency=1)
    assert found.wall is not None
    assert abs(found.wall - sum(line.items * (line.seconds or 0.0) for line in found.lines)) < 1e-6
    assert {line.kind.split(" at ")[0] for line in found.lines} == {
        "baseline",
        "new recipes",
        "promotions",
        "more seeds",
    }
    assert sum(line.items for line in found.lines if line.kind.startswith("new")) == search.config.budget.recipes


def test_more_at_once_is_faster_but_never_more_than_so_much(make_search: Callable[..., Search]) -> None:
    search = make_search(budget={"recipes": 20})
    plan, known = search.plan("store", "cache"), findings(search)
    one, four = (simulate(search, plan, known, concurrency).seconds or 0.0 for concurrency in (1, 4))
    assert one / 4.5 < four < one


def test_it_agrees_with_the_formula(make_search: Callable[..., Search]) -> None:
    search = make_search(budget={"recipes": 30}, halving={"rungs": [0.1, 0.3, 1.0], "eta": 3})
    plan, known = search.plan("store", "cache"), findings(search)
    simulated, computed = simulate(search, plan, known, 2), estimate(search, plan, known, 2)
    assert 0.6 < simulated.examples / computed.examples < 1.6


def test_without_knowing_the_speed_it_says_no_seconds(search: Search) -> None:
    found = simulate(search, search.plan("store", "cache"), PreparationReport(), concurrency=2)
    assert found.seconds is None
    assert found.items > search.config.budget.recipes


def test_the_surface_has_effects_a_best_rate_and_a_learning_curve(search: Search) -> None:
    surface = Surface(usual=usual_values(search.plan("store", "cache")), noise=0.0)

    def score(mix: str, rate: float = 1e-5, share: float = 1.0, target: str = "related") -> float:
        recipe = Recipe.of(Mixture.parse(mix), {"intermediate.learning_rate": rate}, "some/encoder", 1)
        return surface.score(target, recipe, share)

    none = score("none")
    assert len({round(score(mix) - none, 6) for mix in ("ner", "paraphrase", "crossref")}) == 3
    assert score("ner", share=0.2) < score("ner", share=1.0)
    gains = [abs(score("ner", rate) - none) for rate in (1e-7, 1e-6, 1e-5, 1e-4, 1e-3)]
    assert max(gains) in gains[1:4]
    both = score("ner:0.5 + crossref:0.5") - none
    assert both != (score("ner") - none + score("crossref") - none) / 2


def test_the_worker_is_one_that_a_trainable_can_run(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainables.trainable.ray.get_gpu_ids", list)  # else Ray would start itself here
    recipe = Recipe.of(Mixture.parse("ner"), {}, "some/encoder", 1)
    item = WorkItem(recipe, 1, tuple(search.config.targets))
    trainable = WorkItemTrainable.__new__(WorkItemTrainable)
    plan = search.plan("store", "cache").model_dump_json()
    trainable.setup({"item": json.dumps(item.to_dict())}, plan, "trainables.simulated:SimulatedWorker")
    assert not trainable.step()["done"]
    told = Outcome.model_validate_json(trainable.step()["outcome"])
    assert set(told.scores) == set(search.config.targets)
    assert all(score.test_score == score.score for score in told.scores.values())
