"""Costs: what it takes to try a recipe, beside others of the same search."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from search.config.search import Search
from search.forecast.throughput import table
from spaces.card import Card
from spaces.mixture import Mixture
from spaces.recipe import CostFunction, Recipe, Value
from trainables.work.plan import Plan
from trainables.work.settings import EVIDENCE_ROWS, StageSettings

TRAINING = 3.0
"""Cost of a training step in forward passes: one forward, two backward."""


class Costs:
    """Passes of a token through the encoder that a new recipe takes at the lowest rung, on all targets.

    Examples are as long as their formats assume and not as they were measured: what is proposed must not depend on the
    machine that proposes it.
    """

    def __init__(self, search: Search) -> None:
        self._search = search
        self._known: dict[tuple[tuple[str, Value], ...], tuple[dict[str, float], float]] = {}

    def __call__(self, mixture: Mixture, hyperparameters: Mapping[str, Value]) -> float:
        """Of a recipe."""
        lengths = tuple(item for item in sorted(hyperparameters.items()) if item[0].endswith(".max_length"))
        if lengths not in self._known:  # nothing else that may be searched changes how many tokens there are
            some = Mixture.of({self._search.space.tasks[0]: 1.0})
            self._known[lengths] = self._stages(Recipe.of(some, dict(lengths), "", 0))
        tasks, after = self._known[lengths]
        return sum(weight * tasks[task] for task, weight in mixture.weights.items()) + after

    def cooled(self, left: float) -> CostFunction:
        """Costs that matter less the less is left: what is dear is tried late rather than never (cost cooling, Lee et
        al. 2020, arXiv 2003.10870).

        Args:
            left: share of the budget.
        """
        return lambda mixture, hyperparameters: self(mixture, hyperparameters) ** left

    def _stages(self, recipe: Recipe) -> tuple[dict[str, float], float]:
        """Of the intermediate stage on each task alone, and of everything that comes after."""
        plan = self._plan
        stage = plan.intermediate_for(recipe)
        examples = stage.at(plan.rungs[0]).examples
        tasks = {name: TRAINING * examples * tokens_of(card, stage) for name, card in plan.tasks.items()}
        return tasks, cost_of_targets(plan, recipe, 0)

    @cached_property
    def _plan(self) -> Plan:
        return self._search.plan("", "")


def cost_of_targets(plan: Plan, recipe: Recipe, rung: int) -> float:
    """Passes of a token through the encoder that measuring a recipe on all targets takes.

    At the top rung the test split is taken to be as large as the development split.
    """
    passes = 0.0
    for name, target in plan.targets.items():
        most, length = plan.evaluation_at(rung).max_examples, plan.target_for(recipe, name).max_length
        sizes = table().sizes(target, length, most)
        passes += sizes.evaluation_rows * sizes.evaluation_tokens * (2 if rung == plan.top_rung else 1)
        if (probed := plan.probed_card(name, rung, recipe)) is not None:
            rows = min(EVIDENCE_ROWS, probed.training_rows or EVIDENCE_ROWS)
            passes += rows * tokens_of(probed, plan.target_for(recipe, name))
        for card, settings in plan.target_stages(name, rung, recipe):
            passes += TRAINING * settings.examples * tokens_of(card, settings)
    return passes


def tokens_of(card: Card, stage: StageSettings) -> float:
    """Of an example, as its format assumes."""
    return table().sizes(card, stage.max_length, None).tokens
