"""What the mixed model expects of a mixture on a target that it has seen nothing of."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from search.distances.tables import content_of
from search.explanation.design import ModelDesign
from search.explanation.mixed_model import MixedFit, MixedModel
from search.explanation.rows import Row
from search.surrogate.gp import one_thread


@dataclass(frozen=True)
class Predictor:
    """x'b and the tasks' own effects, which are what other targets say of a task beyond its distances."""

    design: ModelDesign
    fit: MixedFit

    @classmethod
    def fitted(cls, rows: Sequence[Row]) -> Predictor:
        design = ModelDesign(rows)
        with one_thread():
            return cls(design, MixedModel(design.response, design.fixed, design.random).fit())

    def gain(self, weights: Mapping[str, float], domain: float, typology: float, format: float) -> float:
        """Expected gain in points."""
        fixed = float(self._fixed(domain, typology, format) @ self.fit.coefficients)
        return fixed + sum(weight * self._effect(task)[0] for task, weight in weights.items())

    def deviation(self, weights: Mapping[str, float], domain: float, typology: float, format: float) -> float:
        """Standard deviation of the true mean gain on such a target around `gain`."""
        x = self._fixed(domain, typology, format)
        variance = float(x @ self.fit.covariance @ x)
        variance += sum(weight**2 * self._effect(task)[1] for task, weight in weights.items())
        contents: dict[str, float] = {}
        for task, weight in weights.items():
            contents[content_of(task)] = contents.get(content_of(task), 0.0) + weight
        components = self.fit.components
        variance += components.get("target", 0.0)
        variance += components.get("content x target", 0.0) * sum(weight**2 for weight in contents.values())
        variance += components.get("task x target", 0.0) * sum(weight**2 for weight in weights.values())
        return math.sqrt(max(0.0, variance))

    def _fixed(self, domain: float, typology: float, format: float) -> np.ndarray:
        values = {"intercept": 1.0, "domain": domain, "typology": typology, "format": format}
        return np.array([values[name] for name in self.fit.names])

    def _effect(self, task: str) -> tuple[float, float]:
        """Of a task, and the variance of its error; of one that was never measured nothing is known."""
        if "task" not in self.fit.effects:
            return 0.0, 0.0
        if task not in self.design.tasks:
            return 0.0, self.fit.components["task"]
        at = self.design.tasks.index(task)
        return float(self.fit.effects["task"][at]), float(self.fit.effect_covariances["task"][at])
