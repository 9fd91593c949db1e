"""Thompson sampling: the candidate that a function drawn from the model's posterior likes best.

A recipe is proposed as often as it is likely to be the best (Russo et al. 2018, section 4). The function is drawn at
random candidates and at neighbors of the best known recipes, then at neighbors of its own best. Where recipes do not
cost the same, best is what gains most for its cost. Recipes that run count as measured with their predicted scores
(kriging believer, Ginsbourger et al. 2010), and a function differs each time, so several proposals at a time are not
the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from search.sampling.candidates import IsStarted, draw_candidates, draw_neighbors, drop_repeated, drop_started
from search.surrogate.features import Array, Points
from search.surrogate.gp import Surrogate, one_thread
from search.surrogate.history import History
from spaces.recipe import Candidate, CostFunction
from spaces.space import Space

DRAWN = 240
"""Random candidates that the function is drawn at."""

BEST = 5
"""Candidates whose neighbors are looked at."""

NEIGHBORS = 12
"""Moves that are tried from each of them."""

ROUNDS = 2
"""Of looking at the neighbors of the function's best."""


@one_thread()
def propose(
    space: Space,
    history: History,
    target: int,
    seed: int,
    is_started: IsStarted,
    cost: CostFunction | None = None,
    surrogate: Surrogate | None = None,
) -> Candidate | None:
    """The recipe that a sample of the posterior finds best for a target, of those that were not started.

    Args:
        target: its number in the history.
        seed: of what is drawn; nothing else is random.
        cost: of a recipe. None: all cost the same.
        surrogate: of the history's observations. None: it is fitted here.

    Returns:
        None when all that was looked at was started already.
    """
    rng = Random(seed)
    pool = drop_started([*draw_candidates(space, rng, DRAWN), *history.estimated_candidates], is_started)
    if surrogate is None:
        observations = history.observations(space)
        if observations is None:
            return pool[0] if pool else None
        surrogate = Surrogate(observations)
    scored, best_gain = history.scored_on(target), 0.0
    if history.pending:
        surrogate = surrogate.condition_on_pending(history.pending, target)
    if scored:
        means = surrogate.means(surrogate.points.take(scored), target)
        best_gain = max(best_gain, float(means.max()))
        best = [history.candidates[scored[number]] for number in np.argsort(-means, kind="stable")[:BEST]]
        pool.extend(drop_started(draw_neighbors(space, rng, best, NEIGHBORS), is_started))
    pool, normals_rng = drop_repeated(pool), np.random.default_rng(seed)
    if not pool:
        return None
    points, costs = Points.of(pool, space), _costs(pool, cost)
    normals = normals_rng.standard_normal(len(pool))
    worths = _worths(surrogate.sample(points, target, normals), best_gain, costs)
    for _ in range(ROUNDS):
        best = [pool[number] for number in np.argsort(-worths, kind="stable")[:BEST]]
        neighbors = drop_started(draw_neighbors(space, rng, best, NEIGHBORS), is_started)
        wider = drop_repeated([*pool, *neighbors])
        new = wider[len(pool) :]
        pool, points = wider, points.concatenate(Points.of(new, space))
        costs = np.concatenate([costs, _costs(new, cost)])
        normals = np.concatenate([normals, normals_rng.standard_normal(len(new))])
        worths = _worths(surrogate.sample(points, target, normals), best_gain, costs)
    return pool[int(np.argmax(worths))]


@one_thread()
def rank(history: History, surrogate: Surrogate | None, target: int, recipes: Sequence[int]) -> list[int]:
    """Places in `recipes`, numbers of the history, by their expected gain on a target, the highest first.

    Args:
        surrogate: of the history's observations. None: nothing is known, and all stay where they are.
    """
    if surrogate is None:
        return list(range(len(recipes)))
    means = surrogate.means(surrogate.points.take(recipes), target)
    return [int(place) for place in np.argsort(-means, kind="stable")]


def _costs(candidates: Sequence[Candidate], cost: CostFunction | None) -> Array:
    return np.array([cost(*candidate) if cost else 1.0 for candidate in candidates])


def _worths(gains: Array, best_gain: float, costs: Array) -> Array:
    """What is gained beyond the best known recipe by what trying it costs (Snoek et al. 2012, section 3.2, for a sample
    instead of the expected improvement); what gains nothing is worth the less the worse it is."""
    more = gains - best_gain
    return np.asarray(np.where(more > 0, more / (costs / costs.max()), more))
