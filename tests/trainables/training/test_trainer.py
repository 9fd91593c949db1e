"""Targets trained on several cards, one after the other: XCOPA on Social IQa, then on COPA, from the mirror."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from spaces.catalogue import Catalogue
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support import hub
from tests.support.encoders import kit_of
from trainables.encoders import checkpoint
from trainables.training import stage, trainer
from trainables.work.item import WorkItem
from trainables.work.keys import score_key
from trainables.work.outcome import Outcome
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings
from trainables.worker import Worker

CATALOGUE = Catalogue.load()
STAGE = StageSettings(examples=64, batch_size=8, max_length=64, learning_rate=1e-3)


def plan_in(folder: Path, **changes: Any) -> Plan:
    """XCOPA in two languages with a tiny encoder; 32 examples of Social IQa, then 16 of COPA."""
    kit = kit_of("xlm-r")
    checkpoint.save(kit.encoder(), kit.tokenizer, folder / "model")
    target = CATALOGUE.target("xcopa").model_copy(update={"languages": ["sw", "th"]})
    for card in (target, *CATALOGUE.training_cards(target)):
        hub.mirror(card, folder / "mirror")
    plan = Plan(
        tasks={},
        targets={"xcopa": target},
        training_cards={"xcopa": CATALOGUE.training_cards(target)},
        rungs=[0.5, 1.0],
        intermediate=STAGE,
        target=STAGE,
        per_target={"xcopa": {"examples": [32, 16]}},
        store=str(folder / "store"),
        cache=str(folder / "cache"),
        mirror=str(folder / "mirror"),
    )
    return plan.model_copy(update=changes)


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_in(tmp_path)


def backwards(plan: Plan) -> Plan:
    """First COPA, then Social IQa, as many examples of each as before."""
    cards = list(reversed(plan.training_cards["xcopa"]))
    return plan.model_copy(update={"training_cards": {"xcopa": cards}, "per_target": {"xcopa": {"examples": [16, 32]}}})


def recipe_of(plan: Plan) -> Recipe:
    return Recipe.of(Mixture.parse("none"), {}, str(Path(plan.cache).parent / "model"), 1)


def run(plan: Plan, rung: int = 1) -> Outcome:
    outcome = Worker(plan).run(WorkItem(recipe_of(plan), rung, ("xcopa",)))
    assert outcome.failure is None, outcome.failure.details
    return outcome


def weights(*modules: nn.Module) -> torch.Tensor:
    return torch.cat([value.detach().flatten().clone() for module in modules for value in module.parameters()])


class Watched:
    """Notes what each stage is trained on and the weights it begins and ends with, those of the head last.

    Args:
        full: numbers of the stages that, when they are through, say that memory did not suffice.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, full: tuple[int, ...] = ()) -> None:
        self.cards, self.begun, self.ended = list[str](), list[torch.Tensor | None](), list[torch.Tensor]()
        self.full = full
        monkeypatch.setattr(trainer, "train", self._train)

    def _train(
        self, encoder: Any, tokenizer: Any, features: Any, spec: Any, heads: dict[str, nn.Module] | None, report: Any
    ) -> stage.StageResult:
        (card,) = spec.cards.values()
        self.cards.append(card.name)
        self.begun.append(weights(encoder, heads["xcopa"]) if heads else None)
        result = stage.train(encoder, tokenizer, features, spec, heads, report)
        self.ended.append(weights(encoder, result.heads["xcopa"]))
        if len(self.cards) - 1 in self.full:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return result


def test_the_second_stage_begins_with_encoder_and_head_of_the_first(
    plan: Plan, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(monkeypatch)
    outcome = run(plan)
    assert watched.cards == ["siqa", "copa"]
    assert watched.begun[0] is None, "the first head is new"
    assert watched.begun[1] is not None and torch.equal(watched.begun[1], watched.ended[0])
    assert not torch.equal(watched.ended[1], watched.ended[0])
    assert outcome.examples == outcome.scores["xcopa"].examples == 32 + 16
    assert set(outcome.scores["xcopa"].dev) == set(outcome.scores["xcopa"].test) == {"sw", "th"}


def test_given_heads_are_trained_and_not_replaced(plan: Plan) -> None:
    worker = Worker(plan)
    base = worker.load_base(recipe_of(plan).model)
    (card, settings), _ = plan.target_stages("xcopa", plan.top_rung)
    slow = settings.model_copy(update={"learning_rate": 1e-6, "head_learning_rate": None, "weight_decay": 0.0})
    spec = stage.StageSpec("tiny", {"xcopa": card}, Mixture.of({"xcopa": 1.0}), (8,), slow, plan.engine, 1)
    head = stage.by_name(card.format).head(base.model, card)
    before = weights(head)
    features = worker.trainer.features(base, spec)
    stage.train(copy.deepcopy(base.model), base.tokenizer, features, spec, {"xcopa": head})
    assert torch.allclose(weights(head), before, atol=1e-5), "a new head would differ by its initialisation"
    assert not torch.equal(weights(head), before)


def test_after_lack_of_memory_the_second_stage_begins_there_again(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    watched = Watched(monkeypatch, full=(1,))
    outcome = run(plan)
    assert watched.cards == ["siqa", "copa", "copa"]
    assert watched.begun[1] is not None and watched.begun[2] is not None
    assert torch.equal(watched.begun[1], watched.begun[2])
    assert outcome.micro_batches == {"xcopa": 4}
    assert outcome.examples == 32 + 16


def test_the_order_matters(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    watched, other = Watched(monkeypatch), backwards(plan)
    run(plan)
    outcome = run(other)
    assert watched.cards == ["siqa", "copa", "copa", "siqa"]
    assert outcome.reused == [] and outcome.examples == 16 + 32, "the score of the other order is another one"
    assert not torch.allclose(watched.ended[1], watched.ended[3], atol=1e-4)


def test_what_is_stored_is_not_computed_again(plan: Plan) -> None:
    low, first, again = run(plan, 0), run(plan), run(plan)
    assert low.examples == 16 + 8 and first.examples == 32 + 16
    assert again.examples == 0 and again.reused == ["xcopa"]
    assert again.scores == first.scores


def test_every_stage_is_part_of_the_key(plan: Plan) -> None:
    recipe, first, second = recipe_of(plan), *plan.training_cards["xcopa"]
    changed = [
        plan,
        backwards(plan),
        plan.model_copy(update={"training_cards": {"xcopa": [second]}, "per_target": {"xcopa": {"examples": 16}}}),
        plan.model_copy(update={"training_cards": {"xcopa": [first]}, "per_target": {"xcopa": {"examples": 32}}}),
        plan.model_copy(update={"per_target": {"xcopa": {"examples": [40, 16]}}}),
        plan.model_copy(update={"per_target": {"xcopa": {"examples": [32, 24]}}}),
        plan.model_copy(update={"versions": {"siqa": "new"}}),
        plan.model_copy(update={"versions": {"copa": "new"}}),
    ]
    assert len({score_key(other, recipe, 1, "xcopa") for other in changed}) == len(changed)
    same = plan.model_copy(update={"target": STAGE.model_copy(update={"micro_batch": 2, "examples": 999})})
    assert score_key(same, recipe, 1, "xcopa") == score_key(plan, recipe, 1, "xcopa")


def test_examples_are_shared_out_by_rows_unless_they_are_given_for_each(plan: Plan) -> None:
    def counts(examples: Any, share: float = 1.0) -> list[int]:
        changed = {"per_target": {"xcopa": {"examples": examples}}, "rungs": [share], "target_rungs": None}
        whole = plan.model_copy(update=changed)
        return [settings.examples for _, settings in whole.target_stages("xcopa", 0)]

    assert counts(5 * (33410 + 400)) == [5 * 33410, 5 * 400]
    assert counts(5 * (33410 + 400), 0.02) == [3341, 40]
    assert counts([1000, 800], 0.5) == [500, 400]
    assert counts(16) == [16, 8], "at least one batch of each"
    given = plan.model_copy(update={"per_target": {"xcopa": {"examples": [1000, 800]}}})
    assert given.target_stage("xcopa").examples == 1800
