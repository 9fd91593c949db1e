"""The surrogate's noise is that of further seeds, by target and rung, and its intervals of effects hold.

Worlds with known truth: gains are sums over the roots of the weights, and a little of each pair of tasks.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from search.sampling.candidates import draw_candidates
from search.surrogate.features import Array, Points
from search.surrogate.gp import Surrogate, one_thread
from search.surrogate.history import History
from spaces.mixture import Mixture
from spaces.space import Space

TASKS = tuple("abcdefgh")
SPACE = Space(TASKS, 1, 3, 0.1, 0.1)
RECIPES, SPREAD = 24, 0.02

NOISES = (0.005, 0.01, 0.04)
"""Standard deviation of a score at the top rung, of each target."""


def play(seed: int, noises: tuple[float, ...] = NOISES, spread: float = SPREAD) -> tuple[History, Array]:
    """A search of two rungs whose best three mixes have two more seeds; and the gains of each task alone."""
    draw = np.random.default_rng(seed)
    candidates = draw_candidates(SPACE, Random(seed), RECIPES)
    history = History(candidates, {}, len(noises), 2)
    effects = draw.normal(0, spread, (len(noises), len(TASKS)))
    for target, noise in enumerate(noises):
        gain = _gains(effects[target], draw.normal(0, spread / 3, (len(TASKS), len(TASKS))))
        true = [gain(mixture) for mixture, _ in candidates]
        history.baseline[target, 0] = 0.45 + draw.normal(0, 1.4 * noise)
        history.baseline[target, 1] = 0.5 + draw.normal(0, noise / 3**0.5)
        low = [0.45 + 0.6 * one + draw.normal(0, SPREAD / 4) + draw.normal(0, 1.4 * noise) for one in true]
        top = sorted(range(RECIPES), key=lambda number: -low[number])[: RECIPES // 2]
        high = {number: 0.5 + true[number] + draw.normal(0, noise) for number in top}
        history.scores[target, 0], history.scores[target, 1] = dict(enumerate(low)), high
        best = sorted(top, key=lambda number: -high[number])[:3]
        history.repeated[target, 1] = [(n, 0.5 + true[n] + draw.normal(0, noise)) for n in best for _ in range(2)]
    return history, effects


def _gains(effects: Array, pairs: Array) -> Callable[[Mixture], float]:
    def gain(mixture: Mixture) -> float:
        roots = np.sqrt([mixture.weights.get(task, 0.0) for task in TASKS])
        return float(effects @ roots + roots @ np.tril(pairs, -1) @ roots)

    return gain


def held(worlds: int, **world: object) -> tuple[Array, Array]:
    """Whether 1.96 deviations hold the gain of each task alone, and the noise: (worlds, targets, tasks) and (worlds,
    targets)."""
    holds, noise = [], []
    alone = Points.of([(Mixture.of({task: 1.0}), {}) for task in TASKS], SPACE)
    with one_thread():
        for seed in range(worlds):
            history, effects = play(seed, **world)  # type: ignore[arg-type]
            observations = history.observations(SPACE)
            assert observations is not None
            surrogate = Surrogate(observations)
            found = [surrogate.marginals(alone, target) for target in range(history.targets)]
            holds.append([abs(mean - effects[t]) <= 1.96 * deviation for t, (mean, deviation) in enumerate(found)])
            noise.append(surrogate.noise)
    return np.array(holds), np.array(noise)


def test_each_target_has_the_noise_of_its_seeds() -> None:
    _, noise = held(12)
    assert noise.mean(axis=0) == pytest.approx(NOISES, rel=0.35)


def test_without_further_seeds_upper_rungs_are_quieter() -> None:
    history, _ = play(1)
    history.repeated.clear()
    observations = history.observations(SPACE)
    assert observations is not None
    assert observations.relative_noise == pytest.approx(np.array([[2.0, 1.0]] * 3))


def test_two_equal_scores_do_not_make_a_target_exact() -> None:
    history, _ = play(1)
    number = next(iter(history.scores[0, 1]))
    history.repeated[0, 1] = [(number, history.scores[0, 1][number])]
    observations = history.observations(SPACE)
    assert observations is not None
    assert 0.02 < observations.relative_noise[0, 1] < 1.0


WORLDS: dict[str, dict[str, object]] = {
    "targets differ in their noise": {},
    "all are alike": {"noises": (0.01, 0.01, 0.01)},
    "all are noisy": {"noises": (0.04, 0.04, 0.04)},
    "no task has an effect": {"spread": 0.0},
}


def test_intervals_of_effects_hold() -> None:
    holds, _ = held(12)
    assert holds.mean() >= 0.87, "288 of them, not independent"


@pytest.mark.slow
@pytest.mark.parametrize("world", WORLDS)
def test_intervals_of_effects_hold_in_90_percent(world: str) -> None:
    holds, noise = held(80, **WORLDS[world])
    shares = ", ".join(f"{share:.3f}" for share in holds.mean(axis=(0, 2)))
    print(
        f"\n| {world} | {holds.mean():.3f} | {shares} | {', '.join(f'{100 * one:.1f}' for one in noise.mean(axis=0))} |"
    )
    assert holds.mean() >= 0.9
