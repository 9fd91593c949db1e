"""A linear mixed model, fitted by restricted maximum likelihood (REML).

y = X b + sum_k Z_k u_k + e, u_k ~ N(0, s2 g_k I), e ~ N(0, s2 I). The ratios g_k are found by L-BFGS with the exact
gradient, from two starts; what has to be inverted is as large as there are levels, not rows (Woodbury's identity).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.linalg.lapack import dpotrf, dpotri
from scipy.optimize import minimize

from search.surrogate.gp import one_thread

Matrix = NDArray[np.float64]

STARTS = (0.1, 1.0)
"""Variance ratios that the search begins with."""

SMALLEST_RATIO, LARGEST_RATIO = 1e-7, 1e4
SMALLEST_START = 1e-3


@dataclass(frozen=True)
class MixedFit:
    """A fitted model.

    Args:
        names: of the columns of X.
        coefficients: b.
        covariance: of b, given the variance ratios.
        components: random effect -> variance; and `residual`.
        ratios: random effect -> g_k.
        effects: random effect -> predicted levels (BLUPs).
        effect_covariances: random effect -> variances of their prediction error.
        log_likelihood: restricted, up to a constant that depends on X alone.
        weights: P y, with P = V^-1 - V^-1 X (X' V^-1 X)^-1 X' V^-1, V without s2.
        projector: P.
    """

    names: tuple[str, ...]
    coefficients: Matrix
    covariance: Matrix
    components: dict[str, float]
    ratios: dict[str, float]
    effects: dict[str, Matrix]
    effect_covariances: dict[str, Matrix]
    log_likelihood: float
    weights: Matrix
    projector: _Projector

    def coefficient(self, name: str) -> float:
        return float(self.coefficients[self.names.index(name)])

    def error(self, name: str) -> float:
        """Standard error of a coefficient."""
        at = self.names.index(name)
        return math.sqrt(max(0.0, float(self.covariance[at, at])))


class MixedModel:
    """What stays the same while the variance ratios are sought.

    Args:
        response: y, (rows,).
        fixed: column -> X's column, (rows,).
        random: effect -> Z_k, (rows, levels). Effects of one level, and those that span the same as an earlier one,
            cannot be told from others: they are left out, with variance 0.
    """

    def __init__(self, response: Matrix, fixed: Mapping[str, Matrix], random: Mapping[str, Matrix]) -> None:
        self.names = tuple(fixed)
        self.response = response
        self.fixed = np.column_stack(list(fixed.values()))
        self.random, self.dropped = _distinct(random)
        self._all = np.column_stack([*self.random.values()]) if self.random else np.zeros((len(response), 0))
        self._owner = np.repeat(np.arange(len(self.random)), [z.shape[1] for z in self.random.values()])
        both = np.column_stack([self.fixed, response])
        self._zz, self._zb, self._bb = self._all.T @ self._all, self._all.T @ both, both.T @ both
        self._free = len(response) - self.fixed.shape[1]

    def fit(self, near: Mapping[str, float] | None = None) -> MixedFit:
        """The fit with the largest restricted likelihood of both starts.

        Args:
            near: ratios of a model that differs by a column, to start from instead.
        """
        if not self.random:
            return self.at(np.zeros(0))
        bounds = [(0.0, LARGEST_RATIO)] * len(self.random)
        starts = [np.full(len(self.random), start) for start in STARTS]
        if near is not None:
            starts = [np.array([max(near[name], SMALLEST_START) for name in self.random])]
        with one_thread():
            found = [minimize(self._negative, start, jac=True, method="L-BFGS-B", bounds=bounds) for start in starts]
        return self.at(min(found, key=lambda one: float(one.fun)).x)

    def _negative(self, ratios: Matrix) -> tuple[float, Matrix]:
        """Minus twice the restricted log likelihood, s2 profiled out; and its gradient."""
        scale = np.sqrt(np.maximum(ratios, SMALLEST_RATIO))[self._owner]
        root, _ = dpotrf(np.eye(len(scale)) + scale[:, None] * self._zz * scale, lower=1)
        half = solve_triangular(root, scale[:, None] * self._zb, lower=True, check_finite=False)
        both = self._bb - half.T @ half  # [X y]' V^-1 [X y]
        xx, xy = both[:-1, :-1], both[:-1, -1]
        inverse = np.linalg.pinv(xx, hermitian=True)
        b = inverse @ xy
        rss = max(float(both[-1, -1] - xy @ b), 1e-12)
        value = self._free * math.log(rss) + 2 * float(np.log(np.diag(root)).sum()) + _log_det(xx)
        # Z' V^-1 [X y], and the diagonals of Z' V^-1 Z and Z' P Z
        z_b = solve_triangular(root, half, lower=True, trans=1, check_finite=False) / scale[:, None]
        z_p_y = z_b[:, -1] - z_b[:, :-1] @ b
        inner, _ = dpotri(root, lower=1)
        z_z = (1 - np.diag(inner)) / scale**2
        diagonal = z_z - np.einsum("ij,jk,ik->i", z_b[:, :-1], inverse, z_b[:, :-1])
        each = diagonal - self._free * z_p_y**2 / rss
        gradient: Matrix = np.bincount(self._owner, weights=each, minlength=len(ratios)).astype(float)
        return value, gradient

    def at(self, ratios: Matrix) -> MixedFit:
        """The model with given variance ratios."""
        value = -self._negative(ratios)[0] / 2 if self.random else 0.0
        projector = _Projector(self.fixed, self._all, np.sqrt(ratios)[self._owner])
        weights = projector(self.response)
        b = projector.coefficients(self.response)
        variance = float(self.response @ weights) / self._free
        scale = ratios[self._owner]
        zp = projector(self._all)
        predicted = scale * (self._all.T @ weights)
        # variance of u - u^: s2 (G - G Z' P Z G)
        errors = variance * (scale - scale**2 * np.einsum("ij,ij->j", self._all, zp))
        names = list(self.random)
        components = {name: variance * float(ratio) for name, ratio in zip(names, ratios, strict=True)}
        return MixedFit(
            names=self.names,
            coefficients=b,
            covariance=variance * projector.inverse,
            components={**components, **dict.fromkeys(self.dropped, 0.0), "residual": variance},
            ratios=dict(zip(names, map(float, ratios), strict=True)),
            effects={name: predicted[self._owner == at] for at, name in enumerate(names)},
            effect_covariances={name: errors[self._owner == at] for at, name in enumerate(names)},
            log_likelihood=value,
            weights=weights,
            projector=projector,
        )


class _Projector:
    """P = V^-1 - V^-1 X (X' V^-1 X)^-1 X' V^-1, applied without ever making V.

    Args:
        scale: root of the variance ratio of each column of Z.
    """

    def __init__(self, fixed: Matrix, random: Matrix, scale: Matrix) -> None:
        self._fixed, self._random = fixed, random * scale
        inner = np.eye(self._random.shape[1]) + self._random.T @ self._random
        self._inner: Matrix = np.asarray(np.linalg.inv(inner), dtype=float)
        self._solved = self._solve(fixed)
        self.inverse: Matrix = np.asarray(np.linalg.pinv(fixed.T @ self._solved, hermitian=True), dtype=float)

    def _solve(self, values: Matrix) -> Matrix:
        """V^-1 values."""
        found: Matrix = values - self._random @ (self._inner @ (self._random.T @ values))
        return found

    def coefficients(self, values: Matrix) -> Matrix:
        """Of the generalised least squares of `values` on X."""
        found: Matrix = self.inverse @ (self._solved.T @ values)
        return found

    def __call__(self, values: Matrix) -> Matrix:
        found: Matrix = self._solve(values) - self._solved @ (self.inverse @ (self._solved.T @ values))
        return found


def indicator(levels: list[str]) -> Matrix:
    """Row -> 1 in the column of its level; columns in the order of the names."""
    names = sorted(set(levels))
    return np.array([[float(level == name) for name in names] for level in levels]).reshape(len(levels), len(names))


def _distinct(random: Mapping[str, Matrix]) -> tuple[dict[str, Matrix], list[str]]:
    """Effects that can be told apart: more than one level, and not the same columns as another."""
    kept: dict[str, Matrix] = {}
    dropped, seen = list[str](), set[bytes]()
    for name, z in random.items():
        columns = z[:, (z != 0).any(0)]
        order = np.lexsort(columns) if columns.size else np.zeros(0, dtype=int)
        key = columns[:, order].tobytes()
        if columns.shape[1] < 2 or key in seen:
            dropped.append(name)
        else:
            seen.add(key)
            kept[name] = z
    return kept, dropped


def _log_det(matrix: Matrix) -> float:
    """Of the non-singular part: a column that others span adds nothing."""
    values = np.linalg.eigvalsh(matrix)
    return float(np.log(values[values > values.max() * 1e-10]).sum()) if len(values) else 0.0
