"""Thompson sampling: the candidate that a function drawn from the model's posterior likes best."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import numpy as np

from search.sampling.candidates import Seen, around, distinct, drawn, unseen
from search.surrogate.features import Array, Points
from search.surrogate.gp import Surrogate, one_thread
from search.surrogate.history import History
from spaces.recipe import Candidate, CostFunction
from spaces.space import Space

DRAWN = 240
"""Mixtures that are drawn."""


ROUNDS = 2
"""Of looking at the neighbours of the best."""


KEPT = 5
"""Mixtures whose neighbours are looked at."""


@one_thread()
def propose(
    space: Space, measured: History, target: int, seed: int, seen: Seen, cost: CostFunction | None = None
) -> Candidate | None:
    """The unseen recipe that a sample of the posterior finds best for a target, or None when nothing unseen was found.

    Args:
        target: its number in `measured`.
        seed: of what is drawn; nothing else is random.
        cost: of a recipe. None: all cost the same.
    """
    draw = Random(seed)
    pool = unseen([*drawn(space, draw, DRAWN), *measured.estimated], seen)
    observations = measured.observations(space)
    if observations is None:
        return pool[0] if pool else None
    surrogate = Surrogate(observations)
    known, best = measured.known_on(target), 0.0
    if measured.running:
        surrogate = surrogate.condition_on_pending(measured.running, target)
    if known:  # what is near the best so far is looked at, too
        means = surrogate.means(observations.points.only(known), target)
        best = max(best, float(means.max()))
        tops = [measured.candidates[known[number]] for number in np.argsort(-means, kind="stable")[:KEPT]]
        pool.extend(unseen(around(space, draw, tops), seen))
    pool, normals = distinct(pool), np.random.default_rng(seed)
    if not pool:
        return None
    points, costs = Points.of(pool, space), _costs(pool, cost)
    drawn_normals = normals.standard_normal(len(pool))
    values = _worth(surrogate.sampled(points, target, drawn_normals), best, costs)
    for _ in range(ROUNDS):
        tops = [pool[number] for number in np.argsort(-values, kind="stable")[:KEPT]]
        wider = distinct([*pool, *unseen(around(space, draw, tops), seen)])
        more = wider[len(pool) :]
        pool, points = wider, points.followed_by(Points.of(more, space))
        costs = np.concatenate([costs, _costs(more, cost)])
        drawn_normals = np.concatenate([drawn_normals, normals.standard_normal(len(more))])
        values = _worth(surrogate.sampled(points, target, drawn_normals), best, costs)
    return pool[int(np.argmax(values))]


def _costs(candidates: Sequence[Candidate], cost: CostFunction | None) -> Array:
    return np.array([cost(*candidate) if cost else 1.0 for candidate in candidates])


def _worth(gains: Array, best: float, costs: Array) -> Array:
    """What is gained beyond the best known recipe by what trying it costs (Snoek et al. 2012, section 3.2, for a sample
    instead of the expected improvement); what gains nothing is worth the less the worse it is."""
    more = gains - best
    return np.asarray(np.where(more > 0, more / (costs / costs.max()), more))
