"""Features of a format without the cache between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from datasets import Dataset

from spaces.card import Card
from trainables.formats import by_name

Featurised = tuple[Dataset, Dataset]


@pytest.fixture
def featurise() -> Callable[..., Featurised]:
    """Canonical rows -> (rows, features) as `trainables.data.Data.features` gives them."""

    def make(rows: dict[str, list[Any]], card: Card, kit: Any, max_length: int = 64) -> Featurised:
        features = by_name(card.format).features(rows, card, kit.tokenizer, max_length)
        count = len(next(iter(rows.values())))
        return Dataset.from_dict(rows), Dataset.from_dict({"row": list(range(count)), **features})

    return make
