"""Submission: test predictions as files in XTREME's layout, `<task>/test-<language>.<ending>`.

What stands in a file is the format's to say (`Format.submission`). Lines stand in the order of the rows at the source;
that this is the order of the benchmark's hidden labels is the sources' promise, which nobody can check from outside.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from spaces.card import Card
from spaces.errors import Problem
from trainables.data.card_data import Data
from trainables.formats import by_name


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
        found = f"{len(predicted)} predictions for {len(rows)} rows"
        return Problem("the data have changed since they were predicted", f"{card.name}, {language}", found)
    ending, text = by_name(card.format).submission(rows, predicted, card)
    return f"test-{language}.{ending}", text


def write(folder: Path, files: Mapping[str, str]) -> None:
    """Write relative path -> text, all below a folder that is made for it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
