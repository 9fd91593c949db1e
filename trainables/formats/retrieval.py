"""Retrieval, declared in `spaces/formats.py`: find the text that belongs to another one, by the vectors of both.

As a target it is Tatoeba's accuracy at 1 with cosine and exact search: text_a is looked up among all text_b of its
language. XTREME looks the English side up in the other one (google-research/xtreme, third_party/utils_retrieve.py,
similarity_search), so its card has English in text_a. As an intermediate task, or as what other retrieval targets are
fine-tuned on, it trains a dual encoder with shared weights; the other pairs of the batch are the negatives (Henderson
et al. 2017), in both directions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from spaces.card import Card
from trainables.formats.base import Batch, lines
from trainables.formats.encoding import pad, text_states, token_inputs
from trainables.formats.search_index import nearest
from trainables.formats.vectors import Layer, Retriever, text_vectors
from trainables.work.settings import EvaluationSettings

if TYPE_CHECKING:
    from datasets import Dataset

SECOND = "b_"
"""Before the names of text_b's inputs; text_a's have the encoder's own."""

TEMPERATURE = 0.05
"""Cosines are divided by it. Ours: XTREME's dual encoder learns a factor that starts at 100."""


class Retrieval(Retriever):
    """Pairs of texts; row i of both sides belong together."""

    name = "retrieval"

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """A feature per row with the inputs of both texts, at most `max_length` tokens each."""
        first, second = (
            token_inputs(tokenizer(list(rows[side]), truncation=True, max_length=max_length))
            for side in ("text_a", "text_b")
        )
        length = [a + b for a, b in zip(first.pop("length"), second.pop("length"), strict=True)]
        return {**first, **{SECOND + name: values for name, values in second.items()}, "length": length}

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        second = pad([_second(feature) for feature in features], tokenizer)
        return {**pad(features, tokenizer), **{SECOND + name: values for name, values in second.items()}}

    def loss(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        """Softmax over the cosines with the texts of the same forward pass, mean of both directions.

        Under accumulation the negatives are those of the micro-batch alone, so its size is part of what is computed
        here. Pairs that share a text with a pair are no negatives of it.
        """
        first = functional.normalize(text_states(encoder, batch).float(), dim=-1)
        second = functional.normalize(text_states(encoder, _second(batch)).float(), dim=-1)
        logits = first @ second.T / TEMPERATURE
        same = _equal(batch["input_ids"]) | _equal(batch[f"{SECOND}input_ids"])
        other = same & ~torch.eye(len(same), dtype=torch.bool, device=same.device)
        logits = logits.masked_fill(other, float("-inf"))
        own = torch.arange(len(logits), device=logits.device)
        return (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2

    def predict_at(
        self,
        layers: Sequence[Layer],
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[list[int]]:
        """For each text_a the row of the text_b that was found."""
        device = next(encoder.parameters()).device
        second = [name for name in features.column_names if name.startswith(SECOND)]
        sides = (
            features.remove_columns(second),
            features.select_columns(second).rename_columns({name: name.removeprefix(SECOND) for name in second}),
        )
        first, second_ = (text_vectors(encoder, side, tokenizer, settings, layers, head) for side in sides)
        return [
            nearest(queries, candidates, 1, device)[1][:, 0].tolist()
            for queries, candidates in zip(first, second_, strict=True)
        ]

    def metrics(self, rows: Dataset, decided: Sequence[int], card: Card, language: str) -> dict[str, float]:
        """Accuracy at 1; of equal texts any will do, for nothing tells them apart."""
        texts = rows["text_b"][:]
        return {"accuracy": sum(texts[row] == text for row, text in zip(decided, texts, strict=True)) / len(texts)}

    def floor(self, train: Dataset | None, rows: Dataset, card: Card, language: str) -> dict[str, float]:
        """The expected value of guessing: 1 / rows where all text_b differ."""
        counts = Counter(rows["text_b"][:]).values()
        return {"accuracy": sum(count**2 for count in counts) / len(rows) ** 2}

    def submission(self, rows: Dataset, decided: Sequence[int], card: Card) -> tuple[str, str]:
        """For each English sentence, in the order of their sorted texts, the position of the sentence that was found.

        The benchmark hands out the English side sorted (utils_preprocess.py, tatoeba_preprocess), and `text_a` is
        that side.
        """
        queries = [text.strip() for text in rows["text_a"][:]]
        order = sorted(range(len(queries)), key=queries.__getitem__)
        return "tsv", lines(decided[row] for row in order)


def _second(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs of text_b under the encoder's own names."""
    return {name.removeprefix(SECOND): value for name, value in inputs.items() if name.startswith(SECOND)}


def _equal(ids: Tensor) -> Tensor:
    """Which rows of padded token ids are equal: (rows, rows), bool."""
    return (ids.unsqueeze(0) == ids.unsqueeze(1)).all(dim=-1)


FORMAT = Retrieval()
