"""Observations: transfer gains by recipe, target and rung, as arrays and in units that can be compared.

Estimates are among them, as a level of their own below the lowest rung. What is measured alone decides the units.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from search.statistics.noise import Noise
from search.surrogate.features import Array, Points

Indices = NDArray[np.intp]

SHRINKING = 2.0
"""Degrees of freedom that the usual noise counts for beside that of a target's further seeds."""

LEAST = 1e-4
"""Variance of the noise in units of the target: seeds that are equal by chance are not taken at their word."""

ESTIMATED = -1
"""The rung of what was estimated, not trained."""


@dataclass(frozen=True)
class Observations:
    """Transfer gains, in the order in which their recipes were started.

    Args:
        points: the recipes.
        point, target, rung: indices of each observation, shape (observations,); `rung` counts from the lowest, and is
            `ESTIMATED` for estimates.
        gains: score less the baseline's at that target and rung (the lowest for estimates), shape (observations,).
        targets, rungs: how many there are.
        noise: (target, rung) -> the noise of one score as its further seeds have it, where there are some.
    """

    points: Points
    point: Indices
    target: Indices
    rung: Indices
    gains: Array
    targets: int
    rungs: int
    noise: Mapping[tuple[int, int], Noise] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.gains)

    @property
    def estimated(self) -> NDArray[np.bool_]:
        """Which of them are estimates, shape (observations,)."""
        return np.asarray(self.rung == ESTIMATED)

    def take(self, indices: Indices) -> Observations:
        """Some of them, over their own points alone, in the same units."""
        points, point = np.unique(self.point[indices], return_inverse=True)
        parts = point, self.target[indices], self.rung[indices], self.gains[indices]
        return Observations(self.points.take(points), *parts, self.targets, self.rungs, self.noise).in_units_of(self)

    def append(self, points: Points, target: int, rung: int) -> Observations:
        """These and some more points on a target at a rung, where nothing was gained."""
        count = len(points)
        return Observations(
            self.points.concatenate(points),
            np.concatenate([self.point, len(self.points) + np.arange(count)]),
            np.concatenate([self.target, np.full(count, target)]),
            np.concatenate([self.rung, np.full(count, rung)]),
            np.concatenate([self.gains, np.zeros(count)]),
            self.targets,
            self.rungs,
            self.noise,
        )

    def in_units_of(self, others: Observations) -> Observations:
        """The same ones, with the spreads, correlation and estimates' units of others, which they are part of."""
        copy = replace(self)
        vars(copy).update(
            spreads=others.spreads,
            correlation=others.correlation,
            estimate_units=others.estimate_units,
            relative_noise=others.relative_noise,
        )  # in place of what `cached_property` would compute from these alone
        return copy

    @cached_property
    def spreads(self) -> Array:
        """The unit of each target, shape (targets,): the root mean square of the better half of its gains, less their
        median, where it has most of them. Harm is often far larger than help, and what is harmful need not be told
        apart."""
        measured = ~self.estimated
        everywhere = _upper_spread(self.gains[measured]) or 1.0
        spreads = np.full(self.targets, everywhere)
        for target in range(self.targets):
            mine = measured & (self.target == target)
            if mine.sum() >= 4:
                rung = np.bincount(self.rung[mine]).argmax()
                spreads[target] = max(_upper_spread(self.gains[mine & (self.rung == rung)]), 0.05 * everywhere)
        return spreads

    @cached_property
    def relative_noise(self) -> Array:
        """Variance of a measurement in the target's units as a multiple of what is fitted, shape (targets, rungs).

        Without further seeds it falls with the rung. What they say counts beyond its mean over targets and rungs, which
        is fitted, and the less the fewer degrees of freedom it rests on.
        """
        relative = np.tile(self.rungs / (np.arange(self.rungs) + 1.0), (self.targets, 1))
        logs = {
            (target, rung): np.log(max(noise.variance / self.spreads[target] ** 2, LEAST) / relative[target, rung])
            for (target, rung), noise in self.noise.items()
        }
        middle = np.mean(list(logs.values())) if logs else 0.0
        for at, log in logs.items():
            degrees = self.noise[at].degrees
            relative[at] *= np.exp((log - middle) * degrees / (degrees + SHRINKING))
        return np.asarray(relative)

    @cached_property
    def standardized(self) -> Array:
        """Gains in units of their targets, harm beyond one unit by its logarithm, shape (observations,).

        Estimates count from their median, in units of their own: what merging costs every mixture says nothing about
        any, and the evidence of labels is no score.
        """
        medians, spreads = self.estimate_units[:, self.target]
        gains = np.where(self.estimated, self.gains - medians, self.gains)
        return _press(gains / np.where(self.estimated, spreads, self.spreads[self.target]))

    @cached_property
    def estimate_units(self) -> Array:
        """Median and unit of the estimates of each target, of shape (2, targets); 0 and 1 where there are none."""
        units = np.array([np.zeros(self.targets), np.ones(self.targets)])
        for target in np.unique(self.target[self.estimated]):
            estimates = self.gains[self.estimated & (self.target == target)]
            units[:, target] = np.median(estimates), _upper_spread(estimates) or 1.0
        return units

    @cached_property
    def correlation(self) -> Array:
        """Of the targets' gains, over recipes that were measured on both at one rung; 0 where there are none.

        Of shape (targets, targets), and positive semidefinite.
        """
        table = np.full((len(self.points) * self.rungs, self.targets), np.nan)
        at = ~self.estimated
        table[self.point[at] * self.rungs + self.rung[at], self.target[at]] = self.standardized[at]
        correlation = np.eye(self.targets)
        for one in range(self.targets):
            for other in range(one):
                both = ~np.isnan(table[:, one]) & ~np.isnan(table[:, other])
                a, b = table[both, one], table[both, other]
                norm = np.sqrt((a @ a) * (b @ b))
                correlation[one, other] = correlation[other, one] = (
                    (a @ b) / norm * (both.sum() / (both.sum() + 2)) if norm else 0.0
                )
        values, vectors = np.linalg.eigh(correlation)
        psd = (vectors * np.clip(values, 0, None)) @ vectors.T  # pairwise counts may leave it indefinite
        scale = np.sqrt(np.diag(psd))
        return np.asarray(psd / np.outer(scale, scale))


def _upper_spread(values: Array) -> float:
    if not len(values):
        return 0.0
    above = values[values >= np.median(values)]
    return float(np.sqrt(np.mean((above - np.median(values)) ** 2)))


def _press(gains: Array) -> Array:
    """The same above -1, logarithmic below, with one slope at -1."""
    return np.asarray(np.where(gains < -1, -1 - np.log(np.maximum(-gains, 1.0)), gains))
