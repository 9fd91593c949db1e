"""The samplers: `sampler.name` in the search file -> who proposes. A new one is an entry here and in `SamplerName`.

`auto` is none of them: `Search.sampler` says which one it stands for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from search.sampling.mixture_proposer import MixtureProposer
from search.sampling.optuna_samplers import OptunaProposer, RandomProposer, make_tpe
from search.sampling.proposer import Proposer
from spaces.space import Space

SAMPLERS: Mapping[str, Callable[[Space, str, int], Proposer]] = {
    "mixture": MixtureProposer,
    "random": RandomProposer,
    "tpe": partial(OptunaProposer, make_tpe),
}
"""Name -> maker. It takes the space, the target, and `sampler.startup`: how many results on a rung a sampler of Optuna
needs before it models them."""


def make_proposer(name: str, space: Space, target: str, startup: int) -> Proposer:
    """The proposer of a sampler for one target of a search."""
    return SAMPLERS[name](space, target, startup)
