"""Strategies to compare with: what a user has without this project. Each measures the baseline first.

`random`, `tpe`, `gp`: a study of plain Optuna for each target, over the same encoding, every recipe at the full budget,
a fresh seed each, nothing shared. `tune`: Ray Tune's OptunaSearch with ASHAScheduler, one for each target. `autosem`:
the two stages of AutoSeM. `all-tasks` and `best-single`: what papers do without a search.

Optuna's Gaussian process, in `gp` and `autosem`, was measured with greenlet (`pip install -r
benchmarks/requirements.txt`). Without it Optuna optimizes in another order, slower, and proposes other points.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from typing import Any

import numpy as np
import optuna
from optuna.distributions import IntDistribution
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler

from benchmarks.efficiency.ours import Ours
from benchmarks.efficiency.recommended import Recommended
from benchmarks.efficiency.replay import Laboratory, Strategy, in_turns
from search.config.schema import StartConfig
from spaces.digest import derive_seed
from spaces.mixture import Mixture

optuna.logging.set_verbosity(optuna.logging.WARNING)

TargetSearch = Callable[[Laboratory, str, int], Iterator[None]]
"""The search for one target, with a seed; yields after every measurement."""

ETA = 3
"""Tune: ASHA's reduction factor."""

PULLS_PER_TASK = 4
"""AutoSeM: pulls of the bandit, in the mean over the tasks."""

DECAY = 0.3
"""AutoSeM: how far the bandit goes back to its prior with every pull (the authors' default)."""

RATIOS = 10
"""AutoSeM: the largest ratio of a task in the second stage."""


def make_strategy(name: str, sampler: str) -> Strategy:
    """A strategy by its name.

    Args:
        sampler: of the project's own search.
    """
    return STRATEGIES[name] if name in STRATEGIES else OURS[name](sampler)


def all_tasks(laboratory: Laboratory, seed: int) -> None:
    """Every task with the same weight, however many a proposal may have; trained once for all targets."""
    laboratory.measure_baseline()
    mixture = Mixture.of(dict.fromkeys(laboratory.tasks, 1.0))
    laboratory.measure(mixture, laboratory.space.defaults, laboratory.top, laboratory.targets, ("", "all"))


def best_single(laboratory: Laboratory, seed: int) -> None:
    """Each task alone, trained once for all targets."""
    laboratory.measure_baseline()
    for task in laboratory.tasks:
        mixture = Mixture.of({task: 1.0})
        laboratory.measure(mixture, laboratory.space.defaults, laboratory.top, laboratory.targets, ("", task))


def per_target(search: TargetSearch) -> Strategy:
    """A search for each target that knows nothing of the others."""

    def strategy(laboratory: Laboratory, seed: int) -> None:
        laboratory.measure_baseline()
        searches = {
            target: search(laboratory, target, derive_seed(seed, number))
            for number, target in enumerate(laboratory.targets)
        }
        in_turns(laboratory, searches)

    return strategy


def plain_optuna(
    sampler: Callable[[int], BaseSampler], laboratory: Laboratory, target: str, seed: int
) -> Iterator[None]:
    """Ask, train at the full budget, tell."""
    study = optuna.create_study(direction="maximize", sampler=sampler(seed))
    space = laboratory.space
    for number in count():
        trial = study.ask(space.distributions)
        run = target, str(number)
        scores = laboratory.measure(*space.decode(trial.params), laboratory.top, (target,), run)
        study.tell(trial, scores[target])
        yield


def tune(laboratory: Laboratory, target: str, seed: int) -> Iterator[None]:
    """Tune's objects, called in the order in which Tune's controller calls them, one trial after the other.

    A trial trains up to a rung, reports, and goes on from its checkpoint unless it is stopped.
    """
    from ray.tune.experiment import Trial
    from ray.tune.schedulers import ASHAScheduler, TrialScheduler
    from ray.tune.search.optuna import OptunaSearch

    space = laboratory.space
    searcher = OptunaSearch(dict(space.distributions), metric="score", mode="max", seed=seed)
    scheduler = ASHAScheduler(
        time_attr="effort", metric="score", mode="max", max_t=ETA**laboratory.top, reduction_factor=ETA
    )
    controller: Any = None  # ASHA does not look at it
    for number in count():
        trial = Trial("mixture", trial_id=f"{target}_{number:05d}", stub=True)
        params = searcher.suggest(trial.trial_id)
        assert params is not None
        mixture, values = space.decode(params)
        scheduler.on_trial_add(controller, trial)
        result: dict[str, Any] = {}
        for rung in range(len(laboratory.rungs)):
            scores = laboratory.measure(mixture, values, rung, (target,), (target, trial.trial_id))
            result = {"score": scores[target], "training_iteration": rung + 1, "effort": ETA**rung}
            decision = scheduler.on_trial_result(controller, trial, result)
            yield
            if decision == TrialScheduler.STOP:
                break
            searcher.on_trial_result(trial.trial_id, result)
        scheduler.on_trial_complete(controller, trial, result)
        searcher.on_trial_complete(trial.trial_id, result)


def autosem(laboratory: Laboratory, target: str, seed: int) -> Iterator[None]:
    """AutoSeM (Guo et al. 2019, arXiv 1904.04153, sections 3.2 and 3.3), adapted to two stages of training.

    First stage: a Beta-Bernoulli bandit with Thompson sampling and decay says which tasks help. There a pull trains on
    some batches of a task within one multi-task run, and is rewarded when the target's development score did not fall;
    here it trains the target after that task alone, at the lowest rung, and is rewarded when the score is not below the
    baseline's there. Tasks whose expected utility is above that of an even chance go on; the best one always does.
    Second stage: a Gaussian process over whole ratios of the chosen tasks (and over the hyperparameters that are
    searched, which the paper leaves alone), at the full budget.
    """
    space, draw = laboratory.space, np.random.default_rng(seed)
    floor = laboratory.measure(Mixture(), {}, 0, (target,), (target, "baseline"))[target]
    yield
    wins, losses = np.ones(len(laboratory.tasks)), np.ones(len(laboratory.tasks))
    utility = np.zeros(len(laboratory.tasks))
    for pull in range(PULLS_PER_TASK * len(laboratory.tasks)):
        arm = int(np.argmax(draw.beta(wins, losses)))
        alone = Mixture.of({laboratory.tasks[arm]: 1.0})
        score = laboratory.measure(alone, space.defaults, 0, (target,), (target, f"pull{pull}"))[target]
        wins, losses = (1 - DECAY) * wins + DECAY, (1 - DECAY) * losses + DECAY
        wins[arm], losses[arm] = wins[arm] + (score >= floor), losses[arm] + (score < floor)
        utility += wins / (wins + losses)  # the mean over the pulls: with decay the last value remembers three or four
        yield
    utility /= PULLS_PER_TASK * len(laboratory.tasks)
    order = sorted(range(len(utility)), key=lambda arm: -utility[arm])
    helpful = [arm for arm in order if utility[arm] > 0.5][: space.max_tasks] or order[:1]
    chosen = [laboratory.tasks[arm] for arm in helpful]

    ratios = {f"ratio.{task}": IntDistribution(0, RATIOS) for task in chosen}
    searched = {f"hp.{name}": hyperparameter.distribution for name, hyperparameter in space.hyperparameters}
    study = optuna.create_study(direction="maximize", sampler=gaussian_process(seed))
    for number in count():
        trial = study.ask({**ratios, **searched})
        drawn = {task: float(trial.params[f"ratio.{task}"]) for task in chosen}
        mixture = space.nearest(Mixture.of(drawn if any(drawn.values()) else dict.fromkeys(chosen, 1.0)))
        values = {name: trial.params[f"hp.{name}"] for name, _ in space.hyperparameters}
        scores = laboratory.measure(mixture, values, laboratory.top, (target,), (target, str(number)))
        study.tell(trial, scores[target])
        yield


def parzen(seed: int) -> BaseSampler:
    """Optuna's TPE as it comes; that lost less than the settings of the search's own, which trust every trial."""
    return TPESampler(seed=seed)


def gaussian_process(seed: int) -> BaseSampler:
    """Optuna's GP as it comes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return GPSampler(seed=seed)


STRATEGIES: dict[str, Strategy] = {
    "random": per_target(partial(plain_optuna, lambda seed: RandomSampler(seed=seed))),
    "tpe": per_target(partial(plain_optuna, parzen)),
    "gp": per_target(partial(plain_optuna, gaussian_process)),
    "tune": per_target(tune),
    "autosem": per_target(autosem),
    "all-tasks": all_tasks,
    "best-single": best_single,
}

OURS: dict[str, Callable[[str], Strategy]] = {
    "ours": Ours,
    "ours-no-sharing": partial(Ours, sharing=False),
    "ours-no-halving": partial(Ours, halving=False),
    "ours-no-start": partial(Ours, start=StartConfig(all_tasks=False, single_tasks=False)),
    "ours-no-singles": partial(Ours, start=StartConfig(single_tasks=False)),
    "ours-one-share": partial(Ours, short=False),
    "ours-no-costs": partial(Ours, costs=False),
    "ours-recommended": Recommended,
}
