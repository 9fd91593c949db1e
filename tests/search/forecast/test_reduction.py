"""One in how many recipes goes on from a rung, where the search file leaves it open."""

from __future__ import annotations

from collections.abc import Callable

from search.config.search import Search
from search.forecast.reduction import reduction_factors
from spaces.formats import FORMATS

TOKENS = {form: spec.tokens for form, spec in FORMATS.items()}
ONE = {"tasks": ["paraphrase"], "targets": ["related"], "space": {"max_tasks": 1}}


def test_what_the_file_says_counts(make_search: Callable[..., Search]) -> None:
    assert reduction_factors(make_search(halving={"rungs": [0.1, 0.3, 1.0], "eta": 4})) == (4, 4)
    assert reduction_factors(make_search(halving={"rungs": [1.0], "eta": 4})) == ()
    assert reduction_factors(make_search(halving={"rungs": [1.0]})) == ()


def test_with_one_target_it_is_the_quotient_of_what_the_rungs_train(make_search: Callable[..., Search]) -> None:
    """Examples of both stages: 100 and 50, then 200 more and 150, then 700 more and 500; hardly a row is evaluated."""
    stages = {"intermediate": {"examples": 10_000}, "target": {"examples": 5000}}
    halving = {"rungs": [0.1, 0.3, 1.0]}
    search = make_search(**ONE, stages=stages, halving=halving, evaluation={"max_examples": 1})
    assert reduction_factors(search) == (round((2000 + 1500) / (1000 + 500)), round((7000 + 5000) / (2000 + 1500)))


def test_by_hand(make_search: Callable[..., Search]) -> None:
    """Two targets, of which one is not trained; each promotes a recipe, the second one half a recipe of its own."""
    search = make_search(
        stages={"intermediate": {"examples": 6400}, "target": {"examples": 320}},
        halving={"rungs": [0.25, 1.0]},
        evaluation={"max_examples": 100},
    )
    limit = search.config.stages.intermediate.max_length
    example = sum(min(limit, TOKENS[card.format]) for card in search.tasks.values()) / 3
    trained = min(limit, TOKENS[search.targets["related"].format])
    evaluated = 4 * 100 * sum(min(limit, TOKENS[card.format]) for card in search.targets.values())
    lower = 3 * 1600 * example + 3 * 80 * trained + evaluated
    upper = 1.5 * 3 * 4800 * example + 3 * 320 * trained + 2 * evaluated
    assert reduction_factors(search) == (round(upper / lower),)


def test_what_all_targets_share_makes_promotions_dear(make_search: Callable[..., Search]) -> None:
    stages = {"intermediate": {"examples": 64_000}, "target": {"examples": 320}}
    changes = {"halving": {"rungs": [0.25, 1.0]}, "stages": stages}
    few, many = (make_search(targets=targets, **changes) for targets in (["related"], ALL))
    assert reduction_factors(few) < reduction_factors(many)


ALL = ["related", "verses", "genres", "slots", "intents", "messages"]


def test_not_everything_goes_on(make_search: Callable[..., Search]) -> None:
    """Even where a rung costs no more than the one below."""
    halving = {"rungs": [0.9, 1.0]}
    assert reduction_factors(make_search(**ONE, halving=halving)) == (2,)
