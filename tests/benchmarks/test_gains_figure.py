"""The figure of gains is drawn from what `best` prints."""

from __future__ import annotations

from pathlib import Path

from benchmarks.gains_figure import draw
from search.answers.mixes import BestMixes

BEST = Path(__file__).parents[1] / "before" / "answers" / "best.json"


def test_the_figure_is_a_picture(tmp_path: Path) -> None:
    draw(BestMixes.model_validate_json(BEST.read_text(encoding="utf-8")), tmp_path / "gains.png")
    assert (tmp_path / "gains.png").read_bytes()[:4] == b"\x89PNG"
