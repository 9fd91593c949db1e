"""Estimate: how many work items a search takes at most, how much they train, and how long that lasts here."""

from __future__ import annotations

from dataclasses import dataclass

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
    config, targets = search.config, list(search.config.targets)
    shares = plan.rungs
    lines = []
    for rung, share in enumerate(shares):
        lines.append(_line("baseline", rung, 1, plan, findings, targets, share, 0.0))
    survivors = config.budget.recipes
    lines.append(_line("new recipes", 0, survivors, plan, findings, targets, shares[0], shares[0]))
    for rung in range(1, len(shares)):
        survivors = max(1, survivors // config.halving.eta)
        grown = shares[rung] - shares[rung - 1]
        # each target promotes its own best: as many work items of one target each, at most
        items = min(survivors * len(targets), config.budget.recipes)
        share_of_targets = survivors * len(targets) / items
        lines.append(_line("promotions", rung, items, plan, findings, targets, shares[rung], grown, share_of_targets))
    seeds = config.confirm.seeds - 1 if config.confirm.top else 0
    if seeds:
        top = len(shares) - 1
        winners = config.confirm.top * len(targets)
        lines.append(_line("baseline, more seeds", top, seeds, plan, findings, targets, 1.0, 0.0))
        lines.append(_line("winners, more seeds", top, seeds * winners, plan, findings, targets, 1.0, 1.0, 1.0))
    return Estimate(lines, concurrency)


def _line(
    kind: str,
    rung: int,
    items: int,
    plan: Plan,
    findings: Findings,
    targets: list[str],
    share: float,
    intermediate: float,
    targets_each: float | None = None,
) -> Line:
    """Work items that train `intermediate` of the intermediate budget, then `targets_each` of the targets (mean)."""
    each = len(targets) if targets_each is None else targets_each
    name = f"{kind} at rung {rung} ({share:.0%})"
    first = round(plan.intermediate.examples * intermediate)
    examples, passes, known = first, 0.0, findings.seconds_per_token is not None
    tokens = [findings.sizes[task].tokens for task in plan.tasks if task in findings.sizes]
    passes += TRAINING * first * (sum(tokens) / len(tokens) if tokens else 0.0)
    top = rung == len(plan.rungs) - 1
    for target in targets:
        card, source = plan.targets[target], plan.training_cards[target]
        if target not in findings.sizes or (card.is_trained and source.name not in findings.sizes):
            known = False
            continue
        sizes = findings.sizes[target]
        passes += each / len(targets) * sizes.evaluation_rows * sizes.evaluation_tokens * (2 if top else 1)
        if card.is_trained:
            passes += (
                each
                / len(targets)
                * TRAINING
                * plan.target_stage(target).at(share).examples
                * (findings.sizes[source.name].tokens)
            )
    for target in targets:
        if plan.targets[target].is_trained:
            examples += round(each / len(targets) * plan.target_stage(target).at(share).examples)
    seconds = OVERHEAD * passes * findings.seconds_per_token if known and findings.seconds_per_token else None
    return Line(name, items, examples, seconds)
