"""Reduction factors: one in how many of a rung's results goes on to the next, where the search file leaves it open.

Successive halving spends as much on each rung (Jamieson and Talwalkar 2016, arXiv 1502.07943, section 3). Where one
model is trained for one target, that makes the reduction factor the quotient of the rungs' shares. Here a new recipe
is measured on all targets with one encoder, while each target promotes recipes of its own, which few others want: with
many targets the same factor would spend most of a search on promotions. So costs decide.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import fmean

from search.config.search import Search
from search.forecast.recipe_cost import TRAINING, cost_of_targets, tokens_of
from spaces.mixture import Mixture
from spaces.recipe import Recipe

LEAST = 2
"""The smallest factor: where everything goes on, a low rung decides nothing."""


def reduction_factors(search: Search) -> tuple[int, ...]:
    """Of each rung but the top: `halving.eta` where the file has it, else that with which every rung costs the same.

    Like what is proposed, it rests on the lengths that formats assume, so that it is the same on every machine.
    """
    halving = search.config.halving
    if halving.eta is not None:
        return (halving.eta,) * halving.top_rung
    plan, targets = search.plan("", ""), len(search.targets)
    recipe = Recipe.of(Mixture.of({search.space.tasks[0]: 1.0}), {}, "", 0)
    stage = plan.intermediate_for(recipe)
    example = TRAINING * fmean(tokens_of(card, stage) for card in plan.tasks.values())
    encoders = [1.0] + [shared_encoders(targets)] * halving.top_rung
    costs = [
        encoders[rung] * examples * example + cost_of_targets(plan, recipe, rung)
        for rung, examples in enumerate(plan.segments(recipe, halving.top_rung))
    ]
    return tuple(max(LEAST, round(upper / lower)) for lower, upper in pairwise(costs))


def shared_encoders(targets: int) -> float:
    """How many recipes so many targets promote when each promotes one: half of those beyond the first are others'."""
    return 1 + (targets - 1) / 2
