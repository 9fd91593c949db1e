"""Observations: transfer gains by recipe, target and rung, as arrays and in units that can be compared.

Estimates are among them, as a level of their own below the lowest rung. What is measured alone decides the units.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.surrogate.features import Points

Array = NDArray[np.float64]
Indices = NDArray[np.intp]

ESTIMATED = -1
"""The rung of what was estimated, not trained."""


@dataclass(frozen=True)
class Observations:
    """Scores by place, in the order in which they were started.

    Args:
        points: the recipes.
        point, target, rung: indices of each observation, shape (observations,); `rung` counts from the lowest, and is
            `ESTIMATED` for estimates.
        gains: score less the baseline's at that target and rung (the lowest for estimates), shape (observations,).
        targets, rungs: how many there are.
    """

    points: Points
    point: Indices
    target: Indices
    rung: Indices
    gains: Array
    targets: int
    rungs: int

    def __len__(self) -> int:
        return len(self.gains)

    @property
    def estimated(self) -> NDArray[np.bool_]:
        """Which of them are estimates, shape (observations,)."""
        return np.asarray(self.rung == ESTIMATED)

    def only(self, chosen: Indices) -> Observations:
        """Some of them, over their own points alone, in the same units."""
        kept, point = np.unique(self.point[chosen], return_inverse=True)
        parts = point, self.target[chosen], self.rung[chosen], self.gains[chosen]
        return self.like(Observations(self.points.only(kept), *parts, self.targets, self.rungs))

    def followed_by(self, points: Points, target: int, rung: int) -> Observations:
        """And of some more points on a target at a rung, where nothing was gained."""
        count = len(points)
        return Observations(
            self.points.followed_by(points),
            np.concatenate([self.point, len(self.points) + np.arange(count)]),
            np.concatenate([self.target, np.full(count, target)]),
            np.concatenate([self.rung, np.full(count, rung)]),
            np.concatenate([self.gains, np.zeros(count)]),
            self.targets,
            self.rungs,
        )

    def like(self, other: Observations) -> Observations:
        """The other ones, in the units of these."""
        vars(other).update(spreads=self.spreads, correlation=self.correlation, levels=self.levels)
        return other

    @cached_property
    def spreads(self) -> Array:
        """The unit of each target: the root mean square of the better half of its gains, less their median, where it
        has most of them. Harm is often far larger than help, and what is harmful need not be told apart."""
        measured = ~self.estimated
        everywhere = _upper_spread(self.gains[measured]) or 1.0
        found = np.full(self.targets, everywhere)
        for target in range(self.targets):
            mine = measured & (self.target == target)
            if mine.sum() >= 4:
                rung = np.bincount(self.rung[mine]).argmax()
                found[target] = max(_upper_spread(self.gains[mine & (self.rung == rung)]), 0.05 * everywhere)
        return found

    @cached_property
    def units(self) -> Array:
        """Gains in units of their targets, harm beyond one unit by its logarithm.

        Estimates count from their median, in units of their own: what merging costs every mixture says nothing about
        any, and the evidence of labels is no score.
        """
        medians, spreads = self.levels[:, self.target]
        gains = np.where(self.estimated, self.gains - medians, self.gains)
        return _pressed(gains / np.where(self.estimated, spreads, self.spreads[self.target]))

    @cached_property
    def levels(self) -> Array:
        """Median and unit of the estimates of each target, of shape (2, targets); 0 and 1 where there are none."""
        found = np.array([np.zeros(self.targets), np.ones(self.targets)])
        for target in np.unique(self.target[self.estimated]):
            estimates = self.gains[self.estimated & (self.target == target)]
            found[:, target] = np.median(estimates), _upper_spread(estimates) or 1.0
        return found

    @cached_property
    def correlation(self) -> Array:
        """Of the targets' gains, over recipes that were measured on both at one rung; 0 where there are none."""
        table = np.full((len(self.points) * self.rungs, self.targets), np.nan)
        at = ~self.estimated
        table[self.point[at] * self.rungs + self.rung[at], self.target[at]] = self.units[at]
        found = np.eye(self.targets)
        for one in range(self.targets):
            for other in range(one):
                both = ~np.isnan(table[:, one]) & ~np.isnan(table[:, other])
                a, b = table[both, one], table[both, other]
                norm = np.sqrt((a @ a) * (b @ b))
                found[one, other] = found[other, one] = (
                    (a @ b) / norm * (both.sum() / (both.sum() + 2)) if norm else 0.0
                )
        values, vectors = np.linalg.eigh(found)
        psd = (vectors * np.clip(values, 0, None)) @ vectors.T  # pairwise counts may leave it indefinite
        scale = np.sqrt(np.diag(psd))
        return np.asarray(psd / np.outer(scale, scale))


def _upper_spread(values: Array) -> float:
    if not len(values):
        return 0.0
    above = values[values >= np.median(values)]
    return float(np.sqrt(np.mean((above - np.median(values)) ** 2)))


def _pressed(units: Array) -> Array:
    """The same above -1, logarithmic below, with one slope at -1."""
    return np.asarray(np.where(units < -1, -1 - np.log(np.maximum(-units, 1.0)), units))
