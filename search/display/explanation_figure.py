"""Figures of distances and explanations, as SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from search.answers.explanation import Distances, DistanceTables, Explanation


def draw_distances(answer: DistanceTables, file: Path) -> None:
    """Heat maps of both tables beside each other; what is missing stays white."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 0.6 + 0.32 * max(6, len(answer.domain))), layout="constrained")
    left, right = figure.subplots(1, 2)
    heat_map(figure, left, answer.domain, f"texts ({answer.measure})")
    heat_map(figure, right, answer.languages, f"languages ({answer.typology})")
    _save(figure, file)


def heat_map(figure: Any, axes: Any, table: Distances, title: str) -> None:
    """Rows are what is trained on, columns what is measured."""
    names, columns = list(table), list(next(iter(table.values()), {}))
    values = [[np.nan if table[name][column] is None else table[name][column] for column in columns] for name in names]
    image = axes.imshow(np.array(values, dtype=float), aspect="auto", cmap="viridis_r")
    axes.set_xticks(range(len(columns)), columns, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    axes.set_title(title, fontsize=10)
    figure.colorbar(image, ax=axes, shrink=0.8)


def _save(figure: Any, file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, format="svg", metadata={"Date": None})


Point = tuple[str, float, float, float]
"""Target, distance of the texts, distance of the languages, gain."""


def draw_explanation(answer: Explanation, points: Sequence[Point], file: Path) -> None:
    """Left the distances, right the gains against them, a color per target, with the line of the model and its band."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(13, 7.5), layout="constrained")
    (upper_left, upper_right), (lower_left, lower_right) = figure.subplots(2, 2)
    heat_map(figure, upper_left, answer.distances.domain, f"distance of texts ({answer.measure})")
    heat_map(figure, lower_left, answer.distances.languages, f"distance of languages ({answer.typology})")
    _scatter(upper_right, answer, "domain", [(target, x, y) for target, x, _, y in points])
    _scatter(lower_right, answer, "typology", [(target, x, y) for target, _, x, y in points])
    verdicts = "; ".join(f"{name}: {answer.effects[name].verdict}" for name in ("domain", "typology"))
    figure.suptitle(f"{', '.join(answer.searches)}: {verdicts}", fontsize=11)
    _save(figure, file)


def _scatter(axes: Any, answer: Explanation, name: str, points: Sequence[tuple[str, float, float]]) -> None:
    effect = answer.effects[name]
    for target in sorted({target for target, _, _ in points}):
        own = np.array([(x, y) for one, x, y in points if one == target])
        axes.scatter(own[:, 0], own[:, 1], s=14, alpha=0.7, label=target)
    values = np.array([(x, y) for _, x, y in points])
    middle, height = values.mean(0)
    across = np.linspace(values[:, 0].min(), values[:, 0].max(), 50)
    if effect.per_unit is not None and effect.per_sd:
        axes.plot(across, height + effect.per_unit * (across - middle), color="black")
        if effect.interval is not None:
            unit = effect.per_unit / effect.per_sd
            ends = [height + end * unit * (across - middle) for end in effect.interval]
            axes.fill_between(across, np.minimum(*ends), np.maximum(*ends), color="black", alpha=0.12)
    axes.axhline(0, color="gray", linewidth=0.7)
    axes.set_xlabel(f"{name} distance")
    axes.set_ylabel(f"gain in {answer.scale}")
    axes.set_title(f"{name}: {effect.verdict}", fontsize=10)
    axes.legend(fontsize=7)
