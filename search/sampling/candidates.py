"""Candidates: recipes of a space, drawn at random or near good ones."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from spaces.mixture import Mixture
from spaces.recipe import Candidate, Value, candidate_key
from spaces.space import Space

Seen = Callable[[Mixture, dict[str, Value]], bool]
"""Whether a recipe was started already."""


NEIGHBOURS = 12
"""Of each of the best that are looked at."""


def around(space: Space, draw: Random, tops: Sequence[Candidate]) -> list[Candidate]:
    return [near for top in tops for near in neighbours(space, draw, top, NEIGHBOURS)]


def drawn(space: Space, draw: Random, count: int) -> list[Candidate]:
    """Recipes of the space: sizes, tasks and weights drawn evenly, every fourth with equal weights."""
    found = []
    for number in range(count):
        size = draw.randint(space.min_tasks, min(space.max_tasks, len(space.tasks)))
        order = draw.sample(space.tasks, size)
        even = number % 4 == 0
        weights = {task: 1.0 if even else draw.gammavariate(1, 1) + 1e-9 for task in order}
        found.append((_made(space, weights), {name: _draw(draw, d) for name, d in _distributions(space)}))
    return found


def neighbours(space: Space, draw: Random, candidate: Candidate, count: int) -> Iterator[Candidate]:
    """Recipes one move away: a task in, out or exchanged, a step of weight moved, hyperparameters moved."""
    mixture, values = candidate
    for _ in range(count):
        weights = mixture.weights
        move = draw.choice(("in", "out", "exchange", "weight", "weight") + ("values",) * (2 if values else 0))
        outside = [task for task in space.tasks if task not in weights]
        if move == "values":
            yield mixture, _moved(space, draw, values)
            continue
        if move in ("in", "exchange") and outside:
            weights[draw.choice(outside)] = draw.choice(list(weights.values()) or [1.0])
        if move in ("out", "exchange") and len(weights) > space.min_tasks:
            del weights[draw.choice(list(mixture.weights))]
        if move == "weight" and len(weights) > 1:
            more, less = draw.sample(list(weights), 2)
            shift = space.step * draw.choice((1, 2, 4))
            weights[more], weights[less] = weights[more] + shift, max(space.min_weight, weights[less] - shift)
        if not weights or len(weights) > space.max_tasks:
            continue
        yield _made(space, weights), values


def _made(space: Space, weights: Mapping[str, float]) -> Mixture:
    """The mixture of the space that is nearest to some weights, of any positive scale."""
    mixture = space.nearest(Mixture.of(weights))
    if space.problems(mixture):  # tasks that must not be mixed
        mixture, _ = space.decode(space.encode(mixture, {}))
    return mixture


def _distributions(space: Space) -> Iterator[tuple[str, BaseDistribution]]:
    for name, hyperparameter in space.hyperparameters:
        yield name, hyperparameter.distribution


def _draw(draw: Random, distribution: BaseDistribution) -> Value:
    if isinstance(distribution, CategoricalDistribution):
        choice: Value = draw.choice(distribution.choices)  # type: ignore[assignment]
        return choice
    return _at(distribution, draw.random())


def _at(distribution: BaseDistribution, share: float) -> Value:
    """The value at a share of the way from the lowest to the highest, on the grid of the distribution."""
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    low, high = float(distribution.low), float(distribution.high)
    value = math.exp(math.log(low) + share * math.log(high / low)) if distribution.log else low + share * (high - low)
    if distribution.step:
        value = low + distribution.step * round((value - low) / distribution.step)
    value = min(max(value, low), high)
    return round(value) if isinstance(distribution, IntDistribution) else value


def _moved(space: Space, draw: Random, values: Mapping[str, Value]) -> dict[str, Value]:
    """Some of the hyperparameters elsewhere: numbers nearby, choices anywhere."""
    found = dict(values)
    for name, distribution in _distributions(space):
        if draw.random() < 0.5:
            continue
        if isinstance(distribution, CategoricalDistribution):
            found[name] = _draw(draw, distribution)
        else:
            assert isinstance(distribution, (FloatDistribution, IntDistribution))
            low, high, value = float(distribution.low), float(distribution.high), found[name]
            assert isinstance(value, (int, float))
            share = math.log(value / low) / math.log(high / low) if distribution.log else (value - low) / (high - low)
            found[name] = _at(distribution, min(1.0, max(0.0, share + draw.gauss(0, 0.15))))
    return found


def distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    return list({candidate_key(candidate): candidate for candidate in candidates}.values())


def unseen(candidates: Sequence[Candidate], seen: Seen) -> list[Candidate]:
    return [candidate for candidate in candidates if not seen(*candidate)]
