"""Insights: what the surrogate makes of a search: effects of tasks, pairs, the best mix, what more would bring.

Gains are over the baseline, at the top rung, as shares of 1; each comes with the standard deviation of its posterior.
Fields are named as the keys below `learned` in the JSON of `best` (`docs/json.md`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import combinations
from random import Random
from typing import Any

import numpy as np

from search.sampling.candidates import draw_candidates, draw_neighbors
from search.studies.state import SearchState
from search.surrogate.features import Array, Points
from search.surrogate.gp import Surrogate, one_thread
from search.surrogate.history import History
from spaces.mixture import Mixture
from spaces.recipe import Candidate, Value
from spaces.space import Space

MIXES = 48
"""Mixes that the effect of adding a task is a mean over."""

POOL, ROUNDS, BEST, NEIGHBORS = 400, 2, 5, 16
"""Mixes that are drawn to look for the best among them; rounds of looking around the best so far; how many of these;
moves that are tried from each."""

MEASURED = 500
"""Measured recipes that the best is looked for among: those with the best means. Functions are drawn at all of the pool
at once, which takes the cube of its size, and the square in memory."""

FUNCTIONS = 256
"""Functions drawn from the posterior."""

LEAST = 4
"""Recipes with a score on a target before anything is said of it."""

SURE = 1.64
"""Standard deviations from 0 beyond which a pair is named: one in twenty by chance, on its side."""


@dataclass(frozen=True)
class TaskEffect:
    """The gain of a task alone, and of adding it with an equal share to a mix, in the mean over drawn mixes."""

    alone: float
    alone_deviation: float
    added: float
    added_deviation: float


@dataclass(frozen=True)
class PairEffect:
    """By how much the half-and-half mix of two tasks gains more than the mean of both alone."""

    tasks: list[str]
    effect: float
    deviation: float


@dataclass(frozen=True)
class Prediction:
    """The recipe with the best predicted gain among all that were looked at, measured or not."""

    mix: str
    mixture: dict[str, float]
    hyperparameters: dict[str, Value]
    gain: float
    deviation: float


@dataclass(frozen=True)
class Improvement:
    """What the best recipe of the space is expected to gain beyond the best known one, which has the mix `over`."""

    expected: float
    deviation: float
    over: str


@dataclass(frozen=True)
class Insights:
    """What is known of one target.

    Args:
        noise: standard deviation of one measurement at the top rung, as the model sees it.
        tasks: by name.
        pairs: those of which the model is sure that they are no sum of their tasks, surest first.
    """

    noise: float
    tasks: dict[str, TaskEffect]
    pairs: list[PairEffect]
    predicted: Prediction
    more: Improvement

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it: `more.over` is called `from` there, which is no name in Python."""
        data = asdict(self)
        data["more"]["from"] = data["more"].pop("over")
        return data


@one_thread()
def derive_insights(state: SearchState, space: Space, targets: Sequence[str], seed: int) -> dict[str, Insights | None]:
    """What is known of some targets; None where too little was measured.

    Args:
        targets: of the search.
        seed: of the mixes and functions that are drawn.
    """
    known = _known_targets(state, space, targets, seed)
    return {name: known[name].insights() if name in known else None for name in targets}


@one_thread()
def expected_gain(state: SearchState, space: Space, seed: int) -> float | None:
    """What the best recipe of the space is expected to score beyond the best known one: of the targets, the most.

    As a share of 1; None as long as some target has too little measured to say.
    """
    known = _known_targets(state, space, list(state.rungs), seed)
    if len(known) < len(state.rungs):
        return None
    return max(target.more().expected for target in known.values())


def _known_targets(state: SearchState, space: Space, targets: Sequence[str], seed: int) -> dict[str, _Target]:
    """Those of the targets of which enough was measured."""
    history = History.of(state)
    numbers = {name: number for number, name in enumerate(state.rungs) if name in targets}
    enough = {name: number for name, number in numbers.items() if len(history.scored_on(number)) >= LEAST}
    observations = history.observations(space) if enough else None
    if observations is None:
        return {}
    surrogate = Surrogate(observations)
    return {name: _Target(surrogate, history, space, number, seed) for name, number in enough.items()}


class _Target:
    """One target of a surrogate. The order of its calls decides what is drawn for each."""

    def __init__(self, surrogate: Surrogate, history: History, space: Space, target: int, seed: int) -> None:
        self._surrogate, self._space, self._target = surrogate, space, target
        self._rng, self._normals_rng = Random(seed), np.random.default_rng(seed)
        measured = [history.candidates[number] for number in history.scored_on(target)]
        means = self._means(measured)
        best = int(np.argmax(means))
        self._best, self._values = measured[best], measured[best][1]
        self._measured = [measured[number] for number in np.sort(np.argsort(-means, kind="stable")[:MEASURED])]

    def insights(self) -> Insights:
        return Insights(
            noise=float(self._surrogate.noise[self._target]),
            tasks={task: self._effect(task) for task in self._space.tasks},
            pairs=self._pairs(),
            predicted=self._predicted(),
            more=self.more(),
        )

    def more(self) -> Improvement:
        """What the best of the pool would bring beyond the best known recipe, over functions of the posterior."""
        points = Points.of([self._best, *self._pool], self._space)
        normals = self._normals_rng.standard_normal((len(points), FUNCTIONS))
        functions = self._surrogate.sample(points, self._target, normals)
        gains = np.clip(functions.max(axis=0) - functions[0], 0.0, None)
        return Improvement(float(gains.mean()), float(gains.std()), str(self._best[0]))

    def _effect(self, task: str) -> TaskEffect:
        drawn = draw_candidates(self._space, self._rng, MIXES)
        before = [mixture for mixture in (_remove(mixture, task) for mixture, _ in drawn) if mixture]
        after = [_add(mixture, task) for mixture in before]
        alone, alone_deviation = self._weigh([Mixture.of({task: 1.0})], [1.0])
        count = max(1, len(before))
        added, added_deviation = self._weigh(
            [*after, *before], [1.0 / count] * len(after) + [-1.0 / count] * len(before)
        )
        return TaskEffect(alone, alone_deviation, added, added_deviation)

    def _pairs(self) -> list[PairEffect]:
        pairs = []
        for one, other in combinations(self._space.tasks, 2):
            mixtures = [Mixture.of({one: 1.0, other: 1.0}), Mixture.of({one: 1.0}), Mixture.of({other: 1.0})]
            effect, deviation = self._weigh(mixtures, [1.0, -0.5, -0.5])
            if abs(effect) > SURE * deviation:
                pairs.append(PairEffect([one, other], effect, deviation))
        return sorted(pairs, key=lambda pair: -abs(pair.effect) / pair.deviation)

    def _predicted(self) -> Prediction:
        means, deviations = self._surrogate.marginals(Points.of(self._pool, self._space), self._target)
        best = int(np.argmax(means))
        mixture, values = self._pool[best]
        return Prediction(str(mixture), mixture.weights, values, float(means[best]), float(deviations[best]))

    @cached_property
    def _pool(self) -> list[Candidate]:
        """Those that were measured, drawn ones, and neighbors of the best of both."""
        pool = [*self._measured, *draw_candidates(self._space, self._rng, POOL)]
        for _ in range(ROUNDS):
            order = np.argsort(-self._means(pool), kind="stable")[:BEST]
            pool += draw_neighbors(self._space, self._rng, [pool[number] for number in order], NEIGHBORS)
        return pool

    def _means(self, candidates: list[Candidate]) -> Array:
        return self._surrogate.means(Points.of(candidates, self._space), self._target)

    def _weigh(self, mixtures: list[Mixture], factors: list[float]) -> tuple[float, float]:
        """Mean and standard deviation of a weighted sum of gains, with the hyperparameters of the best known recipe."""
        if not mixtures:
            return 0.0, 0.0
        points = Points.of([(mixture, self._values) for mixture in mixtures], self._space)
        mean, covariance = self._surrogate.posterior(points, self._target)
        weights = np.array(factors)
        return float(weights @ mean), float(np.sqrt(max(0.0, weights @ covariance @ weights)))


def _remove(mixture: Mixture, task: str) -> Mixture:
    return Mixture.of({name: weight for name, weight in mixture.weights.items() if name != task})


def _add(mixture: Mixture, task: str) -> Mixture:
    return Mixture.of({**mixture.weights, task: 1.0 / len(mixture)})
