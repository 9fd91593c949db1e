"""The noise of seeds: pooled, and shrunk towards that of the other targets."""

from __future__ import annotations

import numpy as np
import pytest

from search.statistics.noise import PRIOR_DEGREES, pool


def test_a_single_target_has_what_its_own_repeated_recipes_say() -> None:
    noise = pool({"a": [[0.5, 0.52], [0.6, 0.64, 0.62], [0.9]]})["a"]
    assert noise.degrees == 3
    assert noise.variance == pytest.approx((0.0002 + 0.0008) / 3)


def test_without_repeated_seeds_nothing_is_known() -> None:
    assert pool({"a": [[0.5], [0.6]], "b": []}) == {}


def test_a_target_without_repeated_seeds_has_the_others_noise() -> None:
    noise = pool({"a": [[0.5]], "b": [[0.50, 0.52], [0.4, 0.42], [0.3, 0.32]]})["a"]
    assert noise.degrees == 3, "no more than the others know"
    assert noise.variance == pytest.approx(0.0002)


def test_the_others_count_for_a_few_degrees_of_freedom() -> None:
    others = {str(number): [[0.5, 0.52]] * 4 for number in range(5)}
    noise = pool({**others, "quiet": [[0.5, 0.5], [0.6, 0.6]]})["quiet"]
    assert noise.degrees == PRIOR_DEGREES + 2
    assert noise.variance == pytest.approx(PRIOR_DEGREES * 0.0002 / (PRIOR_DEGREES + 2), rel=1e-6)


def test_one_noisy_target_does_not_spoil_the_others() -> None:
    quiet = {str(number): [[0.5, 0.52]] * 4 for number in range(4)}
    alone, beside = pool(quiet)["0"], pool({**quiet, "noisy": [[0.2, 0.8]] * 4})["0"]
    assert beside.variance < 2 * alone.variance


def test_the_scale_is_found_where_variances_are_drawn_from_the_prior() -> None:
    random, truth = np.random.default_rng(1), 0.04
    groups = {}
    for number in range(400):
        variance = truth * PRIOR_DEGREES / random.chisquare(PRIOR_DEGREES)
        groups[str(number)] = random.normal(0, variance**0.5, size=(2, 3)).tolist()
    groups["new"] = []
    assert pool(groups)["new"].variance == pytest.approx(truth, rel=0.1)
