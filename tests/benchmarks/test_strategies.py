"""Every strategy searches within its budget, and without knowing the truth."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from benchmarks.efficiency.landscapes import Hyperparameters
from benchmarks.efficiency.replay import replay
from benchmarks.efficiency.results import budget_of
from benchmarks.efficiency.strategies import OURS, STRATEGIES, make_strategy
from cluster.connect import connect
from spaces.mixture import Mixture

WORLD = Hyperparameters(3)
RECIPES = 6


class Sealed:
    """A world that tells nothing but observations."""

    def __getattr__(self, name: str) -> Any:
        assert name not in ("truth", "best", "optimum", "baseline"), "a strategy asked for the truth"
        return getattr(WORLD, name)


@pytest.mark.parametrize("name", [*STRATEGIES, *OURS])
def test_it_stays_within_its_budget_and_never_asks_for_the_truth(name: str) -> None:
    budget = budget_of(WORLD, RECIPES)
    sealed: Any = Sealed()
    laboratory = replay(sealed, make_strategy(name, "tpe"), 1, budget)
    told = laboratory.measurements
    assert 0 < laboratory.spent <= budget
    assert {measurement.target for measurement in told if measurement.mixture} == set(WORLD.targets)
    assert any(not measurement.mixture for measurement in told)
    assert any(measurement.rung == laboratory.top and measurement.mixture for measurement in told)
    if name not in ("all-tasks", "best-single"):
        assert laboratory.spent > 0.8 * budget
    if name in ("random", "tpe", "gp", "tune", "autosem", "ours-no-sharing"):  # each target gets the same share
        spent = laboratory.spent_on.values()
        assert max(spent) - min(spent) < 2 * (WORLD.intermediate_examples + max(WORLD.target_examples.values()))


@pytest.mark.parametrize("name", ["tpe", "tune", "ours"])
def test_a_seed_gives_the_same_search_and_another_one_another(name: str) -> None:
    def told(seed: int) -> list[tuple[str, Mixture, float]]:
        laboratory = replay(WORLD, make_strategy(name, "tpe"), seed, budget_of(WORLD, 2))
        return [(found.target, found.mixture, found.score) for found in laboratory.measurements]

    assert told(1) == told(1)
    assert told(1) != told(2)


def test_halving_and_sharing_are_left_out_when_they_are() -> None:
    def run(name: str) -> list[Any]:
        return replay(WORLD, make_strategy(name, "random"), 1, budget_of(WORLD, 3)).measurements

    assert {told.rung for told in run("ours")} == {1, 2}  # below the default's lowest rung nothing is looked at
    assert {told.rung for told in run("ours-no-halving")} == {2}
    spent = [told.spent for told in run("ours-no-sharing") if told.mixture]
    assert len(set(spent)) == len(spent)  # a work item is measured on one target
    first = next(told.mixture for told in run("ours") if told.mixture)
    assert len(first) == WORLD.space.max_tasks  # all tasks together, as far as a mixture may hold them
    assert first != next(told.mixture for told in run("ours-no-start") if told.mixture)


@pytest.mark.slow
def test_tune_itself_tries_and_stops_what_the_replay_of_it_does(tmp_path: Path) -> None:
    """Tune runs its own loop in its own processes; the world is without noise, which depends on names of trials."""
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    from benchmarks.efficiency import strategies

    world = Hyperparameters(3)
    world.noise[:] = 0.0
    target, trials = world.targets[0], 15

    class Trained(tune.Trainable):
        def setup(self, config: dict[str, Any]) -> None:
            self.point, self.rung = world.space.decode(config), -1

        def step(self) -> dict[str, Any]:
            self.rung += 1
            score = world.observe(target, *self.point, self.rung, 0)
            return {"score": score, "effort": strategies.ETA**self.rung, "done": self.rung == 2}

        def save_checkpoint(self, checkpoint_dir: str) -> dict[str, int]:
            return {"rung": self.rung}

    with connect("local", cpus=1, log=tmp_path / "ray.log"):
        config = tune.TuneConfig(
            search_alg=OptunaSearch(dict(world.space.distributions), metric="score", mode="max", seed=5),
            scheduler=ASHAScheduler(
                time_attr="effort", metric="score", mode="max", max_t=9, reduction_factor=strategies.ETA
            ),
            num_samples=trials,
            max_concurrent_trials=1,
        )
        where = tune.RunConfig(storage_path=str(tmp_path / "tune"))
        results = tune.Tuner(Trained, tune_config=config, run_config=where).fit()
    real = [
        (world.space.decode(result.config)[0], result.metrics["effort"], result.metrics["score"]) for result in results
    ]

    def strategy(laboratory: Any, seed: int) -> None:
        for _ in strategies.tune(laboratory, target, seed):
            pass

    told = replay(world, strategy, 5, budget_of(world, trials)).measurements
    replayed = [(one.mixture, strategies.ETA**one.rung, one.score) for one, after in pairwise(told) if after.rung == 0]
    assert len({effort for _, effort, _ in real}) == 3
    assert real == [(mixture, effort, pytest.approx(score)) for mixture, effort, score in replayed[:trials]]
