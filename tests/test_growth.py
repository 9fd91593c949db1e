"""A search that grows, really trained: what is there is found, a target that came later is measured on it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from search.config import search_file
from search.config.workspace import Workspace
from search.results.ranking import rank
from search.studies.studies import Studies
from tests.support import tiny

pytestmark = pytest.mark.slow

TASKS = {"words": "tagging", "other": "masked_lm", "later": "sentence_classification"}
TARGETS = {"tags": "tagging", "choices": "multiple_choice"}


def write(folder: Path, tasks: list[str], targets: list[str], recipes: int) -> Path:
    stage = {"examples": 16, "batch_size": 8, "max_length": 48, "learning_rate": 1e-3}
    search = {
        "name": "small",
        "model": str(folder / "model"),
        "cards": ["cards"],
        "tasks": tasks,
        "targets": targets,
        "stages": {"intermediate": stage, "target": stage},
        "halving": {"rungs": [0.5, 1.0], "eta": 2},
        "budget": {"recipes": recipes},
        "confirm": {"top": 1, "seeds": 2},
    }
    file = folder / "search.yaml"
    file.write_text(yaml.safe_dump(search))
    return file


def test_tasks_are_added_and_a_target_comes_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    tiny.write_cards(tmp_path, TASKS, TARGETS)
    tiny.write_data(tmp_path, TASKS, TARGETS)
    file = write(tmp_path, ["words", "other"], ["tags"], 3)
    first = list(tiny.run_search(file))
    workspace = Workspace.of(search_file.load(file))
    stored = workspace.store.encoder_keys()
    before = rank(Studies.open(workspace), top=9).targets["tags"]
    assert stored and before.rung.top

    file = write(tmp_path, list(TASKS), list(TARGETS), 5)
    then = list(tiny.run_search(file))
    again = {(item.recipe.digest, item.rung) for item, _ in first}
    for item, outcome in then:
        if (item.recipe.digest, item.rung) in again:
            assert item.targets == ("choices",), "what was scored on the first target is not scored again"
            assert item.recipe.is_baseline or "encoder" in outcome.reused, "its encoder is stored"
    new = {(item.recipe.digest, item.rung) for item, _ in then} - again
    assert any("later" in item.recipe.mixture.tasks for item, _ in then) and new
    assert stored <= workspace.store.encoder_keys()

    workspace = Workspace.of(search_file.load(file))
    after = rank(Studies.open(workspace), top=9).targets
    assert {mix.digest for mix in before.best} <= {mix.digest for mix in after["tags"].best}
    assert after["choices"].rung.top and after["choices"].baseline and after["choices"].best
    assert [mix.score for mix in before.best][:1] != [None]
