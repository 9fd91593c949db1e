"""Estimate: how many work items a search takes at most, how much they train, and how long that lasts here."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean

from search.config import Search
from trainables.item import Plan
from trainables.prepare import Findings

TRAINING = 3.0
"""Cost of a training step in forward passes: one forward, two backward."""

OVERHEAD = 1.3
"""What a work item takes beside forward and backward passes (optimiser, loading, storing), as a factor."""


@dataclass(frozen=True)
class Line:
    """Work items of one kind. `seconds` is of one of them, None where it cannot be known here."""

    kind: str
    items: int
    examples: int
    seconds: float | None


@dataclass(frozen=True)
class Estimate:
    """All work items of a search, at most: recipes that several targets promote are trained once."""

    lines: list[Line]
    concurrency: int

    @property
    def items(self) -> int:
        return sum(line.items for line in self.lines)

    @property
    def examples(self) -> int:
        return sum(line.items * line.examples for line in self.lines)

    @property
    def seconds(self) -> float | None:
        """Wall-clock with `concurrency` work items at a time."""
        if any(line.seconds is None for line in self.lines):
            return None
        return sum(line.items * (line.seconds or 0.0) for line in self.lines) / self.concurrency


def estimate(search: Search, plan: Plan, findings: Findings, concurrency: int) -> Estimate:
    """From the sizes of the data and the measured speed of a forward pass."""
    config, count = search.config, len(search.config.targets)
    work = _Work(plan, findings)
    lines = [work.line("baseline", 1, rung, 0.0, count) for rung in range(len(plan.rungs))]
    left = config.budget.recipes
    lines.append(work.line("new recipes", left, 0, plan.rungs[0], count))
    for rung in range(1, len(plan.rungs)):
        left = max(1, left // config.halving.eta)
        promoted = min(left * count, config.budget.recipes)  # each target promotes its own best
        grown = plan.rungs[rung] - plan.rungs[rung - 1]
        lines.append(work.line("promotions", promoted, rung, grown, left * count / promoted))
    seeds = config.confirm.seeds - 1 if config.confirm.top else 0
    if seeds:
        top = len(plan.rungs) - 1
        winners = min(config.confirm.top, left) * count
        recipes = min(winners, config.budget.recipes)
        lines.append(work.line("baseline, more seeds", seeds, top, 0.0, count))
        lines.append(work.line("winners, more seeds", seeds * recipes, top, 1.0, winners / recipes))
    return Estimate(lines, concurrency)


@dataclass(frozen=True)
class _Work:
    """What a work item does, in examples and in tokens through the encoder."""

    plan: Plan
    findings: Findings

    def line(self, kind: str, items: int, rung: int, intermediate: float, targets: float) -> Line:
        """Work items that train that share of the intermediate budget, then so many of the targets (mean)."""
        share, part = self.plan.rungs[rung], targets / len(self.plan.targets)
        examples = round(self.plan.intermediate.examples * intermediate)
        tokens = self._intermediate_tokens()
        passes = TRAINING * examples * tokens if tokens is not None else None
        for target in self.plan.targets:
            trained = self._trained(target, share)
            examples += round(part * trained)
            scored = self._target_passes(target, trained, top=rung == len(self.plan.rungs) - 1)
            passes = None if passes is None or scored is None else passes + part * scored
        speed = self.findings.seconds_per_token
        seconds = None if passes is None or speed is None else OVERHEAD * passes * speed
        return Line(f"{kind} at rung {rung} ({share:.0%})", items, examples, seconds)

    def _intermediate_tokens(self) -> float | None:
        """Mean tokens of an intermediate example, over the tasks; None when no task's data are here."""
        known = [self.findings.sizes[task].tokens for task in self.plan.tasks if task in self.findings.sizes]
        return fmean(known) if known else None

    def _trained(self, target: str, share: float) -> int:
        """Training examples of the target stage."""
        return self.plan.target_stage(target).at(share).examples if self.plan.targets[target].is_trained else 0

    def _target_passes(self, target: str, trained: int, top: bool) -> float | None:
        """Tokens through the encoder to fine-tune and score, in forward passes; None when the data are not here."""
        sizes, source = self.findings.sizes.get(target), self.plan.training_cards[target].name
        if sizes is None or source not in self.findings.sizes:
            return None
        scored = sizes.evaluation_rows * sizes.evaluation_tokens * (2 if top else 1)  # the test split at the top rung
        return scored + TRAINING * trained * self.findings.sizes[source].tokens
