"""Which recipe is tried next: Optuna's samplers by name, over the encoding of the space.

Optuna's stock samplers know nothing of rungs: to them the trial of a low rung would be a failed or a final one. So
they are shown one rung, the highest that has enough results (as BOHB does, Falkner et al. 2018, section 4.1), where
every recipe counts once.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import optuna
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.studies import Record
from spaces.digest import derive_seed
from spaces.encoding import Space
from spaces.mixture import Mixture
from spaces.recipe import Value

TRIES = 50
"""Proposals that were seen before and are drawn again before the space counts as exhausted."""


def make(name: str, seed: int) -> BaseSampler:
    """A stock sampler that trusts every trial it is shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if name == "tpe":
            return TPESampler(seed=seed, n_startup_trials=0, multivariate=True, constant_liar=True)
        if name == "gp":
            return GPSampler(seed=seed, n_startup_trials=0)
    return RandomSampler(seed=seed)


def propose(
    name: str,
    startup: int,
    space: Space,
    records: Sequence[Record],
    seed: int,
    seen: Callable[[Mixture, dict[str, Value]], bool],
) -> tuple[Mixture, dict[str, Value]] | None:
    """The next recipe for one target; None when nothing unseen was found.

    Args:
        name, startup: of the sampler; it draws at random until a rung has `startup` results.
        records: the target's, of every rung.
        seed: of this proposal alone. A sampler made anew after a restart would repeat its first draws otherwise.
        seen: whether a recipe was started already, for any target.
    """
    trials = _shown(space, records, startup)
    for attempt in range(TRIES):
        at_random = not trials or attempt >= TRIES // 2
        sampler = make("random" if at_random else name, derive_seed(seed, attempt))
        view = optuna.create_study(direction="maximize", sampler=sampler)
        view.add_trials(trials)
        mixture, hyperparameters = space.decode(view.ask(space.distributions).params)
        if not seen(mixture, hyperparameters):
            return mixture, hyperparameters
    return None


def _shown(space: Space, records: Sequence[Record], startup: int) -> list[FrozenTrial]:
    """What a stock sampler sees: the results of one rung, and what runs."""
    own = [record for record in records if not record.recipe.is_baseline and record.kind != "confirm"]
    rungs = sorted({record.rung for record in own}, reverse=True)
    for rung in rungs:
        results = [record for record in own if record.rung == rung and record.score]
        if len(results) >= startup:
            running = [record for record in own if record.state is TrialState.RUNNING]
            return [_trial(space, record) for record in (*results, *running)]
    return []


def _trial(space: Space, record: Record) -> FrozenTrial:
    return create_trial(
        state=TrialState.COMPLETE if record.score else TrialState.RUNNING,
        value=record.score.score if record.score else None,
        params=space.encode(record.recipe.mixture, dict(record.recipe.hyperparameters)),
        distributions=space.distributions,
    )
