"""What the formats that compare texts share: a text's vector, and the vectors of a pool of candidates."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedTokenizerBase

from spaces.card import Card
from spaces.errors import InputError, Problem
from trainables.formats.base import Batch, Format
from trainables.formats.encoding import ENCODER_INPUTS, by_length, evaluating, on, pad, token_inputs
from trainables.work.settings import EvaluationSettings

if TYPE_CHECKING:
    from datasets import Dataset

Layer = int | None
"""An index of the encoder's hidden states, 0 for the embeddings; None for what the encoder gives out."""


class PoolIndex(nn.Module):
    """The head of a target with a pool: the candidates, which the queries of several languages share.

    Args:
        rows: ``id`` and ``text`` of each candidate.
        vectors: (layers, candidates, hidden size), of length 1, on the CPU.
    """

    def __init__(self, rows: Dataset, vectors: Tensor) -> None:
        super().__init__()
        self.rows = rows
        self.vectors = vectors


class Retriever(Format):
    """A format whose predictions follow from the vectors of texts, at whichever layers."""

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """A feature per text, of a row or of the pool."""
        return token_inputs(tokenizer(list(rows["text"]), truncation=True, max_length=max_length))

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        return pad(features, tokenizer)

    @abstractmethod
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
    ) -> list[list[Any]]:
        """The predictions with the vectors of each layer, from one pass over the texts.

        Args:
            head: the pool with the vectors of the same layers, where the format has one.
        """

    def predict(
        self,
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[Any]:
        assert settings.layer != "auto", "the layer is chosen before (trainables.evaluate)"
        head.eval()
        return self.predict_at([settings.layer], encoder, head, rows, features, card, tokenizer, settings)[0]


def text_vectors(
    encoder: nn.Module,
    features: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    settings: EvaluationSettings,
    layers: Sequence[Layer],
) -> Tensor:
    """A vector of length 1 for each text: (layers, texts, hidden size), float32, on the CPU.

    Raises:
        InputError: the encoder has fewer layers.
    """
    vectors: Tensor | None = None
    with evaluating(encoder, nn.Identity()) as device:
        for chosen in by_length(features, settings.batch_size):
            states = pooled(encoder, on(device, pad(chosen, tokenizer)), settings.pooling, layers)
            states = functional.normalize(states.float(), dim=-1).cpu()
            if vectors is None:
                vectors = torch.empty(len(layers), len(features), states.shape[-1])
            vectors[:, [feature["row"] for feature in chosen]] = states
    assert vectors is not None, "an empty split is refused when it is read"
    return vectors


def pooled(encoder: nn.Module, batch: Batch, pooling: Literal["mean", "cls"], layers: Sequence[Layer]) -> Tensor:
    """Mean over the attention mask or first token, of each layer: (layers, texts, hidden size)."""
    wanted = any(layer is not None for layer in layers)
    inputs = {name: batch[name] for name in ENCODER_INPUTS if name in batch}
    output = encoder(**inputs, output_hidden_states=True) if wanted else encoder(**inputs)
    depth = len(output.hidden_states) - 1 if wanted else 0
    too_high = [layer for layer in layers if layer is not None and layer > depth]
    if too_high:
        fix = f"0 (the embeddings) to {depth}, or auto"
        raise InputError(Problem("the model has no such layer", "evaluation.layer", str(too_high[0]), fix))
    states = torch.stack(
        [output.last_hidden_state if layer is None else output.hidden_states[layer] for layer in layers]
    )
    if pooling == "cls":
        return states[:, :, 0]
    mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
    return (states * mask).sum(dim=2) / mask.sum(dim=1)
