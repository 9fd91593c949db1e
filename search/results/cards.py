"""The cards as an answer."""

from __future__ import annotations

from search.answers.cards import CardLine, CardList
from spaces.card import Card
from spaces.catalogue import Catalogue


def list_cards(catalogue: Catalogue) -> CardList:
    """All of them, by name."""
    return CardList(
        tasks=[_line(card) for _, card in sorted(catalogue.tasks.items())],
        targets=[_line(card) for _, card in sorted(catalogue.targets.items())],
    )


def _line(card: Card) -> CardLine:
    return CardLine(
        name=card.name,
        description=card.description,
        format=card.format,
        metric=card.metric,
        languages=card.languages,
        training_language=card.training_language if card.is_trained else None,
        sizes=dict(card.sizes),
        unverified=card.unverified,
        license=card.license,
        source=card.source.location,
        origin=card.origin,
    )
