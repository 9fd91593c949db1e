"""Learned: what the surrogate makes of a search: effects of tasks, pairs, the best mix, what more would bring.

`docs/json.md` describes every field. Gains are over the baseline, at the top rung, as shares of 1; each comes with the
standard deviation of its posterior.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from itertools import combinations
from random import Random
from typing import Any

import numpy as np
from numpy.typing import NDArray

from search.sampling.candidates import drawn, neighbours
from search.studies.state import SearchState
from search.surrogate.features import Points
from search.surrogate.gp import Surrogate, one_thread
from search.surrogate.history import History
from spaces.mixture import Mixture
from spaces.recipe import Candidate
from spaces.space import Space

Array = NDArray[np.float64]

MIXES, POOL, SAMPLES = 48, 400, 256
"""Mixes that an effect is a mean over; mixes among which the best is looked for; functions drawn from the posterior."""

LEAST = 4
"""Recipes with a score on a target before anything is said of it."""

SURE = 1.64
"""Standard deviations from 0 beyond which a pair is named: one in twenty by chance, on its side."""


@one_thread()
def learned(state: SearchState, space: Space, targets: Sequence[str], seed: int) -> dict[str, dict[str, Any] | None]:
    """What is known of some targets; None where too little was measured.

    Args:
        targets: of the search.
        seed: of the mixes and functions that are drawn.
    """
    known = _known(state, space, targets, seed)
    return {name: known[name].told() if name in known else None for name in targets}


@one_thread()
def expected_gain(state: SearchState, space: Space, seed: int) -> float | None:
    """What the best recipe of the space is expected to score beyond the best known one: of the targets, the most.

    As a share of 1; None as long as some target has too little measured to say.
    """
    known = _known(state, space, list(state.rungs), seed)
    if len(known) < len(state.rungs):
        return None
    return max(float(target.more()["expected"]) for target in known.values())


def _known(state: SearchState, space: Space, targets: Sequence[str], seed: int) -> dict[str, _Target]:
    """Those of the targets of which enough was measured."""
    measured = History.of(state)
    numbers = {name: number for number, name in enumerate(state.rungs) if name in targets}
    enough = {name: number for name, number in numbers.items() if len(measured.known_on(number)) >= LEAST}
    observations = measured.observations(space) if enough else None
    if observations is None:
        return {}
    surrogate = Surrogate(observations)
    return {name: _Target(surrogate, measured, space, number, seed) for name, number in enough.items()}


class _Target:
    """One target of a surrogate."""

    def __init__(self, surrogate: Surrogate, measured: History, space: Space, target: int, seed: int) -> None:
        self._surrogate, self._measured, self._space, self._target = surrogate, measured, space, target
        self._draw = Random(seed)
        self._normals = np.random.default_rng(seed)
        self._known = [measured.candidates[number] for number in measured.known_on(target)]
        best = int(np.argmax(self._means(self._known)))
        self._answer, self._values = self._known[best], self._known[best][1]

    def told(self) -> dict[str, Any]:
        return {
            "noise": float(self._surrogate.noise[self._target]),
            "tasks": {task: self._effect(task) for task in self._space.tasks},
            "pairs": self._pairs(),
            "predicted": self._predicted(),
            "more": self.more(),
        }

    def _effect(self, task: str) -> dict[str, float]:
        """Of a task alone, and of adding it to a mix, in the mean over drawn mixes, with an equal share."""
        left_out = (_without(mixture, task) for mixture, _ in drawn(self._space, self._draw, MIXES))
        before = [mixture for mixture in left_out if mixture]
        after = [_with(mixture, task) for mixture in before]
        alone, alone_deviation = self._functional([Mixture.of({task: 1.0})], [1.0])
        count = max(1, len(before))
        mean, deviation = self._functional([*after, *before], [1.0 / count] * len(after) + [-1.0 / count] * len(before))
        return {"alone": alone, "alone_deviation": alone_deviation, "added": mean, "added_deviation": deviation}

    def _pairs(self) -> list[dict[str, Any]]:
        """Pairs whose half-and-half mix differs from the mean of the two alone, surest first."""
        found = []
        for one, other in combinations(self._space.tasks, 2):
            both = [Mixture.of({one: 1.0, other: 1.0}), Mixture.of({one: 1.0}), Mixture.of({other: 1.0})]
            mean, deviation = self._functional(both, [1.0, -0.5, -0.5])
            if abs(mean) > SURE * deviation:
                found.append({"tasks": [one, other], "effect": mean, "deviation": deviation})
        return sorted(found, key=lambda pair: -abs(pair["effect"]) / pair["deviation"])

    def _predicted(self) -> dict[str, Any]:
        """The mix with the best mean among all that were looked at, measured or not."""
        means, deviations = self._surrogate.marginals(Points.of(self._pool, self._space), self._target)
        best = int(np.argmax(means))
        mixture, values = self._pool[best]
        return {
            "mix": str(mixture),
            "mixture": mixture.weights,
            "hyperparameters": values,
            "gain": float(means[best]),
            "deviation": float(deviations[best]),
        }

    def more(self) -> dict[str, Any]:
        """What the best of the pool would bring beyond the best known mix, over functions drawn from the posterior."""
        points = Points.of([self._answer, *self._pool], self._space)
        normals = self._normals.standard_normal((len(points), SAMPLES))
        functions = self._surrogate.sampled(points, self._target, normals)
        gains = np.clip(functions.max(axis=0) - functions[0], 0.0, None)
        return {"expected": float(gains.mean()), "deviation": float(gains.std()), "from": str(self._answer[0])}

    @cached_property
    def _pool(self) -> list[Candidate]:
        """Drawn mixes, those that were measured, and neighbours of the best of both."""
        pool = [*self._known, *drawn(self._space, self._draw, POOL)]
        for _ in range(2):
            order = np.argsort(-self._means(pool), kind="stable")[:5]
            pool += [near for number in order for near in neighbours(self._space, self._draw, pool[number], 16)]
        return pool

    def _means(self, candidates: list[Candidate]) -> Array:
        return self._surrogate.means(Points.of(candidates, self._space), self._target)

    def _functional(self, mixtures: list[Mixture], factors: list[float]) -> tuple[float, float]:
        """Mean and standard deviation of a weighted sum of gains, with the hyperparameters of the best known mix."""
        if not mixtures:
            return 0.0, 0.0
        points = Points.of([(mixture, self._values) for mixture in mixtures], self._space)
        mean, covariance = self._surrogate.posterior(points, self._target)
        weights = np.array(factors)
        return float(weights @ mean), float(np.sqrt(max(0.0, weights @ covariance @ weights)))


def _without(mixture: Mixture, task: str) -> Mixture:
    return Mixture.of({name: weight for name, weight in mixture.weights.items() if name != task})


def _with(mixture: Mixture, task: str) -> Mixture:
    return Mixture.of({**mixture.weights, task: 1.0 / len(mixture)})
