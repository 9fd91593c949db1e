"""Mixture: a set of intermediate tasks with weights that sum to 1."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from spaces.digest import digest
from spaces.errors import InputError, Problem

PARTS = 10_000
"""Weights are whole ten-thousandths, so that sums, comparisons and digests are exact."""

_TERM = re.compile(r"^\s*(?P<task>[A-Za-z0-9][\w.-]*)\s*(?::\s*(?P<weight>[0-9.eE+-]+))?\s*$")


@dataclass(frozen=True)
class Mixture:
    """Tasks and their shares of the training examples; the empty mixture is the baseline.

    `parts` holds (task, ten-thousandths) sorted by task; the parts sum to 10,000, or there are none.
    Build one with `Mixture.of` or `Mixture.parse`: they normalise.
    """

    parts: tuple[tuple[str, int], ...] = ()

    def __post_init__(self) -> None:
        names = [task for task, _ in self.parts]
        if names != sorted(set(names)):
            raise ValueError(f"tasks must be sorted and distinct: {names}")
        if self.parts and sum(part for _, part in self.parts) != PARTS:
            raise ValueError(f"parts must sum to {PARTS}: {self.parts}")
        if any(part <= 0 for _, part in self.parts):
            raise ValueError(f"parts must be positive: {self.parts}")

    @classmethod
    def of(cls, weights: Mapping[str, float]) -> Mixture:
        """A mixture from weights of any positive scale; tasks of weight 0 are left out.

        Raises:
            ValueError: a weight is negative or not a number, or none is positive though some are given.
        """
        for task, weight in weights.items():
            if not math.isfinite(weight) or weight < 0:
                raise ValueError(f"weight of {task!r} must be a number of at least 0, found {weight}")
        kept = {task: weight for task, weight in weights.items() if weight > 0}
        if not kept:
            if weights:
                raise ValueError("at least one weight must be above 0")
            return cls()
        counts = apportion(kept, PARTS)
        return cls(tuple((task, count) for task, count in sorted(counts.items()) if count > 0))

    @classmethod
    def parse(cls, text: str) -> Mixture:
        """Read ``"mnli:0.6 + squad:0.4"``; weights may be left out ("a + b": equal); ``"none"`` is empty.

        Raises:
            InputError: the text is no mixture.
        """
        if text.strip().lower() in ("", "none"):
            return cls()
        weights: dict[str, float] = {}
        for term in text.split("+"):
            match = _TERM.match(term)
            problem = "a mixture is written task:weight + task:weight"
            if match is not None:
                task = match["task"]
                problem = f"task {task!r} is named twice" if task in weights else ""
                try:
                    weights[task] = float(match["weight"] or 1.0)
                except ValueError:
                    problem = f"the weight of {task!r} is no number"
            if problem:
                raise InputError(Problem(problem, found=text, fix='for example "mnli:0.6 + squad_v1:0.4"'))
        try:
            return cls.of(weights)
        except ValueError as error:
            raise InputError(Problem(str(error), found=text)) from error

    def __str__(self) -> str:
        """Heaviest first; parses back to the same mixture."""
        terms = sorted(self.parts, key=lambda item: (-item[1], item[0]))
        return " + ".join(f"{task}:{part / PARTS:g}" for task, part in terms) or "none"

    def __iter__(self) -> Iterator[str]:
        return iter(self.tasks)

    def __len__(self) -> int:
        return len(self.parts)

    @property
    def tasks(self) -> tuple[str, ...]:
        """The tasks by name."""
        return tuple(task for task, _ in self.parts)

    @property
    def weights(self) -> dict[str, float]:
        """Task -> weight, by name; sums to 1 (or is empty)."""
        return {task: part / PARTS for task, part in self.parts}

    @property
    def digest(self) -> str:
        return digest(self.weights)

    def counts(self, examples: int) -> dict[str, int]:
        """How many of `examples` each task gives: exact to within one, summing to `examples`."""
        return apportion({task: float(part) for task, part in self.parts}, examples) if self.parts else {}


def apportion(weights: Mapping[str, float], total: int) -> dict[str, int]:
    """Whole numbers proportional to `weights` that sum to `total` (largest remainder, ties by name)."""
    mass = math.fsum(weights.values())
    exact = {task: total * weight / mass for task, weight in weights.items()}
    counts = {task: math.floor(value) for task, value in exact.items()}
    by_remainder = sorted(exact, key=lambda task: (counts[task] - exact[task], task))
    for task in by_remainder[: total - sum(counts.values())]:
        counts[task] += 1
    return counts
