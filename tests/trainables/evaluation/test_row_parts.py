"""What each row adds to a metric: the sums give the score that was stored, whatever the format."""

from __future__ import annotations

import json

import pytest
import torch
from datasets import Dataset

from spaces.formats import FORMATS
from trainables.evaluation.row_parts import row_parts, units_of
from trainables.formats import by_name
from trainables.formats.vectors import PoolIndex, text_vectors
from trainables.work.settings import EvaluationSettings

SCORED = [(form, metric) for form, spec in FORMATS.items() for metric in spec.metrics]


def test_every_metric_is_known() -> None:
    assert {(name, metric) for name, spec in FORMATS.items() for metric in spec.metrics} == set(SCORED)


@pytest.mark.parametrize(("name", "metric"), SCORED)
def test_the_quotient_of_the_sums_is_the_score(name, metric, examples, card_of, featurize, kits):
    kit, form = kits("bert"), by_name(name)
    card = card_of(name).model_copy(update={"metric": metric})
    rows, features = featurize(examples(name), card, kit, 64)
    encoder, settings = kit.encoder(), EvaluationSettings(batch_size=3)
    torch.manual_seed(1)
    if card.pool is None:
        head = form.head(encoder, card).eval()
    else:
        head = PoolIndex(rows, text_vectors(encoder, features, kit.tokenizer, settings, [None]))
    predicted = form.predict(encoder, head, rows, features, card, kit.tokenizer, settings)
    given, right = form.decide(predicted, {}, card), gold_of(name, rows)
    half = len(rows) // 2
    for made in (given, right, [*right[:half], *given[half:]]):
        decided = json.loads(json.dumps(made))  # as they come from the store
        parts = row_parts(rows, decided, card, "en")
        assert parts is not None and len(parts) == len(rows)
        sums = [sum(column) for column in zip(*parts, strict=True)]
        assert sums[0] / (sums[1] or 1) == pytest.approx(form.metrics(rows, decided, card, "en")[metric])


def gold_of(name, rows):
    """The right decision for each row."""
    if "tags" in rows.column_names:
        return rows["tags"][:]
    if "label" in rows.column_names:
        return rows["label"][:]
    if "answers" in rows.column_names:
        return [answers["text"][0] if answers["text"] else "" for answers in rows["answers"][:]]
    if name == "bitext_mining":
        return [gold[0] if gold else None for gold in rows["relevant"][:]]
    if "relevant" in rows.column_names:
        return rows["relevant"][:]
    return list(range(len(rows)))


def rows_with(ids):
    return Dataset.from_dict({"id": ids, "text": ["x"] * len(ids)})


def test_translations_are_one_unit():
    by_id = units_of({"de": rows_with(["1", "2", "3"]), "fr": rows_with(["3", "1"])})
    assert by_id["fr"] == [by_id["de"][2], by_id["de"][0]]
    by_place = units_of({language: Dataset.from_dict({"text": ["x", "y"]}) for language in ("de", "fr")})
    assert by_place["de"] == by_place["fr"]
    apart = units_of({"de": rows_with(["a", "b", "c"]), "fr": rows_with(["d", "e"])})
    assert not set(apart["de"]) & set(apart["fr"])
