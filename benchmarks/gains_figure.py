"""The gain of each mix in every language, as a figure: `python -m benchmarks.gains_figure BEST.json FIGURE.png`.

BEST.json is what `python -m search best NAME --format json` prints.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from search.answers.mixes import BestMixes
from search.formatting import hyperparameters, percent


def draw(ranked: BestMixes, path: Path) -> None:
    """A panel per target; whiskers are the spread over seeds."""
    targets = [(name, answer) for name, answer in ranked.targets.items() if answer.best]
    entries = {entry.digest: entry for _, answer in targets for entry in answer.best}
    mixes = [entry.mix for entry in entries.values()]
    bars: dict[str, Any] = {}
    drawing = Figure(figsize=(8, 2.2 * len(targets) + 0.25 * len(entries) + 0.4), layout="constrained")
    panels = drawing.subplots(max(len(targets), 1), 1, squeeze=False)[:, 0]
    for panel, (name, answer) in zip(panels, targets, strict=False):
        width = 0.8 / len(answer.best)
        for rank, entry in enumerate(answer.best):
            gains = [entry.gain, *(entry.gain_languages.get(language) for language in answer.languages)]
            at = [index - 0.4 + width * (rank + 0.5) for index in range(len(gains))]
            color = f"C{list(entries).index(entry.digest) % 10}"
            heights = [100 * (gain or 0.0) for gain in gains]
            bars[entry.digest] = panel.bar(at, heights, width * 0.92, color=color)
            if entry.gain_spread is not None:
                panel.errorbar(at[0], heights[0], 100 * entry.gain_spread, color="black", capsize=3, linewidth=1)
        panel.axhline(0, color="black", linewidth=0.8)
        panel.set_xticks(range(1 + len(answer.languages)), ["mean", *answer.languages])
        panel.set_ylabel("gain, points")
        baseline = percent(answer.baseline.score) if answer.baseline else "?"
        panel.set_title(f"{name}: gain over the baseline ({baseline} % {answer.metric})", loc="left", fontsize=10)
        panel.spines[["top", "right", "bottom"]].set_visible(False)
    if entries:
        labels = [
            entry.mix + (f" ({hyperparameters(entry.hyperparameters)})" if mixes.count(entry.mix) > 1 else "")
            for entry in entries.values()
        ]
        title = "Development split; whiskers: spread over seeds"
        handles = [bars[name] for name in entries]
        drawing.legend(
            handles,
            labels,
            loc="outside lower left",
            fontsize=8,
            frameon=False,
            title=title,
            title_fontsize=8,
            alignment="left",
        )
    drawing.savefig(path, dpi=150)


if __name__ == "__main__":
    source, figure = map(Path, sys.argv[1:])
    draw(BestMixes.model_validate_json(source.read_text(encoding="utf-8")), figure)
