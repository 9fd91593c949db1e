"""What each row adds to the card's metric, so that a score can be drawn anew from other rows without any model.

All metrics here are quotients of sums over rows. Of a metric that is not known here nothing is said.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from datasets import Dataset

from spaces.card import Card
from spaces.formats import FORMATS
from spaces.tag_schemes import seqeval_names
from trainables.formats.answer_retrieval import average_precision
from trainables.formats.qa_metrics import answer_scores, normalization

Parts = list[tuple[float, float]]
"""Numerator and denominator of each row."""


def row_parts(rows: Dataset, decided: Sequence[Any], card: Card, language: str) -> Parts | None:
    """Of each of `rows`: the quotient of the sums is the card's metric (`Format.metrics`). None: not known how.

    Args:
        decided: a prediction per row, as `Format.decide` gives them and the store keeps them.
    """
    columns = FORMATS[card.format].columns
    known = (parts for (column, metric), parts in PARTS.items() if column in columns and metric == card.metric)
    parts = next(known, None)
    return parts(rows, decided, card, language) if parts else None


def units_of(rows: Mapping[str, Dataset]) -> dict[str, list[Hashable]]:
    """Language -> what each row is one of: rows that are, or may be, translations of each other are one unit.

    By their ids, where languages have some in common; by their place, where all languages have as many rows: where
    those are no translations, they are drawn together all the same, which changes nothing in the mean.
    """
    ids = {language: found["id"][:] for language, found in rows.items() if "id" in found.column_names}
    if len(ids) == len(rows) and len(rows) > 1:
        every = [set(found) for found in ids.values()]
        if len(set().union(*every)) < sum(map(len, every)):
            return {language: list(found) for language, found in ids.items()}
    if len({len(found) for found in rows.values()}) == 1:
        return {language: list(range(len(found))) for language, found in rows.items()}
    return {language: [(language, number) for number in range(len(found))] for language, found in rows.items()}


def _labels(rows: Dataset, decided: Sequence[int], card: Card, language: str) -> Parts:
    return [(float(own == given), 1.0) for own, given in zip(rows["label"][:], decided, strict=True)]


def _words(rows: Dataset, decided: Sequence[list[int]], card: Card, language: str) -> Parts:
    pairs = zip(rows["tags"][:], decided, strict=True)
    return [(float(sum(own == given for own, given in zip(*pair, strict=True))), float(len(pair[0]))) for pair in pairs]


def _spans(rows: Dataset, decided: Sequence[list[int]], card: Card, language: str) -> Parts:
    from seqeval.metrics.sequence_labeling import get_entities

    names, parts = seqeval_names(card.labels), []
    for own, given in zip(rows["tags"][:], decided, strict=True):
        there, found = (set(get_entities([names[tag] for tag in tags])) for tags in (own, given))
        parts.append((2.0 * len(there & found), float(len(there) + len(found))))
    return parts


def _answers(rows: Dataset, decided: Sequence[str], card: Card, language: str) -> Parts:
    normalize = normalization(card.metric or "qa", language)
    gold = (answers["text"] for answers in rows["answers"][:])
    return [(sum(answer_scores(own, text, normalize)) / 2, 1.0) for own, text in zip(gold, decided, strict=True)]


def _found(rows: Dataset, decided: Sequence[int], card: Card, language: str) -> Parts:
    texts = rows["text_b"][:]
    return [(float(texts[row] == text), 1.0) for row, text in zip(decided, texts, strict=True)]


def _pairs(rows: Dataset, decided: Sequence[str | None], card: Card, language: str) -> Parts:
    return [
        (2.0 * (other is not None and other in gold), float((other is not None) + len(gold)))
        for other, gold in zip(decided, rows["relevant"][:], strict=True)
    ]


def _precisions(rows: Dataset, decided: Sequence[Sequence[str]], card: Card, language: str) -> Parts:
    return [
        (average_precision(ranked, gold), 1.0) if gold else (0.0, 0.0)
        for ranked, gold in zip(decided, rows["relevant"][:], strict=True)
    ]


PARTS: Mapping[tuple[str, str], Callable[[Dataset, Sequence[Any], Card, str], Parts]] = {
    ("label", "accuracy"): _labels,
    ("tags", "accuracy"): _words,
    ("tags", "f1"): _spans,
    ("answers", "qa"): _answers,
    ("answers", "qa_mlqa"): _answers,
    ("relevant", "f1"): _pairs,
    ("relevant", "map20"): _precisions,
    ("text_b", "accuracy"): _found,
}
"""Column with what is right, and metric -> how a row counts; the first counts that a format has."""
