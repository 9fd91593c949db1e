"""Summary: regret curves over seeds, and the cost at which a strategy is as good as another one ends."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from benchmarks.efficiency.results import Result
from benchmarks.efficiency.world import Array

COSTS = np.geomspace(0.002, 1.0, 500)
"""Shares of the budget at which curves are looked at: steps of 1.25 %."""

DRAWS = 1000
"""Of the bootstrap over seeds."""

POINTS = 100.0
"""Regret is told in points."""


@dataclass(frozen=True)
class Reach:
    """The cost, as a share of the other's budget, from which on a strategy's mean regret is at most that at which the
    other one ends; None when it never is.

    `low`, `high`: where 95 % of the bootstrap draws over the seeds that both have lie; None beyond the budget.
    """

    cost: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Line:
    """One strategy in one world.

    Attributes:
        seeds: how many.
        regret, margin: in points, of shape (COSTS,): mean, and half its 95 % interval (Student's t over the seeds).
        spent: share of the budget that was spent; a strategy may be done before.
        reach: other strategy -> when this one is as good as that one ends.
        worse_than_random: the largest excess of its mean regret over random's, in points, and the cost where.
    """

    seeds: int
    regret: Array
    margin: Array
    spent: float
    reach: dict[str, Reach]
    worse_than_random: tuple[float, float] | None

    def at(self, cost: float) -> tuple[float, float]:
        """Regret and margin at a share of the budget."""
        index = int(np.searchsorted(COSTS, cost * (1 + 1e-9), side="right")) - 1
        return float(self.regret[index]), float(self.margin[index])


def summarize(results: Iterable[Result], ends: Sequence[str] = ("tpe", "tune")) -> dict[str, dict[str, Line]]:
    """World -> strategy -> line.

    Args:
        ends: the strategies whose final regret is to be reached. Seeds are worlds drawn anew, so two strategies are
            compared over the seeds that both have.
    """
    curves: dict[str, dict[str, dict[int, Array]]] = {}
    spent: dict[tuple[str, str], list[float]] = {}
    for result in results:
        job = result.job
        curves.setdefault(job.world, {}).setdefault(job.strategy, {})[job.seed] = _sampled(result)
        spent.setdefault((job.world, job.strategy), []).append(result.spent / result.budget)
    return {
        world: {
            name: _line(found, name, float(np.mean(spent[world, name])), [end for end in ends if end in found])
            for name in found
        }
        for world, found in curves.items()
    }


def _line(found: Mapping[str, Mapping[int, Array]], name: str, spent: float, ends: Sequence[str]) -> Line:
    regrets = np.stack(list(found[name].values()))
    seeds = len(regrets)
    margin = np.full(len(COSTS), np.nan)
    if seeds > 1:
        margin = student.ppf(0.975, seeds - 1) * regrets.std(axis=0, ddof=1) / np.sqrt(seeds)
    reach = {end: _reach(*_both(found[name], found[end])) for end in ends}
    worse = None
    mine, theirs = _both(found[name], found.get("random", {}))
    if name != "random" and len(mine):
        excess = mine.mean(axis=0) - theirs.mean(axis=0)
        worse = float(excess.max()), float(COSTS[int(excess.argmax())])
    return Line(seeds, regrets.mean(axis=0), margin, spent, reach, worse)


def _both(one: Mapping[int, Array], other: Mapping[int, Array]) -> tuple[Array, Array]:
    """Curves of the seeds that both have, of shape (seeds, COSTS)."""
    seeds = sorted(set(one) & set(other))
    if not seeds:
        return np.empty((0, len(COSTS))), np.empty((0, len(COSTS)))
    return np.stack([one[seed] for seed in seeds]), np.stack([other[seed] for seed in seeds])


def _reach(mine: Array, theirs: Array) -> Reach:
    if not len(mine):
        return Reach(None, None, None)
    cost = _cost_from(mine.mean(axis=0), float(theirs[:, -1].mean()))
    draw = np.random.default_rng(0)
    drawn = [draw.integers(len(mine), size=len(mine)) for _ in range(DRAWS)]
    costs = [_cost_from(mine[rows].mean(axis=0), float(theirs[rows, -1].mean())) for rows in drawn]
    low, high = np.quantile([np.inf if found is None else found for found in costs], (0.025, 0.975), method="nearest")
    return Reach(cost, *(float(bound) if np.isfinite(bound) else None for bound in (low, high)))


def _cost_from(regret: Array, end: float) -> float | None:
    """The cost from which on a curve stays at or below an end."""
    above = np.flatnonzero(regret > end + 1e-12)
    if not len(above):
        return float(COSTS[0])
    return float(COSTS[above[-1] + 1]) if above[-1] + 1 < len(COSTS) else None


def _sampled(result: Result) -> Array:
    """The step function at the costs, in points."""
    costs, regrets = np.array(result.curve).T
    return np.asarray(POINTS * regrets[np.searchsorted(costs, COSTS * result.budget * (1 + 1e-9), side="right") - 1])
