"""The table of trained mixtures: which there are, what is said of them, and that looking at it changes nothing."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from benchmarks.make_table import DRAWN, Place, Row, gains, mixtures, noise, write
from search.config import search_file
from search.config.search import Search
from spaces.mixture import Mixture

FILE = Path(__file__).parents[2] / "benchmarks" / "tables" / "mini.yaml"


@pytest.fixture(scope="module")
def search() -> Search:
    return search_file.load(FILE)


def rows(search: Search, scores: dict[tuple[str, int], float]) -> dict[Place, Row]:
    """By (mixture, seed), the same for all targets, at the full budget."""
    return {(Mixture.parse(text), 1.0, seed): _row(search, score) for (text, seed), score in scores.items()}


def _row(search: Search, score: float) -> dict[str, Any]:
    return {f"dev:{target}": f"{score:.5f}" for target in search.config.targets}


def test_every_subset_once_and_mixtures_that_were_drawn(search: Search) -> None:
    found = mixtures(search.space)
    assert len(found) == len(set(found)) == 2 ** len(search.space.tasks) - 1 + DRAWN
    assert found == mixtures(search.space)


def test_noise_and_gains_by_hand(search: Search) -> None:
    alike = "book:1"
    table = rows(
        search,
        {("none", seed): 0.5 for seed in (1, 2, 3)}
        | {(alike, 1): 0.51, (alike, 2): 0.53, (alike, 3): 0.55}
        | {("ner:1", 1): 0.49, ("ner:1", 2): 0.49, ("ner:1", 3): 0.49},
    )
    told = noise(table, search)
    assert len(told) == len(search.config.targets)  # nothing is known of the lower rung
    assert (
        "seed noise 1.4, best less median 2.0, best gain +3.0 (2 mixtures, 3 seeds)" in told[0]
    )  # root of (4 + 0) / 2
    assert "baseline 50.0; best +1.0 (book:1), median +0.0, worst -1.0 of 2 mixtures" in gains(table, search)[0]


def test_looking_at_the_table_leaves_it_alone(search: Search, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    for file in FILE.parent.glob("mini.*"):
        shutil.copy(file, tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.glob("mini.*")}
    assert write(tmp_path / "mini.yaml", search) == len(before["mini.csv"].splitlines()) - 1
    assert {file.name: file.read_bytes() for file in tmp_path.glob("mini.*")} == before
