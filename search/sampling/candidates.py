"""Candidates: recipes of a space, drawn at random or one move away from good ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from spaces.mixture import Mixture
from spaces.recipe import Candidate, Value, candidate_key
from spaces.space import Space

IsStarted = Callable[[Mixture, dict[str, Value]], bool]
"""Whether a candidate was started already, for any target."""


def draw_candidates(space: Space, rng: Random, count: int) -> list[Candidate]:
    """Recipes of the space: sizes, tasks and weights drawn evenly, every fourth with equal weights."""
    candidates = []
    for number in range(count):
        size = rng.randint(space.min_tasks, min(space.max_tasks, len(space.tasks)))
        tasks = rng.sample(space.tasks, size)
        are_equal = number % 4 == 0
        weights = {task: 1.0 if are_equal else rng.gammavariate(1, 1) + 1e-9 for task in tasks}
        mixture = _move_into_space(space, weights)
        values = {name: _draw_value(rng, distribution) for name, distribution in _distributions(space)}
        candidates.append((mixture, values))
    return candidates


def draw_neighbors(space: Space, rng: Random, candidates: Sequence[Candidate], each: int) -> list[Candidate]:
    """Recipes one move away from some candidates; a move that leads out of the space gives none.

    A move takes a task in, out or exchanges one, shifts a step of weight, or changes hyperparameters.

    Args:
        each: moves that are tried from each candidate.
    """
    return [neighbor for candidate in candidates for neighbor in _move(space, rng, candidate, each)]


def drop_repeated(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Each candidate once, in the order of their first appearance."""
    return list({candidate_key(candidate): candidate for candidate in candidates}.values())


def drop_started(candidates: Sequence[Candidate], is_started: IsStarted) -> list[Candidate]:
    """The candidates that may still be proposed."""
    return [candidate for candidate in candidates if not is_started(*candidate)]


def _move(space: Space, rng: Random, candidate: Candidate, count: int) -> Iterator[Candidate]:
    mixture, values = candidate
    for _ in range(count):
        weights = mixture.weights
        move = rng.choice(("in", "out", "exchange", "weight", "weight") + ("values",) * (2 if values else 0))
        outside = [task for task in space.tasks if task not in weights]
        if move == "values":
            yield mixture, _move_values(space, rng, values)
            continue
        if move in ("in", "exchange") and outside:
            weights[rng.choice(outside)] = rng.choice(list(weights.values()) or [1.0])
        if move in ("out", "exchange") and len(weights) > space.min_tasks:
            del weights[rng.choice(list(mixture.weights))]
        if move == "weight" and len(weights) > 1:
            more, less = rng.sample(list(weights), 2)
            shift = space.step * rng.choice((1, 2, 4))
            weights[more], weights[less] = weights[more] + shift, max(space.min_weight, weights[less] - shift)
        if not weights or len(weights) > space.max_tasks:
            continue
        yield _move_into_space(space, weights), values


def _move_into_space(space: Space, weights: Mapping[str, float]) -> Mixture:
    """The mixture of the space that is nearest to some weights, of any positive scale."""
    mixture = space.nearest(Mixture.of(weights))
    if space.problems(mixture):  # tasks that must not be mixed
        mixture, _ = space.decode(space.encode(mixture, {}))
    return mixture


def _distributions(space: Space) -> Iterator[tuple[str, BaseDistribution]]:
    for name, hyperparameter in space.hyperparameters:
        yield name, hyperparameter.distribution


def _draw_value(rng: Random, distribution: BaseDistribution) -> Value:
    if isinstance(distribution, CategoricalDistribution):
        choice: Value = rng.choice(distribution.choices)  # type: ignore[assignment]
        return choice
    return _value_at(distribution, rng.random())


def _value_at(distribution: BaseDistribution, share: float) -> Value:
    """The value at a share of the way from the lowest to the highest, on the grid of the distribution."""
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    low, high = float(distribution.low), float(distribution.high)
    value = math.exp(math.log(low) + share * math.log(high / low)) if distribution.log else low + share * (high - low)
    if distribution.step:
        value = low + distribution.step * round((value - low) / distribution.step)
    value = min(max(value, low), high)
    return round(value) if isinstance(distribution, IntDistribution) else value


def _move_values(space: Space, rng: Random, values: Mapping[str, Value]) -> dict[str, Value]:
    """Some of the hyperparameters elsewhere: numbers nearby, choices anywhere."""
    moved = dict(values)
    for name, distribution in _distributions(space):
        if rng.random() < 0.5:
            continue
        if isinstance(distribution, CategoricalDistribution):
            moved[name] = _draw_value(rng, distribution)
        elif not distribution.single():  # else there is nowhere to go
            assert isinstance(distribution, (FloatDistribution, IntDistribution))
            low, high, value = float(distribution.low), float(distribution.high), moved[name]
            assert isinstance(value, (int, float))
            share = math.log(value / low) / math.log(high / low) if distribution.log else (value - low) / (high - low)
            moved[name] = _value_at(distribution, min(1.0, max(0.0, share + rng.gauss(0, 0.15))))
    return moved
