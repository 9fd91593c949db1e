"""Cards of every format. No torch at import."""

from __future__ import annotations

from typing import Any

from spaces.card import Card
from spaces.formats import FORMATS

LABELS = {
    "pair_classification": ["entailment", "neutral", "contradiction"],
    "sentence_classification": ["law", "history", "letters"],
    "tagging": ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"],
}


def card_of(form: str, **changes: Any) -> Card:
    """A valid card of a format, a target where the format can be one; keywords change it."""
    spec = FORMATS[form]
    target = bool(spec.metrics)
    card = {
        "name": f"some_{form}",
        "kind": "target" if target else "task",
        "description": "for tests",
        "format": form,
        "licence": "none",
        "origin": "tests",
        "source": {"files": "nowhere"},
        "labels": LABELS[form] if spec.is_labeled else [],
        "splits": {"train": "train", "dev": "dev", "test": "test"},
        "languages": ["en"],
        "train_language": "en" if target and not spec.scored_untrained else None,
        "pool": {"config": "pool"} if spec.has_pool else None,
        "metric": next(iter(spec.metrics)) if target else None,
    }
    return Card.model_validate({**card, **changes})
