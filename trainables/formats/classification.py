"""What the formats that choose one of several labels share: pair and sentence classification, multiple choice."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from sklearn.metrics import accuracy_score
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from trainables.formats.base import Batch, Format, lines
from trainables.formats.encoding import (
    LinearHead,
    by_length,
    evaluating,
    mean_cross_entropy,
    on,
    pad,
    text_outputs,
    text_states,
    token_inputs,
)
from trainables.work.settings import EvaluationSettings

if TYPE_CHECKING:
    from datasets import Dataset


class Classification(Format):
    """One label per row, index of the card's labels, in the canonical column ``label``; scored by accuracy."""

    @abstractmethod
    def texts(self, rows: Mapping[str, Sequence[Any]]) -> tuple[list[str], ...]:
        """The text, or the two texts, of each row."""

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        encoding = tokenizer(*self.texts(rows), truncation=True, max_length=max_length)
        return {**token_inputs(encoding), "label": list(rows["label"])}

    def outputs(self, card: Card) -> int:
        return len(card.labels)

    def head(self, encoder: PreTrainedModel, card: Card) -> nn.Module:
        return LinearHead(encoder, self.outputs(card))

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        return {**pad(features, tokenizer), "labels": torch.tensor([feature["label"] for feature in features])}

    def logits(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        """Shape (rows, labels)."""
        return text_outputs(encoder, head, batch)

    def labeled_states(self, encoder: nn.Module, batch: Batch) -> Tensor:
        return text_states(encoder, batch)

    def loss(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        return mean_cross_entropy(self.logits(encoder, head, batch), batch["labels"])

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
        """The label of each row."""
        predicted = torch.empty(len(rows), dtype=torch.long)
        with evaluating(encoder, head) as device:
            for chosen in by_length(features, settings.batch_size, device):
                batch = on(device, self.collate(chosen, tokenizer, torch.Generator()))
                best = self.logits(encoder, head, batch).argmax(dim=-1)
                predicted[[feature["row"] for feature in chosen]] = best.cpu()
        return predicted.tolist()

    def metrics(self, rows: Dataset, decided: Sequence[int], card: Card, language: str) -> dict[str, float]:
        """Accuracy."""
        return {"accuracy": float(accuracy_score(rows["label"][:], list(decided)))}

    def floor(self, train: Dataset | None, rows: Dataset, card: Card, language: str) -> dict[str, float]:
        """The commonest label of the training rows."""
        commonest = Counter((rows if train is None else train)["label"][:]).most_common(1)[0][0]
        return self.metrics(rows, [commonest] * len(rows), card, language)

    def submission(self, rows: Dataset, decided: Sequence[int], card: Card) -> tuple[str, str]:
        """A label per line."""
        return "tsv", lines(card.labels[label] for label in decided)
