"""Fit: the surrogate of a search's results, made once however many ask: every target's proposals and promotions."""

from __future__ import annotations

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from search.studies.state import SearchState
from search.surrogate.gp import Surrogate, one_thread
from search.surrogate.history import History
from spaces.space import Space


@dataclass(frozen=True)
class Fit:
    """Results of a search and the model of them. `surrogate`: None before the first result."""

    history: History
    surrogate: Surrogate | None
    results: int
    work_items: tuple[int, int]

    @classmethod
    @one_thread()
    def of(cls, state: SearchState, space: Space) -> Fit:
        """The fit of what is known now; a function of the state and the space alone."""
        known = _last.get(state)
        work_items = state.items, state.over
        if known is not None and known.work_items == work_items:
            return known
        history = History.of(state)
        observations = history.observations(space)
        if observations is None:
            surrogate, results = None, 0
        else:
            # What only began brings no result: scales rest on results, and finding them is most of the work.
            is_same = known is not None and (known.work_items[1], known.results) == (state.over, len(observations))
            scales = known.surrogate.scales if is_same and known is not None and known.surrogate else None
            surrogate, results = Surrogate(observations, scales=scales), len(observations)
        _last[state] = cls(history, surrogate, results, work_items)
        return _last[state]


_last: WeakKeyDictionary[SearchState, Fit] = WeakKeyDictionary()
