"""The best mixture of a space by a function that is known between the mixtures: a dense look, then climbing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from benchmarks.efficiency.world import Array, grid, mixture_of, row
from spaces.mixture import Mixture
from spaces.space import Space

DENSE = 20_000
"""Mixtures that are looked at: all, or so many drawn at random."""

CLIMBERS = 20
"""From the best of them, to better neighbors until there is none."""


def find_best(space: Space, score: Callable[[Array], Array], known: Sequence[Mixture]) -> Mixture:
    """The mixture with the highest score.

    Args:
        score: of mixtures, of shape (mixtures, tasks).
        known: mixtures to look at in any case; they may lie off the grid.
    """
    dense = grid(space) if space.size <= DENSE else _drawn(space)
    mixtures = np.concatenate([dense, np.stack([row(mixture, space.tasks) for mixture in known])])
    scores = score(mixtures)
    best: tuple[float, Mixture] | None = None
    for start in np.argsort(-scores)[:CLIMBERS]:
        reached, mixture = float(scores[start]), mixture_of(mixtures[start], space.tasks)
        while True:
            neighbors = _neighbors(space, mixture)
            if not neighbors:
                break
            told = score(np.stack([row(neighbor, space.tasks) for neighbor in neighbors]))
            if float(np.max(told)) <= reached:
                break
            reached, mixture = float(np.max(told)), neighbors[int(np.argmax(told))]
        if best is None or reached > best[0]:
            best = reached, mixture
    assert best is not None
    return best[1]


def _drawn(space: Space) -> Array:
    """Mixtures of every size alike, weights by flat Dirichlet draws above the least."""
    draw, found = np.random.default_rng(0), np.zeros((DENSE, len(space.tasks)))
    for weights in found:
        size = draw.integers(space.min_tasks, min(space.max_tasks, len(space.tasks)) + 1)
        chosen = draw.choice(len(space.tasks), size, replace=False)
        weights[chosen] = space.min_weight + (1 - size * space.min_weight) * draw.dirichlet(np.ones(size))
    return found


def _neighbors(space: Space, mixture: Mixture) -> list[Mixture]:
    """A step of weight, or all of a task's, moved to another task; those that lie in the space."""
    weights, found = mixture.weights, set()
    for giver, weight in weights.items():
        for taker in space.tasks:
            for moved in {min(space.step, weight), weight, min(space.min_weight, weight)} if taker != giver else ():
                changed = {**weights, giver: weight - moved, taker: weights.get(taker, 0.0) + moved}
                found.add(Mixture.of({task: share for task, share in changed.items() if share > 1e-9}))
    return sorted((other for other in found if not space.problems(other)), key=str)
