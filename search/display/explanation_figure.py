"""Figures of distances and explanations, as SVG."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from search.results.explanation_model import Distances, DistanceTables


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
