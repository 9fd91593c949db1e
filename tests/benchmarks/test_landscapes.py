"""The simulated worlds: the same for a seed, and nothing in the space is better than what they call best."""

from __future__ import annotations

import numpy as np
import optuna
import pytest

from benchmarks.efficiency.landscapes import AIMED_AT, FAMILIES, RATE
from benchmarks.efficiency.world import grid, mixture_of
from spaces.mixture import Mixture
from spaces.space import Space

pytestmark = pytest.mark.long

FAMILY = pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)


@FAMILY
def test_a_seed_draws_the_same_world_and_another_one_another(family: type) -> None:
    def answers(seed: int) -> list[float]:
        world, found = family(seed), []
        mixture = Mixture.of({"task00": 0.4, "task03": 0.6})
        for target in world.targets:
            found += [world.truth(target, mixture, {}), world.observe(target, mixture, {}, 0, 7)]
        return found

    first = answers(3)
    assert answers(3) == first
    assert set(first).isdisjoint(answers(4))


@pytest.mark.parametrize("family", [FAMILIES[name] for name in AIMED_AT], ids=AIMED_AT)  # `unequal` is as `sparse` is
@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_no_random_point_beats_the_optimum_and_the_optimum_is_in_the_space(family: type, seed: int) -> None:
    world = family(seed)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    points = [world.space.decode(study.ask(world.space.distributions).params) for _ in range(40)]
    share = np.random.default_rng(seed).dirichlet(np.ones(len(world.tasks)) / 4, 10_000)
    drawn = share * (share >= 0.1)  # off the grid too
    drawn = drawn[drawn.any(axis=1) & ((drawn > 0).sum(axis=1) <= 4)]
    drawn /= drawn.sum(axis=1, keepdims=True)
    assert len(drawn) > 8000
    for target in world.targets:
        mixture, values = world.optimum(target)
        assert not world.space.problems(mixture)
        params = world.space.encode(mixture, values)
        optuna.trial.create_trial(params=params, distributions=world.space.distributions, value=0.0)  # within its range
        best = world.best(target)
        assert 0.03 - 1e-9 <= best - world.baseline(target) <= 0.08 + 1e-9
        assert max(world.truth(target, *point) for point in points) <= best
        for other in [values, *(hyperparameters for _, hyperparameters in points)]:
            off_the_grid = 0.0005 if other == values else 0.0
            assert world.truths(target, drawn, other).max() <= best + off_the_grid
        for step in (-0.02, 0.02):  # nor does a small change of the optimum
            if RATE in values:
                assert world.truth(target, mixture, {**values, RATE: values[RATE] * (1 + step)}) < best


def test_optima_of_interacting_tasks_have_several_of_unequal_weights() -> None:
    worlds = [FAMILIES["interacting"](seed) for seed in range(5)]
    optima = [world.optimum(target)[0] for world in worlds for target in world.targets]
    assert np.mean([len(mixture) >= 3 for mixture in optima]) > 0.9
    assert np.mean([len(set(mixture.weights.values())) > 1 for mixture in optima]) > 0.9


@FAMILY
def test_noise_is_as_it_is_said_and_larger_at_a_low_rung(family: type) -> None:
    world = family(5)
    mixture = Mixture.of({"task01": 1.0})
    for target in world.targets:
        low, high = (
            np.array([world.observe(target, mixture, {}, rung, seed) for seed in range(300)]) for rung in (0, 2)
        )
        assert 0.0025 < high.std() < 0.011
        assert low.std() > 1.3 * high.std()
        assert abs(high.mean() - world.truth(target, mixture, {})) < 4 * high.std() / 300**0.5
        assert low.mean() != pytest.approx(high.mean(), abs=0.002)


def test_the_grid_holds_every_mixture_once() -> None:
    space = Space(("a", "b", "c"), max_tasks=2, min_weight=0.25, step=0.25)
    found = grid(space)
    assert len(found) == 3 + 3 * 3
    assert len({mixture_of(weights, space.tasks) for weights in found}) == len(found)
    assert all(not space.problems(mixture_of(weights, space.tasks)) for weights in found)
