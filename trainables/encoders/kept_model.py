"""A target's model in the store: the fine-tuned encoder as any encoder, and its head in a file beside it."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file, save_file
from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from trainables.encoders import checkpoint
from trainables.encoders.checkpoint import Encoder
from trainables.encoders.frozen_embedding import SharedWith
from trainables.formats import by_name
from trainables.work.settings import HeadKind

HEAD = "head.safetensors"


def save(
    encoder: PreTrainedModel,
    head: nn.Module,
    tokenizer: PreTrainedTokenizerBase,
    folder: Path,
    shared: SharedWith | None = None,
) -> None:
    """Write all that `load` needs beside the target's card; `shared` as for `checkpoint.save_model`."""
    checkpoint.save(encoder, tokenizer, folder, shared)
    weights = {name: value.contiguous().cpu().clone() for name, value in head.state_dict().items()}
    save_file(weights, folder / HEAD)
    checkpoint.open_weights(folder)


def load(folder: Path, card: Card, kind: HeadKind) -> tuple[Encoder, nn.Module]:
    """The encoder and the head as they were saved.

    Args:
        kind: of head, as the target's stage has it.
    """
    encoder = checkpoint.load(folder)
    head = by_name(card.format).new_head(encoder.model, card, kind)
    head.load_state_dict(load_file(folder / HEAD))
    return encoder, head
