"""Permutation p of an effect: its variable, less what the other variables say of it, is dealt anew to contents.

Rows are not exchangeable, contents are: all rows of a content move together, with their targets (for typology: all
rows of a target language, with their source languages). The variance ratios are those of the model without the effect.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping

import numpy as np

from search.explanation.design import ModelDesign
from search.explanation.mixed_model import Matrix, MixedModel

ALL_UP_TO, DRAWN = 5040, 2000


def permutation_p(design: ModelDesign, effect: str, near: Mapping[str, float]) -> tuple[float, int]:
    """The two-sided p, and how many permutations there were, the given order among them.

    Args:
        near: the variance ratios of the full model, to start from.
    """
    cells, units, partners = design.cells(effect)
    used = cells.sum(0)
    values = _cell_means(cells, design.fixed[effect])
    others = [_cell_means(cells, column) for name, column in design.fixed.items() if name not in (effect, "intercept")]
    values = _less(values, others, used > 0).reshape(units, partners)
    reduced = {name: column for name, column in design.fixed.items() if name != effect}
    fit = MixedModel(design.response, reduced, design.random).fit(near)
    score = cells.T @ fit.weights
    information = cells.T @ fit.projector(cells)

    def statistic(order: tuple[int, ...]) -> float:
        dealt = values[list(order)].ravel()
        spread = float(dealt @ information @ dealt)
        return float(dealt @ score) ** 2 / spread if spread > 1e-12 else 0.0

    given = statistic(tuple(range(units)))
    orders = list(_orders(units))
    at_least = sum(statistic(order) >= given * (1 - 1e-9) for order in orders)
    return at_least / len(orders), len(orders)


def _orders(units: int) -> Iterator[tuple[int, ...]]:
    """All orders, or the given one and as many drawn ones as are needed."""
    if math.factorial(units) <= ALL_UP_TO:
        yield from itertools.permutations(range(units))
        return
    yield tuple(range(units))
    draw = np.random.default_rng(0)
    for _ in range(DRAWN - 1):
        yield tuple(map(int, draw.permutation(units)))


def _cell_means(cells: Matrix, column: Matrix) -> Matrix:
    """The value of a column in each cell, by least squares: rows of mixtures are sums over cells."""
    weight = (cells**2).sum(0)
    if np.allclose(cells.max(1, initial=0.0), 1.0):  # each row lies in one cell
        means: Matrix = np.divide(cells.T @ column, weight, out=np.full(len(weight), np.nan), where=weight > 0)
        return means
    found = np.linalg.lstsq(cells, column, rcond=None)[0]
    return np.where(weight > 0, found, np.nan)


def _less(values: Matrix, others: list[Matrix], used: Matrix) -> Matrix:
    """The residuals on the other variables; cells without rows get the mean, which is 0."""
    there = used & np.isfinite(values)
    columns = np.column_stack([np.ones(int(there.sum())), *(other[there] for other in others)])
    found = np.zeros(len(values))
    found[there] = values[there] - columns @ np.linalg.lstsq(columns, values[there], rcond=None)[0]
    return found


def holm(p: dict[str, float]) -> dict[str, float]:
    """p adjusted for how many effects are tested (Holm 1979)."""
    adjusted, largest = dict[str, float](), 0.0
    for place, name in enumerate(sorted(p, key=lambda name: p[name])):
        largest = max(largest, min(1.0, (len(p) - place) * p[name]))
        adjusted[name] = largest
    return adjusted
