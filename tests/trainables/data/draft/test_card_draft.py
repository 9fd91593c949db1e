"""`taskmix new`: from files, in all the forms that people have, to a card whose data are as it says."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from search.cli import main
from spaces.card import Card
from spaces.catalogue import Catalogue
from spaces.errors import InputError
from trainables.data.draft.card_draft import draft_card
from trainables.hub.hub import Hub

SENTENCES = [
    f"the {word} of the shop number {number}" for number, word in enumerate(["price", "box", "sole", "lid"] * 3)
]
OTHERS = [f"what about {word} number {number}" for number, word in enumerate(["that", "this", "it"] * 4)]
WORDS = [sentence.split() for sentence in SENTENCES]
TAGS = [["O", "B-THING", "O", "O", "O", "O", "O"] for _ in WORDS]
CLASSES = ["good", "bad", "none"] * 4

Table = dict[str, list[Any]]


def write(file: Path, table: Table) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
    if file.suffix == ".jsonl":
        file.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return
    with file.open("w", newline="") as out:
        writer = csv.DictWriter(out, list(table), delimiter="\t" if file.suffix == ".tsv" else ",")
        writer.writeheader()
        writer.writerows(rows)


def read(kind: str, data: Path, tmp_path: Path) -> Card:
    """The card that is drafted for data, as the catalogue has it."""
    arguments = ["new", kind, str(data), "--name", "mine", "--cards", str(tmp_path / "cards")]
    assert main(arguments) == 0
    catalogue = Catalogue.load([tmp_path / "cards"])
    return (catalogue.tasks if kind == "task" else catalogue.targets)["mine"]


@pytest.fixture(autouse=True)
def _cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))


ANSWERS = [{"text": ["shop"], "answer_start": [text.index("shop")]} for text in SENTENCES]

ORDER = ["bad", "good", "none"]

PAIR = {"premise": SENTENCES, "hypothesis": OTHERS, "gold": CLASSES}

QUESTIONS = {"question": OTHERS, "context": SENTENCES, "answers": ANSWERS}

QUIZ = {"question": OTHERS, "choice1": SENTENCES, "choice2": OTHERS, "label": [0, 1, 0] * 4}

ASKED = {"context": "question", "choices": ["choice1", "choice2"]}

JOINED = [" ".join(tags) for tags in TAGS]


@pytest.mark.parametrize(
    ("name", "table", "form", "columns", "labels"),
    [
        (
            "a.csv",
            {"review": SENTENCES, "stars": CLASSES},
            "sentence_classification",
            {"text": "review", "label": "stars"},
            ORDER,
        ),
        (
            "a.tsv",
            {"id": range(12), "text": SENTENCES, "label": [2, 10, 0] * 4},
            "sentence_classification",
            {},
            ["0", "2", "10"],
        ),
        ("a.csv", PAIR, "pair_classification", {"text_a": "premise", "text_b": "hypothesis", "label": "gold"}, ORDER),
        ("a.jsonl", {"words": WORDS, "ner": TAGS}, "tagging", {"tokens": "words", "tags": "ner"}, ["B-THING", "O"]),
        ("a.csv", {"tokens": SENTENCES, "tags": JOINED}, "tagging", {}, ["B-THING", "O"]),
        ("a.jsonl", QUESTIONS, "span_qa", {}, []),
        ("a.csv", QUIZ, "multiple_choice", ASKED, []),
        (
            "a.jsonl",
            {"question": OTHERS, "options": [["this", "that"]] * 12, "answer": [0, 1] * 6},
            "multiple_choice",
            {"context": "question", "choices": "options", "label": "answer"},
            [],
        ),
        ("a.csv", {"en": SENTENCES, "de": OTHERS}, "retrieval", {"text_a": "en", "text_b": "de"}, []),
        ("a.csv", {"body": SENTENCES}, "masked_lm", {"text": "body"}, []),
    ],
)
def test_a_card_of_every_format_from_one_file(tmp_path, name, table, form, columns, labels):
    write(tmp_path / "data" / name, {column: list(values) for column, values in table.items()})
    card = read("task", tmp_path / "data" / name, tmp_path)
    assert (card.format, card.labels, card.splits.train) == (form, labels, "a")
    assert card.columns == columns
    assert card.size_of("train", "en") == 12


def test_conll(tmp_path):
    sentences = [[f"{w} NN {t}" for w, t in zip(*both, strict=True)] for both in zip(WORDS, TAGS, strict=True)]
    (tmp_path / "train.conll").write_text("\n\n".join("\n".join(lines) for lines in sentences))
    card = read("task", tmp_path / "train.conll", tmp_path)
    assert (card.format, card.columns, card.labels) == ("tagging", {}, ["B-THING", "O"])


def test_labels_that_are_whole_numbers_are_so_in_a_column_with_gaps(tmp_path):
    """As pandas writes it."""
    stars = ["1.0", "2.0", "", "3.0"] * 3
    write(tmp_path / "data" / "train.csv", {"review": SENTENCES, "stars": stars})
    assert read("task", tmp_path / "data", tmp_path).labels == ["1", "2", "3"]


def test_a_target_of_files_in_folders_by_language(tmp_path):
    table: Table = {"review": SENTENCES, "stars": CLASSES}
    for file in ("en/train", "en/dev", "en/test", "de/test", "fr/test"):
        write(tmp_path / "shop" / f"{file}.csv", table)
    card = read("target", tmp_path / "shop", tmp_path)
    assert (card.languages, card.dev_languages, card.train_language) == (["de", "en", "fr"], ["en"], "en")
    assert card.splits.model_dump() == {"train": "train", "dev": "dev", "test": "test"}
    assert card.metric == "accuracy"
    assert card.sizes == {"train": 12, "dev": 12, "test": 12}


def test_a_target_with_a_column_that_says_the_language(tmp_path):
    for split in ("train", "val", "test"):
        write(tmp_path / "shop" / f"{split}.csv", {"lang": ["de", "en", "en"] * 4, "text": SENTENCES, "label": CLASSES})
    card = read("target", tmp_path / "shop", tmp_path)
    assert (card.languages, card.source.rows) == (["de", "en"], {"lang": "{lang}"})
    assert card.sizes["test"] == {"de": 4, "en": 8}


def test_languages_are_those_of_each_split(tmp_path):
    """Trained in one, scored in others, as the column says."""
    for split, languages in {"train": ["en"], "dev": ["en", "de"], "test": ["de", "tr"]}.items():
        spoken = (languages * 12)[:12]
        write(tmp_path / "shop" / f"{split}.csv", {"lang": spoken, "text": SENTENCES, "label": CLASSES})
    card = read("target", tmp_path / "shop", tmp_path)
    assert (card.train_language, card.dev_languages, card.languages) == ("en", ["de", "en"], ["de", "tr"])


def test_columns_may_be_called_by_their_languages(tmp_path):
    write(tmp_path / "shop" / "train.csv", {"en": SENTENCES, "tr": OTHERS})
    draft = draft_card("task", str(tmp_path / "shop"), None, tmp_path / "cards" / "tasks", Hub(tmp_path / "cache"))
    assert "# guessed: columns are called en and tr\nlanguages: [tr]\n" in draft.text


def test_a_row_that_has_a_tag_too_few_is_named(tmp_path, capsys):
    tags = [*JOINED[:-1], "O O"]
    write(tmp_path / "shop" / "train.csv", {"tokens": SENTENCES, "tags": tags})
    assert main(["new", "task", str(tmp_path / "shop"), "--cards", str(tmp_path / "cards")]) == 1
    assert "format: tagging" in (said := capsys.readouterr().out) and "as many tags as tokens" in said


def test_what_is_wrong_with_another_card_is_no_matter(tmp_path, capsys):
    """It is for --check to say."""
    (tmp_path / "cards" / "tasks").mkdir(parents=True)
    (tmp_path / "cards" / "tasks" / "other.yaml").write_text("format: tagging\n")
    write(tmp_path / "shop" / "train.csv", {"text": SENTENCES})
    assert main(["new", "task", str(tmp_path / "shop"), "--cards", str(tmp_path / "cards")]) == 0
    assert "other" not in capsys.readouterr().err


def test_what_was_guessed_is_said(tmp_path):
    write(tmp_path / "shop" / "train.csv", {"row": range(12), "text": SENTENCES, "label": CLASSES})  # type: ignore[dict-item]
    draft = draft_card("task", str(tmp_path / "shop"), None, tmp_path / "cards" / "tasks", Hub(tmp_path / "cache"))
    assert draft.name == "shop"
    assert "# guessed: nothing here says which language the texts are in\nlanguages: [en]\n" in draft.text
    assert "not used: row" in draft.text
    assert "files: ../../shop" in draft.text


@pytest.mark.parametrize(
    ("kind", "files", "says"),
    [
        ("task", ["notes.txt"], "no files here that rows are read from"),
        ("task", ["train-de.csv", "train-en.csv"], "a folder for each language: de/train.csv for train-de.csv"),
        ("task", ["a.csv", "b.csv"], "no training rows"),
        ("target", ["train.csv"], "no rows that a target could be scored on"),
    ],
)
def test_what_no_card_can_be_made_of(tmp_path, kind, files, says):
    for name in files:
        write(tmp_path / "shop" / name, {"text": SENTENCES, "label": CLASSES})
    with pytest.raises(InputError, match=says):
        draft_card(kind, str(tmp_path / "shop"), None, tmp_path / "cards", Hub(tmp_path / "cache"))


FILLED = "text,label\n" + "".join(f"the {word} of the shop,good\n" for word in ("price", "box", "lid"))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"train.json": '{"data": [{"paragraphs": [{"context": "a", "qas": []}]}]}'},
            "questions lie in paragraphs, not in rows",
        ),
        ({"train.csv": ""}, "shop: splits.train: the train split is empty"),
        ({"train.csv": "text,label\n"}, "shop: splits.train: the train split is empty"),
        ({"train.csv": FILLED.partition("\n")[2]}, "the first line holds no names of columns"),
        ({"train.csv": FILLED.replace(",", ";")}, "its columns are parted by semicolons"),
        ({"train.csv": FILLED.replace(",", "\t")}, "call it .tsv"),
        ({"train.tsv": FILLED}, "call it .csv"),
        ({"train.csv": FILLED, "train.jsonl": "{}"}, "in several kinds of files"),
        ({"german/train.csv": FILLED, "english/train.csv": FILLED}, "call each folder by the language's code"),
        ({"data/train.csv": FILLED}, "give that folder instead"),
        ({"train.txt": "the O\n"}, "if train.txt is a CoNLL file, call it train.conll"),
    ],
)
def test_files_that_are_not_what_they_seem(tmp_path, files, says):
    for name, content in files.items():
        (tmp_path / "shop" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "shop" / name).write_text(content)
    with pytest.raises(InputError, match=says):
        draft_card("task", str(tmp_path / "shop"), None, tmp_path / "cards", Hub(tmp_path / "cache"))


def test_columns_without_texts_and_a_card_that_is_there(tmp_path, capsys):
    write(tmp_path / "shop" / "train.csv", {"a": [1, 2, 3], "b": [1.5, 2.5, 3.5]})
    arguments = ["new", "task", str(tmp_path / "shop"), "--cards", str(tmp_path / "cards")]
    assert main(arguments) == 2
    assert "no column here holds texts" in capsys.readouterr().err
    write(tmp_path / "shop" / "train.csv", {"text": SENTENCES})
    assert main(arguments) == 0
    assert main(arguments) == 2
    assert "there is a card of that name" in capsys.readouterr().err


def test_a_data_set_of_the_hub(hub, tmp_path):
    head = "---\nlicense: mit\nlanguage: [de]\npretty_name: Shops\n---\n"
    write(tmp_path / "rows.jsonl", {"review": SENTENCES, "stars": CLASSES})
    files = {"README.md": head.encode(), "train.jsonl": (tmp_path / "rows.jsonl").read_bytes()}
    hub.add("dataset", "owner/shops", files)
    card = read("task", Path("owner/shops"), tmp_path)
    assert (card.source.hub, card.license, card.languages, card.description) == ("owner/shops", "mit", ["de"], "Shops")
    assert card.columns == {"text": "review", "label": "stars"}
