import pytest
import torch

from trainables.data.card_data import Data
from trainables.evaluation.evaluate import compute_floors, evaluate, mean_score
from trainables.formats import by_name, vectors
from trainables.work.settings import EvaluationSettings


@pytest.fixture
def card(card_of, tables):
    """A target in three languages; German has a commonest label of its own."""
    labels = {"en": [0, 0, 1], "de": [2, 2, 2], "fr": [0, 1, 2]}
    for language, values in labels.items():
        for split in ("train", "dev"):
            folder = tables({"text": ["the moon", "Paris", "cat"], "label": values}, split, f"files/{language}")
    return card_of(
        "sentence_classification",
        source={"files": str(folder.parent), "config": "{lang}"},
        languages=["en", "de", "fr"],
        splits={"train": "train", "dev": "dev", "test": "dev"},
    )


def test_every_language_is_scored_and_nothing_else(data, card, bert):
    encoder = bert.encoder()
    head = by_name(card.format).head(encoder, card)
    with torch.no_grad():
        head.linear.bias.copy_(torch.tensor([9.0, 0.0, 0.0]))  # always the first label
    settings = EvaluationSettings(batch_size=2)
    scores = evaluate(data, card, card, encoder, head, bert.tokenizer, settings, 32, False).dev
    assert list(scores) == ["en", "de", "fr"]
    assert [row["accuracy"] for row in scores.values()] == pytest.approx([2 / 3, 0, 1 / 3])
    assert mean_score(scores, "accuracy") == pytest.approx(1 / 3)


def test_max_examples_limits_each_language(data, card, bert):
    encoder = bert.encoder()
    head = by_name(card.format).head(encoder, card)
    scores = evaluate(
        data, card, card, encoder, head, bert.tokenizer, EvaluationSettings(max_examples=1), 32, False
    ).dev
    assert all(row["accuracy"] in (0, 1) for row in scores.values())


def test_floors_know_the_training_language_alone(data, card):
    found = compute_floors(data, card, card, card, EvaluationSettings())
    assert [row["accuracy"] for row in found.values()] == pytest.approx([2 / 3, 0, 1 / 3])


def test_retrieval_has_neither_head_nor_training_rows(tmp_path, card_of, tables, bert):
    folder = tables({"text_a": ["the moon", "Paris"], "text_b": ["the moon", "Paris"]}, "dev")
    card = card_of("retrieval", source={"files": str(folder)})
    data = Data(tmp_path / "cache")
    scores = evaluate(data, card, card, bert.encoder(), None, bert.tokenizer, EvaluationSettings(), 32, False).dev
    assert scores == {"en": {"accuracy": 1.0}}
    assert compute_floors(data, card, card, card, EvaluationSettings()) == {"en": {"accuracy": 0.5}}


@pytest.fixture
def translations(card_of, tables):
    """Pairs in three languages, whose first sides are the same texts."""
    for language, own in {"de": ["Mond", "Paris"], "fr": ["lune", "Paris"], "ru": ["moon", "cat"]}.items():
        folder = tables({"text_a": ["the moon", "Paris"], "text_b": own}, "dev", f"files/{language}")
    return card_of("retrieval", source={"files": str(folder.parent), "config": "{lang}"}, languages=["de", "fr", "ru"])


def test_a_text_of_several_languages_and_targets_is_read_once(data, translations, bert, monkeypatch):
    read, found = [], vectors.pooled

    def pooled(encoder, batch, *others):
        read.extend(tuple(row) for row in (batch["input_ids"] * batch["attention_mask"]).tolist())
        return found(encoder, batch, *others)

    def scores(known):
        card, encoder, settings = translations, bert.encoder(), EvaluationSettings()
        return evaluate(data, card, card, encoder, None, bert.tokenizer, settings, 32, False, known=known).dev

    apart = scores(None)
    monkeypatch.setattr("trainables.formats.vectors.pooled", pooled)
    known = vectors.KnownTexts()
    assert scores(known) == apart
    assert len(read) == len({"the moon", "Paris", "Mond", "lune", "moon", "cat"})
    assert scores(known) == apart
    assert len(read) == 6, "the second target's rows are the first one's"


def test_languages_in_one_pass_score_as_each_alone(data, card, bert, monkeypatch):
    encoder, settings = bert.encoder(), EvaluationSettings(batch_size=2)
    head = by_name(card.format).head(encoder, card)

    def scored():
        lines = []
        found = evaluate(data, card, card, encoder, head, bert.tokenizer, settings, 32, True, report=lines.append)
        return found, lines

    together, lines = scored()
    assert lines == ["evaluating en, de, fr (3 of 6)", "evaluating en, de, fr (6 of 6)"]
    monkeypatch.setattr("trainables.evaluation.evaluate.TOGETHER", 1)
    apart, lines = scored()
    assert len(lines) == 6
    assert together == apart


def test_the_mean_is_over_languages():
    assert mean_score({"en": {"qa": 0.9, "f1": 1}, "de": {"qa": 0.3, "f1": 0}}, "qa") == pytest.approx(0.6)


def test_what_is_tuned_on_the_development_rows_decides_the_test(data, card_of, tables, bert, monkeypatch):
    """A language without development rows is decided without; the predictions that are kept are what was scored."""
    form = type(by_name("span_qa"))
    no_answer, moon = {"text": [], "answer_start": []}, {"text": ["moon"], "answer_start": [4]}
    for language in ("en", "de"):
        for split, answers in (("train", [moon]), ("dev", [moon, no_answer]), ("test", [moon, no_answer])):
            count = len(answers)
            rows = {"id": list("01")[:count], "question": ["dog"] * count, "context": ["the moon"] * count}
            folder = tables({**rows, "answers": answers}, split, f"files/{language}")
    card = card_of(
        "span_qa",
        source={"files": str(folder.parent), "config": "{lang}"},
        languages=["en", "de"],
        dev_languages=["en"],
        unanswerable=True,
    )
    margins = [["moon", 3.0], ["moon", 5.0]]  # both above 0: without tuning nothing is answered
    monkeypatch.setattr(form, "predict", lambda _, encoder, head, rows, *others: margins * (len(rows) // 2))
    found = evaluate(data, card, card, bert.encoder(), None, bert.tokenizer, EvaluationSettings(), 32, True)
    assert list(found.dev) == ["en"]
    assert found.tuned == {"en": {"no_answer": 3.0}}
    assert found.predictions == {"en": ["moon", ""], "de": ["", ""]}
    assert [row["qa"] for row in found.test.values()] == [1.0, 0.5]
