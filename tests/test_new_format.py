"""A format is a row of `spaces.formats.FORMATS` and a module of `trainables/formats/`: a new one needs nothing else."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

import trainables.formats
from search.config import search_file
from search.config.search import Search
from search.forecast.estimate import estimate
from spaces.formats import FORMATS, FormatSpec
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support.encoders import kit_of
from tests.support.examples import TEXTS
from trainables.data.card_check import looked_at
from trainables.data.card_data import Data
from trainables.encoders import checkpoint
from trainables.evaluation import logme, submission
from trainables.hub.hub import Hub
from trainables.work.item import WorkItem
from trainables.work.preparation import PreparationReport
from trainables.worker import Worker

ROOT = Path(__file__).parents[1]

ROW = FormatSpec(
    columns={"claim": "text", "source": "passage", "stance": "label"}, tokens=21, metrics={"agreement": None}
)
MODULE = '''
"""Stance: whether a source speaks for a claim."""

from trainables.formats.classification import Classification


class Stance(Classification):
    name = "stance"

    def texts(self, rows):
        return list(rows["claim"]), list(rows["source"])

    def features(self, rows, card, tokenizer, max_length):
        return super().features({**rows, "label": rows["stance"]}, card, tokenizer, max_length)

    def metrics(self, rows, decided, card, language):
        return {"agreement": sum(map(int.__eq__, rows["stance"][:], decided)) / len(rows)}

    def floor(self, train, rows, card, language):
        return self.metrics(rows, [0] * len(rows), card, language)


FORMAT = Stance()
'''
ROWS: dict[str, list[Any]] = {"claim": TEXTS[:4], "source": TEXTS[4:], "stance": ["for", "against", "for", "against"]}


@pytest.fixture
def search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Search:
    """A search with a task and a target of the new format, over files of four rows and a tiny encoder."""
    module = tmp_path / "formats" / "stance.py"
    module.parent.mkdir()
    module.write_text(MODULE)
    monkeypatch.setattr(trainables.formats, "__path__", [*trainables.formats.__path__, str(module.parent)])
    monkeypatch.setitem(FORMATS, "stance", ROW)
    target = {"train_language": "en", "metric": "agreement"}
    for kind, name, more in (("tasks", "debates", {}), ("targets", "letters", target)):
        card = {
            "description": "for tests",
            "format": "stance",
            "licence": "none",
            "origin": "tests",
            "source": {"files": str(tmp_path / "data")},
            "labels": ["against", "for"],
            "splits": {"train": "train", "dev": "dev", "test": "dev"},
            "languages": ["en"],
            **more,
        }
        file = tmp_path / "cards" / kind / f"{name}.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(yaml.safe_dump(card))
    (tmp_path / "data").mkdir()
    for split in ("train", "dev"):
        pq.write_table(pa.table(ROWS), tmp_path / "data" / f"{split}.parquet")
    kit = kit_of("bert")
    checkpoint.save(kit.encoder(), kit.tokenizer, tmp_path / "model")
    stage = {"examples": 16, "batch_size": 4, "max_length": 48, "learning_rate": 1e-3}
    settings = {
        "name": "new-format",
        "model": str(tmp_path / "model"),
        "cards": ["cards"],
        "tasks": ["debates"],
        "targets": ["letters"],
        "stages": {"intermediate": stage, "target": stage},
        "halving": {"rungs": [1.0]},
        "budget": {"recipes": 1},
    }
    file = tmp_path / "search.yaml"
    file.write_text(yaml.safe_dump(settings))
    return search_file.load(file)


def test_its_cards_are_checked_and_their_rows_read(search: Search, tmp_path: Path) -> None:
    card = search.targets["letters"]
    report = looked_at(card, Hub(tmp_path / "cache"), None)
    assert (report.state, report.looked) == ("ok", 3), str(report)
    rows, features = Data(tmp_path / "cache").features(card, "train", "en", kit_of("bert").tokenizer, 48)
    assert rows.column_names == list(ROW.columns)
    assert rows["stance"][:] == features["label"][:] == [1, 0, 1, 0]


def test_its_tasks_and_targets_are_trained_scored_and_handed_in(search: Search, tmp_path: Path) -> None:
    plan, model = search.plan(str(tmp_path / "store"), str(tmp_path / "cache")), str(tmp_path / "model")
    recipe = Recipe.of(Mixture.of({"debates": 1.0}), search.space.defaults, model, seed=1)
    outcome = Worker(plan).run(WorkItem(recipe, 0, ("letters",)))
    assert outcome.failure is None, outcome.failure.details
    score = outcome.scores["letters"]
    assert score.dev.keys() == score.test.keys() == {"en"}
    assert score.score == score.dev["en"]["agreement"] in (0.0, 0.25, 0.5, 0.75, 1.0)
    assert score.floor == 0.5
    data, card = Data(tmp_path / "cache"), search.targets["letters"]
    assert submission.make_test_file(data, card, "en", [1, 0, 0, 1]) == ("test-en.tsv", "for\nagainst\nagainst\nfor\n")


def test_encoders_are_judged_by_the_evidence_of_its_labels(search: Search, tmp_path: Path) -> None:
    kit, card = kit_of("bert"), search.targets["letters"]
    assert isinstance(logme.measure_on_card(kit.encoder(), card, Data(tmp_path / "cache"), kit.tokenizer, 48, 4), float)


def test_its_work_is_forecast(search: Search) -> None:
    forecast = estimate(search, search.plan("store", "cache"), PreparationReport(), concurrency=1)
    new_recipes = next(line for line in forecast.lines if line.kind.startswith("new recipes"))
    assert new_recipes.trained == 16 * ROW.tokens + 16 * ROW.tokens


ELSEWHERE = {
    "spaces/formats.py": "the rows",
    "trainables/formats": "the modules",
    "trainables/data/draft/column_roles.py": "guesses what a table looks like; never a new one",
    "trainables/data/draft/card_draft.py": "writes a card for such a table",
    "trainables/data/draft/place.py": "reads rows as texts before it is known what they are",
    "trainables/data/mini": "makes the data sets that the cards of the offline suite describe",
}
"""Where the name of a format may stand, beside cards and documents."""


def names_of_formats(file: Path) -> set[str]:
    """Those that stand in a program as a string of their own."""
    texts = (node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and text in FORMATS}


@pytest.mark.parametrize("package", ["spaces", "trainables", "cluster", "search"])
def test_no_other_code_names_a_format(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        path = file.relative_to(ROOT)
        if not any(path.is_relative_to(allowed) for allowed in ELSEWHERE):
            assert not names_of_formats(file), path


@pytest.mark.parametrize("name", FORMATS)
def test_a_module_names_its_own_format_and_no_other(name: str) -> None:
    assert names_of_formats(ROOT / "trainables" / "formats" / f"{name}.py") == {name}
