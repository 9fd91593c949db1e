"""The cards as an answer."""

from __future__ import annotations

from typing import Any

from spaces.card import Card
from spaces.catalogue import Catalogue


def tasks(catalogue: Catalogue) -> dict[str, Any]:
    """The cards."""
    return {
        "tasks": [_card(card) for _, card in sorted(catalogue.tasks.items())],
        "targets": [_card(card) for _, card in sorted(catalogue.targets.items())],
    }


def _card(card: Card) -> dict[str, Any]:
    return {
        "name": card.name,
        "description": card.description,
        "format": card.format,
        "metric": card.metric,
        "languages": card.languages,
        "training_language": card.training_language if card.is_trained else None,
        "sizes": card.sizes,
        "unverified": card.unverified,
        "licence": card.licence,
        "source": card.source.place,
        "origin": card.origin,
    }
