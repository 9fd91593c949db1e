"""The floor: who is told that a target stage is too short, and what to raise to what."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from search.results.floor import at_floor, short_stages, steps_of_targets
from tests.support import searches

SLOW = {"examples": 320}
FAST = {"examples": 320, "head_learning_rate": 1e-2}


@pytest.mark.parametrize(
    ("target", "own", "said"),
    [
        (SLOW, {}, ["related: 10 steps", "raise stages.target.examples from 320 to 1,600"]),
        (FAST, {}, []),
        ({**SLOW, "head_start": "probe"}, {}, []),
        (
            FAST,
            {"related": {"examples": 64}},
            ["related: 2 steps", "raise stages.per_target.related.examples from 64 to 320"],
        ),
    ],
)
def test_a_short_stage_is_said_before(tmp_path: Path, target: Any, own: Any, said: list[str]) -> None:
    search = searches.load(
        tmp_path, stages={"intermediate": {"examples": 640}, "target": target, "per_target": own}, targets=["related"]
    )
    lines = list(short_stages(search))
    assert len(lines) == bool(said)
    assert all(part in lines[0] for part in said)


def test_steps_are_those_of_each_rung(tmp_path: Path) -> None:
    """Verses are scored without training."""
    assert steps_of_targets(searches.load(tmp_path)) == "related 3 / 10"


def test_what_is_above_the_floor_is_no_matter(tmp_path: Path) -> None:
    search = searches.load(tmp_path)
    assert at_floor(search, "related", 1, 0.26, 0.25, "the baseline") is None
    line = at_floor(search, "related", 0, 0.25, 0.25, "the baseline")
    assert line is not None and "scores 25.0 at rung 0 (25%)" in line and "3 steps" in line


def test_of_a_probe_alone_no_steps_are_blamed(tmp_path: Path) -> None:
    search = searches.load(
        tmp_path, stages={"intermediate": {"examples": 640}, "target": {"examples": 320, "low_rung": "probe"}}
    )
    assert steps_of_targets(search) == "related a probe / 10"
    low, top = (at_floor(search, "related", rung, 0.25, 0.25, "the baseline") for rung in (0, 1))
    assert low is not None and "a linear probe" in low and "raise" not in low
    assert top is not None and "10 steps of the target stage are too few" in top
