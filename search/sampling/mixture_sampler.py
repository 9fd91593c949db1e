"""MixtureSampler: an Optuna sampler that knows what a mixture is.

It fits one surrogate (`surrogate.py`) to everything that was measured, on all targets and rungs, draws a function from
its posterior for one target at the top rung, and proposes the recipe that is best in it (Thompson sampling; Russo et
al. 2018, section 4): a recipe is proposed as often as it is likely to be the best. The function is drawn at random
mixtures and at neighbours of the best ones, then at neighbours of its own best: a task more, less or exchanged, a step
of weight moved, hyperparameters moved. Where recipes do not cost the same, best is what gains most for its cost.
Recipes that run count as measured with their predicted scores (kriging believer, Ginsbourger et al. 2010), and a sample
differs each time, so several proposals at a time are not the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler, RandomSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from search.sampling.thompson import propose
from search.surrogate.history import History
from spaces.digest import derive_seed
from spaces.recipe import CostFunction, candidate_key
from spaces.space import Space


class MixtureSampler(BaseSampler):
    """For `study.optimize` over `space.distributions`; the value is a score, or a loss where the study minimises.

    Intermediate values count as scores at lower rungs, a rung for each step. `space.decode` reads what is suggested.

    Args:
        beside: studies of other targets over the same space, whose trials say something about this one's.
        seed: of all proposals; None: a new one each time.
        cost: of a recipe; a proposal is worth what it promises by its cost. None: all cost the same.
    """

    def __init__(
        self, space: Space, beside: Sequence[Study] = (), seed: int | None = None, cost: CostFunction | None = None
    ) -> None:
        self._space, self._beside, self._cost = space, beside, cost
        self._seed = Random().getrandbits(31) if seed is None else seed
        self._independent = RandomSampler(seed=self._seed)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self._space.distributions

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        others = [other for other in self._beside if other.study_name != study.study_name]
        measured = History.of_studies([study, *others], self._space)
        known = set(map(candidate_key, measured.candidates))
        seed = derive_seed(self._seed, trial.number)
        found = propose(
            self._space,
            measured,
            0,
            seed,
            lambda mixture, values: candidate_key((mixture, values)) in known,
            self._cost,
        )
        return self._space.encode(*found) if found else {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._independent.sample_independent(study, trial, param_name, param_distribution)
