"""Speed: how fast this machine scores and trains, measured on the search's own model and data."""

from __future__ import annotations

import copy
import time

import numpy as np
import torch
from torch import nn

from spaces.card import Card
from spaces.mixture import Mixture
from trainables.data.card_data import Data
from trainables.encoders.checkpoint import Encoder
from trainables.training.process import device
from trainables.training.stage import StageSpec, train
from trainables.work.plan import Plan

WARM_UP, STEPS = 2, 8
"""Steps before and while the clock runs."""

SAMPLE = 1024
"""Training rows that are read for it."""


def device_name() -> str:
    """`cpu`, or the GPU's name."""
    return torch.cuda.get_device_name() if device().type == "cuda" else "cpu"


def measure_seconds_per_token(encoder: Encoder, plan: Plan) -> float:
    """Seconds per token of a forward pass over random tokens, the best of three.

    It bounds training and evaluation alike.
    """
    length = min(64, plan.intermediate.max_length)
    batch = torch.randint(10, 100, (16, length), device=device())
    model: nn.Module = encoder.model
    model.train(False).to(device())
    times = []
    with torch.inference_mode():
        for _ in range(4):
            started = time.perf_counter()
            model(input_ids=batch, attention_mask=torch.ones_like(batch))
            if batch.is_cuda:
                torch.cuda.synchronize()
            times.append(time.perf_counter() - started)
    return min(times[1:]) / batch.numel()


def measure_training_seconds_per_token(encoder: Encoder, model: str, data: Data, card: Card, plan: Plan) -> float:
    """Seconds per token of whole optimiser steps of the intermediate stage, on one task's rows.

    Padding counts as time, not as tokens. The encoder stays as it is: a copy is trained.

    Args:
        model: the encoder's name.
        card: the task.
    """
    stage = plan.intermediate
    language = card.training_language
    _, features = data.features(card, "train", language, encoder.tokenizer, stage.max_length, SAMPLE)
    mean_tokens = float(np.mean(features["length"][:]))
    seconds = 0.0
    for steps in (WARM_UP, STEPS):
        examples = steps * stage.batch_size
        spec = StageSpec(
            model, {card.name: card}, Mixture.of({card.name: 1.0}), (examples,), stage, plan.engine, seed=1
        )
        seconds = train(copy.deepcopy(encoder.model), encoder.tokenizer, {card.name: features}, spec).seconds
    return seconds / (STEPS * stage.batch_size * mean_tokens)
