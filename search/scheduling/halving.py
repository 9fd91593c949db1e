"""Asynchronous successive halving, per target, computed from results alone: it promotes and never pauses.

Method: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning" (arXiv 1810.05934), algorithm 2. Ray
Tune's ASHA only stops trials; here a promotion is a new work item that starts from the stored encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet


def promotable(
    rankings: Sequence[Sequence[str]], started: Sequence[AbstractSet[str]], eta: int, closing: bool
) -> list[tuple[str, int]]:
    """Recipes to promote for one target, as (recipe digest, rung to run), highest rung first, best first.

    Args:
        rankings: per rung, digests of the recipes with a score there, best first; no baseline.
        started: per rung, digests that were started there, whatever came of it.
        eta: the best 1/eta of a rung's results go on.
        closing: no further recipes will come, so that the best of a rung goes on even when it has fewer than `eta`.
    """
    promotions: list[tuple[str, int]] = []
    for rung in reversed(range(len(rankings) - 1)):
        ranking = rankings[rung]
        count = len(ranking) // eta
        if closing and ranking:
            count = max(1, count)
        promotions.extend((digest, rung + 1) for digest in ranking[:count] if digest not in started[rung + 1])
    return promotions
