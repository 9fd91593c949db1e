"""Fitting: the scales of the kernel that make what was observed most likely, given their priors.

They maximise the marginal likelihood times weak log-normal priors (type II maximum a posteriori), so they rest on the
data alone, not on the way there: a search that goes on after a crash finds the same.
"""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize

from search.surrogate.features import Array
from search.surrogate.kernel import PRIORS, Kernel, Scales, Separations, length_name
from search.surrogate.observations import Indices, Observations

FITTED = 120
"""Observations that the scales are fitted to; more change them little and cost their cube."""

FITTED_ESTIMATES = 40
"""Estimates that the scales are fitted to beside them."""

STEPS = 10
"""Of the optimizer."""

FAILED = 1e10
"""The loss where rounding leaves a covariance that cannot be factored."""


def fit_scales(kernel: Kernel, observations: Observations) -> Scales:
    """Scales for all observations, fitted to some of them where they are many."""
    loss = Loss(kernel, observations.take(select_for_fit(observations)))
    low, high = loss.means - 4 * loss.widths, loss.means + 4 * loss.widths
    bounds = list(zip(low, high, strict=True))
    fitted = minimize(loss, loss.means, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
    return loss.scales(fitted.x)


class Loss:
    """Negative log posterior of the scales, less a constant, and its gradient.

    `names` are those of the scales that the observations say anything of; the others keep the means of their priors.
    `means` and `widths` are those of their priors, shape (scales,).
    """

    def __init__(self, kernel: Kernel, observations: Observations) -> None:
        self._kernel, self._observations = kernel, observations
        self._separations = Separations.of(observations)
        priors = {name: prior for name, prior in PRIORS.items() if self._matters(name)}
        if "length" in priors:
            prior = priors.pop("length")
            priors |= {length_name(column): prior for column in range(observations.points.hyperparameters)}
        self.names = list(priors)
        self.means, self.widths = np.array(list(priors.values())).T

    def __call__(self, values: Array) -> tuple[float, Array]:
        """The loss and its gradient at the logarithms of the scales, shape (scales,)."""
        kernel, separations, gains = self._kernel, self._separations, self._observations.standardized
        scales = self.scales(values)
        factors = kernel.factors(scales, separations.levels, kernel.scale_parts(scales, separations))
        try:
            factor = cholesky(kernel.covariance(scales, separations.levels, factors), lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return FAILED, np.zeros(len(self.names))
        inverse = cho_solve((factor, True), np.eye(len(gains)), check_finite=False)
        weights = inverse @ gains
        pull = 0.5 * (inverse - np.outer(weights, weights))
        slopes = kernel.slopes(scales, separations, factors, self.names)
        off = (values - self.means) / self.widths
        gradient = np.array([np.einsum("ij,ij", pull, slopes[name]) for name in self.names]) + off / self.widths
        return float(0.5 * gains @ weights + np.log(np.diag(factor)).sum() + 0.5 * off @ off), gradient

    def scales(self, values: Array) -> Scales:
        """The scales whose logarithms these are, with those that are not fitted."""
        fixed = {name: mean for name, (mean, _) in PRIORS.items() if name != "length"}
        return Scales({**fixed, **dict(zip(self.names, map(float, values), strict=True))})

    def _matters(self, name: str) -> bool:
        observations = self._observations
        if name in ("length", "hyperparameters"):
            return observations.points.hyperparameters > 0
        if name in ("deviation", "amplitude"):
            return observations.rungs > 1
        if name == "trust" or name.startswith("estimates'"):
            return bool(observations.estimated.any())
        return name != "sharing" or (self._kernel.sharing and observations.targets > 1)


def select_for_fit(observations: Observations) -> Indices:
    """The observations that the scales are fitted to: measured ones, and beside them some estimates, evenly."""
    if not observations.estimated.any():
        return _spread_out(observations, FITTED)
    measured, estimated = np.flatnonzero(~observations.estimated), np.flatnonzero(observations.estimated)
    some = np.linspace(0, len(estimated) - 1, min(len(estimated), FITTED_ESTIMATES)).astype(np.intp)
    return np.sort(np.concatenate([measured[_spread_out(observations.take(measured), FITTED)], estimated[some]]))


def _spread_out(observations: Observations, count: int) -> Indices:
    """About `count` observations: whole recipes, evenly over the time of their start, the upper rungs first."""
    if len(observations) <= count:
        return np.arange(len(observations))
    order = np.lexsort((np.arange(len(observations)), -observations.rung))
    upper = order[observations.rung[order] == observations.rungs - 1][: count // 2]
    rest = np.setdiff1d(np.arange(len(observations)), upper)
    return np.sort(np.concatenate([upper, rest[np.linspace(0, len(rest) - 1, count - len(upper)).astype(np.intp)]]))
