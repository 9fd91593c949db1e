"""A gain by hand: mean, interval, probability, and what could have been found."""

from __future__ import annotations

import pytest
from scipy import stats

from search.statistics.gain import estimate_gain, mean_gain
from search.statistics.noise import Noise
from search.statistics.rows import RowError

NOISE = Noise(variance=0.0004, degrees=8)


def test_by_hand() -> None:
    gain = estimate_gain([0.60, 0.62], [0.55, 0.57, 0.56, 0.56], NOISE, None)
    error = (0.0004 * (1 / 2 + 1 / 4)) ** 0.5
    assert gain.mean == pytest.approx(0.05)
    assert (gain.high or 0) - gain.mean == pytest.approx(stats.t.ppf(0.975, 8) * error)
    assert gain.probability == pytest.approx(stats.t.cdf(0.05 / error, 8))
    assert gain.least_found == pytest.approx((stats.t.ppf(0.95, 8) + stats.t.ppf(0.8, 8)) * error)
    assert (gain.seed_error, gain.row_error, gain.degrees) == (pytest.approx(error), None, pytest.approx(8))
    assert (gain.seeds, gain.baseline_seeds) == (2, 4)


def test_rows_add_to_it_and_bring_degrees_of_freedom() -> None:
    alone = estimate_gain([0.6], [0.5], NOISE, None)
    rows = estimate_gain([0.6], [0.5], NOISE, RowError(0.0008))
    assert rows.row_error == pytest.approx(0.0008**0.5)
    assert rows.degrees == pytest.approx(8 * 2**2), "half of the variance is known well"
    assert (rows.high or 0) > (alone.high or 0)


def test_what_rows_and_seeds_have_in_common_counts_once() -> None:
    both = estimate_gain([0.6], [0.5], NOISE, RowError(0.0008, overlap=0.0008))
    assert both.high == pytest.approx(estimate_gain([0.6], [0.5], NOISE, None).high)


def test_an_exact_baseline_adds_nothing() -> None:
    exact = estimate_gain([0.6, 0.6], [0.5], NOISE, None, exact_baseline=True)
    assert exact.seed_error == pytest.approx((0.0004 / 2) ** 0.5)


def test_what_was_chosen_among_many_is_less_certain() -> None:
    one, many = (estimate_gain([0.6], [0.55], NOISE, None, candidates) for candidates in (1, 36))
    assert (many.high or 0) - many.mean == pytest.approx(stats.t.ppf(1 - 0.025 / 36, 8) * 0.0008**0.5)
    assert 0.5 < (many.probability or 0) < (one.probability or 0)
    # of one mix interval and probability say the same: the lower end is 0 where the probability is .975
    at_the_edge = estimate_gain([0.55 + one.mean - (one.low or 0)], [0.55], NOISE, None)
    assert at_the_edge.low == pytest.approx(0, abs=1e-12)
    assert at_the_edge.probability == pytest.approx(0.975)
    # of 36 it is .95 where one of them, if none has an effect, is that good in one search of twenty
    error = (one.seed_error or 0) * stats.t.ppf(1 - 0.05 / 36, one.degrees or 0)
    assert estimate_gain([0.5 + error], [0.5], NOISE, None, 36).probability == pytest.approx(0.95)


def test_without_noise_only_the_mean_is_known() -> None:
    gain = estimate_gain([0.6], [0.5], None, RowError(0.0001))
    assert (gain.low, gain.high, gain.probability, gain.least_found) == (None, None, None, None)
    assert gain.mean == pytest.approx(0.1)


@pytest.mark.parametrize(("mix", "probability"), [(0.6, 1.0), (0.5, 0.5), (0.4, 0.0)])
def test_scores_without_any_error(mix: float, probability: float) -> None:
    assert estimate_gain([mix], [0.5], Noise(0.0, 3), RowError(0.0)).probability == probability


def test_the_mean_over_targets_has_an_interval_of_its_own() -> None:
    one = estimate_gain([0.6], [0.5], NOISE, None)
    mean = mean_gain([one, one, one, one])
    assert mean is not None and mean.mean == pytest.approx(0.1)
    assert mean.degrees == pytest.approx(32)
    assert (mean.high or 0) - 0.1 == pytest.approx(stats.t.ppf(0.975, 32) * 0.0008**0.5 / 2)
    assert mean_gain([]) is None
    assert mean_gain([one, estimate_gain([0.6], [0.5], None, None)]) is None
