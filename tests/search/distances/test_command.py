"""`taskmix distances FILE` on a search that nobody has begun: profiles are computed with Ray, once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from search.cli import main
from tests.support.tiny import write_cards, write_data

pytestmark = [pytest.mark.ray, pytest.mark.long]

TASKS = {"tags": "tagging", "words": "masked_lm"}
TARGETS = {"pairs": "pair_classification"}


def test_a_second_call_computes_nothing(tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_cards(tmp_path, TASKS, TARGETS)
    write_data(tmp_path, TASKS, TARGETS)
    stage = {"examples": 16, "batch_size": 4}
    content = {
        "name": "tiny",
        "model": str(tmp_path / "model"),
        "cards": ["cards"],
        "tasks": list(TASKS),
        "targets": list(TARGETS),
        "stages": {"intermediate": stage, "target": stage},
        "budget": {"recipes": 1},
        "resources": {"concurrency": 1},
    }
    file = tmp_path / "search.yaml"
    file.write_text(yaml.safe_dump(content), encoding="utf-8")
    assert main(["distances", str(file), "--format", "json"]) == 0
    first = capsys.readouterr()
    answer = json.loads(first.out)  # what is said on the way goes elsewhere
    assert "profiles: 0 are stored, 3 are computed" in first.err
    assert answer["domain"]["tags"]["pairs"] > 0 and answer["missing"] == {}
    assert len(list((home / "store" / "profiles").glob("*.json.gz"))) == 3
    assert main(["distances", str(file), "--format", "json"]) == 0
    second = capsys.readouterr()
    assert "are computed" not in second.err
    assert json.loads(second.out) == answer
