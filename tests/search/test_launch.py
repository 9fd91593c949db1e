"""What a launch refuses before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from search.cli import main
from search.config import search_file
from search.config.workspace import Workspace
from search.studies.studies import Studies
from tests.support import tiny


@pytest.fixture
def file(tmp_path: Path, home: Path) -> Path:
    """The file of a search that was begun, on cards of its own."""
    tiny.write_cards(tmp_path, {"words": "tagging"}, {"names": "tagging"})
    stage = {"examples": 32, "batch_size": 8, "max_length": 48}
    search = {
        "name": "lab",
        "model": str(tmp_path / "model"),
        "cards": ["cards"],
        "tasks": ["words"],
        "targets": ["names"],
        "stages": {"intermediate": stage, "target": stage},
        "budget": {"recipes": 1},
    }
    file = tmp_path / "search.yaml"
    file.write_text(yaml.safe_dump(search), encoding="utf-8")
    workspace = Workspace.of(search_file.load(file))
    workspace.enter(file)
    Studies.create(workspace).remember(workspace.config)
    return file


def test_a_card_that_was_edited_between_two_launches(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    card = file.parent / "cards" / "targets" / "names.yaml"
    card.write_text(card.read_text(encoding="utf-8").replace("metric: f1", "metric: accuracy"), encoding="utf-8")
    file.write_text(file.read_text(encoding="utf-8").replace("recipes: 1", "recipes: 3"), encoding="utf-8")
    assert main(["launch", str(file)]) == 2
    said = capsys.readouterr().err
    assert "names.yaml: metric: differs from the card that the search was begun with" in said
    assert "accuracy (the search has f1)" in said
    assert main(["resume", "lab"]) == 2


@pytest.mark.long
def test_a_launch_that_is_refused_leaves_nothing_behind(
    tmp_path: Path, home: Path, capsys: pytest.CaptureFixture[str], file: Path
) -> None:
    """The cards' files are not there; the search that was begun stays as it is."""
    new = tmp_path / "new.yaml"
    new.write_text(file.read_text(encoding="utf-8").replace("name: lab", "name: new"), encoding="utf-8")
    assert main(["launch", str(new)]) == 2
    assert "no file for split" in capsys.readouterr().err
    assert not (home / "new").exists()
    assert main(["launch", str(file)]) == 2
    assert (home / "lab" / "studies.db").exists()
