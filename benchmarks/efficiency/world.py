"""World: what stands in for training when searches are compared. It answers at once, and it knows the truth.

A world has the shape of a search (tasks, targets, rungs, a space) and two kinds of answer: what a measurement would
give (`observe`: noisy, and biased below the top rung) and what is true (`truth`). Strategies see the first only
(`replay.Laboratory`); regret is counted by the second.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from itertools import combinations
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from spaces.formats import FORMATS
from spaces.mixture import Mixture
from spaces.recipe import Value
from spaces.space import Space

Array = NDArray[np.float64]

Point = tuple[Mixture, dict[str, Value]]
"""A mixture and its hyperparameters."""

PLAIN = "sentence_classification"
"""The format of what is trained, where nothing is said; its examples are what costs are counted in."""


class World(Protocol):
    """Scores are shares of 1, higher is better.

    `rungs`: rising shares of the full budget, the last is 1; a rung is named by its index. `intermediate_examples` and
    `target_examples` are trained at the full budget; a rung takes its share of both. A promotion goes on from the
    intermediate stage of the rung below, the target stages start anew at each rung. `formats` are those of the tasks,
    and say how long their examples are.
    """

    name: str
    tasks: tuple[str, ...]
    targets: tuple[str, ...]
    rungs: tuple[float, ...]
    space: Space
    formats: Mapping[str, str]
    intermediate_examples: int
    target_examples: Mapping[str, int]
    has_target_shares: bool

    def truth(self, target: str, mixture: Mixture, hyperparameters: Mapping[str, Value]) -> float:
        """The score at the top rung without noise."""

    def observe(
        self,
        target: str,
        mixture: Mixture,
        hyperparameters: Mapping[str, Value],
        rung: int,
        seed: int,
        target_share: float | None = None,
    ) -> float:
        """What a training run with that seed would measure; the same for the same arguments.

        `target_share`: of the target stage's examples; None: the rung's. Others only where `has_target_shares`.
        """

    def nearest(self, mixture: Mixture, taken: Set[Mixture]) -> Mixture | None:
        """What is measured when a mixture is asked for: itself; in a table without emulator the nearest row that is not
        taken, None when all are."""

    def optimum(self, target: str) -> Point:
        """The best point of the space."""

    def best(self, target: str) -> float:
        """The truth at the optimum."""

    def baseline(self, target: str) -> float:
        """The truth of the empty mixture."""


def prices(formats: Mapping[str, str]) -> dict[str, float]:
    """Task -> what one of its examples costs, in plain ones: tokens as `spaces/formats.py` assumes them."""
    return {task: FORMATS[name].tokens / FORMATS[PLAIN].tokens for task, name in formats.items()}


def row(mixture: Mixture, tasks: tuple[str, ...]) -> Array:
    """Weights in the order of the tasks, of shape (tasks,)."""
    weights = mixture.weights
    return np.array([weights.get(task, 0.0) for task in tasks])


def mixture_of(weights: Array, tasks: tuple[str, ...]) -> Mixture:
    """The inverse of `row`."""
    return Mixture.of({task: float(weight) for task, weight in zip(tasks, weights, strict=True) if weight > 0})


def grid(space: Space) -> Array:
    """Every mixture of a space without excluded pairs, of shape (mixtures, tasks); rows sum to 1."""
    steps, least, tasks = round(1 / space.step), round(space.min_weight / space.step), len(space.tasks)
    found = []
    for size in range(space.min_tasks, min(space.max_tasks, tasks) + 1):
        shares = _compositions(steps - size * least, size) + least
        for chosen in combinations(range(tasks), size):
            block = np.zeros((len(shares), tasks))
            block[:, chosen] = shares / steps
            found.append(block)
    return np.concatenate(found)


def _compositions(total: int, parts: int) -> NDArray[np.int64]:
    """All ways to write `total` as `parts` whole numbers of at least 0, of shape (ways, parts)."""
    ways = list(combinations(range(total + parts - 1), parts - 1))
    bars = np.array(ways, dtype=np.int64).reshape(len(ways), parts - 1)
    edges = np.concatenate([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), total + parts - 1)], axis=1)
    return np.diff(edges, axis=1) - 1
