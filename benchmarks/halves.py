"""Development and test split are one: do all rows choose and claim, for all mixes at once, or a half each?

`python -m benchmarks.halves` prints the table of docs/statistics.md: 36 mixes, worth a normal deviate of three points
each or nothing; scores of .5 whose rows are correlated by .6 between mix and baseline; seeds .7 points apart.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.stats import norm

TARGETS, MIXES = 4000, 36
SPREAD, SEED, ROW = 3.0, 0.7, 100 * (2 * 0.25 * (1 - 0.6)) ** 0.5
"""Points: of the mixes' worth, of a seed, of a difference on one row."""


def play(rows: int, spread: float, drawn: np.random.Generator) -> Iterator[tuple[str, float, float, float, float]]:
    """Way; what the chosen mix is worth; how often the interval holds; its half-width; how often it is claimed."""
    worth = drawn.normal(0, spread, (TARGETS, MIXES)) if spread else np.zeros((TARGETS, MIXES))
    one, other = (drawn.normal(0, ROW / (rows / 2) ** 0.5, worth.shape) for _ in range(2))
    base = drawn.normal(0, SEED / 2, (TARGETS, 1))
    choosing = drawn.normal(0, SEED, worth.shape) + base
    fresh = drawn.normal(0, SEED / 2**0.5, worth.shape) + base
    every = np.arange(TARGETS)
    for way, chooses, claims, share, candidates in (
        ("all", (one + other) / 2, (one + other) / 2, 1.0, MIXES),
        ("halves", one, other, 0.5, 1),
    ):
        mix = (worth + chooses + choosing).argmax(1)
        true, found = worth[every, mix], (worth + claims + fresh)[every, mix]
        error = (ROW**2 / (rows * share) + SEED**2 * 0.75) ** 0.5
        half, claim = norm.isf(0.025 / candidates) * error, norm.isf(0.05 / candidates) * error
        yield way, true.mean(), np.mean(abs(found - true) < half), half, np.mean(found > claim)


def main() -> None:
    drawn = np.random.default_rng(1)
    for rows in (240, 1000, 6000):
        for spread in (SPREAD, 0.0):
            for way, worth, holds, half, claims in play(rows, spread, drawn):
                print(
                    f"{rows:5} rows, worth {spread}: {way:6} {worth:.2f}, holds {holds:.3f}, {half:.1f}, {claims:.2f}"
                )


if __name__ == "__main__":
    main()
