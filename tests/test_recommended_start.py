"""From one search to the next, with real training: explained, recommended from, begun with what is recommended.

And a model of it promoted by a button in a browser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
import yaml

from search.cli import main
from search.config.workspace import find
from search.service.app import make_app
from search.service.settings import Settings
from search.studies.studies import Studies
from tests.search.service.conftest import ACCESS, WRITER
from tests.support.browser import launched, listening
from tests.support.tiny import write_cards, write_data

pytestmark = [pytest.mark.ray, pytest.mark.slow]

TASKS = {"tags": "tagging", "books": "sentence_classification", "others": "pair_classification"}
TARGETS = {"pairs": "pair_classification", "texts": "retrieval", "choices": "multiple_choice"}
UNKNOWN = {"answers": "span_qa"}
"""A target that the first search does not have."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with a search that is over, of three tasks and three targets."""
    folder = tmp_path_factory.mktemp("lab")
    write_cards(folder, TASKS, {**TARGETS, **UNKNOWN})
    write_data(folder, TASKS, {**TARGETS, **UNKNOWN})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TASKMIX_HOME", str(folder / "home"))
        patch.setenv("TASKMIX_CACHE", str(folder / "cache"))
        patch.chdir(folder)
        launch(folder, "first", sorted(TARGETS), start={"priors": [], "all_tasks": False, "single_tasks": True})
        yield folder


def launch(folder: Path, name: str, targets: list[str], **changes: Any) -> None:
    stage = {"examples": 32, "batch_size": 8, "max_length": 48, "learning_rate": 1e-3}
    content = {
        "name": name,
        "model": str(folder / "model"),
        "cards": ["cards"],
        "tasks": sorted(TASKS),
        "targets": targets,
        "stages": {"intermediate": stage, "target": stage},
        "halving": {"rungs": [1.0]},
        "budget": {"recipes": 3},
        "confirm": {"top": 0, "seeds": 1},
        "resources": {"cpus": 1, "concurrency": 1},
    }
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({**content, **changes}))
    assert main(["launch", str(file)]) == 0


def answer(capsys: pytest.CaptureFixture[str], *command: str) -> Any:
    capsys.readouterr()
    assert main([*command, "--format", "json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_a_search_begins_with_what_an_earlier_one_recommends(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    explained = answer(capsys, "explain", "first")
    assert explained["rows"] == len(TASKS) * len(TARGETS)
    assert explained["effects"]["domain"]["verdict"] == "too little"

    recommended = answer(capsys, "recommend", "answers", "--from", "first", "--top", "1000")
    assert recommended["target"] == "answers" and recommended["rules"]["mixed model"]["targets"] == len(TARGETS)
    assert {one["mix"] for one in recommended["configurations"]} >= {f"{task}:1" for task in TASKS}

    start = {"priors": ["recommended"], "all_tasks": False}
    launch(lab, "second", ["answers"], start=start, budget={"recipes": 1})
    workspace = find("second")
    studies = Studies.open(workspace)
    (begun,) = studies.recommended or []
    assert "recommended by first" in begun.reason
    assert str(begun.mixture) == recommended["configurations"][0]["mix"]
    tried = {owner.recipe.mixture for owner in studies.owners()}
    assert begun.mixture in tried, "its first recipe is the recommended one"


def test_promote_is_clicked(lab: Path) -> None:
    settings = Settings(access=ACCESS, searches=0)
    with launched() as browser, listening(make_app(lab / "home", settings)) as address:
        page = browser.new_page()
        page.set_default_timeout(600_000)
        page.on("dialog", lambda dialog: dialog.accept())
        page.goto(f"{address}/searches/first?token={WRITER.secret}")
        page.locator("#answer article", has_text="pairs").get_by_role("button", name="promote").click()
        note = page.locator("#note", has_text=re.compile("the service has taken it up|the alias stays"))
        note.wait_for()
        said = note.text_content() or ""
    mlflow.set_tracking_uri(find("first").mlflow_uri)
    versions = mlflow.MlflowClient().search_model_versions("name='taskmix-pairs'")
    assert len(versions) == 1, said
    is_champion = bool(mlflow.MlflowClient().get_registered_model("taskmix-pairs").aliases)
    assert said.startswith("promote: the service has taken it up" if is_champion else "the alias stays where it is")
    assert "writer promoted" in (lab / "home" / "first" / "launch.log").read_text() if is_champion else True
