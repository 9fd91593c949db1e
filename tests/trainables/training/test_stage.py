"""Stages that really train, on a tiny encoder: learning, seeds, accumulation, ZeRO, divergence."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from datasets import Dataset
from transformers import PreTrainedModel

from spaces.card import Card
from spaces.mixture import Mixture
from tests.support.weights import ROUNDING, differ
from trainables.formats import by_name, encoding
from trainables.training import stage as stages
from trainables.training.prefetch import prepared
from trainables.training.stage import StageResult, StageSpec, train
from trainables.work.failures import Diverged
from trainables.work.settings import EngineSettings, StageSettings

ROOT = Path(__file__).parents[3]

FORMATS = {"pairs": "pair_classification", "tags": "tagging", "words": "masked_lm"}
STAGE = StageSettings(examples=64, batch_size=8, max_length=48, learning_rate=1e-3, warmup=0.0)


class Stage:
    """Trains a copy of one encoder on three small tasks."""

    def __init__(self, kit: Any, card_of: Callable[..., Card], examples: Callable[[str], dict[str, list[Any]]]) -> None:
        kit = replace(kit, options={**kit.options, "hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0})
        self.kit, self.encoder = kit, kit.encoder()
        self.cards = {task: card_of(form) for task, form in FORMATS.items()}
        self.features = {
            task: Dataset.from_dict(by_name(form).features(examples(form), self.cards[task], kit.tokenizer, 48))
            for task, form in FORMATS.items()
        }

    def run(
        self, mix: str, settings: StageSettings = STAGE, zero: int = 0, seed: int = 1, segments: tuple[int, ...] = (64,)
    ) -> tuple[PreTrainedModel, StageResult]:
        mixture, model = Mixture.parse(mix), copy.deepcopy(self.encoder)
        cards = {task: self.cards[task] for task in mixture.tasks}
        engine = EngineSettings(zero=zero)  # type: ignore[arg-type]
        spec = StageSpec("tiny", cards, mixture, segments, settings, engine, seed)
        return model, train(model, self.kit.tokenizer, self.features, spec)


@pytest.fixture
def stage(bert: Any, card_of: Callable[..., Card], examples: Callable[[str], dict[str, list[Any]]]) -> Stage:
    return Stage(bert, card_of, examples)


def weights(model: torch.nn.Module) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])


def test_a_mixture_is_learned(stage: Stage) -> None:
    _, result = stage.run("pairs + tags", segments=(640,))
    assert result.examples == 640
    assert sum(result.losses[-8:]) < 0.7 * sum(result.losses[:8])
    assert set(result.heads) == {"pairs", "tags"}


def test_same_seed_same_weights_other_seed_others(stage: Stage) -> None:
    mix = "pairs:0.4 + tags:0.4 + words:0.2"
    first, second, other = (weights(stage.run(mix, seed=seed)[0]) for seed in (1, 1, 2))
    assert torch.equal(first, second)
    assert not torch.allclose(first, other)


def test_micro_batches_give_the_same_losses(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """To rounding: also where a micro-batch has more labels than another, as in tagging."""
    monkeypatch.setattr(encoding, "DROPOUT", 0.0)  # which would draw other numbers for other shapes
    whole, parts = (
        stage.run("pairs:0.4 + tags:0.6", STAGE.model_copy(update={"micro_batch": size})) for size in (8, 3)
    )
    assert parts[1].losses == pytest.approx(whole[1].losses, rel=1e-4)
    assert differ(weights(parts[0]), weights(whole[0])) < ROUNDING


def test_on_a_cpu_batches_are_cut_by_tokens_but_for_retrieval(
    stage: Stage, card_of: Callable[..., Card], examples: Callable[[str], dict[str, list[Any]]], monkeypatch: Any
) -> None:
    monkeypatch.setattr(encoding, "DROPOUT", 0.0)
    stage.cards["pairs of texts"] = card = card_of("retrieval")
    rows = by_name("retrieval").features(examples("retrieval"), card, stage.kit.tokenizer, 48)
    stage.features["pairs of texts"] = Dataset.from_dict(rows)
    collate, parts = stages._collate, list[int]()

    def counting(*args: Any) -> Any:
        made = collate(*args)
        parts.append(len(made))
        return made

    monkeypatch.setattr(stages, "_collate", counting)
    for mix, most in (("pairs + tags", 8), ("pairs of texts", 1)):
        monkeypatch.setattr(stages, "CPU_TOKENS", 10_000)
        whole = stage.run(mix)[1].losses
        assert set(parts) == {1}
        monkeypatch.setattr(stages, "CPU_TOKENS", 60)
        assert stage.run(mix)[1].losses == pytest.approx(whole, rel=1e-4)
        assert 1 <= max(parts) <= most
        assert (max(parts) == 1) == (most == 1)
        parts.clear()


@pytest.mark.parametrize("zero", [1, 2, 3])
def test_zero_stages_give_the_same_encoder(stage: Stage, zero: int) -> None:
    """With dropout, with accumulation, and with masked LM, which uses a parameter outside of its own module."""
    mix, settings = "pairs:0.4 + tags:0.4 + words:0.2", STAGE.model_copy(update={"micro_batch": 3})
    plain, partitioned = (stage.run(mix, settings, zero=found) for found in (0, zero))
    assert partitioned[1].losses == pytest.approx(plain[1].losses, rel=1e-4)
    assert differ(weights(partitioned[0]), weights(plain[0])) < ROUNDING
    for task, head in plain[1].heads.items():
        assert differ(weights(partitioned[1].heads[task]), weights(head)) < ROUNDING
    assert differ(weights(stage.encoder), weights(plain[0])) > 10 * ROUNDING, "training is more than rounding"


def test_a_batch_is_spread_over_the_workers() -> None:
    sizes = [(None, 1), (None, 3), (4, 1), (4, 2), (2, 2)]
    most = [STAGE.model_copy(update={"micro_batch": size}).micro_batch_on(workers) for size, workers in sizes]
    assert most == [8, 3, 4, 4, 2]


def test_frozen_embeddings_stay(stage: Stage) -> None:
    before = stage.encoder.get_input_embeddings().weight
    frozen, _ = stage.run("pairs + words", STAGE.model_copy(update={"freeze_embeddings": True}))
    trained, _ = stage.run("pairs + words")
    assert torch.equal(frozen.get_input_embeddings().weight, before)
    assert not torch.equal(trained.get_input_embeddings().weight, before)
    assert not torch.equal(weights(frozen.encoder), weights(stage.encoder.encoder))


def test_heads_may_learn_at_their_own_rate(stage: Stage) -> None:
    slow = STAGE.model_copy(update={"learning_rate": 1e-12, "head_learning_rate": 1e-2})
    model, result = stage.run("pairs", slow, segments=(320,))
    assert torch.allclose(weights(model), weights(stage.encoder), atol=1e-6)
    assert result.losses[-1] < result.losses[0]


def test_a_loss_that_is_no_number_is_an_error(stage: Stage) -> None:
    with torch.no_grad():
        next(stage.encoder.parameters()).fill_(float("nan"))
    with pytest.raises(Diverged, match="the loss of task 'pairs' is nan"):
        stage.run("pairs")


def test_losses_that_are_looked_at_later_are_the_same(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU: batches come from a thread, and a loss that is no number is noticed at the next look."""
    _, at_once = stage.run("pairs:0.4 + tags:0.4 + words:0.2")
    monkeypatch.setattr(stages, "prepared", lambda make, count, where: prepared(make, count, torch.device("cuda")))
    losses = stages._Losses
    monkeypatch.setattr(stages, "_Losses", lambda tasks, wait: losses(tasks, wait=False))
    monkeypatch.setattr(stages, "LOOK_EVERY", 3)
    _, later = stage.run("pairs:0.4 + tags:0.4 + words:0.2")
    assert later.losses == at_once.losses
    with torch.no_grad():
        next(stage.encoder.parameters()).fill_(float("nan"))
    with pytest.raises(Diverged, match="the loss of task 'pairs' is nan"):
        stage.run("pairs")
