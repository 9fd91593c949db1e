"""What `plan --measure` measures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from spaces.card import Card
from tests.support.encoders import kit_of
from trainables.data.card_data import Data
from trainables.encoders.checkpoint import Encoder
from trainables.training.speed import device_name, measure_seconds_per_token, measure_training_seconds_per_token
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings


def test_training_is_measured_and_leaves_the_encoder_alone(
    data: Data,
    card_of: Callable[..., Card],
    tables: Callable[..., Path],
    examples: Callable[[str], dict[str, list[Any]]],
) -> None:
    folder = tables(examples("masked_lm"))
    card = card_of("masked_lm", source={"files": str(folder)}, train_language=None)
    kit = kit_of("bert")
    encoder = Encoder(kit.encoder(), kit.tokenizer)
    stage = StageSettings(examples=64, batch_size=4, max_length=32)
    plan = Plan(
        tasks={card.name: card}, targets={}, training_cards={}, rungs=[1.0], intermediate=stage, target=stage,
        store="", cache="",
    )  # fmt: skip
    before = {name: value.clone() for name, value in encoder.model.state_dict().items()}
    training = measure_training_seconds_per_token(encoder, "bert", data, card, plan)
    assert training > 0 and measure_seconds_per_token(encoder, plan) > 0
    assert all(torch.equal(value, before[name]) for name, value in encoder.model.state_dict().items())
    assert device_name() == "cpu" or torch.cuda.is_available()
