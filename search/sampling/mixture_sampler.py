"""MixtureSampler: an Optuna sampler that knows what a mixture is.

It fits one surrogate (`surrogate.py`) to everything that was measured, on all targets and rungs, draws a function from
its posterior for one target at the top rung, and proposes the recipe that is best in it (Thompson sampling; Russo et
al. 2018, section 4): a recipe is proposed as often as it is likely to be the best. The function is drawn at random
mixtures and at neighbours of the best ones, then at neighbours of its own best: a task more, less or exchanged, a step
of weight moved, hyperparameters moved. Where recipes do not cost the same, best is what gains most for its cost.
Recipes that run count as measured with their predicted scores (kriging believer, Ginsbourger et al. 2010), and a sample
differs each time, so several proposals at a time are not the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any

import numpy as np
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from search.one_thread import one_thread
from search.surrogate.features import Array, Candidate, Cost, Points, key
from search.surrogate.gp import Surrogate
from search.surrogate.history import Measured
from spaces.digest import derive_seed
from spaces.mixture import Mixture
from spaces.recipe import Value
from spaces.space import Space

Seen = Callable[[Mixture, dict[str, Value]], bool]
"""Whether a recipe was started already."""

DRAWN, ROUNDS, KEPT, NEIGHBOURS = 240, 2, 5, 12
"""Mixtures that are drawn; rounds of looking at so many neighbours of each of the best that are kept."""


class MixtureSampler(BaseSampler):
    """For `study.optimize` over `space.distributions`; the value is a score, or a loss where the study minimises.

    Intermediate values count as scores at lower rungs, a rung for each step. `space.decode` reads what is suggested.

    Args:
        beside: studies of other targets over the same space, whose trials say something about this one's.
        seed: of all proposals; None: a new one each time.
        cost: of a recipe; a proposal is worth what it promises by its cost. None: all cost the same.
    """

    def __init__(
        self, space: Space, beside: Sequence[Study] = (), seed: int | None = None, cost: Cost | None = None
    ) -> None:
        self._space, self._beside, self._cost = space, beside, cost
        self._seed = Random().getrandbits(31) if seed is None else seed
        self._independent = RandomSampler(seed=self._seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._space.distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        others = [other for other in self._beside if other.study_name != study.study_name]
        measured = Measured.of_studies([study, *others], self._space)
        known = set(map(key, measured.candidates))
        seed = derive_seed(self._seed, trial.number)
        found = propose(
            self._space, measured, 0, seed, lambda mixture, values: key((mixture, values)) in known, self._cost
        )
        return self._space.encode(*found) if found else {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._independent.sample_independent(study, trial, param_name, param_distribution)


@one_thread()
def propose(
    space: Space, measured: Measured, target: int, seed: int, seen: Seen, cost: Cost | None = None
) -> Candidate | None:
    """The unseen recipe that a sample of the posterior finds best for a target, or None when nothing unseen was found.

    Args:
        target: its number in `measured`.
        seed: of what is drawn; nothing else is random.
        cost: of a recipe. None: all cost the same.
    """
    draw = Random(seed)
    pool = _unseen([*drawn(space, draw, DRAWN), *measured.estimated], seen)
    observations = measured.observations(space)
    if observations is None:
        return pool[0] if pool else None
    surrogate = Surrogate(observations)
    known, best = measured.known_on(target), 0.0
    if measured.running:
        surrogate = surrogate.believing(measured.running, target)
    if known:  # what is near the best so far is looked at, too
        means = surrogate.means(observations.points.only(known), target)
        best = max(best, float(means.max()))
        tops = [measured.candidates[known[number]] for number in np.argsort(-means, kind="stable")[:KEPT]]
        pool.extend(_unseen(_around(space, draw, tops), seen))
    pool, normals = _distinct(pool), np.random.default_rng(seed)
    if not pool:
        return None
    points, costs = Points.of(pool, space), _costs(pool, cost)
    drawn_normals = normals.standard_normal(len(pool))
    values = _worth(surrogate.sampled(points, target, drawn_normals), best, costs)
    for _ in range(ROUNDS):
        tops = [pool[number] for number in np.argsort(-values, kind="stable")[:KEPT]]
        wider = _distinct([*pool, *_unseen(_around(space, draw, tops), seen)])
        more = wider[len(pool) :]
        pool, points = wider, points.followed_by(Points.of(more, space))
        costs = np.concatenate([costs, _costs(more, cost)])
        drawn_normals = np.concatenate([drawn_normals, normals.standard_normal(len(more))])
        values = _worth(surrogate.sampled(points, target, drawn_normals), best, costs)
    return pool[int(np.argmax(values))]


def _costs(candidates: Sequence[Candidate], cost: Cost | None) -> Array:
    return np.array([cost(*candidate) if cost else 1.0 for candidate in candidates])


def _worth(gains: Array, best: float, costs: Array) -> Array:
    """What is gained beyond the best known recipe by what trying it costs (Snoek et al. 2012, section 3.2, for a sample
    instead of the expected improvement); what gains nothing is worth the less the worse it is."""
    more = gains - best
    return np.asarray(np.where(more > 0, more / (costs / costs.max()), more))


def _around(space: Space, draw: Random, tops: Sequence[Candidate]) -> list[Candidate]:
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


def _distinct(candidates: Sequence[Candidate]) -> list[Candidate]:
    return list({key(candidate): candidate for candidate in candidates}.values())


def _unseen(candidates: Sequence[Candidate], seen: Seen) -> list[Candidate]:
    return [candidate for candidate in candidates if not seen(*candidate)]
