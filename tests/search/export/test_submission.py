"""Submissions: what is written is read again by a scorer of its own, and what is missing is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from seqeval.metrics import f1_score

from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace
from search.export.submission import export
from spaces.errors import InputError
from tests.support.searches import SEARCH, Filler, copied
from trainables.simulated import flat
from trainables.work.keys import score_key
from trainables.work.outcome import Outcome

pytestmark = pytest.mark.torch  # rows are read, with `datasets`

TAGS = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
NLI = ["entailment", "neutral", "contradiction"]

ROWS: dict[str, dict[str, list[Any]]] = {
    "pairs": {"text_a": list("abcd"), "text_b": list("efgh"), "label": [0, 1, 2, 1]},
    "tags": {"tokens": [["Ann", "x"], ["in", "New", "York"]], "tags": [[1, 0], [0, 3, 4]]},
    "answers": {
        "id": ["q1", "q2"],
        "question": ["wo?", "哪里?"],
        "context": ["in Köln", "在北京"],
        "answers": [{"text": ["Köln"], "answer_start": [3]}, {"text": ["北京"], "answer_start": [1]}],
    },
    "choices": {"context": ["a", "b"], "choices": [["x", "y"], ["x", "y"]], "label": [1, 0]},
    "sentences": {"text_a": ["zebra ", "apple", "Moon", "apple"], "text_b": ["z", "a", "m", "b"]},
}
FORMATS = {
    "pairs": ("pair_classification", "accuracy", {"labels": NLI}),
    "tags": ("tagging", "f1", {"labels": TAGS}),
    "answers": ("span_qa", "qa", {}),
    "choices": ("multiple_choice", "accuracy", {}),
    "sentences": ("retrieval", "accuracy", {}),
}
PREDICTED: dict[str, list[Any]] = {
    "pairs": [0, 2, 2, 1],
    "tags": [[1, 0], [0, 3, 0]],
    "answers": ["Köln", "京"],
    "choices": [1, 1],
    "sentences": [0, 1, 0, 3],
}
LANGUAGES = ["de", "zh"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Cards of five formats in two languages, their test rows, and the suite `all` of them."""
    for name, (form, metric, more) in FORMATS.items():
        card = {
            "description": "for tests",
            "format": form,
            "licence": "none",
            "origin": "tests",
            "source": {"files": str(tmp_path / "data" / name), "config": "{lang}"},
            "splits": {"train": None if form == "retrieval" else "train", "dev": "dev", "test": "test"},
            "languages": LANGUAGES,
            "metric": metric,
            **({} if form == "retrieval" else {"train_language": "en"}),
            **more,
        }
        place = tmp_path / "cards" / "targets" / f"{name}.yaml"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(yaml.safe_dump(card))
        for language in LANGUAGES:
            write_rows(tmp_path, name, language, ROWS[name])
    suite = {
        "description": "five formats",
        "source": "the tests",
        "groups": {"all": list(FORMATS)},
        "tasks": {name: {"metric": metric, "languages": LANGUAGES} for name, (_, metric, _) in FORMATS.items()},
    }
    (tmp_path / "cards" / "suites").mkdir()
    (tmp_path / "cards" / "suites" / "all.yaml").write_text(yaml.safe_dump(suite))
    return tmp_path


def write_rows(folder: Path, name: str, language: str, rows: dict[str, list[Any]]) -> None:
    path = folder / "data" / name / language / "test.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(rows), path)


@pytest.fixture
def make(folder: Path, empty_database: Path) -> Callable[..., Filler]:
    """A search on that suite with the baseline and one mix measured, predictions of the mix in the store."""

    def made(predicted: dict[str, list[Any]] = PREDICTED, rung: int = 1, **changes: Any) -> Filler:
        storage = {"store": str(folder / "store"), "cache": str(folder / "cache")}
        base = {key: value for key, value in SEARCH.items() if key != "targets"}
        file = folder / "search.yaml"
        file.write_text(yaml.safe_dump({**base, "cards": ["cards"], "suite": "all", "storage": storage, **changes}))
        search = search_file.load(file)
        filler = OnSuite(search, copied(empty_database, folder, search))
        scores = dict.fromkeys(search.config.targets, 0.6)
        filler.run("none", rung, scores, "baseline")
        item = filler.run("ner", rung, scores)
        workspace = Workspace.of(search)
        plan = workspace.plan
        store = workspace.store
        for target, values in predicted.items():
            store.put_predictions(score_key(plan, item.recipe, rung, target), dict.fromkeys(LANGUAGES, values))
        return filler

    return made


class OnSuite(Filler):
    """As Filler, whose outcomes are of four languages."""

    def outcome(self, item: Any, scores: Any, seconds: float = 10.0) -> Any:
        top = item.rung == len(self.search.config.halving.rungs) - 1
        return Outcome(scores={name: flat(self.search.targets[name], value, top) for name, value in scores.items()})


def exported(filler: Filler, folder: Path, **options: Any) -> list[Any]:
    workspace = Workspace.of(filler.search)
    return export(workspace, filler.studies, "all", folder / "out", **options)


def complaint(filler: Filler, folder: Path, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        exported(filler, folder, **options)
    assert not (folder / "out").exists() or not any((folder / "out").iterdir())
    return str(caught.value)


def test_the_files_are_read_again_by_a_scorer_of_its_own(make: Callable[..., Filler], folder: Path) -> None:
    found = exported(make(), folder)
    assert [(one.task, one.mix, one.seed) for one in found] == [(name, "ner:1", 1) for name in FORMATS]
    out = folder / "out"
    kinds = {"pairs": "tsv", "tags": "tsv", "answers": "json", "choices": "jsonl", "sentences": "tsv"}
    files = {f"{name}/test-{language}.{kind}" for name, kind in kinds.items() for language in LANGUAGES}
    assert {path.relative_to(out).as_posix() for path in out.rglob("*.*")} == files

    labels = (out / "pairs/test-de.tsv").read_text().splitlines()
    gold = [NLI[label] for label in ROWS["pairs"]["label"]]
    assert sum(map(str.__eq__, labels, gold)) / len(gold) == 0.75

    sentences = [block.split("\n") for block in (out / "tags/test-zh.tsv").read_text().strip().split("\n\n")]
    gold_tags = [[TAGS[tag] for tag in row] for row in ROWS["tags"]["tags"]]
    assert f1_score(gold_tags, sentences) == pytest.approx(0.5)

    answers = json.loads((out / "answers/test-zh.json").read_text())
    gold_answers = dict(zip(ROWS["answers"]["id"], ROWS["answers"]["answers"], strict=True))
    exact = [answers[key] == answer["text"][0] for key, answer in gold_answers.items()]
    assert exact == [True, False]

    chosen = [json.loads(line)["label"] for line in (out / "choices/test-de.jsonl").read_text().splitlines()]
    assert chosen == [1, 1]

    # as the benchmark hands it out: the queries sorted, the others in the order of the source
    lines = [int(line) for line in (out / "sentences/test-de.tsv").read_text().splitlines()]
    queries = sorted((text.strip(), number) for number, text in enumerate(ROWS["sentences"]["text_a"]))
    assert [text for text, _ in queries] == ["Moon", "apple", "apple", "zebra"]
    assert sum(line == number for line, (_, number) in zip(lines, queries, strict=True)) == 3


def test_one_task_of_the_baseline(make: Callable[..., Filler], folder: Path) -> None:
    filler = make()
    assert "no predictions in the store" in complaint(filler, folder, tasks=["tags"], mix="none")
    workspace = Workspace.of(filler.search)
    plan = workspace.plan
    recipe = filler.item("none", 1).recipe
    workspace.store.put_predictions(score_key(plan, recipe, 1, "tags"), {"de": [[0, 0], [0, 0, 0]]})
    assert "no predictions in this language" in complaint(filler, folder, tasks=["tags"], mix="none")
    both = {language: [[0, 0], [0, 0, 0]] for language in LANGUAGES}
    workspace.store.put_predictions(score_key(plan, recipe, 1, "tags"), both)
    (found,) = exported(filler, folder, tasks=["tags"], mix="none")
    assert (found.mix, len(found.files)) == ("none", 2)
    assert (folder / "out" / "tags" / "test-de.tsv").read_text() == "O\nO\n\nO\nO\nO\n"


def test_all_that_is_missing_is_said_and_nothing_is_written(make: Callable[..., Filler], folder: Path) -> None:
    rest = {name: values for name, values in PREDICTED.items() if name != "choices"}
    filler = make({**rest, "pairs": [0, 1]}, evaluation={"max_examples": 2})
    text = complaint(filler, folder)
    assert "the test set is a sample" in text and "2 of 4 rows" in text and "evaluation.max_examples" in text
    assert text.count("the test set is a sample") == 1 and "and 1 more" in text
    assert "choices: no predictions in the store" in text
    assert "--target tags --target answers --target sentences" in text
    assert len(exported(filler, folder, tasks=["tags", "answers"])) == 2


def test_damaged_predictions_are_no_missing_ones(make: Callable[..., Filler], folder: Path) -> None:
    filler = make({name: values for name, values in PREDICTED.items() if name != "pairs"})
    for file in (folder / "store" / "predictions").iterdir():
        file.write_bytes(file.read_bytes()[:-9])
    text = complaint(filler, folder)
    assert "pairs: no predictions in the store" in text
    assert "tags: the predictions in the store are damaged" in text and "under another name" in text


def test_what_was_not_measured_at_the_top_rung(make: Callable[..., Filler], folder: Path) -> None:
    text = complaint(make(rung=0), folder)
    assert text.count("nothing was measured on the test split") == len(FORMATS)
    assert "paraphrase:1" in complaint(make(), folder, mix="paraphrase")


def test_targets_that_the_search_lacks(make: Callable[..., Filler], folder: Path) -> None:
    filler = make()
    config = filler.search.config.model_copy(update={"targets": ["tags"]})
    filler.search = Search(config, filler.search.catalogue, filler.search.space)
    assert "pairs: no target of this search" in complaint(filler, folder)
    assert "did you mean 'tags'" in complaint(filler, folder, tasks=["tag"])


def test_rows_that_the_card_promises(make: Callable[..., Filler], folder: Path) -> None:
    card = folder / "cards" / "targets" / "tags.yaml"
    card.write_text(card.read_text() + "sizes: {test: 9}\n")
    assert "the data at hand lack rows" in complaint(make(), folder, tasks=["tags"])


def test_a_folder_in_use_is_left_alone(make: Callable[..., Filler], folder: Path) -> None:
    filler = make()
    (folder / "out").mkdir()
    (folder / "out" / "mine.txt").write_text("")
    with pytest.raises(InputError, match="not empty"):
        exported(filler, folder)
    assert [path.name for path in (folder / "out").iterdir()] == ["mine.txt"]
