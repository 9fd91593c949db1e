"""Emulator: the score of a mixture between the rows of a table, by the regressor that cross-validation finds best."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import spearmanr
from sklearn.ensemble import ExtraTreesRegressor, GradientBoostingRegressor
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, PolynomialFeatures, StandardScaler

from benchmarks.efficiency.world import Array

FOLDS = 5


@dataclass(frozen=True)
class Emulator:
    """A fitted regressor and how well it told rows that it had not seen.

    `r2`, `spearman`, `rmse`: of the cross-validated predictions; all rows of a mixture lie in one fold.
    """

    name: str
    regressor: Any
    r2: float
    spearman: float
    rmse: float

    def predict(self, weights: Array) -> Array:
        """Scores of mixtures, of shape (mixtures, tasks)."""
        return np.asarray(self.regressor.predict(weights), dtype=float)


def fit(weights: Array, scores: Array) -> Emulator:
    """The candidate with the smallest cross-validated error, fitted on all rows.

    Args:
        weights, scores: of shape (rows, tasks) and (rows,).
    """
    _, groups = np.unique(weights, axis=0, return_inverse=True)
    found = []
    for name, regressor in _candidates().items():
        told = cross_val_predict(regressor, weights, scores, cv=GroupKFold(FOLDS), groups=groups.ravel())
        error = float(np.mean((told - scores) ** 2))
        rank = float(spearmanr(told, scores).statistic)
        found.append((error, name, regressor, 1 - error / float(np.var(scores)), rank))
    error, name, regressor, r2, rank = min(found, key=lambda entry: entry[0])
    return Emulator(name, regressor.fit(weights, scores), r2, rank, error**0.5)


def _candidates() -> dict[str, Any]:
    kernel = ConstantKernel(1.0) * Matern(1.0, nu=2.5) + WhiteKernel(0.1)
    return {
        "gaussian process": make_pipeline(
            FunctionTransformer(np.sqrt), GaussianProcessRegressor(kernel, normalize_y=True, random_state=0)
        ),
        "ridge with pairs": make_pipeline(
            FunctionTransformer(np.sqrt),
            PolynomialFeatures(2, interaction_only=True, include_bias=False),
            StandardScaler(),
            RidgeCV(np.logspace(-3, 3, 13)),
        ),
        "extra trees": ExtraTreesRegressor(200, min_samples_leaf=2, random_state=0),
        "gradient boosting": GradientBoostingRegressor(subsample=0.7, random_state=0),
    }
