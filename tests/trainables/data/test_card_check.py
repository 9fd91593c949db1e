"""`tasks --check`: what it says of a card whose data are as they should be, and of one whose data are not."""

from __future__ import annotations

import pytest
from datasets import ClassLabel

from spaces.catalogue import Catalogue
from tests.support import hub
from trainables.data.card_check import looked_at
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
    assert str(found).startswith("pawsx.yaml: sizes.test (de): the card says 2,000 rows; found: 12 in ")


def test_filtered_rows_are_counted_one_by_one(check):
    assert str(check("tydiqa", languages=["en", "fi"], dev_languages=["fi"], sizes={"train": {"en": 2}})).endswith(
        "rows counted in 1"
    )


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (hub.pairs(("sentence1", "sentence3"), ["0", "1"], first="id"), "no such column; found: 'sentence2'"),
        (hub.pairs(("sentence1", "sentence2"), ["0", "2"], first="id"), "a label outside the card's list"),
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


def test_every_problem_is_told_once(sentences, tmp_path):
    card = sentences(columns={"text": "words", "label": "class"}, languages=["de", "fr"])
    found = looked_at(card, Hub(tmp_path / "cache"), None)
    assert str(found).endswith("(and 3 more)"), "each once, with its languages"
    assert [one.where.partition(": ")[2] for one in found.others] == [
        "columns.label (en)",
        "splits.dev (de, fr)",
        "splits.test (de, fr)",
    ]
