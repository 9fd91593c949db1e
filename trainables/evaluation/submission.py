"""Submission: test predictions as files in XTREME's layout, `<task>/test-<language>.<ending>`.

Formats of the files: google-research/xtreme at 838c13b, README.md ("Leaderboard Submission") and what evaluate.py
reads; LAReQA, of which it reads none, as Mewsli-X. Lines stand in the order of the rows at the source; that this is
the order of the benchmark's hidden labels is the sources' promise, which nobody can check from outside.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from datasets import Dataset

from spaces.card import Card
from spaces.errors import Problem
from trainables.data.card_data import Data


def make_test_file(data: Data, card: Card, language: str, predicted: Sequence[Any]) -> tuple[str, str] | Problem:
    """Name and text of a language's file; a problem where the predictions are not those of the whole test set.

    Args:
        predicted: what the card's format decided for each test row (`Format.decide`).

    Raises: what `Data.rows` raises.
    """
    rows = data.rows(card, "test", language)
    promised = card.size_of("test", language) or len(rows)
    if len(predicted) < max(len(rows), promised):
        counts = f"{len(predicted)} of {max(len(rows), promised)} rows are predicted"
        fix = "search without evaluation.max_examples" if len(predicted) < len(rows) else "the data at hand lack rows"
        return Problem("the test set is a sample", f"{card.name}, {language}", counts, fix)
    if len(predicted) > len(rows):
        counts = f"{len(predicted)} predictions for {len(rows)} rows"
        return Problem("the data have changed since they were predicted", f"{card.name}, {language}", counts)
    ending, make_text = LAYOUTS[card.format]
    return f"test-{language}.{ending}", make_text(card, rows, predicted)


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write relative path -> text, all below a folder that is made for it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


def _labels(card: Card, rows: Dataset, predicted: Sequence[int]) -> str:
    """A label per line."""
    return _lines(card.labels[label] for label in predicted)


def _tags(card: Card, rows: Dataset, predicted: Sequence[Sequence[int]]) -> str:
    """A tag per line, an empty line between sentences."""
    sentences = ["".join(f"{card.labels[tag]}\n" for tag in tags) for tags in predicted]
    return "\n".join(sentences)


def _answers(card: Card, rows: Dataset, predicted: Sequence[Any]) -> str:
    """Id -> answer; of entity linking, id -> the ids that were found, best first."""
    return json.dumps(dict(zip(rows["id"][:], predicted, strict=True)), ensure_ascii=False, indent=0) + "\n"


def _choices(card: Card, rows: Dataset, predicted: Sequence[int]) -> str:
    """As XCOPA's own files, which the benchmark reads `label` from."""
    return _lines(json.dumps({"label": choice}) for choice in predicted)


def _matches(card: Card, rows: Dataset, predicted: Sequence[int]) -> str:
    """For each English sentence, in the order of their sorted texts, the position of the sentence that was found.

    The benchmark hands out the English side sorted (utils_preprocess.py, tatoeba_preprocess); `text_a` is that side.
    """
    queries = [text.strip() for text in rows["text_a"][:]]
    order = sorted(range(len(queries)), key=queries.__getitem__)
    return _lines(str(predicted[row]) for row in order)


def _pairs(card: Card, rows: Dataset, predicted: Sequence[str | None]) -> str:
    """The ids of each pair, the sentence of the language first."""
    pairs = zip(rows["id"][:], predicted, strict=True)
    return _lines(f"{own}\t{english}" for own, english in pairs if english is not None)


def _lines(values: Any) -> str:
    return "".join(f"{value}\n" for value in values)


LAYOUTS: dict[str, tuple[str, Callable[[Card, Dataset, Sequence[Any]], str]]] = {
    "pair_classification": ("tsv", _labels),
    "sentence_classification": ("tsv", _labels),
    "tagging": ("tsv", _tags),
    "span_qa": ("json", _answers),
    "multiple_choice": ("jsonl", _choices),
    "retrieval": ("tsv", _matches),
    "bitext_mining": ("tsv", _pairs),
    "answer_retrieval": ("json", _answers),
}
"""Format -> ending of the file's name, and what makes its text."""
