"""The cards of a search as values: what `tasks` says; see `answer.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import Field

from search.answers.answer import Answer, flat


class CardLine(Answer):
    """A task or a target."""

    name: str
    description: str
    format: str
    metric: str | None = Field(description="null for intermediate tasks")
    languages: list[str]
    training_language: str | None = Field(description="null for targets that are not trained")
    sizes: dict[str, int | dict[str, int]] = Field(
        description="split -> rows of each language, or language -> rows; in CSV their sums"
    )
    unverified: str | None = Field(description="what nobody has checked")
    license: str = Field(alias="licence")
    source: str = Field(description="hub id, suite/data set, folder, or tasks")
    origin: str = Field(description="where the data come from, for people")


class CardList(Answer):
    """What `tasks` says, by name."""

    tasks: list[CardLine]
    targets: list[CardLine]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per card."""
        for kind, cards in (("task", self.tasks), ("target", self.targets)):
            for card in cards:
                sizes = {
                    split: sum(rows.values()) if isinstance(rows, dict) else rows for split, rows in card.sizes.items()
                }
                yield {"kind": kind, **flat({**card.to_json(), "sizes": sizes})}
