"""Space: what may be proposed, and mixtures as Optuna parameters.

A mixture over K tasks becomes K inclusion flags ``use.<task>`` and K log-ratios ``ratio.<task>``. Weights are the
softmax of the ratios of the included tasks, moved to a grid. This keeps every parameter independent (a sampler
needs no simplex), makes a new task a new parameter, and gives equal mixtures equal parameters (see `encode`).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution

from spaces.errors import InputError, Problem
from spaces.mixture import Mixture, apportion
from spaces.recipe import Value


@dataclass(frozen=True)
class Hyperparameter:
    """A searched hyperparameter: its distribution and the value that start recipes use."""

    distribution: BaseDistribution
    default: Value


@dataclass(frozen=True)
class Space:
    """Constraints on mixtures, and the hyperparameters that are searched with them.

    Args:
        tasks: the pool, sorted.
        min_tasks, max_tasks: how many tasks a proposed mixture may have (at least 1: the baseline is not proposed).
        min_weight: the smallest weight of a task that is in.
        step: the grid of the weights; 1 and `min_weight` are whole multiples of it.
        exclude: pairs of tasks that must not be mixed.
        hyperparameters: by name, e.g. ``intermediate.learning_rate``.

    Raises:
        InputError: no mixture can satisfy the constraints.
    """

    tasks: tuple[str, ...]
    min_tasks: int = 1
    max_tasks: int = 4
    min_weight: float = 0.1
    step: float = 0.05
    exclude: frozenset[frozenset[str]] = frozenset()
    hyperparameters: tuple[tuple[str, Hyperparameter], ...] = ()

    def __post_init__(self) -> None:
        problems = [Problem(what, where="space", found=found, fix=fix) for what, found, fix in self._contradictions()]
        if problems:
            raise InputError(problems)

    def _contradictions(self) -> list[tuple[str, str, str]]:
        contradictions: list[tuple[str, str, str]] = []
        if not 1 <= self.min_tasks <= self.max_tasks:
            counts = f"min_tasks {self.min_tasks}, max_tasks {self.max_tasks}"
            contradictions.append(("min_tasks must be at least 1 and at most max_tasks", counts, ""))
        if self.min_tasks > len(self.tasks):
            contradictions.append(
                (f"min_tasks is {self.min_tasks} but there are {len(self.tasks)} tasks", "", "name more tasks")
            )
        for name, value in (("1", 1.0), ("min_weight", self.min_weight)):
            if not 0 < self.step <= 1 or abs(value / self.step - round(value / self.step)) > 1e-6:
                text = f"{name} must be a whole multiple of weight_step"
                contradictions.append(
                    (text, f"min_weight {self.min_weight}, weight_step {self.step}", "for example 0.1 and 0.05")
                )
        if not 0 < self.min_weight <= 1 or self.max_tasks * self.min_weight > 1 + 1e-9:
            text = f"{self.max_tasks} tasks of at least {self.min_weight} each are more than the whole"
            contradictions.append((text, "", "lower min_weight or max_tasks"))
        if not contradictions and self._choose([], list(self.tasks), self.min_tasks) is None:
            what = f"the excluded pairs leave no {self.min_tasks} tasks that may be mixed"
            contradictions.append((what, "", "exclude fewer"))
        return contradictions

    @cached_property
    def bound(self) -> float:
        """Log-ratios lie in [-bound, bound]: |log(weight / geometric mean)| is never above -log(min_weight)."""
        return max(-math.log(self.min_weight), 0.1)

    @cached_property
    def distributions(self) -> dict[str, BaseDistribution]:
        """Parameter name -> Optuna distribution, in a fixed order."""
        distributions: dict[str, BaseDistribution] = {}
        for task in self.tasks:
            distributions[f"use.{task}"] = CategoricalDistribution((False, True))
        for task in self.tasks:
            distributions[f"ratio.{task}"] = FloatDistribution(-self.bound, self.bound)
        for name, hyperparameter in self.hyperparameters:
            distributions[f"hp.{name}"] = hyperparameter.distribution
        return distributions

    @cached_property
    def defaults(self) -> dict[str, Value]:
        """Hyperparameter -> the value of start recipes."""
        return {name: hyperparameter.default for name, hyperparameter in self.hyperparameters}

    @cached_property
    def size(self) -> int:
        """How many mixtures it has, hyperparameters aside."""
        steps, least = round(1 / self.step), round(self.min_weight / self.step)
        entangled = [task for task in self.tasks if any(task in pair for pair in self.exclude)]
        independent = [  # sets of so many of them that may be mixed
            sum(self._compatible(chosen) == list(chosen) for chosen in combinations(entangled, count))
            for count in range(min(self.max_tasks, len(entangled)) + 1)
        ]
        others, total = len(self.tasks) - len(entangled), 0
        for count in range(self.min_tasks, self.max_tasks + 1):
            sets = sum(ways * math.comb(others, count - some) for some, ways in enumerate(independent[: count + 1]))
            spare = steps - count * least  # steps of weight to share out beyond the least that each task has
            total += sets * math.comb(spare + count - 1, count - 1)
        return total

    def decode(self, params: Mapping[str, Any]) -> tuple[Mixture, dict[str, Value]]:
        """The mixture and hyperparameters that parameters mean; always within the constraints.

        Parameters that break a constraint mean the nearest mixture that does not: tasks are taken in the order of
        (included, ratio), those that are too many or excluded are passed over.
        """
        order = sorted(self.tasks, key=lambda task: (not params[f"use.{task}"], -params[f"ratio.{task}"], task))
        chosen = self._taken([task for task in order if params[f"use.{task}"]], order)
        highest = max(params[f"ratio.{task}"] for task in chosen)
        raw = {task: math.exp(params[f"ratio.{task}"] - highest) for task in chosen}
        hyperparameters = {name: params[f"hp.{name}"] for name, _ in self.hyperparameters}
        return self._on_grid(raw), hyperparameters

    def encode(self, mixture: Mixture, hyperparameters: Mapping[str, Value]) -> dict[str, Any]:
        """The canonical parameters of a mixture: decode(encode(m, h)) == (m, h) when `problems(m)` is empty.

        Ratios of tasks that are out are 0; hyperparameters that are not given take their defaults.
        """
        logs = {task: math.log(weight) for task, weight in mixture.weights.items()}
        mean = math.fsum(logs.values()) / len(logs) if logs else 0.0
        params: dict[str, Any] = {}
        for task in self.tasks:
            params[f"use.{task}"] = task in logs
            ratio = logs.get(task, mean) - mean
            params[f"ratio.{task}"] = min(max(ratio, -self.bound), self.bound)
        for name, default in self.defaults.items():
            params[f"hp.{name}"] = hyperparameters.get(name, default)
        return params

    def problems(self, mixture: Mixture) -> list[str]:
        """Why a mixture is not in the space; empty when it is."""
        problems = [f"task {task!r} is not in the pool" for task in mixture.tasks if task not in self.tasks]
        if not self.min_tasks <= len(mixture) <= self.max_tasks:
            problems.append(f"has {len(mixture)} tasks, allowed are {self.min_tasks} to {self.max_tasks}")
        for task, weight in mixture.weights.items():
            if weight < self.min_weight - 1e-9:
                problems.append(f"weight {weight:g} of {task!r} is below min_weight {self.min_weight:g}")
        for pair in self.exclude:
            if pair <= set(mixture.tasks):
                problems.append(f"{' and '.join(sorted(pair))} must not be mixed")
        return problems

    def nearest(self, mixture: Mixture) -> Mixture:
        """The mixture on the grid that a named one becomes (weights move by less than a step)."""
        return self._on_grid(mixture.weights)

    def allowed(self, order: Sequence[str]) -> list[str]:
        """As many tasks as a mixture may have, taken in this order, less those excluded by an earlier one."""
        return self._taken(order, order)

    def _taken(self, wanted: Sequence[str], order: Sequence[str]) -> list[str]:
        """As many wanted tasks as may be mixed; where they are too few, the first of `order` that are enough."""
        chosen = self._compatible(wanted)[: self.max_tasks]
        if len(chosen) < self.min_tasks:
            chosen = self._choose([], order, self.min_tasks) or chosen
        return chosen

    def _on_grid(self, raw: Mapping[str, float]) -> Mixture:
        """Weights as whole steps, none below min_weight, summing to 1."""
        steps, least = round(1 / self.step), round(self.min_weight / self.step)
        free = dict(raw)
        fixed: dict[str, int] = {}
        while free:  # tasks that would fall below the least get it; the others share what is left
            shares = apportion(free, steps - sum(fixed.values()))
            low = [task for task, share in shares.items() if share < least]
            if not low:
                return Mixture.of({**fixed, **shares})
            fixed.update(dict.fromkeys(low, least))
            free = {task: weight for task, weight in free.items() if task not in fixed}
        return Mixture.of(dict.fromkeys(raw, 1.0))  # unreachable: max_tasks * min_weight <= 1

    def _compatible(self, tasks: Sequence[str]) -> list[str]:
        """`tasks` in order, less those excluded by an earlier one."""
        kept: list[str] = []
        for task in tasks:
            if not any(frozenset((task, other)) in self.exclude for other in kept):
                kept.append(task)
        return kept

    def _choose(self, kept: list[str], order: Sequence[str], count: int) -> list[str] | None:
        """The first `count` tasks of `order` that may all be mixed, or None (depth first)."""
        if len(kept) >= count:
            return kept
        for index, task in enumerate(order):
            if not any(frozenset((task, other)) in self.exclude for other in kept):
                chosen = self._choose([*kept, task], order[index + 1 :], count)
                if chosen is not None:
                    return chosen
        return None
