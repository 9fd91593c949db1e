"""Masked language modelling, declared in `spaces/formats.py`: raw text to mix in, in any language; it is not scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from spaces.errors import InputError, Problem
from trainables.formats.base import IGNORED, Batch, Format
from trainables.formats.encoding import INIT_STD, mean_cross_entropy, pad, token_inputs, token_states

SHARE = 0.15
"""Share of the tokens that are predicted; of these 80% are masked, 10% replaced at random, 10% kept (as in BERT)."""


class MaskedLM(Format):
    """BERT's head: dense, GELU, layer norm, and the encoder's own input embeddings as the decoder."""

    name = "masked_lm"

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """A long text becomes several features, none of it is left out."""
        if tokenizer.mask_token_id is None:
            raise InputError(Problem("the model's tokenizer has no mask token", card.name, fix="leave this task out"))
        encoding = tokenizer(list(rows["text"]), truncation=True, max_length=max_length, return_overflowing_tokens=True)
        return {**token_inputs(encoding), "row": list(encoding["overflow_to_sample_mapping"])}

    def head(self, encoder: PreTrainedModel, card: Card) -> nn.Module:
        return TiedHead(encoder)

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        batch = pad(features, tokenizer)
        ids = batch["input_ids"]
        specials = torch.isin(ids, torch.tensor(tokenizer.all_special_ids)) | (batch["attention_mask"] == 0)
        predicted = (torch.rand(ids.shape, generator=generator) < SHARE) & ~specials
        fate = torch.rand(ids.shape, generator=generator)
        random_ids = torch.randint(len(tokenizer), ids.shape, generator=generator)
        labels = ids.masked_fill(~predicted, IGNORED)
        ids = ids.masked_fill(predicted & (fate < 0.8), tokenizer.mask_token_id)
        ids = torch.where(predicted & (fate >= 0.9), random_ids, ids)
        return {**batch, "input_ids": ids, "labels": labels}

    def loss(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        counts = batch["labels"] != IGNORED
        states = token_states(encoder, batch)[counts]  # logits are computed where they count alone: (masked, hidden)
        embeddings: nn.Module = encoder.get_input_embeddings()  # type: ignore[operator]
        return mean_cross_entropy(head(states, embeddings.weight), batch["labels"][counts])


class TiedHead(nn.Module):
    """The head without its decoder, which is passed in: the embeddings belong to the encoder alone, so that
    they are not a parameter twice, and stay frozen where the encoder's are."""

    def __init__(self, encoder: PreTrainedModel) -> None:
        super().__init__()
        # the embedding module tells its sizes even where ZeRO 3 has taken its weight apart
        embeddings: Any = encoder.get_input_embeddings()
        self.dense = nn.Linear(encoder.config.hidden_size, embeddings.embedding_dim)
        self.norm = nn.LayerNorm(embeddings.embedding_dim)
        self.bias = nn.Parameter(torch.zeros(embeddings.num_embeddings))
        nn.init.normal_(self.dense.weight, std=INIT_STD)
        nn.init.zeros_(self.dense.bias)

    def forward(self, states: Tensor, embeddings: Tensor) -> Tensor:
        """(tokens, hidden size) and (vocabulary, embedding size) -> (tokens, vocabulary)."""
        return functional.linear(self.norm(functional.gelu(self.dense(states))), embeddings, self.bias)


FORMAT = MaskedLM()
