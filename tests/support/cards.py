"""Cards of every format. No torch at import."""

from __future__ import annotations

from typing import Any

from spaces.card import Card
from spaces.formats import LABELLED, METRICS, POOLED, UNTRAINED

LABELS = {
    "pair_classification": ["entailment", "neutral", "contradiction"],
    "sentence_classification": ["law", "history", "letters"],
    "tagging": ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
}


def card_of(form: str, **changes: Any) -> Card:
    """A valid card of a format, a target where the format can be one; keywords change it."""
    target = bool(METRICS[form])
    card = {
        "name": f"some_{form}",
        "kind": "target" if target else "task",
        "description": "for tests",
        "format": form,
        "licence": "none",
        "origin": "tests",
        "source": {"files": "nowhere"},
        "labels": LABELS[form] if form in LABELLED else [],
        "splits": {"train": "train", "dev": "dev", "test": "test"},
        "languages": ["en"],
        "train_language": "en" if target and form not in UNTRAINED else None,
        "pool": {"config": "pool"} if form in POOLED else None,
        "metric": METRICS[form][0] if target else None,
    }
    return Card.model_validate({**card, **changes})
