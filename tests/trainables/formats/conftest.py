"""Features of a format without the cache between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from datasets import Dataset

from spaces.card import Card
from trainables.formats import by_name
from trainables.formats.base import Format
from trainables.item import EvaluationSettings

Featurised = tuple[Dataset, Dataset]


@pytest.fixture
def featurise() -> Callable[..., Featurised]:
    """Canonical rows -> (rows, features) as `trainables.data.Data.features` gives them."""

    def make(rows: dict[str, list[Any]], card: Card, kit: Any, max_length: int = 64) -> Featurised:
        features = by_name(card.format).features(rows, card, kit.tokenizer, max_length)
        count = len(next(iter(rows.values())))
        return Dataset.from_dict(rows), Dataset.from_dict({"row": list(range(count)), **features})

    return make


@pytest.fixture
def score() -> Callable[..., dict[str, float]]:
    """The metrics of a format on some rows, with what is tuned on the same rows."""

    def make(
        form: Format,
        encoder: Any,
        head: Any,
        featurised: Featurised,
        card: Card,
        kit: Any,
        batch_size: int = 3,
        language: str = "en",
    ) -> dict[str, float]:
        rows, features = featurised
        settings = EvaluationSettings(batch_size=batch_size)
        predicted = form.predict(encoder, head, rows, features, card, kit.tokenizer, settings)
        tuned = form.tune(rows, predicted, card, language)
        return form.metrics(rows, form.decide(predicted, tuned, card), card, language)

    return make
