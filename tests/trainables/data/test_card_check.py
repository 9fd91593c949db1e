"""`tasks --check`: what it says of a card whose data are as they should be, and of one whose data are not."""

from __future__ import annotations

import pytest
from datasets import ClassLabel

from spaces.catalogue import Catalogue
from spaces.errors import Problem
from tests.support import hub
from trainables.data.card_check import looked_at
from trainables.data.wrong_cells import merged
from trainables.hub.hub import Hub


@pytest.fixture
def check(tmp_path):
    """What is found of a card over a mirror in which some tables are others."""

    def found(name, changed=None, **updates):
        card = Catalogue.load().target(name).model_copy(update={"sizes": {}, "languages": ["de", "en"], **updates})
        for (language, split), table in (changed or {}).items():
            hub.write(tmp_path, str(card.source.hub), card.source.config_for(language), split, table)
        hub.mirror(card, tmp_path)
        return looked_at(card, Hub(tmp_path / "cache"), str(tmp_path))

    return found


def test_sizes_are_counted_where_the_card_has_them(check):
    found = check("pawsx", sizes={"train": hub.COUNT, "dev": {"de": hub.COUNT}})
    assert (found.state, str(found)) == ("ok", "5 splits as on the card, rows counted in 2")


def test_a_wrong_size_is_named(check):
    found = check("pawsx", sizes={"test": {"de": 2000}})
    assert found.state == "failed"
    assert "pawsx.yaml: sizes.test (de): the card says 2,000 rows\n    found: 12 in " in str(found)


def test_filtered_rows_are_counted_one_by_one(check):
    assert str(check("tydiqa", languages=["en", "fi"], dev_languages=["fi"], sizes={"train": {"en": 2}})).endswith(
        "rows counted in 1"
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (hub.pairs(("sentence1", "sentence3"), ["0", "1"], first="id"), "no such column\n    found: 'sentence2'"),
        (hub.pairs(("sentence1", "sentence2"), ["0", "2"], first="id"), "labels outside the card's list"),
        (hub.pairs(("sentence1", "sentence2"), ["0", "1"], hidden=True, first="id"), "the test split is empty"),
    ],
)
def test_other_columns_labels_and_hidden_labels_are_named_with_their_language(check, table, words):
    found = check("pawsx", {("de", "test"): table})
    assert found.state == "failed"
    assert len(found.problems) == 1
    assert words in str(found)
    assert "(de)" in str(found)


def test_labels_in_another_order_are_the_same_labels(check):
    features, row = hub.nli("de")
    found = check("xnli", {("de", "test"): ({**features, "label": ClassLabel(names=hub.NLI[::-1])}, row)})
    assert found.state == "ok"


def test_files_of_a_task_are_those_that_the_card_names(sentences, tmp_path):
    """Nobody has said that there is a file for `validation`."""
    card = sentences(kind="task", metric=None, train_language=None, splits={})
    found = looked_at(card, Hub(tmp_path / "cache"), None)
    assert (found.state, str(found)) == ("ok", "1 split as on the card, rows counted in none")
    named = sentences(kind="task", metric=None, train_language=None, splits={"dev": "validation"})
    assert looked_at(named, Hub(tmp_path / "cache"), None).state == "failed"


def told(report):
    """What is said in how many problems: key with languages, and what is wrong."""
    return [(one.where.partition(": ")[2], one.what) for one in report.problems]


@pytest.fixture
def look(tmp_path):
    return lambda card: looked_at(card, Hub(tmp_path / "cache"), None)


def test_every_problem_is_told_once(sentences, look):
    card = sentences(columns={"text": "words", "label": "class"}, languages=["de", "fr"])
    found = look(card)
    assert str(found).startswith("4 mistakes\n  some_sentence_classification.yaml: columns.text (en): no such column\n")
    assert [key for key, _ in told(found)] == [
        "columns.text (en)",
        "columns.label (en)",
        "splits.dev (de, fr)",
        "splits.test (de, fr)",
    ]


def test_mistakes_of_splits_columns_labels_and_sizes_are_told_together(sentences, look):
    sentences({"text": ["a", "b"], "label": ["maybe", "law"]}, split="train")
    card = sentences({"sentence": ["a"], "label": [0]}, split="test", sizes={"train": 3})
    assert told(look(card)) == [
        ("columns.label", "labels outside the card's list"),
        ("sizes.train", "the card says 3 rows"),
        ("splits.dev", "no file for split 'dev'"),
        ("columns.text", "no such column"),
    ]


def test_wrong_labels_of_all_splits_and_languages_are_one_mistake(card_of, tables, look):
    for language, label in (("en", "maybe"), ("de", "vielleicht")):
        for split in ("train", "dev", "test"):
            folder = tables({"text": ["a", "b"], "label": ["law", label]}, split, f"files/{language}")
    source = {"files": str(folder.parent), "config": "{lang}"}
    report = look(card_of("sentence_classification", source=source, languages=["en", "de"]))
    (only,) = report.problems
    assert only.where.endswith("columns.label (en, de)")
    assert "'maybe' (row 1) in 'label' of " in only.found and "'vielleicht' (row 1) in 'label' of " in only.found
    assert only.found.count("maybe") == 1


def test_of_a_split_under_another_name_the_columns_are_looked_at_too(card_of, tables, look):
    folder = tables({"question": ["a"], "reply": ["b"]}, "everything")
    task = {"kind": "task", "metric": None, "columns": {"text_a": "question", "text_b": "answer"}}
    misnamed = look(card_of("retrieval", source={"files": str(folder)}, splits={"train": "everthing"}, **task))
    assert told(misnamed) == [
        ("splits.train", "no file for split 'everthing'"),
        ("columns.text_b", "no such column"),
    ]
    assert "name it 'everything' as there" in misnamed.problems[0].fix


def test_of_files_that_are_not_there_nothing_else_is_told(card_of, tables, look):
    """Neither is one that the card has another name for taken for the one that is missing."""
    folder = tables({"text": ["a"]}, "train")
    splits = {"train": "train", "dev": "dev", "test": "test"}
    card = card_of("sentence_classification", source={"files": str(folder)}, splits=splits, sizes={"dev": 5})
    assert [key for key, _ in told(look(card))] == ["columns.label", "splits.dev", "splits.test"]
    nowhere = look(card_of("sentence_classification", source={"files": str(folder / "nowhere")}, sizes={"dev": 5}))
    assert told(nowhere) == [("source", "no such folder")]


def test_a_language_without_rows_is_told_with_those_that_have_some(card_of, tables, look):
    rows = {"text": ["a", "b"], "label": ["law", "law"], "lang": ["en", "de"]}
    for split in ("train", "dev", "test"):
        folder = tables(rows, split)
    source = {"files": str(folder), "rows": {"lang": "{lang}"}}
    report = look(card_of("sentence_classification", source=source, languages=["de", "sw"]))
    assert told(report) == [("source.rows (sw)", "no row counts")]
    assert "no lang like 'sw' in " in str(report) and "which has lang 'en', lang 'de'" in str(report)


def test_a_part_is_told_of_by_the_file_of_the_whole(card_of, tables, look):
    for language in ("en", "de"):
        folder = tables({"text": ["a"], "label": [language]}, folder=f"files/{language}")
    card = card_of("sentence_classification", kind="task", metric=None, train_language=None)
    parts = tuple(
        card.model_copy(
            update={
                "name": f"{card.name}.{language}",
                "source": card.source.model_copy(update={"files": str(folder.parent / language)}),
                "splits": card.splits.model_copy(update={"dev": None, "test": None}),
                "languages": [language],
            }
        )
        for language in ("en", "de")
    )
    report = look(card.model_copy(update={"languages": ["en", "de"], "parts": parts}))
    assert [one.where for one in report.problems] == ["some_sentence_classification.yaml: columns.label (en, de)"]


def test_what_the_rows_look_for_is_in_the_pool(card_of, tables, look):
    for split in ("dev", "test"):
        tables({"id": ["p1", "p2"], "text": ["a", "b"]}, split, "files/pool")
        folder = tables({"text": ["a", "b", "c"], "relevant": ["p1", "p7", "p8"]}, split)
    card = card_of("answer_retrieval", source={"files": str(folder)}, splits={"dev": "dev", "test": "test"})
    report = look(card)
    assert told(report) == [("columns.relevant", "relevant ids that are not in the pool")]
    assert "'p7' (row '1'), 'p8' (row '2')" in str(report)
    tables({"key": ["p1"], "words": ["a"]}, "dev", "files/pool")
    assert told(look(card)) == [("pool.columns.text", "no such column")]


def test_what_was_found_of_one_mistake_in_several_places():
    def found(*texts):
        (one,) = merged(Problem("no such folder", "a.yaml: source", text, "name it") for text in texts)
        return one.found

    assert found("/x/d", "/x/de", "/x/d") == "/x/d; /x/de"
    assert found("'b'; one has: a", "'b'; two has: c") == "'b'; one has: a; two has: c"
    assert found("'b'; one has: a", "'c'; two has: c") == "'b'; one has: a; 'c'; two has: c"
    assert found(*"abcde") == "a; b; c; and 2 more"
