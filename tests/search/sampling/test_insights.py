"""What a search says it has learned is what made its scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from search.config.search import Search
from search.display.report import render
from search.results.ranking import rank_and_explain
from search.sampling import insights as module
from search.sampling.insights import (
    Improvement,
    Insights,
    PairEffect,
    Prediction,
    TaskEffect,
    derive_insights,
    expected_gain,
)
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from search.surrogate.features import Array, Points
from search.surrogate.gp import Surrogate
from spaces.recipe import Recipe
from trainables.simulated import flat
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome
from trainables.work.plan import Plan

MakeSearch = Callable[..., Search]

GAINS = {"paraphrase": 0.06, "crossref": 0.02, "ner": -0.05}
"""Of each task alone; half of one task and half of another bring half of both, except for this pair."""

TOGETHER = 0.08
"""What `paraphrase` and `crossref` bring together beyond that, times the root of the product of their weights."""


def true_gain(recipe: Recipe) -> float:
    weights = recipe.mixture.weights
    pair = TOGETHER * (weights.get("paraphrase", 0.0) * weights.get("crossref", 0.0)) ** 0.5
    return sum(GAINS[task] * weight for task, weight in weights.items()) + pair


def searched(make_search: MakeSearch, folder: Path, recipes: int) -> tuple[Search, Studies]:
    """A search to its end over `true_gain`, with a little noise."""
    search = make_search(budget={"recipes": recipes}, confirm={"top": 0}, space={"max_tasks": 2})
    studies = Studies.in_memory(search)
    agenda, plan = Agenda(search, studies), search.plan(str(folder), str(folder))
    draw = Random(2)
    while (item := agenda.next()) is not None:
        agenda.done(item, outcome(plan, item, draw))
    return search, studies


def outcome(plan: Plan, item: WorkItem, draw: Random) -> Outcome:
    scores = {
        target: flat(plan.targets[target], 0.5 + true_gain(item.recipe) + draw.gauss(0, 0.001), item.rung == 1)
        for target in item.targets
    }
    return Outcome(scores=scores, seconds=1.0, training_seconds=1.0, examples=10)


def test_effects_pairs_and_the_best_mix_are_found(make_search: MakeSearch, tmp_path: Path) -> None:
    search, studies = searched(make_search, tmp_path, 24)
    insights = derive_insights(studies.state, search.space, ["related"], 1)["related"]
    assert insights is not None
    assert insights.tasks["paraphrase"].alone == pytest.approx(0.06, abs=0.015)
    assert insights.tasks["ner"].alone < 0
    assert insights.tasks["paraphrase"].added > insights.tasks["crossref"].added > insights.tasks["ner"].added
    assert ["crossref", "paraphrase"] in [pair.tasks for pair in insights.pairs if pair.effect > 0]
    assert set(insights.predicted.mixture) == {"crossref", "paraphrase"}
    assert insights.predicted.gain == pytest.approx(0.085, abs=0.015)
    assert 0 <= insights.more.expected < 0.02
    assert insights == derive_insights(studies.state, search.space, ["related"], 1)["related"]


@pytest.mark.long
def test_more_recipes_are_expected_to_bring_less(make_search: MakeSearch, tmp_path: Path) -> None:
    (search, few), (_, many) = (searched(make_search, tmp_path, count) for count in (5, 24))
    before = expected_gain(few.state, search.space, 1)
    after = expected_gain(many.state, search.space, 1)
    assert before is not None and after is not None and after < before


def test_of_a_large_search_the_best_are_looked_at(
    make_search: MakeSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What more would bring is said of a pool that does not grow with the search, and it is the same best."""
    search, studies = searched(make_search, tmp_path, 16)
    whole = derive_insights(studies.state, search.space, ["related"], seed=0)["related"]
    monkeypatch.setattr(module, "MEASURED", 4)
    sizes: list[int] = []
    sample = Surrogate.sample

    def counted(self: Surrogate, points: Points, target: int, normals: Array) -> Array:
        sizes.append(len(points))
        return sample(self, points, target, normals)

    monkeypatch.setattr(Surrogate, "sample", counted)
    part = derive_insights(studies.state, search.space, ["related"], seed=0)["related"]
    assert whole is not None and part is not None
    assert sizes[0] <= 1 + 4 + module.POOL + module.ROUNDS * module.BEST * module.NEIGHBORS
    assert part.more.over == whole.more.over
    assert part.predicted.gain == pytest.approx(whole.predicted.gain, abs=0.01)


def test_too_little_to_say(make_search: MakeSearch, tmp_path: Path) -> None:
    search, studies = searched(make_search, tmp_path, 3)
    assert derive_insights(studies.state, search.space, ["related", "verses"], 1) == {"related": None, "verses": None}
    assert expected_gain(studies.state, search.space, 1) is None
    assert "learned" not in render(rank_and_explain(studies))


def test_in_json_they_have_the_keys_of_the_documented_answer() -> None:
    insights = Insights(
        noise=0.01,
        tasks={"ner": TaskEffect(0.1, 0.02, 0.3, 0.04)},
        pairs=[PairEffect(["ner", "crossref"], 0.05, 0.01)],
        predicted=Prediction("ner:1", {"ner": 1.0}, {"intermediate.learning_rate": 1e-5}, 0.1, 0.02),
        more=Improvement(0.02, 0.01, "crossref:1"),
    )
    assert insights.to_dict() == {
        "noise": 0.01,
        "tasks": {"ner": {"alone": 0.1, "alone_deviation": 0.02, "added": 0.3, "added_deviation": 0.04}},
        "pairs": [{"tasks": ["ner", "crossref"], "effect": 0.05, "deviation": 0.01}],
        "predicted": {
            "mix": "ner:1",
            "mixture": {"ner": 1.0},
            "hyperparameters": {"intermediate.learning_rate": 1e-5},
            "gain": 0.1,
            "deviation": 0.02,
        },
        "more": {"expected": 0.02, "deviation": 0.01, "from": "crossref:1"},
    }


def test_best_shows_it(make_search: MakeSearch, tmp_path: Path) -> None:
    _, studies = searched(make_search, tmp_path, 12)
    answer = rank_and_explain(studies, "related")
    text = render(answer, width=120)
    for words in ("learned from all results", "added to a mix", "predicted best", "more recipes", "help each other"):
        assert words in text
    assert "pairs" not in render(answer, "csv")


@pytest.mark.parametrize("scatter", [0.0, 0.04])
def test_repeated_seeds_tell_what_is_noise(make_search: MakeSearch, tmp_path: Path, scatter: float) -> None:
    search, studies = searched(make_search, tmp_path, 8)
    plan = search.plan(str(tmp_path), str(tmp_path))
    recipes = [recipe for recipe in studies.state.recipes.values() if recipe.digest in studies.state.tried][:4]
    for recipe in recipes:
        for seed in (2, 3, 4):
            item = WorkItem(recipe.with_seed(seed), 1, ("related",))
            score = 0.5 + true_gain(recipe) + scatter * (-1) ** seed
            studies.begin(item, "confirm", "related")
            studies.finish(item, Outcome(scores={"related": flat(plan.targets["related"], score, True)}, seconds=1.0))
    insights = derive_insights(studies.state, search.space, ["related"], 1)["related"]
    assert insights is not None
    assert (insights.noise > 0.01) == (scatter > 0.01)
    if scatter:
        assert insights.tasks["paraphrase"].alone_deviation > 0.005


def test_what_is_as_uncertain_as_any_score_is_not_shown(make_search: MakeSearch, tmp_path: Path) -> None:
    _, studies = searched(make_search, tmp_path, 12)
    answer = rank_and_explain(studies, "related")
    mixes = answer.targets["related"]
    assert mixes.learned is not None and mixes.spread is not None
    effect = mixes.learned.tasks["ner"]
    wide = effect.model_copy(update={"alone_deviation": mixes.spread})
    learned = mixes.learned.model_copy(update={"tasks": {**mixes.learned.tasks, "ner": wide}})
    changed = answer.model_copy(
        update={"targets": {"related": mixes.model_copy(update={"learned": learned})}},
    )
    assert "too little is known to say what ner does" in render(changed)
    assert "too little" not in render(answer)
