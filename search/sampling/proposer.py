"""Proposer: asks for the next recipe of one target. `samplers.py` has the table of all there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from search.sampling.candidates import IsStarted
from search.studies.state import SearchState
from spaces.recipe import Candidate, CostFunction


class Proposer(Protocol):
    """A sampler for one target of a search.

    What it proposes depends on its arguments alone: a proposer that was made anew after a crash proposes the same.
    """

    def propose(self, state: SearchState, seed: int, is_started: IsStarted, cost: CostFunction) -> Candidate | None:
        """The next recipe, within the constraints of the space; None when nothing new was found.

        Args:
            state: what is known now; it has only grown since the last call. It is read, never written to.
            seed: of this proposal alone. A sampler made anew after a restart would repeat its first draws otherwise.
            is_started: whether a candidate was started already, for any target; such a one is not proposed.
            cost: of a recipe, in any unit; a sampler may leave it alone.
        """
        ...

    def rank(self, state: SearchState, digests: Sequence[str]) -> Sequence[str]:
        """Recipes with a score of the target at one rung, the most promising at the full budget first.

        Args:
            digests: the best score first; a sampler without a model of rungs leaves them so.
        """
        ...
