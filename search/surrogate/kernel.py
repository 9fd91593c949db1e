"""Kernel: the covariance of two observed gains, and its derivatives by the scales. Nothing is fitted here.

Notation. Observation i is the gain of recipe x_i on target t_i at rung r_i; of R rungs the top one is R - 1. An
estimate has rung -1 in the code and counts as one of rung 0 in a_i. [...] is 1 where it holds, else 0.

| symbol | meaning | in the code | shape |
|---|---|---|---|
| n, p, T, K, H | observations, recipes, targets, tasks, columns of hyperparameters | | |
| w | weights of a mixture; their square roots have length 1 | `Points.roots` | (p, K) |
| h | hyperparameters, each between 0 and 1 | `Points.values` | (p, H) |
| y | gains in units of the target's spread | `Observations.standardized` | (n,) |
| linear | w . w' | `_parts` | (p, p) |
| main | root(w) . root(w') | `_parts` | (p, p) |
| pairs | root(w_j w_k w'_j w'_k), summed over pairs of tasks j < k | `_parts` | (p, p) |
| rest | squared exponential over root(w), of length 1/2 | `_parts` | (p, p) |
| near | squared exponential over h, with a length for each column | `_near` | (p, p) |
| k_x | (linear + main + pairs + rest) near, each part times the scale of its name | `Kernel.recipes` | (p, p) |
| | + hyperparameters near [H > 0] | | |
| B | over targets: sharing correlation + (1 - sharing) I | `Kernel.targets` | (T, T) |
| a_i | amplitude ** (R - 1 - r_i), times trust for an estimate | `amplitudes` | (n,) |
| D | a_i a_j (1 + deviation [both measured at one rung below the top]) | `Levels.rungs` | (n, n) |
| | + estimates' deviation [both are estimates] | | |
| o | offset [both measured at one rung on one target] | `Levels.offsets` | (n, n) |
| | + estimates' offset [both are estimates on one target] | | |
| s_i | variance of the noise: noise times `relative_noise`, or estimates' noise | `Levels.noise` | (n,) |
| C | k_x(x_i, x_j) B[t_i, t_j] D + o + diag(s + `JITTER`) | `Kernel.covariance` | (n, n) |
| theta | logarithms of all scales, but the logit of sharing; priors in `PRIORS` | `Scales.values` | |
| dC / d theta | | `Kernel.slopes` | (n, n) each |

Scales: those of the parts of k_x, hyperparameters, sharing, amplitude, trust, deviation, offset, noise, those of
estimates, and the lengths of near. `gp.py` has the model that this is the covariance of, its sources, and what is
predicted; `fitting.py` fits theta.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from search.surrogate.features import Array, Points
from search.surrogate.observations import Observations

JITTER = 1e-8
"""Added to variances, so that the covariance can be factored."""

PRIORS: Mapping[str, tuple[float, float]] = {
    "linear": (0.0, 1.0),
    "main": (0.0, 1.0),
    "pairs": (np.log(0.3), 1.0),
    "rest": (np.log(0.1), 1.0),
    "hyperparameters": (np.log(0.5), 1.0),
    "length": (0.0, 0.8),  # one for each column of hyperparameters
    "offset": (np.log(0.3), 1.0),
    "deviation": (np.log(0.3), 1.0),
    "amplitude": (0.0, 0.4),
    "noise": (np.log(0.1), 1.0),
    "sharing": (0.5, 1.0),
    "trust": (0.0, 1.0),  # what estimates make of a gain at the lowest rung, as a multiple
    "estimates' deviation": (np.log(0.3), 1.0),
    "estimates' offset": (np.log(0.3), 1.0),
    "estimates' noise": (np.log(0.1), 1.0),
}
"""Log-scale -> mean and standard deviation of its normal prior; a scale of 1 is the target's own spread."""


@dataclass(frozen=True)
class Scales:
    """What was fitted; see `PRIORS`. `sharing` is the share of the correlation that counts; its value is a logit."""

    values: Mapping[str, float]

    def __getitem__(self, name: str) -> float:
        return float(np.exp(self.values[name]))

    @property
    def lengths(self) -> Array:
        """Of the columns of hyperparameters."""
        return np.exp([value for name, value in self.values.items() if name.startswith("length ")])

    @property
    def sharing(self) -> float:
        return float(1 / (1 + np.exp(-self.values["sharing"])))


@dataclass(frozen=True)
class EstimatePairs:
    """Which of two observations are estimates, each of shape (observations, observations).

    `both`: both are. `same`: both are, on one target. `trusted`: how many of the two are.
    """

    both: Array
    same: Array
    trusted: Array

    @classmethod
    def of(cls, observations: Observations) -> EstimatePairs:
        estimated = observations.estimated
        both = estimated[:, None] & estimated
        same = both & (observations.target[:, None] == observations.target)
        return cls(both.astype(float), same.astype(float), estimated[:, None].astype(float) + estimated)


@dataclass(frozen=True)
class Levels:
    """What there is to know of targets and rungs at any scales, each of shape (observations, observations).

    `same`: measured on one target at one rung. `low`: at one rung below the top. `steps`: rungs below the top, of both.
    `share`, of shape (observations,): how much less noise there is on a target at a rung than is fitted for all.
    `estimates`: None where there are none, which is usual and quicker.
    """

    observations: Observations
    same: Array
    low: Array
    steps: Array
    share: Array
    estimates: EstimatePairs | None

    @classmethod
    def of(cls, observations: Observations) -> Levels:
        below, estimated = _below(observations), observations.estimated
        same_rung = (observations.rung[:, None] == observations.rung) & ~estimated
        low = (same_rung & (below > 0)[:, None]).astype(float)
        same = (same_rung & (observations.target[:, None] == observations.target)).astype(float)
        share = np.where(estimated, 1.0, 1 / observations.relative_noise[observations.target, observations.rung])
        estimates = EstimatePairs.of(observations) if estimated.any() else None
        return cls(observations, same, low, below[:, None] + below, share, estimates)

    def amplitudes(self, scales: Scales) -> Array:
        """Of both observations, as multiples of those at the top, of shape (observations, observations)."""
        own = amplitudes(scales, self.observations)
        return np.asarray(own[:, None] * own)

    def rungs(self, scales: Scales, amplitudes: Array) -> Array:
        """D of the notation: the same with deviations."""
        rungs = amplitudes * (1 + scales["deviation"] * self.low)
        if self.estimates:
            rungs += scales["estimates' deviation"] * self.estimates.both
        return np.asarray(rungs)

    def offsets(self, scales: Scales) -> Array:
        """Variance that observations share whatever their recipes, of shape (observations, observations)."""
        offsets = scales["offset"] * self.same
        if self.estimates:
            offsets += scales["estimates' offset"] * self.estimates.same
        return np.asarray(offsets)

    def noise(self, scales: Scales) -> Array:
        """Variance of each observation, shape (observations,)."""
        estimated = self.observations.estimated
        return np.asarray(np.where(estimated, scales["estimates' noise"], scales["noise"] / self.share))


def _below(observations: Observations) -> Array:
    """How many rungs below the top each observation is, estimates as the lowest; of shape (observations,)."""
    return np.asarray((observations.rungs - 1 - np.maximum(observations.rung, 0)).astype(float))


def amplitudes(scales: Scales, observations: Observations) -> Array:
    """What each gain is as a multiple of the one at the top, of shape (observations,)."""
    trust = np.where(observations.estimated, scales["trust"], 1.0)
    return np.asarray(scales["amplitude"] ** _below(observations) * trust)


@dataclass(frozen=True)
class Separations:
    """How far observations lie apart, at any scales.

    `parts`: of the mixtures, each of shape (observations, observations). `distances`: squared, of each column of
    hyperparameters, of shape (columns, observations, observations).
    """

    parts: Mapping[str, Array]
    distances: Array
    levels: Levels

    @classmethod
    def of(cls, observations: Observations) -> Separations:
        at = np.ix_(observations.point, observations.point)
        parts = {name: part[at] for name, part in _parts(observations.points, observations.points).items()}
        values = observations.points.values[observations.point].T
        return cls(parts, (values[:, :, None] - values[:, None, :]) ** 2, Levels.of(observations))


@dataclass(frozen=True)
class Factors:
    """What the covariance of observations is made of at some scales, each of shape (observations, observations).

    `parts`: over recipes, one or several; `recipes`: their sum. `targets`: the correlation of the targets.
    `amplitudes`, `rungs`: see `Levels`.
    """

    parts: Mapping[str, Array]
    recipes: Array
    targets: Array
    amplitudes: Array
    rungs: Array


class Kernel:
    """The covariance of gains, at any scales.

    Args:
        observations: all observations of a search: their targets and how these correlate.
        sharing: False: every target on its own.
    """

    def __init__(self, observations: Observations, sharing: bool = True) -> None:
        self._observations, self.sharing = observations, sharing

    def recipes(self, scales: Scales, one: Points, other: Points) -> Array:
        """Covariance of gains at the top rung on one target, less offsets and noise."""
        near = _near(one, other, scales.lengths)
        mixtures = _sum(scales[name] * part for name, part in _parts(one, other).items())
        return np.asarray(mixtures * near + scales["hyperparameters"] * (near if one.hyperparameters else 0.0))

    def variances(self, scales: Scales, points: Points) -> Array:
        """The diagonal of `recipes(points, points)`."""
        main = np.einsum("ij,ij->i", points.roots, points.roots)
        pairs = (main**2 - np.einsum("ij,ij->i", points.roots**2, points.roots**2)) / 2
        linear = np.einsum("ij,ij->i", points.roots**2, points.roots**2)
        own = scales["linear"] * linear + scales["main"] * main + scales["pairs"] * pairs + scales["rest"]
        return np.asarray(own + scales["hyperparameters"] * (1.0 if points.hyperparameters else 0.0))

    def targets(self, scales: Scales) -> Array:
        """Correlation of the targets' gains, shrunk towards none, of shape (targets, targets)."""
        share = scales.sharing if self.sharing else 0.0
        return np.asarray(share * self._observations.correlation + (1 - share) * np.eye(self._observations.targets))

    def factors(self, scales: Scales, levels: Levels, parts: Mapping[str, Array]) -> Factors:
        """Of the observations, from the parts of the covariance over recipes as large as they are."""
        target, of_both = levels.observations.target, levels.amplitudes(scales)
        targets = self.targets(scales)[np.ix_(target, target)]
        return Factors(parts, _sum(parts.values()), targets, of_both, levels.rungs(scales, of_both))

    def covariance(self, scales: Scales, levels: Levels, factors: Factors) -> Array:
        """Of the observations, noise included."""
        covariance = factors.recipes * factors.targets * factors.rungs + levels.offsets(scales)
        covariance[np.diag_indices(len(covariance))] += levels.noise(scales) + JITTER
        return np.asarray(covariance)

    def slopes(
        self, scales: Scales, separations: Separations, factors: Factors, names: Sequence[str]
    ) -> dict[str, Array]:
        """Derivatives of `covariance` by the logarithms of the scales."""
        levels, recipes, outer = separations.levels, factors.recipes, factors.targets * factors.rungs
        slopes = {name: part * outer for name, part in factors.parts.items()}
        for column, (length, distance) in enumerate(zip(scales.lengths, separations.distances, strict=True)):
            slopes[length_name(column)] = recipes * distance / length**2 * outer
        slopes["offset"] = scales["offset"] * levels.same
        noise = levels.noise(scales)
        slopes["noise"] = np.diag(np.where(levels.observations.estimated, 0.0, noise))
        slopes["deviation"] = recipes * factors.targets * factors.amplitudes * scales["deviation"] * levels.low
        slopes["amplitude"] = recipes * outer * levels.steps
        if levels.estimates:
            own = recipes * factors.targets * scales["estimates' deviation"] * levels.estimates.both
            slopes["amplitude"] -= own * levels.steps
            slopes["trust"] = (recipes * outer - own) * levels.estimates.trusted
            slopes["estimates' deviation"] = own
            slopes["estimates' offset"] = scales["estimates' offset"] * levels.estimates.same
            slopes["estimates' noise"] = np.diag(np.where(levels.observations.estimated, noise, 0.0))
        share, target = scales.sharing, levels.observations.target
        correlation = self._observations.correlation - np.eye(self._observations.targets)
        slopes["sharing"] = recipes * factors.rungs * share * (1 - share) * correlation[np.ix_(target, target)]
        return {name: slopes[name] for name in names}

    def scale_parts(self, scales: Scales, separations: Separations) -> dict[str, Array]:
        """The parts of the covariance over recipes, as large as they are."""
        parts = {name: scales[name] * part for name, part in separations.parts.items()}
        if len(separations.distances):
            near = np.exp(-0.5 * np.tensordot(scales.lengths**-2, separations.distances, 1))
            parts = {name: part * near for name, part in parts.items()}
            parts["hyperparameters"] = scales["hyperparameters"] * near
        return parts


def _parts(one: Points, other: Points) -> dict[str, Array]:
    """The mixture parts of the covariance, each of shape (one, other)."""
    main = one.roots @ other.roots.T
    pairs = (main**2 - (one.roots**2) @ (other.roots**2).T) / 2
    # roots lie on the unit sphere: squared distances are 2 - 2 * main
    linear = (one.roots**2) @ (other.roots**2).T
    return {"linear": linear, "main": main, "pairs": pairs, "rest": np.exp(-(2 - 2 * main) / 0.5)}


def _sum(parts: Iterable[Array]) -> Array:
    return np.asarray(sum(parts))


def _near(one: Points, other: Points, lengths: Array) -> Array:
    """The squared exponential over the hyperparameters, of shape (one, other)."""
    a, b = one.values / lengths, other.values / lengths
    squares = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2 * a @ b.T
    return np.asarray(np.exp(-0.5 * np.clip(squares, 0.0, None)))


def length_name(column: int) -> str:
    """The scale of that column of hyperparameters."""
    return f"length {column}"
