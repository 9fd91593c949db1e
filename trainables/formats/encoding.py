"""What formats share: token features, padding, the encoder's call, pooling, the linear head, batched inference."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerBase

from trainables.formats.base import IGNORED, Batch
from trainables.formats.native import NativeHead

if TYPE_CHECKING:
    from datasets import Dataset

TOKEN_INPUTS = ("input_ids", "token_type_ids")
"""Per-token inputs that are stored. The attention mask follows from the lengths; not every model has token types."""

ENCODER_INPUTS = ("input_ids", "attention_mask", "token_type_ids")

CPU_TOKENS = 512
"""The most tokens, padding included, that a CPU reads at once where there is a choice: what a layer gives for more of
them no longer fits into the caches."""

DROPOUT = 0.1
INIT_STD = 0.02


def token_inputs(encoding: BatchEncoding) -> dict[str, list[Any]]:
    """The per-token inputs that the tokenizer gives for its model, and ``length`` in tokens."""
    inputs: dict[str, list[Any]] = {name: encoding[name] for name in TOKEN_INPUTS if name in encoding}
    inputs["length"] = [len(ids) for ids in encoding["input_ids"]]
    return inputs


def pad(features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase) -> Batch:
    """The encoder's inputs, padded on the right: int64 tensors of shape (features, tokens)."""
    width = max(len(feature["input_ids"]) for feature in features)
    width += -width % multiple()
    fill = {"input_ids": tokenizer.pad_token_id or 0, "token_type_ids": 0}
    batch = {
        name: torch.tensor([padded(feature[name], width, fill[name]) for feature in features])
        for name in TOKEN_INPUTS
        if name in features[0]
    }
    batch["attention_mask"] = torch.tensor([padded([1] * len(f["input_ids"]), width, 0) for f in features])
    return batch


def multiple() -> int:
    """Batches are as many tokens wide as a multiple of it: of 8 where matrices of such a size are multiplied faster."""
    return 8 if torch.cuda.is_available() else 1


def padded(values: Sequence[int], width: int, fill: int) -> list[int]:
    """`values` and as many times `fill` as are missing to `width`."""
    return [*values, *[fill] * (width - len(values))]


def token_states(encoder: nn.Module, batch: Batch) -> Tensor:
    """The last layer, shape (features, tokens, hidden size)."""
    states: Tensor = encoder(**{name: batch[name] for name in ENCODER_INPUTS if name in batch}).last_hidden_state
    return states


def text_states(encoder: nn.Module, batch: Batch) -> Tensor:
    """One vector per feature: the mean of its tokens, shape (features, hidden size).

    The mean, not the first token, for every format: it is what retrieval compares, so whatever task is trained
    works on the vector that is scored; e5 was pretrained so; and XLM-R's first token was not pretrained
    for anything, so nothing is lost there.
    """
    states = token_states(encoder, batch)
    mask = batch["attention_mask"].unsqueeze(-1).to(states.dtype)
    return (states * mask).sum(dim=1) / mask.sum(dim=1)


class LinearHead(nn.Module):
    """Dropout and one linear layer: (..., hidden size) -> (..., outputs)."""

    def __init__(self, encoder: PreTrainedModel, outputs: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(DROPOUT)
        self.linear = nn.Linear(encoder.config.hidden_size, outputs)
        nn.init.normal_(self.linear.weight, std=INIT_STD)
        nn.init.zeros_(self.linear.bias)

    def forward(self, states: Tensor) -> Tensor:
        outputs: Tensor = self.linear(self.dropout(states))
        return outputs


def token_outputs(encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
    """What a head of either kind makes of each token: (features, tokens, outputs)."""
    states = token_states(encoder, batch)
    outputs: Tensor = head(states, batch) if isinstance(head, NativeHead) else head(states)
    return outputs


def text_outputs(encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
    """What a head of either kind makes of each feature: (features, outputs)."""
    native = isinstance(head, NativeHead)
    outputs: Tensor = head(token_states(encoder, batch), batch) if native else head(text_states(encoder, batch))
    return outputs


def mean_cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean over the labels that are not -100, in float32; zero (and differentiable) where there are none.

    Args:
        logits: (..., classes).
        labels: (...), int64.
    """
    flat = functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]).float(), labels.reshape(-1), ignore_index=IGNORED, reduction="sum"
    )
    return flat / (labels != IGNORED).sum().clamp(min=1)


@contextmanager
def evaluating(encoder: nn.Module, head: nn.Module) -> Iterator[torch.device]:
    """Evaluation mode (which stays) and no gradients; gives the device that the encoder is on."""
    encoder.eval()
    head.eval()
    with torch.inference_mode():
        yield next(encoder.parameters()).device


def by_length(features: Dataset, batch_size: int, device: torch.device) -> Iterator[list[dict[str, Any]]]:
    """All features in batches of about equal length, longest first: if memory does not suffice, it shows at once.

    Results are put in order by the features' ``row``.

    Args:
        batch_size: the most features of a batch.
        device: where they are read.
    """
    for chosen in cut_by_length(features["length"][:], batch_size, device):
        columns = features[chosen]
        yield [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def cut_by_length(lengths: Sequence[int], batch_size: int, device: torch.device) -> Iterator[list[int]]:
    """As `by_length`, the positions of features whose lengths are given."""
    most = CPU_TOKENS if device.type == "cpu" else None
    order: list[int] = torch.tensor(lengths).argsort(descending=True, stable=True).tolist()
    at = 0
    while at < len(order):
        rows = batch_size if most is None else max(1, min(batch_size, most // max(1, lengths[order[at]])))
        yield order[at : at + rows]
        at += rows


def on(device: torch.device, batch: Batch) -> Batch:
    """The batch on that device."""
    return {name: tensor.to(device) for name, tensor in batch.items()}
