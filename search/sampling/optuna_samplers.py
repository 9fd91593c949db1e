"""Optuna's own samplers, asked for one target of a search.

They know nothing of rungs: to them the trial of a low rung would be a failed or a final one. So they are shown one
rung, the highest that has enough results (as BOHB does, Falkner et al. 2018, section 4.1), where every recipe counts
once, in a study of its own in memory.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.sampling.candidates import IsStarted
from search.studies.state import SearchState
from search.studies.trial_record import Record
from spaces.digest import derive_seed
from spaces.recipe import Candidate, CostFunction
from spaces.space import Space

TRIES = 50
"""Proposals that were started before and are drawn again before the space counts as exhausted."""

TRIES_OF_MODEL = 25
"""After so many of them it is drawn at random: a model may be sure of what was started before."""


class RandomProposer:
    """`sampler: random`: draws the parameters of the space evenly, whatever the results; see `Proposer`."""

    def __init__(self, space: Space, target: str, startup: int) -> None:
        self._space = space

    def propose(self, state: SearchState, seed: int, is_started: IsStarted, cost: CostFunction) -> Candidate | None:
        for attempt in range(TRIES):
            candidate = draw_at_random(self._space, derive_seed(seed, attempt))
            if not is_started(*candidate):
                return candidate
        return None

    def rank(self, state: SearchState, digests: Sequence[str]) -> Sequence[str]:
        return digests


class OptunaProposer:
    """Asks a sampler of Optuna that models results, such as `sampler: tpe`; see `Proposer`.

    Args:
        make_sampler: of a seed, a sampler that trusts every trial it is shown.
        target: whose results it sees.
        startup: it draws at random until a rung has so many results.
    """

    def __init__(self, make_sampler: Callable[[int], BaseSampler], space: Space, target: str, startup: int) -> None:
        self._make_sampler, self._space, self._target, self._startup = make_sampler, space, target, startup
        self._studies: dict[int, RungStudy] = {}  # rung -> what the sampler sees of it

    def propose(self, state: SearchState, seed: int, is_started: IsStarted, cost: CostFunction) -> Candidate | None:
        study = self._highest_rung(state)
        for attempt in range(TRIES):
            seed_of_try = derive_seed(seed, attempt)
            if study is None or attempt >= TRIES_OF_MODEL:
                candidate = draw_at_random(self._space, seed_of_try)
            else:
                candidate = study.ask(self._make_sampler(seed_of_try))
            if not is_started(*candidate):
                return candidate
        return None

    def rank(self, state: SearchState, digests: Sequence[str]) -> Sequence[str]:
        return digests

    def _highest_rung(self, state: SearchState) -> RungStudy | None:
        """The highest rung that has enough results, as the sampler sees it."""
        standings = state.rungs[self._target]
        enough = (rung for rung in reversed(range(len(standings))) if len(standings[rung].ranked) >= self._startup)
        rung = next(enough, None)
        if rung is None:
            return None
        study = self._studies.setdefault(rung, RungStudy(self._space, self._target, rung))
        study.catch_up(state)
        return study


class RungStudy:
    """An Optuna study in memory of one rung of one target: results and what runs, in the order of their start."""

    def __init__(self, space: Space, target: str, rung: int) -> None:
        self._space, self._target, self._rung = space, target, rung
        self._storage = InMemoryStorage()
        self._study = optuna.create_study(storage=self._storage, direction="maximize")
        self._id = self._storage.get_study_id_from_name(self._study.study_name)
        self._read = 0  # work items of the search that were taken in
        self._running: dict[str, int] = {}  # digest -> trial

    def catch_up(self, state: SearchState) -> None:
        """Takes in what is new, and the results of what ran."""
        owners = state.owners()
        for owner in owners[self._read :]:
            if owner.is_searched and owner.rung == self._rung and owner.item and self._target in owner.item.targets:
                self._running[owner.recipe.digest] = self._storage.create_new_trial(self._id, self._trial(owner))
        self._read = len(owners)
        for digest, trial_id in list(self._running.items()):
            record = state.at(self._target, digest, self._rung)
            if record is not None and record.state.is_finished():
                ended = TrialState.COMPLETE if record.score else TrialState.FAIL
                self._storage.set_trial_state_values(trial_id, ended, [record.score.score] if record.score else None)
                del self._running[digest]

    def ask(self, sampler: BaseSampler) -> Candidate:
        """A candidate, which is not noted: it runs when the studies of the search say so."""
        self._study.sampler = sampler
        trial = self._study.ask(self._space.distributions)
        self._study.tell(trial, state=TrialState.FAIL)
        return self._space.decode(trial.params)

    def _trial(self, record: Record) -> FrozenTrial:
        return create_trial(
            state=TrialState.RUNNING,
            params=self._space.encode(record.recipe.mixture, dict(record.recipe.hyperparameters)),
            distributions=self._space.distributions,
        )


def draw_at_random(space: Space, seed: int) -> Candidate:
    """A candidate whose parameters are drawn evenly."""
    study = optuna.create_study(sampler=RandomSampler(seed=seed))
    return space.decode(study.ask(space.distributions).params)


def make_tpe(seed: int) -> BaseSampler:
    """Optuna's tree-structured Parzen estimator over all parameters together."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        return TPESampler(seed=seed, n_startup_trials=0, multivariate=True, constant_liar=True)
