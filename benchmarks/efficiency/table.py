"""Table: mixtures that were trained and what they scored, the user's own or somebody else's, from two CSV files.

One has a column of weights per task (a row of zeros is the baseline), the other, with the same rows, a column per
target. The columns `index`, `rung` (a share of the full budget, the highest is 1) and `seed` may stand in either; an
empty score is one that was not measured. Where columns are called `mix:<task>` and `dev:<target>`, as in the tables of
`benchmarks/make_table.py`, only those are read, and both files may be the same.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.efficiency.world import Array, mixture_of
from spaces.errors import InputError, Problem
from spaces.mixture import Mixture
from spaces.space import Space

INDEX, RUNG, SEED = "index", "rung", "seed"
"""Columns that are neither tasks nor targets."""

STEP = 0.05
"""Grid of the weights that may be proposed."""


@dataclass(frozen=True)
class Table:
    """Rows of a table.

    Attributes:
        weights: of shape (rows, tasks); each sums to 1, or is all 0: the baseline.
        scores: of shape (rows, targets), higher is better (losses are negated); NaN where there is none.
        rung: of shape (rows,): index of the row's rung.
        rungs: shares of the full budget, rising to 1.
    """

    tasks: tuple[str, ...]
    targets: tuple[str, ...]
    weights: Array
    scores: Array
    rung: NDArray[np.int64]
    rungs: tuple[float, ...]

    @classmethod
    def read(cls, mixtures: Path, scores: Path, minimize: bool = False) -> Table:
        """From its files.

        Raises:
            InputError: what is wrong with them.
        """
        left, right = _columns(mixtures), _columns(scores)
        tasks, weights = _named(left, "mix:")
        targets, told = _named(right, "dev:")
        if minimize:
            told = -told
        problems = list(_problems(mixtures, scores, left, right, weights))
        if problems:
            raise InputError(problems)
        total = weights.sum(axis=1, keepdims=True)
        shares = left.get(RUNG, right.get(RUNG, np.ones(len(weights))))
        rungs, rung = np.unique(shares, return_inverse=True)
        if rungs[0] <= 0 or rungs[-1] != 1:
            fix = "shares of the full budget above 0, the highest is 1"
            raise InputError(Problem("these are no rungs", f"{mixtures}: {RUNG}", ", ".join(map(str, rungs)), fix))
        weights = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
        return cls(tasks, targets, weights, told, rung.ravel(), tuple(map(float, rungs)))

    @cached_property
    def space(self) -> Space:
        """As wide as the rows: as many tasks as any of them has, and weights down to the smallest, from 0.05 on."""
        positive = self.weights[self.weights > 0]
        least = max(STEP, STEP * math.floor(float(positive.min()) / STEP + 1e-6))
        most = int((self.weights > 0).sum(axis=1).max())
        return Space(self.tasks, max_tasks=min(most, math.floor(1 / least + 1e-9)), min_weight=least, step=STEP)

    @cached_property
    def runs(self) -> dict[Mixture, NDArray[np.int64]]:
        """Mixture -> its rows, over all rungs and seeds, in the order of the file."""
        found: dict[Mixture, list[int]] = {}
        for number, weights in enumerate(self.weights):
            mixture = mixture_of(weights, self.tasks) if weights.any() else Mixture()
            found.setdefault(mixture, []).append(number)
        return {mixture: np.array(numbers) for mixture, numbers in found.items()}

    def measured(self, mixture: Mixture, rung: int, target: str) -> Array:
        """The scores of a mixture, over seeds."""
        rows = self.runs[mixture]
        found: Array = self.scores[rows[self.rung[rows] == rung], self.targets.index(target)]
        measured: Array = found[~np.isnan(found)]
        return measured

    def rows(self, rung: int, target: str) -> tuple[Array, Array]:
        """Weights and scores of the mixtures that were measured there, without the baseline."""
        column = self.scores[:, self.targets.index(target)]
        chosen = (self.rung == rung) & self.weights.any(axis=1) & ~np.isnan(column)
        return self.weights[chosen], column[chosen]

    def baseline(self, rung: int, target: str) -> float:
        """Mean of the rows without tasks; of a table that has none the median of the mixtures."""
        if Mixture() in self.runs and len(found := self.measured(Mixture(), rung, target)):
            return float(found.mean())
        return float(np.median(self.rows(rung, target)[1]))

    def noise(self, rung: int, target: str) -> float | None:
        """Standard deviation over seeds, pooled over mixtures; None where nothing was measured twice."""
        groups = [self.measured(mixture, rung, target) for mixture in self.runs]
        freedom = sum(len(group) - 1 for group in groups if len(group) > 1)
        squares = sum(float(((group - group.mean()) ** 2).sum()) for group in groups if len(group) > 1)
        return math.sqrt(squares / freedom) if freedom else None


def _named(columns: Mapping[str, Array], prefix: str) -> tuple[tuple[str, ...], Array]:
    """Tasks or targets and their columns: those with the prefix, where there are any."""
    places = {INDEX, RUNG, SEED}
    chosen = [name for name in columns if name.startswith(prefix)] or [name for name in columns if name not in places]
    return tuple(name.removeprefix(prefix) for name in chosen), np.stack([columns[name] for name in chosen], axis=1)


def _columns(file: Path) -> dict[str, Array]:
    """Column -> its numbers; NaN where a cell is empty."""
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            head, *rows = list(csv.reader(lines))
    except (OSError, ValueError) as error:
        raise InputError(
            Problem("this table cannot be read", str(file), str(error), "a CSV file with a head")
        ) from error
    try:
        cells = np.array([[float(cell) if cell.strip() else math.nan for cell in row] for row in rows])
        if cells.ndim != 2 or cells.shape[1] != len(head):
            raise ValueError("rows differ in length, or there are none")
    except ValueError as error:
        raise InputError(Problem("not a table of numbers", str(file), str(error), "a number in every cell")) from error
    return dict(zip(head, cells.T, strict=True))


def _problems(
    mixtures: Path, scores: Path, left: Mapping[str, Array], right: Mapping[str, Array], weights: Array
) -> list[Problem]:
    found = []
    lines, others = (len(next(iter(columns.values()))) for columns in (left, right))
    if lines != others:
        found.append(Problem("the two tables differ in length", str(scores), f"{others} rows, and {lines} mixtures"))
    elif INDEX in left and INDEX in right and (left[INDEX] != right[INDEX]).any():
        found.append(Problem("the two tables have other rows", f"{scores}: {INDEX}", fix="the order of the mixtures"))
    total = weights.sum(axis=1)
    wrong = np.flatnonzero(~((weights >= 0).all(axis=1) & ((total == 0) | (np.abs(total - 1) < 0.02))))
    if len(wrong):
        line = f"line {wrong[0] + 2}: they sum to {total[wrong[0]]:g}"
        found.append(Problem("weights are shares that sum to 1, or all 0", str(mixtures), line))
    return found
