"""Surrogate: what every measured mixture says about those that were not, for all targets and rungs at once.

A Gaussian process over the transfer gains, the score less that of the empty mixture at the same rung, in units of the
target's spread. Its covariance is a sum of parts, each the product of three factors:

* over recipes. *Linear* and *main effects*: the dot product of the weights, and of their square roots, so that a
  Bayesian linear model with diminishing returns is contained. *Pairs*: the same over all pairs of tasks,
  sqrt(w_i w_j), shrunk by a scale of its own (as in BOCS, Baptista and Poloczek 2018, section 3, without its binary
  inputs). *Rest*: a squared exponential over the square roots, for whatever is smooth and neither. Each times a squared
  exponential over the hyperparameters, and *hyperparameters* alone: that squared exponential for every mixture alike.
* over targets: the correlation of their gains, shrunk towards none (an intrinsic coregionalisation model with a
  plug-in matrix; Alvarez et al. 2012, section 4.2). What a task does on one target says something about the next.
* over rungs: a cheap rung is the full one, scaled, plus a deviation of its own (Kennedy and O'Hagan 2000 in one step).
  Estimates are one more level below: the lowest rung, times how far they are to be trusted, plus a deviation, an
  offset and a noise that they share with nothing, so that bad ones fade.

Scales, length, noise and shrinkage maximise the marginal likelihood times weak log-normal priors (type II maximum a
posteriori), so they rest on the data alone, not on the way there: a search that goes on after a crash finds the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from threadpoolctl import ThreadpoolController

from search.surrogate.features import Points
from search.surrogate.kernel import (
    JITTER,
    PRIORS,
    Array,
    Indices,
    Kernel,
    Levels,
    Scales,
    Separations,
    amplitudes,
    length_name,
)
from search.surrogate.observations import Observations

FITTED = 120
"""Observations that the scales are fitted to; more change them little and cost their cube."""

FITTED_ESTIMATES = 40
"""Estimates that the scales are fitted to beside them."""

CONDITIONED = 500
"""Observations that a prediction is conditioned on; beyond it, those of other targets go first."""

STEPS = 10
"""Of the optimiser."""


_LIBRARIES = ThreadpoolController()  # after the imports above, which bring the BLAS libraries to be limited


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread for linear algebra, for a block or as a decorator for a function.

    Matrices of some hundred rows gain nothing from several threads, and lose twice the time where workers keep
    the other cores busy. What is computed does not depend on the number of cores either.
    """
    with _LIBRARIES.limit(limits=1, user_api="blas"):
        yield


class Surrogate:
    """The model given observations.

    Args:
        seen: at least one.
        sharing: False: every target on its own.
    """

    def __init__(self, seen: Observations, sharing: bool = True, scales: Scales | None = None) -> None:
        self._sharing, self._all = sharing, seen
        self._kernel = Kernel(seen, sharing)
        self.scales = scales or self._fitted(seen)
        self._cache: dict[int | None, tuple[Observations, Array, Array]] = {}

    # --- predictions, of gains at the top rung, harm by its logarithm as in `Observations.units`

    def posterior(self, points: Points, target: int) -> tuple[Array, Array]:
        """Mean and covariance of the gains of `points` on a target, of shapes (points,) and (points, points)."""
        seen, factor, weights = self._conditioned(target)
        across = self._across(points, target, seen)
        half = solve_triangular(factor, across, lower=True, check_finite=False)
        unit = self._all.spreads[target]
        covariance = self._kernel.recipes(self.scales, points, points) - half.T @ half
        return across.T @ weights * unit, covariance * unit**2

    def means(self, points: Points, target: int) -> Array:
        """Of each gain, of shape (points,)."""
        seen, _, weights = self._conditioned(target)
        return np.asarray(self._across(points, target, seen).T @ weights * self._all.spreads[target])

    def sampled(self, points: Points, target: int, normals: Array) -> Array:
        """Gains that functions drawn from the posterior have at some points, of the shape of `normals`.

        With the same normals for the first points, a function goes through the same values there.

        Args:
            normals: standard normal; of shape (points,) for one function, (points, functions) for several.
        """
        mean, covariance = self.posterior(points, target)
        covariance[np.diag_indices(len(points))] += 1e-6 * np.trace(covariance) / len(points)
        return np.asarray((mean + (np.linalg.cholesky(covariance) @ normals).T).T)

    def marginals(self, points: Points, target: int) -> tuple[Array, Array]:
        """Mean and standard deviation of each, of shape (points,)."""
        seen, factor, weights = self._conditioned(target)
        across = self._across(points, target, seen)
        half = solve_triangular(factor, across, lower=True, check_finite=False)
        unit = self._all.spreads[target]
        variance = self._kernel.variances(self.scales, points) - np.einsum("ij,ij->j", half, half)
        return across.T @ weights * unit, np.sqrt(np.clip(variance, 1e-12, None)) * unit

    def condition_on_pending(self, points: Sequence[int], target: int) -> Surrogate:
        """As if some of the points had been measured on a target at the top rung, as predicted: what is expected stays
        the same everywhere, and less is uncertain."""
        seen, factor, weights = self._conditioned(target)
        added = self._all.points.only(points)
        offset, top = self.scales["offset"], seen.rungs - 1
        across = self._across(added, target, seen)
        across[(seen.target == target) & (seen.rung == top)] += offset
        own = self._kernel.recipes(self.scales, added, added) + offset
        own[np.diag_indices(len(added))] += self.scales["noise"] + JITTER
        half = solve_triangular(factor, across, lower=True, check_finite=False)
        corner = cholesky(own - half.T @ half, lower=True, check_finite=False)
        believed = Surrogate(self._all, self._sharing, self.scales)
        believed._cache[self._key(target)] = (
            seen.followed_by(added, target, top),
            np.block([[factor, np.zeros_like(half)], [half.T, corner]]),
            np.concatenate([weights, np.zeros(len(added))]),
        )
        return believed

    @property
    def noise(self) -> Array:
        """Standard deviation of a measurement at the top rung, per target, as a gain."""
        return np.asarray(np.sqrt(self.scales["noise"]) * self._all.spreads)

    # --- fitting and conditioning

    def _across(self, points: Points, target: int, seen: Observations) -> Array:
        """Covariance of what was seen with the gains of `points` at the top rung, of shape (observations, points)."""
        recipes = self._kernel.recipes(self.scales, seen.points, points)[seen.point]
        factors = self._kernel.targets(self.scales)[seen.target, target] * amplitudes(self.scales, seen)
        return np.asarray(recipes * factors[:, None])

    def _fitted(self, seen: Observations) -> Scales:
        some = seen.only(_to_fit(seen))
        apart, gains = Separations.of(some), some.units
        priors = {name: prior for name, prior in PRIORS.items() if self._matters(name, some)}
        if "length" in priors:
            prior = priors.pop("length")
            priors |= {length_name(column): prior for column in range(some.points.hyperparameters)}
        names, (means, widths) = list(priors), np.array(list(priors.values())).T
        fixed = {name: mean for name, (mean, _) in PRIORS.items() if name != "length"}

        def loss(values: Array) -> tuple[float, Array]:
            """Negative log posterior of the scales, less a constant, and its gradient."""
            scales = Scales({**fixed, **dict(zip(names, values, strict=True))})
            factors = self._kernel.factors(scales, apart.levels, self._kernel.scaled(scales, apart))
            try:
                factor = cholesky(
                    self._kernel.covariance(scales, apart.levels, factors), lower=True, check_finite=False
                )
            except np.linalg.LinAlgError:
                return 1e10, np.zeros(len(names))
            inverse = cho_solve((factor, True), np.eye(len(some)), check_finite=False)
            weights = inverse @ gains
            pull = 0.5 * (inverse - np.outer(weights, weights))
            slopes = self._kernel.slopes(scales, apart, factors, names)
            off = (values - means) / widths
            slope = np.array([np.einsum("ij,ij", pull, slopes[name]) for name in names]) + off / widths
            return float(0.5 * gains @ weights + np.log(np.diag(factor)).sum() + 0.5 * off @ off), slope

        bounds = list(zip(means - 4 * widths, means + 4 * widths, strict=True))
        found = minimize(loss, means, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
        return Scales({**fixed, **dict(zip(names, map(float, found.x), strict=True))})

    def _matters(self, name: str, seen: Observations) -> bool:
        if name in ("length", "hyperparameters"):
            return seen.points.hyperparameters > 0
        if name in ("deviation", "amplitude"):
            return seen.rungs > 1
        if name == "trust" or name.startswith("estimates'"):
            return bool(seen.estimated.any())
        return name != "sharing" or (self._sharing and seen.targets > 1)

    def _conditioned(self, target: int) -> tuple[Observations, Array, Array]:
        """What predictions for a target rest on: observations, the factor of their covariance, and their weights."""
        key = self._key(target)
        if key not in self._cache:
            seen = self._all.only(_for_target(self._all, target)) if key is not None else self._all
            levels = Levels.of(seen)
            recipes = self._kernel.recipes(self.scales, seen.points, seen.points)[np.ix_(seen.point, seen.point)]
            factors = self._kernel.factors(self.scales, levels, {"all": recipes})
            factor = cholesky(self._kernel.covariance(self.scales, levels, factors), lower=True, check_finite=False)
            self._cache[key] = seen, factor, cho_solve((factor, True), seen.units, check_finite=False)
        return self._cache[key]

    def _key(self, target: int) -> int | None:
        """Of the cache: where everything fits, all targets rest on the same."""
        return target if len(self._all) > CONDITIONED else None


def _to_fit(seen: Observations) -> Indices:
    """The observations that the scales are fitted to: measured ones, and beside them some estimates, evenly."""
    if not seen.estimated.any():
        return _spread_out(seen, FITTED)
    measured, estimated = np.flatnonzero(~seen.estimated), np.flatnonzero(seen.estimated)
    some = np.linspace(0, len(estimated) - 1, min(len(estimated), FITTED_ESTIMATES)).astype(np.intp)
    return np.sort(np.concatenate([measured[_spread_out(seen.only(measured), FITTED)], estimated[some]]))


def _spread_out(seen: Observations, count: int) -> Indices:
    """About `count` observations: whole recipes, evenly over the time of their start, the upper rungs first."""
    if len(seen) <= count:
        return np.arange(len(seen))
    order = np.lexsort((np.arange(len(seen)), -seen.rung))
    upper = order[seen.rung[order] == seen.rungs - 1][: count // 2]
    rest = np.setdiff1d(np.arange(len(seen)), upper)
    return np.sort(np.concatenate([upper, rest[np.linspace(0, len(rest) - 1, count - len(upper)).astype(np.intp)]]))


def _for_target(seen: Observations, target: int) -> Indices:
    """The observations that say most about a target, CONDITIONED of them: its own, upper rungs and later ones first,
    estimates last."""
    order = np.lexsort((-np.arange(len(seen)), -seen.rung, seen.target != target))
    return np.sort(order[:CONDITIONED])
