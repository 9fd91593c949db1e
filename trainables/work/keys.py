"""Keys of the store: the digest of all that decides what lies under them.

`docs/decisions.md` says what is in each key, why, and what is left out on purpose.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from spaces.card import Card
from spaces.digest import digest
from spaces.formats import FORMATS
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.work.item import WorkItem
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings

VERSION = 3
"""Goes up when training or scoring computes something else: then nothing that was stored before is taken for it."""


def encoder_key(plan: Plan, recipe: Recipe, rung: int) -> str:
    """The store's key of the encoder: digest of all that decides its weights."""
    cards = {task: plan.tasks[task] for task in recipe.mixture.tasks}
    settings = _settings(plan.intermediate_for(recipe), cards.values())
    settings.pop("examples")  # the segments say how many
    return digest(
        {
            "version": VERSION,
            "model": _model(plan, recipe),
            "mixture": recipe.mixture.weights,
            "tasks": {task: _identity(plan, card) for task, card in cards.items()},
            "settings": settings,
            "negatives": _negatives(plan, plan.intermediate_for(recipe), cards.values()),
            "segments": plan.segments(recipe, rung),
            "seed": recipe.seed,
            "precision": plan.engine.precision,
            **({} if plan.stored_dtype == "fp32" else {"stored": plan.stored_dtype}),
        },
        length=32,
    )


def model_key(plan: Plan, recipe: Recipe, rung: int, target: str) -> str:
    """The store's key of a target's model: what decides its score, decides it."""
    return digest({"model of": score_key(plan, recipe, rung, target)}, length=32)


def single_keys(plan: Plan, recipe: Recipe, rung: int) -> dict[str, str]:
    """Task of the recipe's mixture -> the store's key of the encoder that was trained on it alone, else alike."""
    alone = {task: replace(recipe, mixture=Mixture.of({task: 1.0})) for task in recipe.mixture.tasks}
    return {task: encoder_key(plan, single, rung) for task, single in alone.items()}


def key_of(plan: Plan, item: WorkItem, target: str) -> str:
    """The store's key of a score of a work item."""
    key = score_key(plan, item.recipe, item.rung, target, item.rung if item.merged else None)
    return evidence_key(key) if plan.by_evidence(target, item.merged) else key


def score_key(plan: Plan, recipe: Recipe, rung: int, target: str, merged: int | None = None) -> str:
    """The store's key of a score: the encoder's, and all that decides the target's stages and the evaluation.

    Args:
        merged: the encoder is merged from single-task encoders of this rung; None: it is trained on the mixture.
    """
    start: Any
    if recipe.is_baseline:
        start = ["base", _model(plan, recipe)]
    elif merged is None:
        start = encoder_key(plan, recipe, rung)
    else:
        start = ["merged", recipe.mixture.weights, single_keys(plan, recipe, merged)]
    stages = [
        {
            "train": _identity(plan, card),
            "negatives": _negatives(plan, stage, [card]),
            "settings": _settings(stage, [card]),
        }
        for card, stage in plan.target_stages(target, rung, recipe)
    ]
    untrained: dict[str, Any] = {"max_length": plan.target_for(recipe, target).max_length}
    card = plan.probed_card(target, rung, recipe) if not stages else None
    probed = {} if card is None else {"probe": _identity(plan, card)}
    *before, last = stages or [{"train": None, "negatives": None, "settings": {**untrained, **probed}}]
    for stage in before:
        start = [start, stage]
    return digest(
        {
            "version": VERSION,
            "encoder": start,
            "target": _identity(plan, plan.targets[target]),
            **last,
            "dev": _identity(plan, plan.dev_card(target)),
            "evaluation": plan.evaluation_at(rung)
            .of(plan.targets[target])
            .model_dump(exclude={"batch_size", "low_rung_examples"}),
            "tested": rung == plan.top_rung and merged is None,
            "seed": recipe.seed,
            "precision": plan.engine.precision,
        },
        length=32,
    )


def evidence_key(score_key: str) -> str:
    """The store's key of LogME where a score would have the other one."""
    return digest(["logme", score_key], length=32)


def _settings(stage: StageSettings, cards: Iterable[Card]) -> dict[str, Any]:
    """What of a stage's settings decides its weights.

    `head` and `head_start` are told where they are not what all had before there was a choice, and a format of the
    stage has one.
    """
    values = stage.model_dump(exclude={"micro_batch", "low_rung"})
    if stage.head == "mean" or not any(FORMATS[card.format].architecture for card in cards):
        values.pop("head")
    if not any(stage.begins_with_probe(card) for card in cards):
        values.pop("head_start")
    return values


def _negatives(plan: Plan, stage: StageSettings, cards: Iterable[Card]) -> int | None:
    """Pairs in a forward pass where a dual encoder is trained: it learns from them as negatives."""
    if not any(FORMATS[card.format].contrastive for card in cards):
        return None
    return stage.micro_batch_on(plan.workers)


def _model(plan: Plan, recipe: Recipe) -> str:
    """What the model is; where that is not known, its name."""
    return plan.model_version or recipe.model


def _identity(plan: Plan, card: Card) -> dict[str, Any]:
    """What decides which rows are read and how. Of a card whose commit is settled the revision is only where from."""
    identity = card.identity
    if plan.is_pinned(card):
        for part in (identity, *identity["parts"]):
            part["source"]["revision"] = None
    return {**identity, "data": plan.version_of(card)}
