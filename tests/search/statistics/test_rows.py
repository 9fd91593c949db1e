"""The error of rows, against what is reckoned by hand and by simulation."""

from __future__ import annotations

import numpy as np
import pytest

from search.statistics.rows import draw_rows


def shares(*answers: list[float]) -> np.ndarray:
    return np.array([[[right, 1.0] for right in one] for one in answers])


def test_a_gain_of_one_row_of_eighty() -> None:
    """Its standard error is one row of eighty, too: nothing to speak of."""
    baseline = [1.0] * 40 + [0.0] * 40
    mix = [1.0] * 41 + [0.0] * 39
    errors = draw_rows({"de": shares(mix, baseline)}, {"de": range(80)})
    assert errors.of_difference([0], [1]).variance ** 0.5 == pytest.approx(1 / 80, rel=0.1)


def test_a_single_share_has_the_binomial_error() -> None:
    errors = draw_rows({"de": shares([1.0] * 30 + [0.0] * 70)}, {"de": range(100)})
    assert errors.covariance[0, 0] == pytest.approx(0.3 * 0.7 / 100, rel=0.15)


def test_translations_are_drawn_together() -> None:
    right = shares([1.0] * 30 + [0.0] * 70)
    parts = dict.fromkeys(("de", "fr", "ru", "ar"), right)
    together = draw_rows(parts, {language: range(100) for language in parts})
    apart = draw_rows(parts, {language: [(language, row) for row in range(100)] for language in parts})
    assert together.covariance[0, 0] == pytest.approx(0.3 * 0.7 / 100, rel=0.15), "four languages, and one text"
    assert apart.covariance[0, 0] == pytest.approx(0.3 * 0.7 / 400, rel=0.15)


def test_a_quotient_of_sums_is_drawn_as_one() -> None:
    """F1 of rows with unequally many spans: the spread over samples of rows that are really drawn anew."""
    random = np.random.default_rng(3)

    def sample(count: int) -> np.ndarray:
        there = random.poisson(2, count) * random.integers(0, 2, count)
        right = random.binomial(there, 0.6)
        return np.stack([2.0 * right, there + right + random.poisson(0.5, count)], axis=-1)

    truth = [(lambda sums: sums[0] / sums[1])(sample(200).sum(axis=0)) for _ in range(2000)]
    found = [draw_rows({"de": sample(200)[None]}, {"de": range(200)}, 300).covariance[0, 0] for _ in range(20)]
    assert np.mean(found) ** 0.5 == pytest.approx(np.std(truth), rel=0.1)


def test_what_seeds_do_not_share_is_in_their_noise_already() -> None:
    random = np.random.default_rng(5)
    mix, baseline = (shares(*((random.random(500) < 0.5).astype(float).tolist() for _ in range(3))) for _ in range(2))
    errors = draw_rows({"de": np.concatenate([mix, baseline])}, {"de": range(500)})
    drawn = errors.of_difference([0, 1, 2], [3, 4, 5])
    assert drawn.variance == pytest.approx(2 * 0.25 / 500 / 3, rel=0.3)
    assert drawn.overlap == pytest.approx(drawn.variance, rel=0.4), "rows are answered anew by every seed"


def test_the_same_draws_each_time() -> None:
    parts, units = {"de": shares([1.0, 0.0, 1.0])}, {"de": range(3)}
    assert draw_rows(parts, units).covariance == draw_rows(parts, units).covariance
