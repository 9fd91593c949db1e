"""Sentence classification, declared in `spaces/formats.py`: what one text is (topic, genre, intent, sentiment)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainables.formats.classification import Classification


class SentenceClassification(Classification):
    """One text, cut at its end."""

    name = "sentence_classification"

    def texts(self, rows: Mapping[str, Sequence[Any]]) -> tuple[list[str], ...]:
        return (list(rows["text"]),)


FORMAT = SentenceClassification()
