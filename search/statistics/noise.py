"""The noise of a seed: how far scores of one recipe lie apart when nothing but the seed differs.

Two seeds of one recipe say next to nothing of it. So it is pooled over all recipes of a target that were repeated, and
shrunk towards that of the other targets: the posterior under a scaled inverse chi-square prior (Gelman et al. 2013,
section 2.6; the moderated variance of Smyth 2004, section 4), whose scale is the most likely one of the other targets'
variances. So a single target with much noise does not spoil what is said of the quiet ones.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

PRIOR_DEGREES = 6.0
"""Of freedom that the noise of all other targets together counts for in one of them, at most. As a prior it says that
the standard deviations of targets differ by a third or so."""

ROUNDS = 60
"""Of the fixed-point iteration for the scale; it converges geometrically."""


@dataclass(frozen=True)
class Noise:
    """Of one measurement: its variance over seeds, and on how many degrees of freedom that rests."""

    variance: float
    degrees: float


def pool(repeated: Mapping[str, Collection[Sequence[float]]]) -> dict[str, Noise]:
    """The noise in each group; a group is missing where nothing was repeated in any.

    Args:
        repeated: group (a target, or a language of one) -> for each recipe its scores, one per seed. Recipes with one
            seed say nothing.
    """
    found = {group: sum_of_squares(scores) for group, scores in repeated.items()}
    noise = {}
    for group, (squares, degrees) in found.items():
        # of the others alone: who shrinks a group towards a mean that it is part of counts it twice
        others = [(theirs, count) for other, (theirs, count) in found.items() if other != group and count]
        prior = min(PRIOR_DEGREES, sum(count for _, count in others))
        if degrees + prior:
            noise[group] = Noise((prior * _scale(others) + squares) / (prior + degrees), float(prior + degrees))
    return noise


def _scale(groups: Sequence[tuple[float, int]]) -> float:
    """The most likely scale of the prior, given sums of squares and their degrees of freedom; 0 of nothing.

    A group's variance over the scale has an F distribution. The equation for its maximum is a weighted mean in which
    groups that lie far above the scale count little.
    """
    total = sum(degrees for _, degrees in groups)
    scale = sum(squares for squares, _ in groups) / total if total else 0.0
    for _ in range(ROUNDS if scale else 0):
        weighted = sum(
            squares * (degrees + PRIOR_DEGREES) / (PRIOR_DEGREES * scale + squares) for squares, degrees in groups
        )
        scale *= weighted / total
    return scale


def sum_of_squares(scores: Collection[Sequence[float]]) -> tuple[float, int]:
    """Of deviations from each recipe's mean, and their degrees of freedom."""
    squares = sum((score - fmean(seeds)) ** 2 for seeds in scores if seeds for score in seeds)
    return squares, sum(len(seeds) - 1 for seeds in scores if seeds)
