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

`kernel.py` has the covariance in symbols, `fitting.py` how its scales are fitted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from scipy.linalg import cho_solve, cholesky, solve_triangular
from threadpoolctl import ThreadpoolController

from search.surrogate.features import Array, Points
from search.surrogate.fitting import fit_scales
from search.surrogate.kernel import JITTER, Kernel, Levels, Scales, amplitudes
from search.surrogate.observations import Indices, Observations

CONDITIONED = 500
"""Observations that a prediction is conditioned on; beyond it, those of other targets go first."""

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
    """The model given observations. Gains that it predicts are those at the top rung, as shares of 1; harm beyond the
    target's spread by its logarithm, as in `Observations.standardized`.

    Args:
        observations: at least one.
        sharing: False: every target on its own.
        scales: of the kernel; None: fitted to the observations.
        limit: observations that a prediction for one target is conditioned on, at most.
    """

    def __init__(
        self,
        observations: Observations,
        sharing: bool = True,
        scales: Scales | None = None,
        limit: int = CONDITIONED,
    ) -> None:
        self._sharing, self._all, self._limit = sharing, observations, limit
        self._kernel = Kernel(observations, sharing)
        self.scales = scales or fit_scales(self._kernel, observations)
        self._cache: dict[int | None, tuple[Observations, Array, Array]] = {}

    @property
    def points(self) -> Points:
        """The recipes of the observations, by their numbers."""
        return self._all.points

    # --- predictions

    def posterior(self, points: Points, target: int) -> tuple[Array, Array]:
        """Mean and covariance of the gains of `points` on a target, of shapes (points,) and (points, points)."""
        observations, factor, weights = self._condition(target)
        cross = self._cross_covariance(points, target, observations)
        half = solve_triangular(factor, cross, lower=True, check_finite=False)
        unit = self._all.spreads[target]
        covariance = self._kernel.recipes(self.scales, points, points) - half.T @ half
        return cross.T @ weights * unit, covariance * unit**2

    def means(self, points: Points, target: int) -> Array:
        """Of each gain, of shape (points,)."""
        observations, _, weights = self._condition(target)
        cross = self._cross_covariance(points, target, observations)
        return np.asarray(cross.T @ weights * self._all.spreads[target])

    def sample(self, points: Points, target: int, normals: Array) -> Array:
        """Gains that functions drawn from the posterior have at some points, of the shape of `normals`.

        With the same normals for the first points, a function goes through the same values there.

        Args:
            normals: standard normal; of shape (points,) for one function, (points, functions) for several.
        """
        mean, covariance = self.posterior(points, target)
        covariance[np.diag_indices(len(points))] += 1e-6 * np.trace(covariance) / len(points)
        return np.asarray((mean + (np.linalg.cholesky(covariance) @ normals).T).T)

    def marginals(self, points: Points, target: int) -> tuple[Array, Array]:
        """Mean and standard deviation of each gain, both of shape (points,)."""
        observations, factor, weights = self._condition(target)
        cross = self._cross_covariance(points, target, observations)
        half = solve_triangular(factor, cross, lower=True, check_finite=False)
        unit = self._all.spreads[target]
        variance = self._kernel.variances(self.scales, points) - np.einsum("ij,ij->j", half, half)
        return cross.T @ weights * unit, np.sqrt(np.clip(variance, 1e-12, None)) * unit

    def condition_on_pending(self, points: Sequence[int], target: int) -> Surrogate:
        """The model as if some of its points had been measured on a target at the top rung, as predicted (kriging
        believer): what is expected stays the same everywhere, and less is uncertain.

        Args:
            points: their numbers among the points of the observations.
        """
        observations, factor, weights = self._condition(target)
        pending = self._all.points.take(points)
        offset, top = self.scales["offset"], observations.rungs - 1
        cross = self._cross_covariance(pending, target, observations)
        cross[(observations.target == target) & (observations.rung == top)] += offset
        own = self._kernel.recipes(self.scales, pending, pending) + offset
        own[np.diag_indices(len(pending))] += self.scales["noise"] * self._all.relative_noise[target, -1] + JITTER
        half = solve_triangular(factor, cross, lower=True, check_finite=False)
        corner = cholesky(own - half.T @ half, lower=True, check_finite=False)
        conditioned = Surrogate(self._all, self._sharing, self.scales, self._limit)
        conditioned._cache[self._key(target)] = (
            observations.append(pending, target, top),
            np.block([[factor, np.zeros_like(half)], [half.T, corner]]),
            np.concatenate([weights, np.zeros(len(pending))]),
        )
        return conditioned

    @property
    def noise(self) -> Array:
        """Standard deviation of a measurement at the top rung, per target, as a gain."""
        return np.asarray(np.sqrt(self.scales["noise"] * self._all.relative_noise[:, -1]) * self._all.spreads)

    # --- conditioning

    def _cross_covariance(self, points: Points, target: int, observations: Observations) -> Array:
        """Covariance of observations with the gains of `points` at the top rung, of shape (observations, points)."""
        recipes = self._kernel.recipes(self.scales, observations.points, points)[observations.point]
        factors = self._kernel.targets(self.scales)[observations.target, target] * amplitudes(self.scales, observations)
        return np.asarray(recipes * factors[:, None])

    def _condition(self, target: int) -> tuple[Observations, Array, Array]:
        """What predictions for a target rest on: observations, the factor of their covariance, and their weights."""
        key = self._key(target)
        if key not in self._cache:
            chosen = self._all if key is None else self._all.take(select_for_target(self._all, target, self._limit))
            levels = Levels.of(chosen)
            of_points = self._kernel.recipes(self.scales, chosen.points, chosen.points)
            recipes = of_points[np.ix_(chosen.point, chosen.point)]
            factors = self._kernel.factors(self.scales, levels, {"all": recipes})
            factor = cholesky(self._kernel.covariance(self.scales, levels, factors), lower=True, check_finite=False)
            self._cache[key] = chosen, factor, cho_solve((factor, True), chosen.standardized, check_finite=False)
        return self._cache[key]

    def _key(self, target: int) -> int | None:
        """Of the cache: where everything fits, all targets rest on the same."""
        return target if len(self._all) > self._limit else None


def select_for_target(observations: Observations, target: int, limit: int = CONDITIONED) -> Indices:
    """The observations that say most about a target, at most so many: its own, upper rungs and later ones first,
    estimates last."""
    order = np.lexsort((-np.arange(len(observations)), -observations.rung, observations.target != target))
    return np.sort(order[:limit])
