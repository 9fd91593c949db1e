"""What a gain is worth: its mean, an interval, and the probability that it is one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from statistics import fmean

from search.statistics.noise import Noise
from search.statistics.rows import RowError

LEVEL = 0.95
"""Of intervals; a mix is claimed to beat the baseline where that is more probable than this."""

POWER = 0.8
"""The smallest gain that could have been found is one that would have been claimed with this probability."""


@dataclass(frozen=True)
class Gain:
    """A mix against the baseline. Differences of scores as shares of 1; None: nothing was repeated, so nothing is known
    of the noise.

    `low`, `high`: the interval that holds the true gain in 95 % of all searches. `probability`: that the mix beats the
    baseline. `least_found`: the smallest gain that would have been claimed with a probability of .8. `seed_error` and
    `row_error`: standard deviations that seeds and rows leave in the mean (`row_error` None: not known). `degrees` of
    freedom of the interval. `seeds`, `baseline_seeds`: how many the mean rests on.
    """

    mean: float
    low: float | None
    high: float | None
    probability: float | None
    least_found: float | None
    seed_error: float | None
    row_error: float | None
    degrees: float | None
    seeds: int
    baseline_seeds: int


def estimate_gain(
    mix: Sequence[float],
    baseline: Sequence[float],
    noise: Noise | None,
    row_error: RowError | None,
    candidates: int = 1,
    exact_baseline: bool = False,
) -> Gain:
    """The gain of a mix from some seeds of both.

    Args:
        mix, baseline: scores, one per seed; at least one each.
        noise: of one measurement.
        row_error: what the rows leave open in the difference; None: not known.
        candidates: among how many mixes these very measurements have chosen: then interval and probability hold for
            all of them at once (Bonferroni), so they hold for whichever was chosen. 1: others have chosen it.
        exact_baseline: nothing is drawn at random in the baseline's score.
    """
    mean = fmean(mix) - fmean(baseline)
    of_rows = None if row_error is None else row_error.variance**0.5
    if noise is None:
        return Gain(mean, None, None, None, None, None, of_rows, None, len(mix), len(baseline))
    seeds = noise.variance * (1 / len(mix) + (0 if exact_baseline else 1 / len(baseline)))
    rows, twice = (row_error.variance, row_error.overlap) if row_error else (0.0, 0.0)
    variance = seeds + rows - min(twice, seeds, rows)  # what is in both counts once
    error, degrees = variance**0.5, _degrees(variance, seeds, noise.degrees)
    half = _quantile(degrees, 1 - (1 - LEVEL) / 2 / candidates) * error
    # what is chosen among many is claimed in vain in one search of twenty, and not one time in twenty for each of them
    error *= _quantile(degrees, 1 - (1 - LEVEL) / candidates) / _quantile(degrees, LEVEL)
    return Gain(
        mean=mean,
        low=mean - half,
        high=mean + half,
        probability=_probability(mean, error, degrees),
        least_found=(_quantile(degrees, LEVEL) + _quantile(degrees, POWER)) * error,
        seed_error=seeds**0.5,
        row_error=of_rows,
        degrees=degrees,
        seeds=len(mix),
        baseline_seeds=len(baseline),
    )


def mean_gain(gains: Sequence[Gain]) -> Gain | None:
    """The mean over targets with an interval of its own; None where one of them has none, or there are none."""
    found = [(gain, _variance(gain)) for gain in gains]
    if not found or any(variance is None for _, variance in found):
        return None
    count, mean = len(gains), fmean(gain.mean for gain in gains)
    parts = [(gain, variance / count**2) for gain, variance in found if variance is not None]
    total = sum(part for _, part in parts)
    below = sum(part**2 / gain.degrees for gain, part in parts if gain.degrees)
    degrees = total**2 / below if below else inf
    error, usual = total**0.5, _quantile(degrees, 1 - (1 - LEVEL) / 2)
    return Gain(
        mean=mean,
        low=mean - usual * error,
        high=mean + usual * error,
        probability=_probability(mean, error, degrees),
        least_found=(_quantile(degrees, LEVEL) + _quantile(degrees, POWER)) * error,
        seed_error=None,
        row_error=None,
        degrees=degrees,
        seeds=min(gain.seeds for gain in gains),
        baseline_seeds=min(gain.baseline_seeds for gain in gains),
    )


def _degrees(variance: float, seeds: float, degrees: float) -> float:
    """Of the sum of two variances, of which the rows' is as good as known (Welch and Satterthwaite)."""
    return degrees * (variance / seeds) ** 2 if seeds > 0 else inf


def _variance(gain: Gain) -> float | None:
    """As the interval has it."""
    if gain.low is None or gain.high is None or gain.degrees is None:
        return None
    return ((gain.high - gain.low) / 2 / _quantile(gain.degrees, 1 - (1 - LEVEL) / 2)) ** 2


def _quantile(degrees: float, share: float) -> float:
    from scipy.special import stdtrit  # nobody waits for it who asks for no interval

    return float(stdtrit(min(degrees, 1e6), share))


def _probability(mean: float, error: float, degrees: float) -> float:
    from scipy.special import stdtr

    if error == 0:
        return 0.5 if mean == 0 else float(mean > 0)
    return float(stdtr(min(degrees, 1e6), mean / error))
