"""Scales of the surrogate's covariance, and the priors that their logarithms have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# log-scale -> mean and standard deviation of its normal prior; a scale of 1 is the target's own spread
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


@dataclass(frozen=True)
class Scales:
    """What was fitted; see `PRIORS`. `sharing` is the logit of the share of the correlation that is believed."""

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
