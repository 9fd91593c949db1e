"""What a search says it has learned is what made its scores."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from search.config.search import Search
from search.display.report import render
from search.results.ranking import rank_and_explain
from search.sampling.insights import expected_gain, learned
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
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
    told = learned(studies.state, search.space, ["related"], 1)["related"]
    assert told is not None
    assert told["tasks"]["paraphrase"]["alone"] == pytest.approx(0.06, abs=0.015)
    assert told["tasks"]["ner"]["alone"] < 0
    assert told["tasks"]["paraphrase"]["added"] > told["tasks"]["crossref"]["added"] > told["tasks"]["ner"]["added"]
    assert ["crossref", "paraphrase"] in [pair["tasks"] for pair in told["pairs"] if pair["effect"] > 0]
    assert set(told["predicted"]["mixture"]) == {"crossref", "paraphrase"}
    assert told["predicted"]["gain"] == pytest.approx(0.085, abs=0.015)
    assert 0 <= told["more"]["expected"] < 0.02
    assert told == learned(studies.state, search.space, ["related"], 1)["related"]


def test_more_recipes_are_expected_to_bring_less(make_search: MakeSearch, tmp_path: Path) -> None:
    (search, few), (_, many) = (searched(make_search, tmp_path, count) for count in (5, 24))
    before = expected_gain(few.state, search.space, 1)
    after = expected_gain(many.state, search.space, 1)
    assert before is not None and after is not None and after < before


def test_too_little_to_say(make_search: MakeSearch, tmp_path: Path) -> None:
    search, studies = searched(make_search, tmp_path, 3)
    assert learned(studies.state, search.space, ["related", "verses"], 1) == {"related": None, "verses": None}
    assert expected_gain(studies.state, search.space, 1) is None
    assert "learned" not in render(rank_and_explain(studies))


def test_best_shows_it(make_search: MakeSearch, tmp_path: Path) -> None:
    _, studies = searched(make_search, tmp_path, 12)
    answer = rank_and_explain(studies, "related")
    text = render(answer, width=120)
    for words in ("learned from all results", "added to a mix", "predicted best", "more recipes", "help each other"):
        assert words in text
    assert "pairs" not in render(answer, "csv")
