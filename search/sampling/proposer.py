"""Which recipe is tried next: the project's own sampler (`mixture_sampler.py`), or Optuna's by name.

Optuna's stock samplers know nothing of rungs: to them the trial of a low rung would be a failed or a final one. So
they are shown one rung, the highest that has enough results (as BOHB does, Falkner et al. 2018, section 4.1), where
every recipe counts once.
"""

from __future__ import annotations

from collections.abc import Callable

from search.sampling.optuna_samplers import View, make
from search.studies.state import SearchState
from search.surrogate.history import History
from spaces.digest import derive_seed
from spaces.mixture import Mixture
from spaces.recipe import CostFunction, Value
from spaces.space import Space

TRIES = 50
"""Proposals that were seen before and are drawn again before the space counts as exhausted."""


class Proposer:
    """Asks a sampler for the next recipe of one target.

    Args:
        name, startup: of the sampler; it draws at random until a rung has `startup` results.
        space: what may be proposed.
        target: whose results the sampler sees.
    """

    def __init__(self, name: str, startup: int, space: Space, target: str) -> None:
        self._name, self._startup, self._space, self._target = name, startup, space, target
        self._views: dict[int, View] = {}

    def propose(
        self,
        state: SearchState,
        seed: int,
        seen: Callable[[Mixture, dict[str, Value]], bool],
        cost: CostFunction,
    ) -> tuple[Mixture, dict[str, Value]] | None:
        """The next recipe; None when nothing unseen was found.

        Args:
            state: what is known now; it has only grown since the last call.
            seed: of this proposal alone. A sampler made anew after a restart would repeat its first draws otherwise.
            seen: whether a recipe was started already, for any target.
            cost: of a recipe; Optuna's samplers do not look at it.
        """
        if self._name == "mixture":
            from search.sampling.thompson import propose

            measured = History.of(state)
            target = list(state.rungs).index(self._target)
            return propose(self._space, measured, target, seed, seen, cost)
        view = None if self._name == "random" else self._view(state)
        for attempt in range(TRIES):
            seed_of_try = derive_seed(seed, attempt)
            if view is None or attempt >= TRIES // 2:
                params = View(self._space, self._target, 0).ask(make("random", seed_of_try))
            else:
                params = view.ask(make(self._name, seed_of_try))
            mixture, hyperparameters = self._space.decode(params)
            if not seen(mixture, hyperparameters):
                return mixture, hyperparameters
        return None

    def _view(self, state: SearchState) -> View | None:
        """The highest rung that has enough results."""
        rungs = state.rungs[self._target]
        rung = next((rung for rung in reversed(range(len(rungs))) if len(rungs[rung].ranked) >= self._startup), None)
        if rung is None:
            return None
        view = self._views.setdefault(rung, View(self._space, self._target, rung))
        view.catch_up(state)
        return view
