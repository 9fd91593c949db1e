"""Targets with a pool, from files to scores, with an encoder whose vectors are the words of a text."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch
from torch import nn

from spaces.errors import InputError
from trainables.evaluation.evaluate import compute_floors, evaluate
from trainables.work.settings import EvaluationSettings


class Bag(nn.Module):
    """One-hot vectors of the ids; the layers below `good` mix them all into one."""

    def __init__(self, size, layers=3, good=None):
        super().__init__()
        self.vectors = nn.Embedding(size, size)
        nn.init.eye_(self.vectors.weight)
        self.config = SimpleNamespace(num_hidden_layers=layers, hidden_size=size)
        self.good = good

    def forward(self, input_ids, attention_mask, token_type_ids, output_hidden_states=False):
        states = self.vectors(input_ids)
        blurred = torch.ones_like(states)
        layers = [
            states if self.good in (None, layer) else blurred for layer in range(self.config.num_hidden_layers + 1)
        ]
        return SimpleNamespace(last_hidden_state=layers[-1], hidden_states=tuple(layers))


@pytest.fixture
def bag(bert):
    return lambda **options: Bag(len(bert.tokenizer), **options)


def rows(*entries):
    ids, texts, relevant = zip(*entries, strict=True)
    return {"id": list(ids), "text": list(texts), "relevant": [list(one) for one in relevant]}


@pytest.fixture
def answers(card_of, tables):
    """Queries in two languages, one pool; the second German query asks for what is not in the pool's words."""
    pool = {"id": ["cat-en", "cat-de", "moon-en", "paris"], "text": ["the cat", "die Katze the", "the moon", "Paris"]}
    for split in ("dev", "test"):
        folder = tables(rows(("1", "cat", ["cat-en"]), ("2", "moon", ["moon-en"])), split, "files/en")
        tables(rows(("1", "Katze", ["cat-de"]), ("2", "the moon", ["paris"])), split, "files/de")
        tables(pool, split, "files/pool")
    return card_of("answer_retrieval", source={"files": str(folder.parent), "config": "{lang}"}, languages=["en", "de"])


@pytest.fixture
def scores(data, bert):
    def run(card, encoder, tested=True, **settings):
        chosen = EvaluationSettings(batch_size=2, **settings)
        return evaluate(data, card, card, encoder, None, bert.tokenizer, chosen, 32, tested)

    return run


def test_queries_of_all_languages_are_looked_up_in_one_pool(answers, scores, bag):
    found = scores(answers, bag())
    assert found.dev["en"] == {"map20": 1.0}
    assert found.dev["de"] == {"map20": (1 + 1 / 3) / 2}, "Paris comes after the two that begin with the"
    assert found.test == found.dev
    assert found.predictions["de"][0][0] == "cat-de"
    assert sorted(found.predictions["de"][1]) == ["cat-de", "cat-en", "moon-en", "paris"]


def test_floor_knows_the_pool(answers, data):
    found = compute_floors(data, answers, answers, answers, EvaluationSettings())
    expected = (1 + 1 / 2 + 1 / 3 + 1 / 4) / 4
    assert {language: row["map20"] for language, row in found.items()} == pytest.approx(
        {"en": expected, "de": expected}
    )


def test_a_pool_is_embedded_once_for_all_languages_of_a_split(answers, scores, bag, monkeypatch):
    made = []
    monkeypatch.setattr(
        "trainables.evaluation.evaluate.text_vectors",
        lambda *args: made.append(1) or torch.eye(4).unsqueeze(0)[:, :, :4],
    )
    monkeypatch.setattr("trainables.formats.answer_retrieval.text_vectors", lambda *args: torch.eye(4)[:2].unsqueeze(0))
    scores(answers, bag())
    assert len(made) == 2, "one for dev, one for test"


def test_distractors_are_a_sample_beside_the_right_candidates(answers, data):
    pool = data.pool(answers, "dev", "en")
    assert pool["id"][:] == ["cat-en", "cat-de", "moon-en", "paris"]
    none = answers.model_copy(update={"pool": answers.pool.model_copy(update={"distractors": 0})})
    assert data.pool(none, "dev", "en")["id"][:] == ["cat-en", "cat-de", "moon-en", "paris"], "right for some query"
    english = none.model_copy(update={"languages": ["en"]})
    assert data.pool(english, "dev", "en")["id"][:] == ["cat-en", "moon-en"]
    one = english.model_copy(update={"pool": answers.pool.model_copy(update={"distractors": 1})})
    kept = data.pool(one, "dev", "en")["id"][:]
    assert len(kept) == 3
    assert kept == data.pool(one, "dev", "en")["id"][:]


def test_the_pool_is_checked_and_part_of_the_version(answers, data, tables):
    before = data.version(answers)
    assert data.check(answers) == []
    tables({"id": ["1"], "text": ["another"]}, "test", "files/pool")
    assert data.version(answers) != before
    lost = answers.model_copy(update={"pool": answers.pool.model_copy(update={"config": "nowhere"})})
    assert "nowhere" in str(data.check(lost)[0].found)


def test_relevant_ids_that_are_not_in_the_pool_are_an_error(answers, data, tables):
    tables(rows(("1", "cat", ["cat-en"]), ("2", "moon", ["moon-en", "sun-en"])), "test", "files/en")
    (found,) = data.check(answers)
    assert (found.what, found.where) == (
        "relevant ids that are not in the pool",
        "some_answer_retrieval.yaml: columns.relevant",
    )
    assert found.found == "'sun-en' (row '2') in 1 of 2 rows of the test split (en)"
    assert "'cat-en', 'cat-de'" in found.fix


def test_candidates_with_one_id_are_an_error(answers, data, tables):
    pool = {"id": ["cat-en", "cat-de", "moon-en", "paris", "paris"], "text": list("abcde")}
    tables(pool, "dev", "files/pool")
    (found,) = data.check(answers)
    assert found.what == "candidates of the pool with one id"
    assert found.found == "'paris' (row 3) in the pool of the dev split (en)"


def test_rows_of_which_none_looks_for_anything_are_an_error(corpora, data, tables):
    tables({"id": ["1", "2"], "text": ["a", "b"]}, "test", "files/de")
    (found,) = data.check(corpora)
    assert (found.what, found.found) == ("no row has a relevant id", "2 rows of the test split (de)")


def test_whole_numbers_are_the_same_ids_however_they_are_typed(corpora, data, tables):
    for split in ("dev", "test"):
        tables({"id": [1, 2], "text": ["a", "b"], "relevant": [7.0, None]}, split, "files/de")  # a gap makes floats
        tables({"id": [7, 8], "text": ["c", "d"]}, split, "files/de-en")
    assert data.check(corpora) == []
    assert data.rows(corpora, "test", "de")["relevant"][:] == [["7"], []]


def test_a_sentence_whose_translation_is_null_stays_and_has_none(corpora, answers, data, tables, scores, bag):
    untranslated = {"id": ["1", "2"], "text": ["the moon", "Paris sat"], "relevant": [["x"], None]}
    tables(untranslated, "test", "files/de")
    assert data.rows(corpora, "test", "de")["relevant"][:] == [["x"], []]
    assert scores(corpora, bag()).test["de"]["precision"] == 0.5, "the pair that was mined for it is wrong"
    tables({"id": ["1", "2"], "text": ["cat", "moon"], "relevant": [["cat-en"], None]}, "test", "files/en")
    assert scores(answers, bag()).test["en"] == {"map20": 1.0}, "nobody knows what would be right for the other"


@pytest.fixture
def corpora(card_of, tables):
    """Dev: two right pairs with clear margins, and a sentence without a translation. Test: the same, other words."""
    texts = {
        "dev": ("the cat", "New York", "little dog", "the moon cat", "York", "January"),
        "test": ("the moon", "Paris sat", "little dog", "moon the the", "Paris", "January"),
    }
    for split, (a, b, c, x, y, z) in texts.items():
        folder = tables(rows(("1", a, ["x"]), ("2", b, ["y"]), ("3", c, [])), split, "files/de")
        tables({"id": ["x", "y", "z"], "text": [x, y, z]}, split, "files/de-en")
    return card_of(
        "bitext_mining",
        source={"files": str(folder.parent), "config": "{lang}"},
        pool={"config": "{lang}-en"},
        languages=["de"],
    )


def test_the_threshold_of_dev_counts_on_test(corpora, scores, bag):
    found = scores(corpora, bag())
    assert found.dev["de"]["f1"] == 1.0
    assert found.tuned["de"]["threshold"] > 0
    assert found.test["de"]["f1"] == 1.0
    assert found.predictions["de"] == ["x", "y", None]


def test_a_sentence_that_stands_twice_is_nobodys(corpora, scores, bag, tables):
    tables(
        {"id": ["x", "w", "y", "z"], "text": ["moon the the", "moon the the", "Paris", "January"]},
        "test",
        "files/de-en",
    )
    found = scores(corpora, bag())
    assert found.predictions["de"] == [None, "y", None]


def test_auto_takes_the_layer_that_is_best_on_dev(answers, corpora, card_of, scores, bag, tables):
    for card in (answers, corpora):
        found = scores(card, bag(good=2), layer="auto")
        assert {row["layer"] for row in found.tuned.values()} == {2.0}
        assert found.test == scores(card, bag(good=2), layer=2).test
    folder = tables({"text_a": ["cat", "moon", "Paris"], "text_b": ["moon cat cat", "moon", "Paris"]}, "dev", "pairs")
    pairs = card_of("retrieval", source={"files": str(folder)}, splits={"train": None, "dev": "dev", "test": "dev"})
    found = scores(pairs, bag(good=1), layer="auto")
    assert found.tuned == {"en": {"layer": 1.0}}
    assert found.test == {"en": {"accuracy": 1.0}}
    assert scores(pairs, bag(good=1)).test == {"en": {"accuracy": 1 / 3}}, "the output is another layer"


def test_auto_is_the_same_in_several_passes(answers, scores, bag, monkeypatch):
    monkeypatch.setattr("trainables.evaluation.evaluate.AT_ONCE", 1)
    assert scores(answers, bag(good=2), layer="auto").tuned["en"] == {"layer": 2.0}


def test_what_is_trained_is_compared_as_it_was_trained(answers, scores, bag):
    trained = answers.model_copy(update={"train_from": "squad"})
    assert scores(trained, bag(good=3), layer="auto").tuned == {}
    assert scores(trained, bag(good=3), layer=0).dev["en"] == {"map20": 1.0}


def test_a_layer_that_is_not_there_is_the_users_mistake(answers, scores, bag):
    with pytest.raises(InputError, match="no such layer"):
        scores(answers, bag(), layer=4)
