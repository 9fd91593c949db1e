"""What recipes cost beside each other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from search.config.search import Search
from search.forecast.recipe_cost import Costs
from spaces.formats import FORMATS
from spaces.mixture import Mixture

TOKENS = {form: spec.tokens for form, spec in FORMATS.items()}


def test_by_hand(make_search: Callable[..., Search]) -> None:
    """160 intermediate examples at the lowest rung, 80 of a target that is trained; a trained token counts thrice."""
    search = make_search()
    costs, limit = Costs(search), search.config.stages.intermediate.max_length
    ner = costs(Mixture.of({"ner": 1.0}), {})
    both = costs(Mixture.of({"ner": 0.5, "paraphrase": 0.5}), {})
    paraphrase = costs(Mixture.of({"paraphrase": 1.0}), {})
    assert both == pytest.approx((ner + paraphrase) / 2)
    formats = {name: search.tasks[name].format for name in ("ner", "paraphrase")}
    tokens = {name: min(limit, TOKENS[form]) for name, form in formats.items()}
    assert paraphrase - ner == pytest.approx(3 * 160 * (tokens["paraphrase"] - tokens["ner"]))
    related = search.targets["related"]
    assert ner > 3 * (160 * tokens["ner"] + 80 * min(limit, TOKENS[related.format]))  # and what is scored


def test_what_is_searched_may_cost(make_search: Callable[..., Search]) -> None:
    lengths = {"intermediate.max_length": {"choices": [16, 64], "default": 64}}
    costs, mixture = Costs(make_search(space={"max_tasks": 2, "hyperparameters": lengths})), Mixture.of({"ner": 1.0})
    short, long = (costs(mixture, {"intermediate.max_length": length}) for length in (16, 64))
    assert long - short == pytest.approx(3 * 160 * (TOKENS["tagging"] - 16))
    assert costs(mixture, {"intermediate.learning_rate": 1e-4}) == costs(mixture, {})


def test_in_the_end_costs_do_not_matter(search: Search) -> None:
    costs, ner = Costs(search), Mixture.of({"ner": 1.0})
    assert costs.cooled(1.0)(ner, {}) == costs(ner, {})
    assert costs.cooled(0.0)(ner, {}) == 1.0
