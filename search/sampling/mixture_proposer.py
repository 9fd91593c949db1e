"""`sampler: mixture` within a search: Thompson sampling from the model of all its results (`thompson.py`)."""

from __future__ import annotations

from collections.abc import Sequence

from search.sampling.candidates import IsStarted
from search.studies.state import SearchState
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
        from search.sampling.fit import Fit  # brings scipy, which few agendas need
        from search.sampling.thompson import propose

        fit = Fit.of(state, self._space)
        return propose(self._space, fit.history, self._number(state), seed, is_started, cost, fit.surrogate)

    def rank(self, state: SearchState, digests: Sequence[str]) -> Sequence[str]:
        """By what the model expects at the full budget: a lower rung is noisy, and misleads by task."""
        from search.sampling.fit import Fit
        from search.sampling.thompson import rank

        fit = Fit.of(state, self._space)
        numbers = {digest: number for number, digest in enumerate(d for d in state.recipes if d in state.tried)}
        ranked = rank(fit.history, fit.surrogate, self._number(state), [numbers[digest] for digest in digests])
        return [digests[place] for place in ranked]

    def _number(self, state: SearchState) -> int:
        return list(state.rungs).index(self._target)
