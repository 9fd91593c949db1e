"""Points: recipes as arrays, for models that know nothing of names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from spaces.recipe import Candidate, Value
from spaces.space import Space

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Recipes as arrays.

    `roots`: square roots of the weights, shape (points, tasks), rows of length 1. `values`: hyperparameters, each
    between 0 and 1 (by its order of magnitude where it is searched so; of numbers to choose from by their rank; other
    choices are a column each, of 0 or the root of a half, so that two are one apart), shape (points, columns).
    """

    roots: Array
    values: Array

    @classmethod
    def of(cls, candidates: Sequence[Candidate], space: Space) -> Points:
        """Candidates in a space; tasks that are not in its pool count for nothing."""
        columns = {task: number for number, task in enumerate(space.tasks)}
        roots = np.zeros((len(candidates), len(columns)))
        for row, (mixture, _) in enumerate(candidates):
            for task, weight in mixture.weights.items():
                if task in columns:
                    roots[row, columns[task]] = weight**0.5
        values = [_values(space, hyperparameters) for _, hyperparameters in candidates]
        return cls(roots, np.array(values, dtype=float).reshape(len(candidates), len(_values(space, {}))))

    def __len__(self) -> int:
        return len(self.roots)

    def take(self, indices: Sequence[int] | NDArray[np.intp]) -> Points:
        """Some of them, in that order."""
        return Points(self.roots[indices], self.values[indices])

    def concatenate(self, more: Points) -> Points:
        """These, then those."""
        return Points(np.concatenate([self.roots, more.roots]), np.concatenate([self.values, more.values]))

    @property
    def hyperparameters(self) -> int:
        """How many columns `values` has."""
        return int(self.values.shape[1])


def _values(space: Space, hyperparameters: Mapping[str, Value]) -> list[float]:
    columns: list[float] = []
    for name, hyperparameter in space.hyperparameters:
        columns.extend(_columns(hyperparameter.distribution, hyperparameters.get(name, hyperparameter.default)))
    return columns


def _columns(distribution: BaseDistribution, value: Value) -> list[float]:
    if isinstance(distribution, CategoricalDistribution):
        numbers = [one for one in distribution.choices if isinstance(one, (int, float)) and not isinstance(one, bool)]
        if len(numbers) == len(distribution.choices) and isinstance(value, (int, float)):
            return [sorted(numbers).index(value) / (len(numbers) - 1)]  # numbers have an order
        return [0.5**0.5 * (choice == value) for choice in distribution.choices]
    assert isinstance(distribution, (FloatDistribution, IntDistribution)) and isinstance(value, (int, float))
    low, high = distribution.low, distribution.high
    if distribution.log:
        low, high, value = log(low), log(high), log(value)
    return [(value - low) / (high - low) if high > low else 0.0]
