"""Asynchronous successive halving, per target, computed from results alone: it promotes and never pauses.

Method: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning" (arXiv 1810.05934), algorithm 2, with
two differences. Who goes on is the sampler's word, which may know more than the score at that rung; and a rung sends on
1/eta of its results and no more, where algorithm 2 adds those that overtake what went on. Ray Tune's ASHA only stops
trials; here a promotion is a new work item that starts from the stored encoder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet

Rank = Callable[[Sequence[str]], Sequence[str]]
"""Takes digests of recipes with a score at one rung, best first; returns them with the most promising first."""


def promotable(
    rankings: Sequence[Sequence[str]],
    started: Sequence[AbstractSet[str]],
    factors: Sequence[int],
    closing: bool,
    rank: Rank = lambda digests: digests,
) -> list[tuple[str, int]]:
    """Recipes to promote for one target, as (recipe digest, rung to run), highest rung first, best first.

    Args:
        rankings: per rung, digests of the recipes with a score there, best first; no baseline.
        started: per rung, digests that were started there, whatever came of it.
        factors: per rung but the last, eta: 1/eta of its results go on.
        closing: no further recipes will come, so that the best of a rung goes on even when it has fewer than `eta`.
        rank: asked for a rung where something is to go on.
    """
    promotions: list[tuple[str, int]] = []
    for rung in reversed(range(len(rankings) - 1)):
        ranking = rankings[rung]
        count = len(ranking) // factors[rung]
        if closing and ranking:
            count = max(1, count)
        due = count - len(started[rung + 1] & set(ranking))
        if due > 0:
            left = [digest for digest in rank(ranking) if digest not in started[rung + 1]]
            promotions.extend((digest, rung + 1) for digest in left[:due])
    return promotions
