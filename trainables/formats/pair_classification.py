"""Pair classification, declared in `spaces/formats.py`: how two texts relate, as in entailment or paraphrase."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from trainables.formats.classification import Classification


class PairClassification(Classification):
    """Both texts in one sequence; the longer of the two is cut first."""

    name = "pair_classification"

    def texts(self, rows: Mapping[str, Sequence[Any]]) -> tuple[list[str], ...]:
        return list(rows["text_a"]), list(rows["text_b"])


FORMAT = PairClassification()
