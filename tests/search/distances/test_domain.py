"""Measures of distance against answers that are known from a formula."""

from __future__ import annotations

import math

import numpy as np
import pytest

from search.distances.domain import bandwidth, centroid_distance, js_divergence, mmd, proxy_a_distance


def gaussian(count: int, mean: float, size: int, seed: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(count, size))
    vectors[:, 0] += mean
    return vectors


def test_mmd_of_two_gaussians() -> None:
    """2 (1 + 4 g)^(-d/2) (1 - exp(-g delta^2 / (1 + 4 g))) for unit Gaussians delta apart."""
    size, gamma, delta = 3, 0.2, 1.5
    expected = 2 * (1 + 4 * gamma) ** (-size / 2) * (1 - math.exp(-gamma * delta**2 / (1 + 4 * gamma)))
    found = mmd(gaussian(3000, 0, size, 1), gaussian(3000, delta, size, 2), gamma)
    assert found == pytest.approx(expected, abs=0.02)


def test_mmd_of_two_halves_is_nothing() -> None:
    values = [mmd(gaussian(60, 0, 4, seed), gaussian(60, 0, 4, 100 + seed), 0.1) for seed in range(30)]
    assert abs(np.mean(values)) < 3 * np.std(values) / math.sqrt(len(values))
    assert min(values) < 0  # unbiased


def test_bandwidth_is_of_the_median_distance() -> None:
    assert bandwidth(np.array([[0.0], [1.0], [3.0]])) == pytest.approx(1 / 4)


def test_js_divergence() -> None:
    assert js_divergence({1: 1, 2: 1}, {1: 1}) == pytest.approx(0.3113, abs=1e-4)
    assert js_divergence({1: 3}, {2: 5}) == pytest.approx(1.0)
    assert js_divergence({1: 2, 2: 4}, {1: 1, 2: 2}) == pytest.approx(0.0)


def test_proxy_a_distance_of_two_gaussians() -> None:
    """2 (1 - 2 Phi(-1)) for N(-1, 1) and N(1, 1)."""
    assert proxy_a_distance(gaussian(1500, -1, 1, 1), gaussian(1500, 1, 1, 2)) == pytest.approx(1.365, abs=0.08)


def test_proxy_a_distance_does_not_take_the_larger_side() -> None:
    assert abs(proxy_a_distance(gaussian(400, 0, 2, 1), gaussian(60, 0, 2, 2))) < 3 * 0.24


def test_centroid_distance() -> None:
    one, other = gaussian(4000, 0, 4, 1), gaussian(4000, 2, 4, 2)
    assert centroid_distance(one, other) == pytest.approx(2 / math.sqrt(4), abs=0.03)
    assert centroid_distance(one * 10, other * 10) == pytest.approx(centroid_distance(one, other))
