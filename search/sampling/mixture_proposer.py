"""`sampler: mixture` within a search: Thompson sampling from the model of all its results (`thompson.py`)."""

from __future__ import annotations

from search.sampling.candidates import IsStarted
from search.studies.state import SearchState
from search.surrogate.history import History
from spaces.recipe import Candidate, CostFunction
from spaces.space import Space


class MixtureProposer:
    """Proposes from the results of all targets and rungs; see `Proposer`.

    Args:
        startup: not looked at, since the model says how sure it is from the first result on.
    """

    def __init__(self, space: Space, target: str, startup: int) -> None:
        self._space, self._target = space, target

    def propose(self, state: SearchState, seed: int, is_started: IsStarted, cost: CostFunction) -> Candidate | None:
        from search.sampling.thompson import propose  # brings scipy, which few agendas need

        target = list(state.rungs).index(self._target)
        return propose(self._space, History.of(state), target, seed, is_started, cost)
