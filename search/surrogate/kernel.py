"""Levels: what rungs, and estimates below them, make of a gain, as factors of the surrogate's covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.scales import Scales
from search.surrogate.observations import Observations

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Estimates:
    """Which of two observations are estimates, each of shape (observations, observations).

    `both`: both are. `same`: both are, on one target. `trusted`: how many of the two are.
    """

    both: Array
    same: Array
    trusted: Array

    @classmethod
    def of(cls, seen: Observations) -> Estimates:
        both = seen.estimated[:, None] & seen.estimated
        same = both & (seen.target[:, None] == seen.target)
        return cls(both.astype(float), same.astype(float), seen.estimated[:, None].astype(float) + seen.estimated)


@dataclass(frozen=True)
class Levels:
    """What there is to know of targets and rungs at any scales, each of shape (observations, observations).

    `same`: measured on one target at one rung. `low`: at one rung below the top. `steps`: rungs below the top, of both.
    `share`, of shape (observations,): how much less noise an upper rung has. `estimates`: None where there are none,
    which is usual and quicker.
    """

    seen: Observations
    same: Array
    low: Array
    steps: Array
    share: Array
    estimates: Estimates | None

    @classmethod
    def of(cls, seen: Observations) -> Levels:
        below, estimated = _below(seen), seen.estimated
        same_rung = (seen.rung[:, None] == seen.rung) & ~estimated
        low = (same_rung & (below > 0)[:, None]).astype(float)
        same = (same_rung & (seen.target[:, None] == seen.target)).astype(float)
        share = np.where(estimated, 1.0, (seen.rung + 1.0) / seen.rungs)
        estimates = Estimates.of(seen) if estimated.any() else None
        return cls(seen, same, low, below[:, None] + below, share, estimates)

    def amplitudes(self, scales: Scales) -> Array:
        """Of both observations, as multiples of those at the top, of shape (observations, observations)."""
        own = amplitudes(scales, self.seen)
        return np.asarray(own[:, None] * own)

    def rungs(self, scales: Scales, amplitudes: Array) -> Array:
        """The same with deviations."""
        found = amplitudes * (1 + scales["deviation"] * self.low)
        if self.estimates:
            found += scales["estimates' deviation"] * self.estimates.both
        return np.asarray(found)

    def offsets(self, scales: Scales) -> Array:
        """Variance that observations share whatever their recipes, of shape (observations, observations)."""
        found = scales["offset"] * self.same
        if self.estimates:
            found += scales["estimates' offset"] * self.estimates.same
        return np.asarray(found)

    def noise(self, scales: Scales) -> Array:
        """Variance of each observation, shape (observations,)."""
        return np.asarray(np.where(self.seen.estimated, scales["estimates' noise"], scales["noise"] / self.share))


def _below(seen: Observations) -> Array:
    """How many rungs below the top each observation is, estimates as the lowest; of shape (observations,)."""
    return np.asarray((seen.rungs - 1 - np.maximum(seen.rung, 0)).astype(float))


def amplitudes(scales: Scales, seen: Observations) -> Array:
    """What each gain is as a multiple of the one at the top, of shape (observations,)."""
    return np.asarray(scales["amplitude"] ** _below(seen) * np.where(seen.estimated, scales["trust"], 1.0))
