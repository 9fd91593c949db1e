"""Asynchronous successive halving, per target, computed from results alone: it promotes and never pauses.

Method: Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning" (arXiv 1810.05934), algorithm 2. Ray
Tune's ASHA only stops trials; here a promotion is a new work item that starts from the stored encoder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet


def promotable(
    results: Sequence[Mapping[str, float]], started: Sequence[AbstractSet[str]], eta: int, closing: bool
) -> list[tuple[str, int]]:
    """Recipes to promote for one target, as (recipe digest, rung to run), highest rung first, best first.

    Args:
        results: per rung, recipe digest -> score; no baseline, no failures.
        started: per rung, digests that were started there, whatever came of it.
        eta: the best 1/eta of a rung's results go on.
        closing: no further recipes will come, so that the best of a rung goes on even when it has fewer than `eta`.
    """
    found: list[tuple[str, int]] = []
    for rung in reversed(range(len(results) - 1)):
        count = len(results[rung]) // eta
        if closing and results[rung]:
            count = max(1, count)
        # equal scores are told apart by the digest: any order will do, but it must be the same after a restart
        ranking = sorted(results[rung], key=lambda digest: (-results[rung][digest], digest))
        found.extend((digest, rung + 1) for digest in ranking[:count] if digest not in started[rung + 1])
    return found
