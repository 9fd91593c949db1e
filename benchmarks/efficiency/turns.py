"""Searches that know nothing of each other, one for each target, on one budget."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from benchmarks.efficiency.replay import Laboratory


def in_turns(laboratory: Laboratory, searches: Mapping[str, Iterator[None]]) -> None:
    """Runs them to their end, always the one whose target has spent least: each gets the same share of the budget.

    Args:
        searches: by target; each yields after every measurement.
    """
    going = dict(searches)
    while going:
        target = min(going, key=lambda name: laboratory.spent_on[name])
        try:
            next(going[target])
        except StopIteration:
            del going[target]
