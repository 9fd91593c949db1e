"""MixtureSampler: Thompson sampling from the model of all results (`thompson.py`), as a sampler for plain Optuna."""

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
from spaces.mixture import Mixture
from spaces.recipe import CostFunction, Value, candidate_key
from spaces.space import Space


class MixtureSampler(BaseSampler):
    """For `study.optimize` over `space.distributions`; the value is a score, or a loss where the study minimizes.

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
        history = History.of_studies([study, *others], self._space)
        started = set(map(candidate_key, history.candidates))

        def is_started(mixture: Mixture, values: dict[str, Value]) -> bool:
            return candidate_key((mixture, values)) in started

        candidate = propose(self._space, history, 0, derive_seed(self._seed, trial.number), is_started, self._cost)
        return self._space.encode(*candidate) if candidate else {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        return self._independent.sample_independent(study, trial, param_name, param_distribution)
