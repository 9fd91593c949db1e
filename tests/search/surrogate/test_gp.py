"""The surrogate recovers what made the scores, knows how sure it is, and uses other targets and rungs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.optimize import approx_fprime
from scipy.stats import spearmanr

from search.surrogate.features import Array, Points
from search.surrogate.fitting import Loss, select_for_fit
from search.surrogate.gp import CONDITIONED, Surrogate, select_for_target
from search.surrogate.kernel import JITTER, PRIORS, Kernel, Levels, Scales, Separations
from search.surrogate.observations import ESTIMATED, Observations

TASKS = 5


def points(count: int, seed: int = 0, hyperparameters: int = 0) -> Points:
    """Mixtures of up to three tasks."""
    draw = np.random.default_rng(seed)
    weights = draw.dirichlet(np.ones(3), count)
    roots = np.zeros((count, TASKS))
    for row, shares in enumerate(weights):
        roots[row, draw.choice(TASKS, 3, replace=False)] = np.sqrt(shares)
    return Points(roots, draw.random((count, hyperparameters)))


def observed(found: Points, gains: Array, chosen: list[tuple[int, int, int]], rungs: int = 1) -> Observations:
    """`gains` by (rung, target, point); `chosen` says which (point, target, rung) were measured."""
    point, target, rung = (np.array(column) for column in zip(*chosen, strict=True))
    return Observations(found, point, target, rung, gains[rung, target, point], gains.shape[1], rungs)


def everything(gains: Array) -> list[tuple[int, int, int]]:
    rungs, targets, count = gains.shape
    return [(point, target, rung) for point in range(count) for target in range(targets) for rung in range(rungs)]


def with_estimates(seen: Observations, gains: Array, chosen: Sequence[int]) -> Observations:
    """The same and estimates of some points, of shape (targets, estimates)."""
    targets, count = gains.shape
    return Observations(
        seen.points,
        np.concatenate([seen.point, np.tile(np.array(chosen), targets)]),
        np.concatenate([seen.target, np.repeat(np.arange(targets), count)]),
        np.concatenate([seen.rung, np.full(gains.size, ESTIMATED)]),
        np.concatenate([seen.gains, gains.ravel()]),
        seen.targets,
        seen.rungs,
    )


def linear(found: Points, effects: Array, noise: float = 0.0, seed: int = 3) -> Array:
    """Gains that are linear in the square roots, shape (targets, points)."""
    return effects @ found.roots.T + noise * np.random.default_rng(seed).standard_normal((len(effects), len(found)))


def test_it_predicts_mixtures_that_were_not_measured() -> None:
    effects = np.array([[0.05, 0.02, -0.03, 0.0, 0.01]])
    seen, unseen = points(30), points(40, seed=1)
    gains = linear(seen, effects, noise=0.002)[None]
    means, deviations = Surrogate(observed(seen, gains, everything(gains))).marginals(unseen, 0)
    truth = linear(unseen, effects)[0]
    # harm is pressed together: compare where there is none
    helps = truth > 0
    assert np.abs(means - truth)[helps].max() < 0.01
    assert np.mean(np.abs(means - truth)[helps] < 2 * deviations[helps]) > 0.85


def test_a_pair_that_helps_together_is_found() -> None:
    seen = points(60)
    gains = (0.1 * seen.roots[:, 0] * seen.roots[:, 1] + 0.01 * seen.roots[:, 2])[None, None]
    model = Surrogate(observed(seen, gains, everything(gains)))
    both, one, other = np.zeros(TASKS), np.eye(TASKS)[0], np.eye(TASKS)[1]
    both[:2] = 0.5**0.5
    means, _ = model.marginals(Points(np.array([both, one, other]), np.zeros((3, 0))), 0)
    assert means[0] > 0.035 and means[1] < 0.02 and means[2] < 0.02


def test_other_targets_help_where_a_target_was_measured_little() -> None:
    effects = np.array([[0.05, 0.03, 0.02, -0.03, 0.01]])
    seen, unseen = points(40), points(60, seed=1)
    gains = np.stack([linear(seen, effects)[0], linear(seen, 2 * effects, 0.001)[0]])[None]
    few = [(point, target, 0) for point, target, _ in everything(gains) if target == 0 or point < 3]
    data, truth = observed(seen, gains, few), linear(unseen, 2 * effects)[0]
    alone = Surrogate(data, sharing=False).means(unseen, 1)
    together = Surrogate(data).means(unseen, 1)
    assert np.corrcoef(together, truth)[0, 1] > np.corrcoef(alone, truth)[0, 1] + 0.3
    assert np.corrcoef(together, truth)[0, 1] > 0.7


def test_a_cheap_rung_counts_for_the_full_one_but_less() -> None:
    effects = np.array([[0.05, 0.03, -0.02, 0.0, 0.01]])
    seen, unseen = points(40), points(60, seed=1)
    top = linear(seen, effects)
    gains = np.stack([0.5 * top + linear(seen, np.array([[0.0, 0.0, 0.0, 0.02, 0.0]])), top])
    low = [(point, target, rung) for point, target, rung in everything(gains) if rung == 0]
    some = low + [(point, 0, 1) for point in range(8)]
    truth = linear(unseen, effects)[0]
    cheap, both = Surrogate(observed(seen, gains, low, 2)), Surrogate(observed(seen, gains, some, 2))
    assert np.corrcoef(cheap.means(unseen, 0), truth)[0, 1] > 0.7
    assert np.abs(both.means(unseen, 0) - truth).mean() < np.abs(cheap.means(unseen, 0) - truth).mean()
    assert both.marginals(unseen, 0)[1].mean() < cheap.marginals(unseen, 0)[1].mean()


def test_the_covariance_is_that_of_the_notation() -> None:
    """Every symbol of the table in `search/surrogate/kernel.py`, number by number."""
    draw = np.random.default_rng(2)
    found, gains = points(4, hyperparameters=2), draw.standard_normal((3, 2, 4))
    data = with_estimates(observed(found, gains, everything(gains), 3), draw.standard_normal((2, 2)), [1, 3])
    kernel, levels = Kernel(data), Levels.of(data)
    names = [name for name in PRIORS if name != "length"] + ["length 0", "length 1"]
    scales = Scales(dict(zip(names, draw.normal(0, 0.5, len(names)), strict=True)))
    s, share, top = scales, 1 / (1 + np.exp(-scales.values["sharing"])), data.rungs - 1

    def of_recipes(i: int, j: int) -> float:
        v, u = found.roots[data.point[[i, j]]]
        near = np.exp(
            -0.5 * (((found.values[data.point[i]] - found.values[data.point[j]]) / scales.lengths) ** 2).sum()
        )
        pairs = sum(v[a] * v[b] * u[a] * u[b] for a in range(TASKS) for b in range(a))
        rest = np.exp(-((v - u) ** 2).sum() / (2 * 0.5**2))
        mixtures = s["linear"] * (v**2 @ u**2) + s["main"] * (v @ u) + s["pairs"] * pairs + s["rest"] * rest
        return float((mixtures + s["hyperparameters"]) * near)

    def amplitude(i: int) -> float:
        return float(s["amplitude"] ** (top - max(data.rung[i], 0)) * (s["trust"] if data.estimated[i] else 1.0))

    def covariance(i: int, j: int) -> float:
        one_target, one_rung = data.target[i] == data.target[j], data.rung[i] == data.rung[j]
        both, measured = data.estimated[i] and data.estimated[j], one_rung and not data.estimated[i]
        targets = share * data.correlation[data.target[i], data.target[j]] + (1 - share) * one_target
        rungs = amplitude(i) * amplitude(j) * (1 + s["deviation"] * (measured and data.rung[i] < top))
        rungs += s["estimates' deviation"] * both
        offset = s["offset"] * (measured and one_target) + s["estimates' offset"] * (both and one_target)
        noise = s["estimates' noise"] if data.estimated[i] else s["noise"] * data.rungs / (data.rung[i] + 1)
        return float(of_recipes(i, j) * targets * rungs + offset + (i == j) * (noise + JITTER))

    at = np.ix_(data.point, data.point)
    factors = kernel.factors(scales, levels, {"all": kernel.recipes(scales, found, found)[at]})
    expected = [[covariance(i, j) for j in range(len(data))] for i in range(len(data))]
    np.testing.assert_allclose(kernel.covariance(scales, levels, factors), expected, rtol=1e-9)
    np.testing.assert_allclose(kernel.variances(scales, found), np.diag(kernel.recipes(scales, found, found)))
    separations = Separations.of(data)  # the same, as it is put together while fitting
    factors = kernel.factors(scales, separations.levels, kernel.scale_parts(scales, separations))
    np.testing.assert_allclose(kernel.covariance(scales, separations.levels, factors), expected, rtol=1e-9)


@pytest.mark.parametrize("estimates", [0, 6])
def test_the_slopes_of_the_loss_are_those_of_finite_differences(estimates: int) -> None:
    seen = points(15, hyperparameters=2)
    draw = np.random.default_rng(0)
    gains = draw.standard_normal((2, 3, 15))
    data = observed(seen, gains, everything(gains), 2)
    if estimates:
        data = with_estimates(data, draw.standard_normal((3, estimates)), range(9, 9 + estimates))
    loss = Loss(Kernel(data), data)
    assert ("trust" in loss.names) == bool(estimates)
    at = loss.means + 0.1
    numeric = approx_fprime(at, lambda values: loss(values)[0], 1e-6)
    np.testing.assert_allclose(loss(at)[1], numeric, rtol=1e-3, atol=1e-3)


def searched(draw: np.random.Generator) -> tuple[Observations, Array, Points, Array]:
    """A search's first twelve recipes, on two targets and two rungs, and forty mixtures that were estimated.

    Returns: what was measured, the gains of all points at the lower rung, unseen points, and their gains.
    """
    tasks, measured, estimated = 8, 12, 40

    def some(count: int) -> Points:
        weights = np.zeros((count, tasks))
        for row in weights:
            row[draw.choice(tasks, 3, replace=False)] = draw.dirichlet(np.ones(3))
        return Points(np.sqrt(weights), np.zeros((count, 0)))

    effects, pairs = 0.02 * draw.standard_normal((2, tasks)), 0.03 * draw.standard_normal((2, tasks, tasks))

    def gains(at: Points) -> Array:
        return effects @ at.roots.T + np.einsum("tij,pi,pj->tp", pairs, at.roots, at.roots)

    seen, unseen = some(measured + estimated), some(200)
    top = gains(seen)
    low = 0.6 * top + 0.003 * draw.standard_normal(top.shape)
    chosen = [(p, t, 0) for p in range(measured) for t in (0, 1)] + [
        (p, t, 1) for p in range(0, measured, 3) for t in (0, 1)
    ]
    return observed(seen, np.stack([low, top]), chosen, 2), low[:, measured:], unseen, gains(unseen)


def agreement(seen: Observations, unseen: Points, truth: Array) -> tuple[float, float]:
    """Spearman's correlation of predictions with the truth, mean over targets; and how far estimates are trusted."""
    model = Surrogate(seen)
    found = [spearmanr(model.means(unseen, target), truth[target]).statistic for target in range(len(truth))]
    return float(np.mean(found)), model.scales["trust"]


@pytest.mark.long
def test_good_estimates_help_and_bad_ones_fade() -> None:
    without, good, bad, trusted, distrusted = (np.zeros(4) for _ in range(5))
    for seed in range(4):
        draw = np.random.default_rng(seed)
        seen, low, unseen, truth = searched(draw)
        # half of what the lower rung shows, all of it far below, and noise; or that noise alone, as large
        helpful = 0.5 * low - 0.03 + 0.005 * draw.standard_normal(low.shape)
        useless = low.std() * draw.standard_normal(low.shape) - 0.03
        without[seed], _ = agreement(seen, unseen, truth)
        good[seed], trusted[seed] = agreement(with_estimates(seen, helpful, range(12, 52)), unseen, truth)
        bad[seed], distrusted[seed] = agreement(with_estimates(seen, useless, range(12, 52)), unseen, truth)
    assert good.mean() > without.mean() + 0.1 and (good > without).all()
    assert bad.mean() > without.mean() - 0.03 and (bad > without - 0.08).all()
    assert trusted.mean() > 0.45 and distrusted.mean() < 0.4


def test_estimates_change_no_unit() -> None:
    seen, low, _, _ = searched(np.random.default_rng(0))
    both = with_estimates(seen, 20 * low - 0.5, range(12, 52))
    assert np.array_equal(both.spreads, seen.spreads) and np.array_equal(both.correlation, seen.correlation)
    assert np.array_equal(both.standardized[: len(seen)], seen.standardized)
    estimated = np.flatnonzero(both.estimated)
    assert np.array_equal(both.take(estimated[:5]).standardized, both.standardized[estimated[:5]])
    # what merging costs every mixture says nothing, and LogME is in nats
    moved = with_estimates(seen, 3 * low + 0.7, range(12, 52))
    np.testing.assert_allclose(moved.standardized, both.standardized, atol=1e-9)


def test_many_estimates_push_no_measurement_out() -> None:
    draw = np.random.default_rng(0)
    seen, low, unseen, _ = searched(draw)
    many = with_estimates(seen, np.tile(low, 30), [*range(12, 52)] * 30)
    for chosen in (select_for_fit(many), select_for_target(many, 1)):
        mine = many.take(chosen)
        assert (~mine.estimated).sum() >= (seen.target == 1).sum() and mine.estimated.any()
    assert np.isfinite(Surrogate(many).means(unseen, 1)).all()


def test_a_pending_recipe_is_no_longer_uncertain() -> None:
    seen = points(20)
    gains = linear(seen, np.array([[0.05, 0.03, -0.02, 0.0, 0.01]]), 0.001)[None]
    measured = [(point, 0, 0) for point in range(15)]
    model = Surrogate(observed(seen, gains, measured))
    before = model.marginals(seen.take([18]), 0)
    after = model.condition_on_pending([18], 0).marginals(seen.take([18]), 0)
    assert after[1][0] < 0.9 * before[1][0]


@pytest.mark.parametrize("many", [False, True], ids=["", "more than are looked at"])
def test_what_is_pending_is_as_certain_as_measured_and_changes_no_expectation(many: bool) -> None:
    seen, unseen = points(30), points(10, seed=5)
    effects = np.array([[0.05, 0.03, -0.02, 0.0, 0.01], [0.01, 0.0, 0.0, 0.05, 0.0]])
    gains = np.stack([linear(seen, effects, 0.01)] * 2)
    data = observed(seen, gains, [place for place in everything(gains) if place[0] < 25], rungs=2)
    limit = 40 if many else CONDITIONED
    model = Surrogate(data, limit=limit)
    conditioned = model.condition_on_pending([26, 28], 1)
    np.testing.assert_allclose(conditioned.means(unseen, 1), model.means(unseen, 1))
    looked_at = data.take(select_for_target(data, 1, limit)) if many else data
    measured = looked_at.append(seen.take([26, 28]), 1, 1).in_units_of(data)
    certain = Surrogate(measured, scales=model.scales).marginals(unseen, 1)[1]
    np.testing.assert_allclose(conditioned.marginals(unseen, 1)[1], certain, rtol=1e-6)


def test_more_observations_than_are_looked_at_leave_out_those_of_other_targets_first() -> None:
    seen = points(400)
    gains = linear(seen, np.array([[0.05, 0.03, -0.02, 0.0, 0.01], [0.01, 0.0, 0.0, 0.05, 0.0]]), 0.002)[None]
    data = observed(seen, gains, everything(gains))
    chosen = select_for_target(data, 1)
    assert len(chosen) == CONDITIONED
    assert (data.target[chosen] == 1).sum() == 400
    unseen = points(30, seed=5)
    truth = linear(unseen, np.array([[0.01, 0.0, 0.0, 0.05, 0.0]]))[0]
    assert np.corrcoef(Surrogate(data).means(unseen, 1), truth)[0, 1] > 0.95
