"""What the version before the rooms has made: its searches are read, go on, and give the same answers and keys.

`tests/before/README.md` says what is there and how it was made.
"""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from search.cli import main
from search.config.workspace import find
from search.results.ranking import rank
from search.results.row_source import StoredRows
from search.scheduling.agenda import Agenda
from search.studies.lease import acquire
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.recipe import Recipe
from trainables.data.card_data import Data
from trainables.work.keys import encoder_key, evidence_key, score_key, single_keys
from trainables.worker import Worker

BEFORE = Path(__file__).parent / "before"
COMMANDS: dict[str, dict[str, Any]] = json.loads((BEFORE / "answers" / "commands.json").read_text())
KEYS: dict[str, Any] = json.loads((BEFORE / "keys.json").read_text())["searches"]

TIMES = re.compile(
    r"^\[.* s\].*\n|^(?:target stage|data) (.*\n)+?(?=\n)|about [0-9.]+ s|"
    r"(?:[0-9.]+ s)? +[0-9]+% *$| +evaluation$|[0-9.]+ s *$",
    re.MULTILINE,
)
"""Of `plan`: its progress, what it reckons from this machine's speed, and what it says since of data, stages and
evaluation."""

LEARNED = re.compile(r"\n+learned from all results.*?(?=\n\n|\Z)", re.DOTALL)
"""Of the table of `best`: what an optimiser ends with, alike to three digits on another machine."""


SINCE = {
    "half.status.table": {"5: 1 running": "5: 1 interrupted", "runs:": "will be done again:"},
    "half.gc.txt": {
        "same:1                     1  10.9 kB\n": "",
        "54.4 kB; kept: 4 encoders, 43.5 kB": "43.5 kB; kept: 5 encoders, 54.4 kB",
    },
    "half.plan.simulate.txt": {
        "5            160          36": "4            192          44",
        "15 work items, 2,432 examples, 564": "14 work items, 2,400 examples, 560",
        "48.3 kB": "43.9 kB",
    },
}
"""What a table says otherwise by now: without a driver nothing runs; a rung sends on its share of recipes and no
more, and any of them may be one."""


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A copy of the folder in which the searches were made, entered, as recipes name their model relative to it."""
    lab = tmp_path / "lab"
    shutil.copytree(BEFORE / "lab", lab)
    for text in lab.glob("home/*/studies.sql"):
        with closing(sqlite3.connect(text.with_suffix(".db"))) as connection:
            connection.executescript(text.read_text(encoding="utf-8"))
    monkeypatch.chdir(lab)
    for name, value in {"TASKMIX_HOME": "home", "TASKMIX_CACHE": "cache", "TZ": "UTC"}.items():
        monkeypatch.setenv(name, value)
    time.tzset()  # the databases have local times
    yield lab
    monkeypatch.undo()
    time.tzset()


def alike(answer: Any, before: Any) -> bool:
    """Equal, key by key, numbers to three digits; fields may have come since."""
    if isinstance(before, float):
        return bool(answer == pytest.approx(before, rel=1e-3, abs=1e-9))
    if isinstance(before, dict):
        known = [key for key in answer if key in before]  # what is new since may stand beside it
        return known == list(before) and all(alike(answer[key], before[key]) for key in before)
    if isinstance(before, list):
        return len(answer) == len(before) and all(map(alike, answer, before))
    return bool(answer == before)


@pytest.mark.parametrize("file", COMMANDS)
def test_answers_are_the_same_key_by_key(lab: Path, capsys: pytest.CaptureFixture[str], file: str) -> None:
    before = (BEFORE / "answers" / file).read_text()
    for words, now in SINCE.get(file, {}).items():
        before = before.replace(words, now)
    assert main(COMMANDS[file]["arguments"]) == COMMANDS[file]["code"]
    answer = capsys.readouterr().out
    if file.endswith(".json"):
        assert alike(json.loads(answer), json.loads(before))
    elif file.endswith(".csv"):
        rows, rows_before = (list(csv.DictReader(io.StringIO(text))) for text in (answer, before))
        assert alike(rows, rows_before)
    elif "plan" in file:
        assert TIMES.sub("", answer).split() == TIMES.sub("", before).split()
    else:
        assert LEARNED.sub("", answer) == LEARNED.sub("", before)


@pytest.mark.parametrize("name", KEYS)
def test_keys_are_the_same(lab: Path, name: str) -> None:
    workspace = find(name)
    plan = workspace.plan.model_copy(update={"versions": Studies.open(workspace).versions})
    assert KEYS[name]["recipes"]
    for digest, known in KEYS[name]["recipes"].items():
        recipe = Recipe.from_dict(known["recipe"])
        assert recipe.digest == digest and recipe.family == known["family"]
        for rung in range(len(plan.rungs)):
            keys = known[f"rung {rung}"]
            assert encoder_key(plan, recipe, rung) == keys["encoder"]
            assert single_keys(plan, recipe, rung) == keys["singles"]
            for target in plan.targets:
                merged = score_key(plan, recipe, rung, target, rung)
                assert score_key(plan, recipe, rung, target) == keys["scores"][target]
                assert (merged, evidence_key(merged)) == (keys["merged"][target], keys["evidence"][target])


@pytest.mark.parametrize(
    "name", [name if name == "half" else pytest.param(name, marks=pytest.mark.slow) for name in KEYS]
)
def test_nothing_is_trained_again(lab: Path, name: str) -> None:
    workspace = find(name)
    studies = Studies.open(workspace)
    worker = Worker(workspace.plan.model_copy(update={"versions": studies.versions}))
    data = Data(workspace.cache)
    assert {card.name: data.version(card) for card in worker.plan.cards()} == studies.versions
    over = [owner.item for owner in studies.owners() if owner.state in (TrialState.COMPLETE, TrialState.PRUNED)]
    assert len(over) > 5
    for item in filter(None, over):
        outcome = worker.run(item)
        assert (outcome.examples, outcome.reused) == (0, list(item.targets))


def test_the_killed_one_goes_on(lab: Path) -> None:
    workspace = find("half")
    with acquire(workspace) as lease:  # the dead driver's has run out
        studies = Studies.create(workspace, guard=lease.check)
        studies.remember(workspace.config)  # in the old spelling, which makes no difference
        agenda = Agenda(workspace.search, studies)
        worker = Worker(workspace.plan.model_copy(update={"versions": studies.versions}))
        item = agenda.next()
        assert item is not None
        outcome = worker.run(item)
        assert outcome.reused == ["match", "encoder"]  # stored before the kill
        agenda.done(item, outcome)
        assert not studies.running()


def test_the_error_of_rows_comes_from_predictions_that_were_stored(lab: Path) -> None:
    workspace = find("whole")
    studies = Studies.open(workspace)
    assert StoredRows(workspace, studies, at_once=False).draw("tags", with_test_scores(studies, "tags")) is None
    for target in studies.search.targets:
        records = with_test_scores(studies, target)
        drawn = StoredRows(workspace, studies).draw(target, records)
        assert drawn is not None and drawn.errors.covariance.shape == (len(records), len(records))
        assert set(drawn.errors.languages) == set(records[0].score.test)
        kept = StoredRows(workspace, studies, at_once=False).draw(target, records)
        assert kept is not None and kept.errors.covariance.tolist() == drawn.errors.covariance.tolist()
        assert kept.development == drawn.development == 1.0, "as many development rows as test rows"


def test_what_was_not_stored_has_no_row_errors(lab: Path) -> None:
    workspace = find("whole")
    studies = Studies.open(workspace)
    shutil.rmtree(lab / "home" / "store" / "predictions")
    assert StoredRows(workspace, studies).draw("tags", with_test_scores(studies, "tags")) is None
    result = rank(studies, "tags", rows=StoredRows(workspace, studies)).targets["tags"].best[0]
    assert result.claim is not None and result.claim.rows in ("bound", "unknown")


def change_answers(lab: Path) -> None:
    """As many rows as before, of the same texts, with other labels."""
    for file in (lab / "data" / "topics").glob("*/test.jsonl"):
        rows = [json.loads(line) for line in file.read_text().splitlines()]
        file.write_text("".join(json.dumps({**row, "label": 1 - row["label"]}) + "\n" for row in rows))


def change_model(lab: Path) -> None:
    """The pretrained model with another vocabulary under its name: two pieces have changed places."""
    file = lab / "model" / "tokenizer.json"
    tokenizer = json.loads(file.read_text())
    pieces = tokenizer["model"]["vocab"]
    (one, first), (other, second) = list(pieces.items())[-2:]
    pieces |= {one: second, other: first}
    file.write_text(json.dumps(tokenizer))


@pytest.mark.parametrize("changed", [True, False])
def test_of_rows_that_changed_since_nothing_is_said(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: bool
) -> None:
    """What was predicted says nothing of other rows: no error of rows, no submission."""
    workspace = find("whole")
    studies = Studies.open(workspace)
    if changed:
        change_answers(lab)
    drawn = StoredRows(workspace, studies).draw("topics", with_test_scores(studies, "topics"))
    assert (drawn is None) == changed
    out = ["--out", str(tmp_path / "out")]
    assert main(["export", "whole", "--format", "tiny", "--target", "topics", *out]) == (2 if changed else 0)
    if changed:
        assert "the data changed since the search was begun" in capsys.readouterr().err
        assert main(["export", "whole", "--format", "hf", "--fine-tuned", "--target", "topics", *out]) == 1
        assert "the data are others than the search's" in capsys.readouterr().err


WITH_THE_MODEL = [["export", "whole", "--format", "hf", "--fine-tuned"], ["promote", "whole"]]


@pytest.mark.parametrize("arguments", WITH_THE_MODEL, ids=["export", "promote"])
@pytest.mark.parametrize("mix", [[], ["--mix", "none"]], ids=["best", "baseline"])
def test_a_model_that_changed_since_is_found_out_although_its_version_was_not_kept(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], mix: list[str]
) -> None:
    change_model(lab)
    out = ["--out", str(tmp_path / "out")] if "export" in arguments else []
    assert main([*arguments, "--target", "tags", *mix, *out]) in (1, 2)
    assert "the model's files changed since the search was begun" in capsys.readouterr().err


def test_the_baseline_is_not_taken_home_as_another_model(
    lab: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    change_model(lab)
    asked = ["export", "whole", "--format", "hf", "--target", "tags", "--out", str(tmp_path / "out")]
    assert main([*asked, "--mix", "none"]) == 2
    assert "the model's files changed since the search was begun" in capsys.readouterr().err
    assert main(asked) == 0, "what the store has is whole, tokenizer included"


@pytest.mark.slow  # starts Ray
def test_a_search_does_not_go_on_with_another_model(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    change_model(lab)
    assert main(["resume", "half"]) == 2
    assert "the model's files changed since the search was begun" in capsys.readouterr().err


def with_test_scores(studies: Studies, target: str) -> list[Record]:
    """A mix and the baseline, with all their seeds."""
    return [
        record for record in studies.records[target] if record.score is not None and record.score.test_score is not None
    ]


def test_an_export_needs_nothing_but_the_store(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "whole", "--format", "tiny", "--out", "export"]) == 0
    files = {file.relative_to(lab / "export"): file.read_text() for file in (lab / "export").rglob("*.*")}
    before = BEFORE / "answers" / "export"
    assert files == {file.relative_to(before): file.read_text() for file in before.rglob("*.*")}
