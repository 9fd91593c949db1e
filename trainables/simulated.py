"""A simulated work item: a known response surface with learning curves, costs and failures; nothing is trained.

For estimates (`plan --simulate`), for measurements of everything around the training (`benchmarks/scale.py`) and for
tests. What it scores says nothing about any real task: nothing of it may reach a store.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from random import Random

from spaces.card import Card, Split
from spaces.digest import derive_seed
from spaces.recipe import Recipe
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome, Progress, Report, Score
from trainables.work.plan import Plan

SCORED: tuple[Split, Split] = ("dev", "test")


@dataclass(frozen=True)
class Surface:
    """What a recipe scores on a target, drawn from `seed`.

    Each task has an effect that all targets share and one of the target's own, both with diminishing returns in its
    weight (square root); pairs of tasks help or hurt each other; each hyperparameter has a best value, from which the
    gain falls off. More examples bring a score closer to its end, and less noise.

    Args:
        seed: decides everything.
        usual: hyperparameter -> a usual value; the best one lies within a factor of four of it.
        gain: about what the best mixtures gain, as a share of 1.
        noise: standard deviation of a score at the full budget.
    """

    seed: int = 1
    usual: Mapping[str, float] = field(default_factory=dict)
    gain: float = 0.06
    noise: float = 0.004

    def score(self, target: str, recipe: Recipe, share: float) -> float:
        """Between 0 and 1.

        Args:
            share: of the full budget.
        """
        end = 0.45 + 0.3 * self._uniform(target, "level")
        learned = 1 - 0.35 * math.exp(-3.0 * share)
        gain = self._mixture_gain(target, recipe.mixture.weights) * self._fit(recipe)
        noise = Random(derive_seed(self.seed, "noise", target, recipe.digest, round(share * 1e6))).gauss(0, self.noise)
        return min(1.0, max(0.0, (end + gain * (1 - math.exp(-4.0 * share))) * learned + noise / math.sqrt(share)))

    def _mixture_gain(self, target: str, weights: Mapping[str, float]) -> float:
        gain = 0.0
        for task, weight in weights.items():
            effect = 0.6 * self._normal(task, "effect") + 0.6 * self._normal(task, target, "effect")
            gain += self.gain * effect * math.sqrt(weight)
        for one, other in combinations(sorted(weights), 2):
            both = math.sqrt(weights[one] * weights[other])
            gain += 0.5 * self.gain * self._normal(one, other, target, "pair") * both
        return gain

    def _fit(self, recipe: Recipe) -> float:
        """Between 0 and 1: how near the hyperparameters are to their best values, by their order of magnitude."""
        fit = 1.0
        for name, value in recipe.hyperparameters:
            if name in self.usual and isinstance(value, (int, float)) and value > 0:
                best = math.log(self.usual[name]) + math.log(4) * (2 * self._uniform(name, "best") - 1)
                fit *= math.exp(-0.2 * (math.log(value) - best) ** 2)
        return fit

    def _uniform(self, *names: str) -> float:
        return Random(derive_seed(self.seed, *names)).random()

    def _normal(self, *names: str) -> float:
        return Random(derive_seed(self.seed, *names)).gauss(0, 1)


def outcome(
    surface: Surface,
    targets: Mapping[str, Card],
    item: WorkItem,
    share: float,
    top: bool,
    seconds: float = 1.0,
    examples: int = 100,
    failures: float = 0.0,
) -> Outcome:
    """What a work item would come to.

    Args:
        targets: of the search.
        share, top: of the item's rung; whether it is the highest one.
        seconds, examples: what it costs.
        failures: the share of work items that fail.
    """
    if Random(derive_seed(surface.seed, "failure", item.key)).random() < failures:
        return Outcome(failure=Failed(kind="diverged", message="a simulated failure"), seconds=seconds)
    scores = {}
    for target in item.targets:
        score = surface.score(target, item.recipe, share)
        scores[target] = flat(targets[target], score, top, seconds, examples)
    return Outcome(scores=scores, seconds=seconds, training_seconds=0.8 * seconds, examples=examples)


def usual_values(plan: Plan) -> dict[str, float]:
    """What the stages are set to, by the names of hyperparameters."""
    stages = {"intermediate": plan.intermediate, "target": plan.target}
    return {
        f"{name}.{key}": value
        for name, stage in stages.items()
        for key, value in stage.model_dump().items()
        if isinstance(value, float) and value > 0
    }


def flat(card: Card, score: float, top: bool, seconds: float = 1.0, examples: int = 10) -> Score:
    """A score that is the same in every language of a target, and on both splits."""
    metric = card.metric or ""
    dev, test = ({language: {metric: score} for language in card.languages_of(split)} for split in SCORED)
    return Score(
        target=card.name,
        score=score,
        dev=dev,
        floor=0.1,
        floors={language: {metric: 0.1} for language in dev},
        test_score=score if top else None,
        test=test if top else {},
        examples=examples,
        seconds=seconds,
    )


class SimulatedWorker:
    """A worker for the driver (`trainable.WorkItemRunner`) that sleeps instead of training. Subclasses set the pace."""

    seconds = 0.0
    """What a work item at the full budget takes; at a lower rung its share."""

    failures = 0.0
    """The share of work items that fail."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.surface = plan, Surface(usual=usual_values(plan))

    def run(self, item: WorkItem, report: Report, batch_halvings: int) -> Outcome:
        share, top = self.plan.rungs[item.rung], item.rung == self.plan.top_rung
        report(Progress(phase="simulated", done=0.0))
        time.sleep(share * self.seconds)
        examples = 0 if item.merged else sum(self.plan.segments(item.recipe, item.rung))
        return outcome(self.surface, self.plan.targets, item, share, top, share * self.seconds, examples, self.failures)
