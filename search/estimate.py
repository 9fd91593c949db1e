"""Estimate: about how many work items a search takes, how much they train, and how long that lasts here."""

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
    """All work items of a search. `wall` is the wall-clock in seconds where it was simulated."""

    lines: list[Line]
    concurrency: int
    wall: float | None = None

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
        if self.wall is not None:
            return self.wall
        return sum(line.items * (line.seconds or 0.0) for line in self.lines) / self.concurrency


@dataclass(frozen=True)
class Expected:
    """Work items of one kind.

    Args:
        kind: for people.
        items: how many.
        rung: at which.
        grown: share of the intermediate budget that each of them trains.
        targets: how many each is measured on, in the mean.
    """

    kind: str
    items: int
    rung: int
    grown: float
    targets: float


def expected(search: Search) -> list[Expected]:
    """About the work items of a search. Targets often promote the same recipes: half of those beyond one's own."""
    config, count, shares = search.config, len(search.config.targets), search.config.halving.rungs
    found = [Expected("baseline", 1, rung, 0.0, count) for rung in range(len(shares))]
    items = config.budget.recipes
    found.append(Expected("new recipes", items, 0, shares[0], count))
    for rung in range(1, len(shares)):
        each = max(1, config.budget.recipes // config.halving.eta**rung)
        items = min(items, round(each * (1 + (count - 1) / 2)))
        found.append(Expected("promotions", items, rung, shares[rung] - shares[rung - 1], each * count / items))
    seeds, top = config.confirm.seeds - 1 if config.confirm.top else 0, len(shares) - 1
    if seeds:
        winners = min(items, config.confirm.top * count)
        found.append(Expected("baseline, more seeds", seeds, top, 0.0, count))
        found.append(Expected("winners, more seeds", seeds * winners, top, 1.0, config.confirm.top * count / winners))
    return found


def estimate(search: Search, plan: Plan, findings: Findings, concurrency: int) -> Estimate:
    """From the sizes of the data and the measured speed of a forward pass."""
    work = Work(plan, findings)
    return Estimate([work.line(items) for items in expected(search)], concurrency)


@dataclass(frozen=True)
class Work:
    """What a work item does, in examples and in tokens through the encoder."""

    plan: Plan
    findings: Findings

    def line(self, items: Expected) -> Line:
        """What work items of one kind train and take."""
        rung, share = items.rung, self.plan.rungs[items.rung]
        part = items.targets / len(self.plan.targets)
        examples = round(self.plan.intermediate.examples * items.grown)
        tokens = self._intermediate_tokens()
        passes = TRAINING * examples * tokens if tokens is not None else None
        for target in self.plan.targets:
            trained = self._trained(target, share)
            examples += round(part * trained)
            scored = self._target_passes(target, trained, top=rung == len(self.plan.rungs) - 1)
            passes = None if passes is None or scored is None else passes + part * scored
        speed = self.findings.seconds_per_token
        seconds = None if passes is None or speed is None else OVERHEAD * passes * speed
        return Line(f"{items.kind} at rung {rung} ({share:.0%})", items.items, examples, seconds)

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
