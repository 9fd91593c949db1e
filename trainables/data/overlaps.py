"""Rows that are trained on and scored, too: the same texts, whatever file, split, language or card they are of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from datasets import Dataset

from spaces.card import Card, Split
from spaces.formats import FORMATS, ColumnType
from trainables.data.card_data import Data
from trainables.work.plan import Plan

Hashes = npt.NDArray[np.uint64]

TEXTS: frozenset[ColumnType] = frozenset({"text", "passage", "words", "choices"})
"""Types of columns that make two rows the same."""

AT_ONCE = 50_000
"""Rows whose texts are in memory together."""

SHOWN = 5
"""Languages that a note names."""

UNIT = "\x1f"
"""Between the texts of a row: no text has it, so that rows of one text are no pairs."""


def describe_overlaps(plan: Plan, data: Data, readable: Iterable[Card]) -> list[str]:
    """A line for each target, split and card with rows in common: how many, in which languages.

    Dev and test rows of each target are compared with the training rows of every card, the target's own among them, and
    its test rows with its dev rows unless both are one split at the source.

    Args:
        readable: the cards whose rows can be read; the others are left out.
    """
    texts = _Texts(data)
    there = {(card.kind, card.name) for card in readable}

    def named(cards: Iterable[Card]) -> dict[tuple[str, str], Card]:
        return {(card.kind, card.name): card for card in cards if (card.kind, card.name) in there}

    notes: list[str] = []
    for name, target in plan.targets.items():
        dev_card = plan.dev_card(name)
        own = named(plan.training_cards.get(name, ()) if target.is_trained else ())
        splits: list[tuple[Split, Card]] = [("dev", dev_card), ("test", target)]
        scored = [(split, card) for split, card in splits if (card.kind, card.name) in there]
        for split, card in scored:
            for key, trained_on in {**named(plan.tasks.values()), **own}.items():
                trained = texts.of(trained_on, "train", [trained_on.training_language])
                others = (
                    "its own training rows" if key == (target.kind, name) else f"training rows of {trained_on.name}"
                )
                notes += _note(name, split, texts.each(card, split), trained, others)
        if len(scored) == len(splits) and not dev_card.locations_of("dev") & target.locations_of("test"):
            seen = texts.of(dev_card, "dev", dev_card.languages_of("dev"))
            notes += _note(name, "test", texts.each(target, "test"), seen, "dev rows")
    return notes


def _note(target: str, split: Split, rows: Iterable[tuple[str, Hashes]], seen: Hashes, others: str) -> Iterator[str]:
    """How many of the rows, each language's, are among those that were seen; nothing where none is.

    Args:
        seen: in rising order.
    """
    total, counts = 0, {}
    for language, hashes in rows:
        total += len(hashes)
        at = np.minimum(np.searchsorted(seen, hashes), len(seen) - 1)
        counts[language] = int((seen[at] == hashes).sum())
    common = sum(counts.values())
    if common:
        most = sorted((language for language in counts if counts[language]), key=lambda each: -counts[each])
        shown = ", ".join(f"{language} {counts[language]:,}" for language in most[:SHOWN])
        more = f" and {len(most) - SHOWN} more" if len(most) > SHOWN else ""
        yield f"{target}: {common:,} of {total:,} {split} rows are {others}, too ({shown}{more})"


@dataclass
class _Texts:
    """A hash of the texts of each row; each split's are made once."""

    data: Data
    _made: dict[tuple[str, str, Split, str], Hashes] = field(default_factory=dict)
    _joined: dict[tuple[str, str, Split], Hashes] = field(default_factory=dict)

    def each(self, card: Card, split: Split) -> Iterator[tuple[str, Hashes]]:
        """Of each language."""
        for language in card.languages_of(split):
            yield language, self._in(card, split, language)

    def of(self, card: Card, split: Split, languages: Iterable[str]) -> Hashes:
        """Of all languages together, each once, in rising order."""
        key = (card.kind, card.name, split)
        if key not in self._joined:
            parts = [self._in(card, split, language) for language in languages]
            self._joined[key] = np.unique(np.concatenate(parts))
        return self._joined[key]

    def _in(self, card: Card, split: Split, language: str) -> Hashes:
        key = (card.kind, card.name, split, language)
        if key not in self._made:
            self._made[key] = hash_texts(self.data.rows(card, split, language), card.format)
        return self._made[key]


def hash_texts(rows: Dataset, form: str) -> Hashes:
    """A hash for each canonical row of a format: equal where all texts are."""
    roles = [role for role, column_type in FORMATS[form].columns.items() if column_type in TEXTS]
    parts = []
    for batch in rows.with_format("arrow").iter(batch_size=AT_ONCE):
        columns = [
            pc.utf8_trim_whitespace(column) if pa.types.is_string(column.type) else pc.binary_join(column, UNIT)
            for column in (batch[role] for role in roles)
        ]
        texts = pc.binary_join_element_wise(*columns, UNIT).to_numpy(zero_copy_only=False)
        parts.append(pd.util.hash_array(texts, categorize=False))
    return np.concatenate(parts)
