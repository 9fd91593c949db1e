"""Converters, from files in the published layouts (texts made up) to rows that the shipped cards read."""

from __future__ import annotations

import json

import pytest

from search.cli import main
from spaces.catalogue import Catalogue
from spaces.errors import InputError
from trainables.data.card_data import Data
from trainables.data.conversion import CONVERTERS, convert


def lines(file):
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture
def read(tmp_path):
    """Rows of a shipped card whose files lie in `tmp_path`/to."""
    catalogue = Catalogue.load()

    def rows(name, split, language, pool=False):
        card = catalogue.targets.get(name) or catalogue.task(name)
        card = card.model_copy(update={"source": card.source.model_copy(update={"files": str(tmp_path / "to")})})
        data = Data(tmp_path / "cache")
        return (data.pool if pool else data.rows)(card, split, language).to_list()

    return rows


@pytest.fixture
def bucc(tmp_path):
    folder = tmp_path / "from" / "de-en"
    folder.mkdir(parents=True)
    for split in ("sample", "training"):
        for end, text in {
            "de": "de-1\tDer Mond.\nde-2\tEin Tab\tim Satz.\nde-3\tAllein.\n",
            "en": "en-7\tThe moon.\nen-8\tA tab in it.\n",
            "gold": "de-1\ten-7\nde-2\ten-8\n",
        }.items():
            (folder / f"de-en.{split}.{end}").write_text(text)
    return folder


def test_bucc(bucc, tmp_path, read):
    convert("bucc2018", bucc.parent, tmp_path / "to")
    assert read("bucc2018", "test", "de") == [
        {"id": "de-1", "text": "Der Mond.", "relevant": ["en-7"]},
        {"id": "de-2", "text": "Ein Tab\tim Satz.", "relevant": ["en-8"]},
        {"id": "de-3", "text": "Allein.", "relevant": []},
    ]
    pool = [(row["id"], row["text"]) for row in read("bucc2018", "dev", "de", pool=True)]
    assert pool == [("en-7", "The moon."), ("en-8", "A tab in it.")]


def test_bucc_of_two_archives_is_refused(bucc, tmp_path):
    (bucc / "de-en.training.gold").write_text("de-1\ten-9\n")
    with pytest.raises(InputError, match="en-9"):
        convert("bucc2018", bucc.parent, tmp_path / "to")


def paragraph(context, *questions, breaks=None):
    asked = [
        {"id": key, "question": f"{key}?", "answers": [{"text": answer, "answer_start": context.index(answer)}]}
        for key, answer in questions
    ]
    return {"context": context, "qas": asked, **({"sentence_breaks": breaks} if breaks else {})}


def squad(file, *paragraphs):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps({"data": [{"paragraphs": paragraphs}]}))


@pytest.fixture
def lareqa(tmp_path):
    source = tmp_path / "from"
    english = "Cats sit. Dogs run. Cats sit."
    german = "Katzen sitzen. Hunde rennen."
    for folder in ("xquad-r", "mlqa-dev-r"):
        breaks = [[0, 9], [10, 19], [20, 29]]
        squad(source / folder / "en.json", paragraph(english, ("q1", "Cats"), ("q2", "Dogs"), breaks=breaks))
        squad(source / folder / "de.json", paragraph(german, ("q1", "Katzen"), breaks=[[0, 14], [15, 28]]))
    squad(
        source / "train-v1.1.json",
        paragraph('He said "no." Then 3.5 men left! (Nobody) knows why.', ("a", "3.5"), ("b", "why"), ("c", "He")),
    )
    return source


def test_lareqa(lareqa, tmp_path, read):
    assert main(["convert", "lareqa", str(lareqa), str(tmp_path / "to")]) == 0
    english = [(row["id"], row["text"], set(row["relevant"])) for row in read("lareqa", "test", "en")]
    equal = {"en_1_0", "en_1_2", "de_1_0"}  # the sentence stands twice in its paragraph
    assert english == [("q1", "q1?", equal), ("q2", "q2?", {"en_1_1"})]
    assert set(read("lareqa", "dev", "de")[0]["relevant"]) == equal
    pool = {row["id"]: row["text"] for row in read("lareqa", "test", "de", pool=True)}
    assert set(pool) == {"en_1_0", "en_1_1", "en_1_2", "de_1_0", "de_1_1"}
    assert pool["de_1_1"] == "Hunde rennen. Katzen sitzen. Hunde rennen."


def test_sentences_of_squad_are_found(lareqa, tmp_path, read):
    convert("lareqa", lareqa, tmp_path / "to")
    context = 'He said "no." Then 3.5 men left! (Nobody) knows why.'
    found = [row["text_b"].removesuffix(context).strip() for row in read("squad_r", "train", "en")]
    assert found == ["Then 3.5 men left!", "(Nobody) knows why.", 'He said "no."']


@pytest.fixture
def mewslix(tmp_path):
    source = tmp_path / "from"
    source.mkdir()
    text = "Heute.\nDer {alte} Rat von Köln tagt. Ende."
    spans = [{"start": 0, "end": 6}, {"start": 7, "end": 36}, {"start": 37, "end": 42}]
    start = text.index("Köln")
    context = {"language": "de", "text": text, "sentence_spans": spans}
    mention = {
        "example_id": "m1",
        "entity_id": "Q365",
        "mention_span": {"start": start, "end": start + 4, "text": "Köln"},
    }
    entity = {
        "entity_id": "Q365",
        "description": "Cologne is a city.\nIt is old. (cut",
        "sentence_spans": [{"start": 0, "end": 18}, {"start": 19, "end": 29}],
    }
    pair = {"contextual_mention": {"context": {**context, "language": "en"}, "mention": mention}, "entity": entity}
    for name, row in {
        "wikinews_mentions-dev": {"context": context, "mentions": [mention]},
        "wikinews_mentions-test": {"context": context, "mentions": [mention]},
        "wikipedia_pairs-train": pair,
        "wikipedia_pairs-dev": pair,
        "candidate_set_entities": entity,
    }.items():
        (source / f"{name}.jsonl").write_text(json.dumps(row) + "\n")
    return source


def test_mewslix(mewslix, tmp_path, read):
    convert("mewslix", mewslix, tmp_path / "to")
    mention = "Köln: Der (alte) Rat von { Köln } tagt."
    assert read("mewslix", "test", "de") == [{"id": "m1", "text": mention, "relevant": ["Q365"]}]
    entity = {"id": "Q365", "text": "Cologne is a city. It is old.", "relevant": []}
    assert read("mewslix", "dev", "de", pool=True) == [entity]
    assert read("mewslix_pairs", "train", "en") == [{"text_a": mention, "text_b": entity["text"]}]


@pytest.mark.parametrize("name", CONVERTERS)
def test_what_is_missing_is_named(name, tmp_path):
    (tmp_path / "from").mkdir()
    with pytest.raises(InputError, match="is missing"):
        convert(name, tmp_path / "from", tmp_path / "to")
    assert not (tmp_path / "to").exists()


def test_another_file_is_refused(lareqa, tmp_path):
    (lareqa / "train-v1.1.json").write_text('{"data": [1]}')
    with pytest.raises(InputError, match=r"train-v1\.1"):
        convert("lareqa", lareqa, tmp_path / "to")
