"""Levels: what rungs, and estimates below them, make of a gain, as factors of the surrogate's covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from search.observations import Observations
from search.scales import Scales

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Levels:
    """Factors of the covariance that depend on targets and rungs alone, each of shape (observations, observations).

    `same`: measured on one target at one rung. `low`: at one rung below the top. `amplitudes`: of both as multiples of
    those at the top; `rungs`: with deviations. `steps`: rungs below the top, of both. `share`, of shape
    (observations,): how much less noise an upper rung has. `estimated`, of that shape: which are estimates;
    `estimates`: both are; `same_estimates`: on one target; `trusted`: how many of the two are.
    """

    same: Array
    low: Array
    amplitudes: Array
    rungs: Array
    steps: Array
    share: Array
    estimated: NDArray[np.bool_]
    estimates: Array
    same_estimates: Array
    trusted: Array

    @classmethod
    def of(cls, seen: Observations, scales: Scales) -> Levels:
        below, own, estimated = _below(seen), amplitudes(scales, seen), seen.estimated
        same_rung = (seen.rung[:, None] == seen.rung) & ~estimated
        same_target = seen.target[:, None] == seen.target
        low = (same_rung & (below > 0)[:, None]).astype(float)
        steps, scaled = below[:, None] + below, own[:, None] * own
        same = (same_rung & same_target).astype(float)
        share = np.where(estimated, 1.0, (seen.rung + 1.0) / seen.rungs)
        both = estimated[:, None] & estimated
        estimates, same_estimates = both.astype(float), (both & same_target).astype(float)
        rungs = scaled * (1 + scales["deviation"] * low) + scales["estimates' deviation"] * estimates
        trusted = estimated[:, None].astype(float) + estimated
        return cls(same, low, scaled, rungs, steps, share, estimated, estimates, same_estimates, trusted)

    def noise(self, scales: Scales) -> Array:
        """Variance of each observation, shape (observations,)."""
        return np.asarray(np.where(self.estimated, scales["estimates' noise"], scales["noise"] / self.share))


def _below(seen: Observations) -> Array:
    """How many rungs below the top each observation is, estimates as the lowest; of shape (observations,)."""
    return np.asarray((seen.rungs - 1 - np.maximum(seen.rung, 0)).astype(float))


def amplitudes(scales: Scales, seen: Observations) -> Array:
    """What each gain is as a multiple of the one at the top, of shape (observations,)."""
    return np.asarray(scales["amplitude"] ** _below(seen) * np.where(seen.estimated, scales["trust"], 1.0))
