"""Optuna's samplers by name, asked for one target of a search."""

from __future__ import annotations

import warnings

import optuna
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.studies.state import SearchState
from search.studies.trial_record import Record
from spaces.recipe import Value
from spaces.space import Space


def make(name: str, seed: int) -> BaseSampler:
    """A stock sampler that trusts every trial it is shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if name == "tpe":
            return TPESampler(seed=seed, n_startup_trials=0, multivariate=True, constant_liar=True)
        if name == "gp":
            return GPSampler(seed=seed, n_startup_trials=0)
    return RandomSampler(seed=seed)


class View:
    """What a stock sampler sees: one rung of one target, results and what runs, in the order of their start."""

    def __init__(self, space: Space, target: str, rung: int) -> None:
        self._space, self._target, self._rung = space, target, rung
        self._storage = InMemoryStorage()
        self._study = optuna.create_study(storage=self._storage, direction="maximize")
        self._id = self._storage.get_study_id_from_name(self._study.study_name)
        self._seen = 0  # work items that were taken in
        self._running: dict[str, int] = {}  # digest -> trial

    def catch_up(self, state: SearchState) -> None:
        """Takes in what is new, and the results of what ran."""
        owners = state.owners()
        for owner in owners[self._seen :]:
            if owner.is_searched and owner.rung == self._rung and owner.item and self._target in owner.item.targets:
                self._running[owner.recipe.digest] = self._storage.create_new_trial(self._id, self._trial(owner))
        self._seen = len(owners)
        for digest, trial_id in list(self._running.items()):
            record = state.at(self._target, digest, self._rung)
            if record is not None and record.state.is_finished():
                ended = TrialState.COMPLETE if record.score else TrialState.FAIL
                self._storage.set_trial_state_values(trial_id, ended, [record.score.score] if record.score else None)
                del self._running[digest]

    def ask(self, sampler: BaseSampler) -> dict[str, Value]:
        """Parameters of a new recipe, which is not noted: it runs when the studies say so."""
        self._study.sampler = sampler
        trial = self._study.ask(self._space.distributions)
        self._study.tell(trial, state=TrialState.FAIL)
        return trial.params

    def _trial(self, record: Record) -> FrozenTrial:
        return create_trial(
            state=TrialState.RUNNING,
            params=self._space.encode(record.recipe.mixture, dict(record.recipe.hyperparameters)),
            distributions=self._space.distributions,
        )
