"""What a search costs, and what it would recommend on the way."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from benchmarks.efficiency.landscapes import RATE, Hyperparameters
from benchmarks.efficiency.ours import TARGET_SHARE, Ours
from benchmarks.efficiency.replay import Laboratory, Measurement, Over, regret_curve, replay
from benchmarks.efficiency.results import budget_of
from spaces.mixture import Mixture
from spaces.recipe import Value

ONE, TWO = Mixture.of({"task00": 1.0}), Mixture.of({"task01": 1.0})


@pytest.fixture
def world() -> Hyperparameters:
    world = Hyperparameters(1)
    world.intermediate_examples = 900
    world.target_examples = dict(zip(world.targets, (90, 180, 0, 9, 9), strict=True))
    return world


def test_an_encoder_is_paid_once_and_each_target_stage_anew(world: Hyperparameters) -> None:
    laboratory = Laboratory(world, 10_000, seed=1)
    first, second, third, *_ = world.targets
    values = world.space.defaults

    def cost(mixture: Mixture, rung: int, targets: tuple[str, ...], run: str) -> float:
        before = laboratory.spent
        laboratory.measure(mixture, values, rung, targets, ("", run))
        return laboratory.spent - before

    assert cost(Mixture(), 2, (first, second), "none") == pytest.approx(90 + 180)  # no intermediate stage
    assert cost(ONE, 0, (first, second), "a") == pytest.approx(100 + 10 + 20)
    assert cost(ONE, 1, (first,), "a") == pytest.approx(200 + 30)  # goes on: a third of the examples, less a ninth
    assert cost(ONE, 1, (second,), "a") == pytest.approx(60)  # the encoder is there
    assert cost(ONE, 2, (third,), "a") == pytest.approx(600)  # a target that is not trained
    assert cost(ONE, 2, (first,), "b") == pytest.approx(900 + 90)  # another run of the same mixture
    assert sum(laboratory.spent_on.values()) == pytest.approx(laboratory.spent)


def test_what_costs_more_than_is_left_is_not_done(world: Hyperparameters) -> None:
    laboratory = Laboratory(world, 1000, seed=1)
    laboratory.measure(ONE, world.space.defaults, 2, world.targets[:1], ("", "a"))
    with pytest.raises(Over):
        laboratory.measure(TWO, world.space.defaults, 0, world.targets[:1], ("", "b"))
    assert laboratory.spent == 990
    assert len(laboratory.measurements) == 1


def test_our_search_pays_for_each_recipe_up_to_its_highest_rung_once(world: Hyperparameters) -> None:
    laboratory = replay(world, Ours("random"), 1, budget_of(world, 5))
    highest: dict[tuple[Mixture, float], float] = {}
    stages = 0.0
    for told in laboratory.measurements:
        share = world.rungs[told.rung]
        of_target = share if told.rung == laboratory.top else TARGET_SHARE * share
        stages += of_target * world.target_examples[told.target]
        if told.mixture:
            recipe = told.mixture, float(told.hyperparameters[RATE])
            highest[recipe] = max(share, highest.get(recipe, 0.0))
    assert max(highest.values()) == 1.0  # some were promoted
    assert laboratory.spent == pytest.approx(900 * sum(highest.values()) + stages)


def test_the_best_of_the_highest_rung_is_recommended(monkeypatch: pytest.MonkeyPatch, world: Hyperparameters) -> None:
    truths = {Mixture(): 0.5, ONE: 0.6, TWO: 0.4}

    def truth(target: str, mixture: Mixture, hyperparameters: Mapping[str, Value]) -> float:
        return truths[mixture]

    monkeypatch.setattr(world, "truth", truth)
    monkeypatch.setattr(world, "best", lambda target: 0.7)
    world.targets = world.targets[:2]
    a, b = world.targets
    told = [
        Measurement(a, Mixture(), {}, 2, 0.90, 10.0),  # the baseline alone changes nothing
        Measurement(a, TWO, {}, 0, 0.45, 20.0),  # no other mixture at this rung, so it is recommended
        Measurement(b, TWO, {}, 0, 0.45, 20.0),  # of the same work item
        Measurement(a, ONE, {}, 0, 0.44, 30.0),
        Measurement(a, ONE, {}, 2, 0.80, 40.0),  # the baseline has a better score at the top
        Measurement(a, ONE, {}, 2, 0.95, 50.0),
    ]
    regrets = [(cost, round(regret, 6)) for cost, regret in regret_curve(world, told)]
    assert regrets == [(0.0, 0.2), (20.0, 0.3), (40.0, 0.25), (50.0, 0.2)]
