"""A stage: one fine-tuning run of a shared encoder with a head per task. Progress is counted in examples seen."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from spaces.digest import derive_seed
from spaces.mixture import Mixture
from trainables.engine import device, training_engine
from trainables.formats import by_name
from trainables.item import EngineSettings, StageSettings
from trainables.mixing import TaskBatch, plan_batches

REPORT_EVERY = 5.0
"""Seconds between two reports of a running stage."""


class Diverged(RuntimeError):
    """The loss is not a finite number any more."""


@dataclass
class StageResult:
    """What a stage leaves beside the trained encoder."""

    heads: dict[str, nn.Module]
    examples: int = 0
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)


class _MultiTask(nn.Module):
    """The shared encoder and a head per task; `forward` is the loss of one task's batch."""

    def __init__(self, encoder: PreTrainedModel, cards: Mapping[str, Card]) -> None:
        super().__init__()
        self.encoder = encoder
        self.names = {task: f"head_{number}" for number, task in enumerate(sorted(cards))}
        self.formats = {task: by_name(card.format) for task, card in cards.items()}
        self.heads = nn.ModuleDict(
            {self.names[task]: self.formats[task].head(encoder, cards[task]) for task in sorted(cards)}
        )

    def forward(self, task: str, batch: dict[str, Tensor]) -> Tensor:
        return self.formats[task].loss(self.encoder, self.heads[self.names[task]], batch)


def train(
    encoder: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    cards: Mapping[str, Card],
    features: Mapping[str, Dataset],
    mixture: Mixture,
    segments: Sequence[int],
    stage: StageSettings,
    settings: EngineSettings,
    seed: int,
) -> Generator[int, None, StageResult]:
    """Train `encoder` in place on the last of `segments`; yields the examples seen so far now and then.

    Args:
        cards, features: of every task of `mixture`; heads are new and drawn from `seed`.
        segments: examples of each segment up to this one (earlier ones decide which examples come next).
        seed: decides heads, dropout, masking and the order of the examples.

    Raises:
        Diverged: the loss became infinite or not a number.
    """
    torch.manual_seed(derive_seed(seed, "heads", len(segments)))
    encoder.get_input_embeddings().requires_grad_(not stage.freeze_embeddings)
    model = _MultiTask(encoder, cards).to(device())
    lengths = {task: features[task]["length"][:] for task in mixture.tasks}
    batches = plan_batches(mixture, lengths, segments, stage.batch_size, derive_seed(seed, "data"))
    result = StageResult(heads={task: model.heads[name] for task, name in model.names.items()})
    masking = torch.Generator().manual_seed(derive_seed(seed, "masking", len(segments)))
    started = reported = time.monotonic()
    with training_engine(model, encoder, model.heads, stage, settings, len(batches)) as engine:
        model.train()
        for batch in batches:
            result.losses.append(_step(engine, model, batch, features, tokenizer, stage, masking))
            result.examples += len(batch.indices)
            if time.monotonic() - reported > REPORT_EVERY:
                reported = time.monotonic()
                yield result.examples
    result.seconds = time.monotonic() - started
    return result


def _step(
    engine: Any,
    model: _MultiTask,
    batch: TaskBatch,
    features: Mapping[str, Dataset],
    tokenizer: PreTrainedTokenizerBase,
    stage: StageSettings,
    masking: torch.Generator,
) -> float:
    """One optimiser step over the micro-batches of `batch`; the mean loss."""
    size = stage.micro_batch or stage.batch_size
    total = 0.0
    for start in range(0, len(batch.indices), size):
        indices = batch.indices[start : start + size]
        columns = features[batch.task][list(indices)]
        rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
        tensors = model.formats[batch.task].collate(rows, tokenizer, masking)
        loss = engine(batch.task, {name: tensor.to(engine.device) for name, tensor in tensors.items()})
        share = len(indices) / len(batch.indices)
        engine.set_gradient_accumulation_boundary(start + size >= len(batch.indices))
        engine.backward(loss * share, scale_wrt_gas=False)
        engine.step()
        total += loss.item() * share
    if not math.isfinite(total):
        raise Diverged(f"the loss of task {batch.task!r} is {total}")
    return total
