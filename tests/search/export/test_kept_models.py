"""`storage.keep_models`: the models of confirmed winners go home without being trained again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from search.cli import main
from search.config import search_file
from search.config.workspace import Workspace
from search.export.statement import Statement
from search.results.ranking import rank
from search.retention.gc import sweep
from search.retention.inventory import EncoderInventory
from search.studies.studies import Studies
from spaces.errors import InputError
from tests.support import reader, tiny
from tests.support.examples import EXAMPLES
from trainables.work.item import WorkItem
from trainables.worker import Worker

TASKS, TARGETS = {"words": "tagging", "other": "masked_lm"}, {"tags": "tagging", "choices": "multiple_choice"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    tiny.write_cards(folder, TASKS, TARGETS)
    tiny.write_data(folder, TASKS, TARGETS)
    stage = {"examples": 8, "batch_size": 8, "max_length": 48, "learning_rate": 1e-3}
    search = {
        "name": "small",
        "model": str(folder / "model"),
        "cards": ["cards"],
        "tasks": list(TASKS),
        "targets": list(TARGETS),
        "stages": {"intermediate": stage, "target": stage},
        "halving": {"rungs": [1.0]},
        "budget": {"recipes": 2},
        "confirm": {"seeds": 2},
        "storage": {"keep_models": True},
    }
    (folder / "search.yaml").write_text(yaml.safe_dump(search))
    return folder


@pytest.fixture(scope="module")
def workspace(folder: Path) -> Iterator[Workspace]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TASKMIX_HOME", str(folder / "home"))
        patch.setenv("TASKMIX_CACHE", str(folder / "cache"))
        for _ in tiny.run_search(folder / "search.yaml"):
            pass
        yield Workspace.of(search_file.load(folder / "search.yaml"))


def exported(folder: Path, out: str, target: str) -> tuple[Path, Statement]:
    home = folder / out
    assert main(["export", "small", "--format", "hf", "--target", target, "--fine-tuned", "--out", str(home)]) == 0
    return home, Statement.model_validate_json((home / "taskmix.json").read_text())


@pytest.mark.parametrize("target", list(TARGETS))
def test_a_kept_model_predicts_what_was_scored_and_nothing_is_trained(
    folder: Path, workspace: Workspace, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.delattr(Worker, "fine_tune")
        out, statement = exported(folder, f"kept-{target}", target)
    assert statement.seed == 2, "the first fresh seed of a search with seed 1"
    scored = workspace.store.predictions(statement.keys.score)
    assert scored is not None
    assert reader.predict(str(out), TARGETS[target], EXAMPLES[TARGETS[target]]) == scored["en"]


def test_retention_keeps_those_of_the_answer_and_of_the_baseline(folder: Path, workspace: Workspace) -> None:
    holdings = EncoderInventory(workspace, Studies.open(workspace))
    have = workspace.store.encoder_keys()
    kept = {key for item in confirmed(workspace) for key in holdings.models_of(item)}
    assert kept and kept <= have & holdings.made().keys()
    waste = {one.key for one in sweep(workspace, top=1).encoders}
    best = rank(Studies.open(workspace), top=1).targets
    for item in confirmed(workspace):
        is_needed = item.recipe.is_baseline or item.recipe.with_seed(1).digest == best[item.targets[0]].best[0].digest
        assert holdings.models_of(item).isdisjoint(waste) or not is_needed


def confirmed(workspace: Workspace) -> list[WorkItem]:
    """What was measured with the first fresh seed, target by target."""
    records = [record for records in Studies.open(workspace).records.values() for record in records]
    return [WorkItem(one.recipe, one.rung, (one.target,)) for one in records if one.recipe.seed == 2]


def test_without_it_the_own_seed_is_trained_again(folder: Path, workspace: Workspace) -> None:
    store = workspace.store
    for item in confirmed(workspace):
        for key in EncoderInventory(workspace, Studies.open(workspace)).models_of(item):
            store.remove(key)
    _, statement = exported(folder, "trained", "tags")
    assert statement.seed == 1 and statement.content == "fine-tuned"


def test_something_has_to_be_confirmed(folder: Path, tmp_path: Path) -> None:
    content = yaml.safe_load((folder / "search.yaml").read_text())
    content |= {"confirm": {"seeds": 1}, "cards": [str(folder / "cards")]}
    (tmp_path / "search.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match="models of confirmed mixes are kept, and none is confirmed"):
        search_file.load(tmp_path / "search.yaml")
