"""Which recipe is tried next: the project's own sampler (`mixture_sampler.py`), or Optuna's by name.

Optuna's stock samplers know nothing of rungs: to them the trial of a low rung would be a failed or a final one. So
they are shown one rung, the highest that has enough results (as BOHB does, Falkner et al. 2018, section 4.1), where
every recipe counts once.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import optuna
from optuna.samplers import BaseSampler, GPSampler, RandomSampler, TPESampler
from optuna.storages import InMemoryStorage
from optuna.trial import FrozenTrial, TrialState, create_trial

from search.config.schema import Search
from search.studies.state import Standing
from search.studies.trial_record import Record
from search.surrogate.features import Cost
from search.surrogate.history import Measured
from spaces.digest import derive_seed
from spaces.mixture import Mixture
from spaces.recipe import Value
from spaces.space import Space

TRIES = 50
"""Proposals that were seen before and are drawn again before the space counts as exhausted."""


MOST_RECIPES = 5000
"""Beyond it a surrogate that looks at `surrogate.CONDITIONED` results for each proposal leaves most of them out."""


@dataclass(frozen=True)
class Choice:
    """A sampler and why it was taken."""

    name: str
    why: str


def choose(name: str, space: Space, recipes: int) -> Choice:
    """What `auto` stands for in a space, with a budget of so many recipes; any other name stands for itself."""
    if name != "auto":
        return Choice(name, "as the search file says")
    if len(space.tasks) == 1:
        if space.hyperparameters:
            return Choice("gp", "one task, so only hyperparameters are searched")
        return Choice("random", "one task and no hyperparameters: there is one recipe")
    if recipes > MOST_RECIPES:
        return Choice("tpe", f"{recipes:,} recipes are more than the model of mixtures looks at")
    return Choice("mixture", f"{len(space.tasks)} tasks to mix: every result is used for all targets and rungs")


def chosen(search: Search) -> Choice:
    """The sampler of a search."""
    return choose(search.config.sampler.name, search.space, search.config.budget.recipes)


def make(name: str, seed: int) -> BaseSampler:
    """A stock sampler that trusts every trial it is shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        if name == "tpe":
            return TPESampler(seed=seed, n_startup_trials=0, multivariate=True, constant_liar=True)
        if name == "gp":
            return GPSampler(seed=seed, n_startup_trials=0)
    return RandomSampler(seed=seed)


class Proposer:
    """Asks a sampler for the next recipe of one target.

    Args:
        name, startup: of the sampler; it draws at random until a rung has `startup` results.
        space: what may be proposed.
        target: whose results the sampler sees.
    """

    def __init__(self, name: str, startup: int, space: Space, target: str) -> None:
        self._name, self._startup, self._space, self._target = name, startup, space, target
        self._views: dict[int, _View] = {}

    def propose(
        self,
        standing: Standing,
        seed: int,
        seen: Callable[[Mixture, dict[str, Value]], bool],
        cost: Cost,
    ) -> tuple[Mixture, dict[str, Value]] | None:
        """The next recipe; None when nothing unseen was found.

        Args:
            standing: what is known now; it has only grown since the last call.
            seed: of this proposal alone. A sampler made anew after a restart would repeat its first draws otherwise.
            seen: whether a recipe was started already, for any target.
            cost: of a recipe; Optuna's samplers do not look at it.
        """
        if self._name == "mixture":
            from search.sampling.mixture_sampler import (
                propose,  # brings scipy: `status` makes an agenda and proposes nothing
            )

            measured = Measured.of(standing)
            target = list(standing.rungs).index(self._target)
            return propose(self._space, measured, target, seed, seen, cost)
        view = None if self._name == "random" else self._view(standing)
        for attempt in range(TRIES):
            seed_of_try = derive_seed(seed, attempt)
            if view is None or attempt >= TRIES // 2:
                params = _View(self._space, self._target, 0).ask(make("random", seed_of_try))
            else:
                params = view.ask(make(self._name, seed_of_try))
            mixture, hyperparameters = self._space.decode(params)
            if not seen(mixture, hyperparameters):
                return mixture, hyperparameters
        return None

    def _view(self, standing: Standing) -> _View | None:
        """The highest rung that has enough results."""
        rungs = standing.rungs[self._target]
        rung = next((rung for rung in reversed(range(len(rungs))) if len(rungs[rung].ranked) >= self._startup), None)
        if rung is None:
            return None
        view = self._views.setdefault(rung, _View(self._space, self._target, rung))
        view.catch_up(standing)
        return view


class _View:
    """What a stock sampler sees: one rung of one target, results and what runs, in the order of their start."""

    def __init__(self, space: Space, target: str, rung: int) -> None:
        self._space, self._target, self._rung = space, target, rung
        self._storage = InMemoryStorage()
        self._study = optuna.create_study(storage=self._storage, direction="maximize")
        self._id = self._storage.get_study_id_from_name(self._study.study_name)
        self._seen = 0  # work items of the standing
        self._running: dict[str, int] = {}  # digest -> trial

    def catch_up(self, standing: Standing) -> None:
        """Takes in what is new, and the results of what ran."""
        owners = standing.owners()
        for owner in owners[self._seen :]:
            if owner.is_searched and owner.rung == self._rung and owner.item and self._target in owner.item.targets:
                self._running[owner.recipe.digest] = self._storage.create_new_trial(self._id, self._trial(owner))
        self._seen = len(owners)
        for digest, trial_id in list(self._running.items()):
            record = standing.at(self._target, digest, self._rung)
            if record is not None and record.state.is_finished():
                state = TrialState.COMPLETE if record.score else TrialState.FAIL
                self._storage.set_trial_state_values(trial_id, state, [record.score.score] if record.score else None)
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
