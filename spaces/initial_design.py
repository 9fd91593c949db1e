"""Where a search starts: mixtures that cost nothing to name, each with where it comes from.

`published`: what others have found, a line each in `priors.csv`, for targets of the suite that they found it on.
`earlier`: the best mixes of earlier searches (`search/results/warm_start.py` reads them).
`recommended`: for each target what a model of earlier searches expects the most of (`search/checks/recommended.py`).
`proportional`, `temperature`, `uniform`, `unimax`: ratio families over as many tasks as a mixture may have, the largest
first. A task counts at most the examples of the intermediate stage, since it cannot give more: this is the cap of
Raffel et al. 2020, section 3.5.2.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median
from typing import Literal

from spaces.card import Card
from spaces.mixture import PARTS, Mixture
from spaces.space import Space
from spaces.suite import Suite

Prior = Literal["published", "earlier", "recommended", "proportional", "temperature", "uniform", "unimax"]

PUBLISHED = Path(__file__).with_name("priors.csv")

ALL = "*"
"""The mixture of all tasks, in `priors.csv`."""

TEMPERATURE = 2.0


@dataclass(frozen=True)
class Start:
    """A mixture to begin with, on the grid of its space, and why."""

    mixture: Mixture
    reason: str


@dataclass(frozen=True)
class Finding:
    """The best mix that an earlier search has for a target, at its top rung.

    Args:
        format: of the target.
        gain: over the baseline of that search; a difference of scores between 0 and 1.
    """

    search: str
    target: str
    format: str
    mixture: Mixture
    gain: float


@dataclass(frozen=True)
class DesignContext:
    """What a search chooses from.

    Args:
        tasks: the cards of the space's tasks.
        examples: of the intermediate stage at the top rung.
    """

    space: Space
    tasks: Mapping[str, Card]
    targets: Mapping[str, Card]
    suites: Mapping[str, Suite]
    examples: int

    def start(self, mixture: Mixture, reason: str) -> Iterator[Start]:
        """The mixture on the grid; nothing if it is not in the space."""
        if set(mixture.tasks) <= set(self.space.tasks):
            moved = self.space.nearest(mixture)
            if not self.space.problems(moved):
                yield Start(moved, reason)


def starts(
    names: Iterable[Prior], pool: DesignContext, earlier: Sequence[Start] = (), recommended: Sequence[Start] = ()
) -> Iterator[Start]:
    """What the priors of these names begin with, in their order; a mixture may come more than once.

    Args:
        earlier: what was found in earlier searches.
        recommended: what a model of earlier searches expects the most of.
    """
    found = {"earlier": earlier, "recommended": recommended}
    for name in names:
        yield from found[name] if name in found else PRIORS[name](pool)


def single(pool: DesignContext) -> Iterator[Start]:
    """Each task alone."""
    for task in pool.space.tasks:
        yield from pool.start(Mixture.of({task: 1.0}), "a single task")


def published(pool: DesignContext) -> Iterator[Start]:
    """What is claimed about a suite that a target belongs to."""
    for line in _published():
        suite = pool.suites.get(line["suite"])
        if suite is None or not set(suite.targets) & set(pool.targets):
            continue
        reason = f"{line['claim']}: {line['source']}"
        if line["mixture"] == ALL:
            for together in uniform(pool):
                yield Start(together.mixture, reason)
        else:
            yield from pool.start(Mixture.parse(line["mixture"]), reason)


def earlier(pool: DesignContext, findings: Iterable[Finding]) -> Iterator[Start]:
    """For each target the finding with the largest gain on it; if nobody searched for it, on a target of its format.

    Findings that lost to their baseline, or whose mix is not in this space, are passed over.
    """
    fitting = []
    for finding in findings:
        reason = f"search {finding.search}: {100 * finding.gain:+.1f} on {finding.target}"
        if finding.gain > 0:
            fitting += [(start, finding) for start in pool.start(finding.mixture, reason)]
    for name, card in pool.targets.items():

        def order(pair: tuple[Start, Finding], name: str = name) -> tuple[bool, float, str, str]:
            finding = pair[1]
            return finding.target != name, -finding.gain, finding.search, str(finding.mixture)

        related = [pair for pair in fitting if pair[1].format == card.format]
        if related:
            yield min(related, key=order)[0]


def proportional(pool: DesignContext) -> Iterator[Start]:
    """Weights proportional to the rows, with the cap."""
    yield from _family(pool, "by their rows", lambda rows: rows)


def temperature(pool: DesignContext) -> Iterator[Start]:
    """Weights proportional to the rows to the power 1/T, with the cap; T = 2."""
    reason = f"by their rows at temperature {TEMPERATURE:g}"
    yield from _family(pool, reason, lambda rows: {task: count ** (1 / TEMPERATURE) for task, count in rows.items()})


def uniform(pool: DesignContext) -> Iterator[Start]:
    """Equal weights."""
    yield from _family(pool, "with equal weights", lambda rows: dict.fromkeys(rows, 1.0))


def unimax(pool: DesignContext) -> Iterator[Start]:
    """Equal weights as far as no row is seen twice (Chung et al. 2023, arXiv 2304.09151, algorithm 1, one epoch)."""
    yield from _family(pool, "with equal weights, no row twice", lambda rows: unimax_counts(rows, pool.examples))


def unimax_counts(rows: Mapping[str, float], budget: float) -> dict[str, float]:
    """Task -> how much of `budget` it gets: the same for all, but never more rows than it has.

    With a budget above all rows together each task gets its rows.
    """
    left, counts = float(budget), dict[str, float]()
    for position, task in enumerate(sorted(rows, key=lambda task: (rows[task], task))):
        counts[task] = min(rows[task], left / (len(rows) - position))
        left -= counts[task]
    return counts


PRIORS: dict[str, Callable[[DesignContext], Iterator[Start]]] = {
    "published": published,
    "proportional": proportional,
    "temperature": temperature,
    "uniform": uniform,
    "unimax": unimax,
}
"""The priors that need nothing but the pool."""


def _family(
    pool: DesignContext, reason: str, weigh: Callable[[dict[str, float]], Mapping[str, float]]
) -> Iterator[Start]:
    """The largest tasks that may be mixed, with the weights that `weigh` makes of their rows."""
    known = {task: count for task, card in pool.tasks.items() if (count := train_rows(card)) is not None}
    usual = median(known.values()) if known else 1
    rows = {task: min(known.get(task, usual), float(pool.examples)) for task in pool.space.tasks}
    order = sorted(rows, key=lambda task: (-known.get(task, usual), task))
    chosen = pool.space.allowed(order)
    which = "all tasks" if len(chosen) == len(rows) else f"the {len(chosen)} largest tasks of {len(rows)}"
    assumed = [task for task in chosen if task not in known]
    note = f"; rows of {', '.join(assumed)} assumed" if assumed else ""
    weights = weigh({task: rows[task] for task in chosen})
    least = 2 * sum(weights.values()) / PARTS  # a share below half a ten-thousandth would leave its task out
    mixture = Mixture.of({task: max(weight, least) for task, weight in weights.items()})
    yield from pool.start(mixture, f"{which} {reason}{note}")


def train_rows(card: Card) -> int | None:
    """Training rows of a task by its card, in all of its parts; None where the card does not say."""
    parts = [train_rows(part) for part in card.parts]
    if parts and None not in parts:
        return sum(rows for rows in parts if rows is not None)
    return card.training_rows


@cache
def _published() -> list[dict[str, str]]:
    with PUBLISHED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
