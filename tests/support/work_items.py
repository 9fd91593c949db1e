"""A plan on a tiny encoder, its work items, and what a worker makes of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import torch
from datasets import Dataset

from spaces.card import Card
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support.cards import card_of as card_of_format
from tests.support.encoders import kit_of
from tests.support.examples import EXAMPLES
from trainables.data.card_data import Data
from trainables.encoders import checkpoint
from trainables.encoders.model_files import model_version
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key
from trainables.work.outcome import Outcome
from trainables.work.plan import Plan
from trainables.work.settings import EvaluationSettings, StageSettings
from trainables.worker import Worker

STAGE = StageSettings(examples=32, batch_size=8, max_length=48, learning_rate=1e-3)


def plan_in(folder: Path, dropout: float = 0.1, kind: str = "bert", **changes: Any) -> Plan:
    """Two intermediate tasks, a trained target and a retrieval target; all splits hold the same few rows.

    Args:
        dropout: of the encoder, as BERT's configuration has it.
        kind: of encoder.
    """
    kit = kit_of(kind)
    dropouts = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    kit = replace(kit, options={**kit.options, **(dropouts if kind == "bert" else {})})
    checkpoint.save(kit.encoder(), kit.tokenizer, folder / "model")

    def card(name: str, form: str, **changes: Any) -> Card:
        for split in ("train", "dev", "test"):
            path = folder / "data" / form / f"{split}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(Dataset.from_dict(EXAMPLES[form]).data.table, path)
        return card_of_format(form, name=name, source={"files": str(folder / "data" / form)}, **changes)

    task = {"kind": "task", "metric": None, "train_language": None}
    pairs = card("pairs", "pair_classification")
    plan = Plan(
        tasks={"tags": card("tags", "tagging", **task), "words": card("words", "masked_lm")},
        targets={"pairs": pairs, "texts": card("texts", "retrieval")},
        training_cards={"pairs": [pairs], "texts": [pairs]},
        rungs=[0.5, 1.0],
        intermediate=STAGE,
        target=STAGE,
        evaluation=EvaluationSettings(batch_size=4),
        store=str(folder / "store"),
        cache=str(folder / "cache"),
    )
    return plan.model_copy(update=changes)


def item(
    plan: Plan, mix: str, rung: int, seed: int = 1, targets: tuple[str, ...] = ("pairs", "texts"), **values: Any
) -> WorkItem:
    """`values`: hyperparameters of the intermediate stage."""
    model = str(Path(plan.cache).parent / "model")
    hyperparameters = {f"intermediate.{name}": value for name, value in values.items()}
    return WorkItem(Recipe.of(Mixture.parse(mix), hyperparameters, model, seed), rung, targets)


def run(worker: Worker, work: WorkItem) -> Outcome:
    return worker.run(work)


def scores(outcome: Outcome) -> dict[str, Any]:
    assert outcome.failure is None, outcome.failure.details
    return {target: (score.dev, score.test, score.floor) for target, score in outcome.scores.items()}


def encoder_of(plan: Plan, work: WorkItem) -> torch.Tensor:
    """The weights of a work item's stored encoder, in one row."""
    folder = Worker(plan).store.encoder(encoder_key(plan, work.recipe, work.rung))
    assert folder is not None
    return torch.cat([parameter.detach().flatten() for parameter in checkpoint.load(folder).model.parameters()])


def versioned(plan: Plan) -> Plan:
    """The plan of a search that knows its data and its model."""
    data, model = Data(Path(plan.cache)), str(Path(plan.cache).parent / "model")
    versions = {plan.version_name(card): data.version(card) for card in plan.cards()}
    return plan.model_copy(update={"versions": versions, "model_version": model_version(model, data.hub)})


def trained(plan: Plan, work: WorkItem) -> bytes:
    """The weights that are stored for a work item's recipe and rung."""
    folder = Worker(plan).store.encoder(encoder_key(plan, work.recipe, work.rung))
    assert folder is not None
    return Path(folder, "model.safetensors").read_bytes()


def with_answers(plan: Plan) -> Plan:
    """The plan with a task that trains a dual encoder, and a target with a pool that is fine-tuned on it."""
    folder = Path(plan.cache).parent / "data" / "answers"
    rows = EXAMPLES["answer_retrieval"]
    for split in ("dev", "test"):
        for part in ("en", "pool"):
            path = folder / part / f"{split}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            pq.write_table(Dataset.from_dict(rows).data.table, path)
    pairs = Path(plan.cache).parent / "data" / "retrieval"
    task = card_of_format("retrieval", name="duals", kind="task", metric=None, source={"files": str(pairs)})
    target = card_of_format(
        "answer_retrieval",
        name="answers",
        source={"files": str(folder), "config": "{lang}"},
        train_language="en",
        train_from="duals",
    )
    return plan.model_copy(
        update={
            "tasks": {**plan.tasks, "duals": task},
            "targets": {**plan.targets, "answers": target},
            "training_cards": {**plan.training_cards, "answers": [task]},
        }
    )
