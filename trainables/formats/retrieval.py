"""Retrieval: find the text that means the same in another language, with the encoder as it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from spaces.card import Card
from trainables.formats.base import Batch, Format
from trainables.formats.encoding import by_length, evaluating, on, pad, text_states, token_inputs
from trainables.item import EvaluationSettings

SIDES = ("text_a", "text_b")

CHUNK = 4096
"""Queries compared at a time: bounds the matrix of similarities."""


class Retrieval(Format):
    """Mean-pooled, normalised vectors; text_a is looked up by cosine among all text_b of its language."""

    name = "retrieval"

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """Two features per row; ``side`` is 0 for text_a and 1 for text_b."""
        count = len(rows[SIDES[0]])
        texts = [text for side in SIDES for text in rows[side]]
        features = token_inputs(tokenizer(texts, truncation=True, max_length=max_length))
        return {**features, "row": [*range(count)] * 2, "side": [0] * count + [1] * count}

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        return pad(features, tokenizer)

    def predict(
        self,
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[int]:
        """For each text_a the row of the text_b that was found."""
        vectors: Tensor | None = None
        with evaluating(encoder, head) as device:
            for chosen in by_length(features, settings.batch_size):
                batch = on(device, self.collate(chosen, tokenizer, torch.Generator()))
                states = functional.normalize(text_states(encoder, batch).float(), dim=-1)
                if vectors is None:
                    vectors = torch.empty(len(SIDES), len(rows), states.shape[-1], device=device)
                vectors[[f["side"] for f in chosen], [f["row"] for f in chosen]] = states
            assert vectors is not None, "an empty split is refused when it is read"
            return nearest(vectors[0], vectors[1])

    def metrics(self, rows: Dataset, decided: Sequence[int], card: Card, language: str) -> dict[str, float]:
        """Accuracy at 1."""
        return {"accuracy": _share_found(decided, rows["text_b"][:])}

    def floor(self, train: Dataset | None, rows: Dataset, card: Card, language: str) -> dict[str, float]:
        """The expected value of guessing: 1 / rows where all text_b differ."""
        counts = Counter(rows["text_b"][:]).values()
        return {"accuracy": sum(count**2 for count in counts) / len(rows) ** 2}


def nearest(queries: Tensor, candidates: Tensor) -> list[int]:
    """For each query the candidate of the highest dot product, exactly.

    Args:
        queries: (queries, hidden size), of length 1.
        candidates: (candidates, hidden size), of length 1.
    """
    return [int(best) for chunk in torch.split(queries, CHUNK) for best in (chunk @ candidates.T).argmax(dim=-1)]


def _share_found(found: Sequence[int], texts: list[str]) -> float:
    """Share of the rows whose own text was found; of equal texts any will do, for nothing tells them apart."""
    return sum(texts[candidate] == text for candidate, text in zip(found, texts, strict=True)) / len(texts)


FORMAT = Retrieval()
