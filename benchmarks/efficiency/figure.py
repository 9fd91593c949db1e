"""Figure: regret against cost, a panel for each world."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.ticker import FuncFormatter, NullLocator

from benchmarks.efficiency.summary import COSTS, Line

STYLES: dict[str, tuple[str, str]] = {
    "random": ("#8c8c8c", "-"),
    "tpe": ("#0072b2", "-"),
    "gp": ("#56b4e9", "-"),
    "tune": ("#d55e00", "-"),
    "autosem": ("#cc79a7", "-"),
    "all-tasks": ("#b0a080", ":"),
    "best-single": ("#6b5b3e", ":"),
    "ours": ("#000000", "-"),
    "ours-no-sharing": ("#009e73", "--"),
    "ours-no-halving": ("#009e73", "-."),
    "ours-no-start": ("#009e73", ":"),
    "ours-single-tasks": ("#7b3294", "--"),
    "ours-no-costs": ("#f0b400", "--"),
}
"""Colour (told apart by colour-blind readers too) and line."""

BANDED = ("random", "tpe", "tune", "ours")
"""Strategies that are drawn with their interval; more bands would hide the lines."""


def draw(summary: Mapping[str, Mapping[str, Line]], recipes: float, file: Path) -> None:
    """Write the figure; its format is the file's ending."""
    figure, panels = plt.subplots(1, len(summary), figsize=(1.5 + 4.2 * len(summary), 5.0), squeeze=False)
    for panel, (world, lines) in zip(panels[0], summary.items(), strict=True):
        for name in [name for name in STYLES if name in lines]:
            line, (colour, dashes) = lines[name], STYLES[name]
            panel.plot(COSTS, line.regret, dashes, color=colour, linewidth=2.4 if name == "ours" else 1.4, label=name)
            if name in BANDED:
                low, high = line.regret - line.margin, line.regret + line.margin
                panel.fill_between(COSTS, low, high, color=colour, alpha=0.12, linewidth=0)
        panel.set_xscale("log")
        panel.set_xticks([0.003, 0.01, 0.03, 0.1, 0.3, 1.0])
        panel.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g} %"))
        panel.xaxis.set_minor_locator(NullLocator())
        panel.set_xlim(COSTS[0], 1.0)
        panel.set_ylim(bottom=min(0.0, min(line.regret.min() for line in lines.values())))
        seeds = sorted({line.seeds for line in lines.values()})
        panel.set_title(f"{world} ({' to '.join(map(str, dict.fromkeys((seeds[0], seeds[-1]))))} seeds)")
        panel.grid(alpha=0.3)
    panels[0][0].set_ylabel("regret, points (mean over targets and seeds)")
    figure.supxlabel(f"trained examples, share of the budget ({recipes:g} full recipes for each target)", fontsize=10)
    drawn = [line for panel in panels[0] for line in panel.get_lines()]
    handles = {str(line.get_label()): line for line in drawn}
    ordered = [name for name in STYLES if name in handles]
    figure.legend(
        [handles[name] for name in ordered], ordered, loc="upper center", ncols=min(6, len(ordered)), frameon=False
    )
    figure.tight_layout(rect=(0, 0, 1, 0.9 if len(ordered) > 6 else 0.93))
    figure.savefig(file, dpi=130)
    plt.close(figure)
