"""Merged encoders: their weights, and work items that measure them instead of training on a mixture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.support.encoders import kit_of
from tests.support.work_items import item, plan_in, run
from trainables.encoders.merging import merge
from trainables.work.item import WorkItem
from trainables.work.keys import key_of
from trainables.work.plan import Plan
from trainables.worker import Worker

Scores = dict[str, dict[str, float]]
"""Mix -> target -> score."""


def plan_with_singles(folder: Path) -> tuple[Plan, Scores]:
    """A plan whose store holds both single-task encoders of the lower rung, and what these and the base score there."""
    torch.set_num_threads(1)
    plan = plan_in(folder)
    worker, scores = Worker(plan), {}
    for mix in ("none", "tags", "words"):
        outcome = run(worker, item(plan, mix, 0))
        assert outcome.failure is None, outcome.failure
        scores[mix] = {target: score.score for target, score in outcome.scores.items()}
    return plan, scores


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    return plan_with_singles(tmp_path_factory.mktemp("singles"))[0]


@pytest.mark.parametrize("kind", ["bert", "mt5"])
def test_the_merged_weights_are_the_weighted_mean(kind: str) -> None:
    one, other = (kit_of(kind).encoder(seed) for seed in (1, 2))
    before = {name: value.clone() for name, value in one.state_dict().items()}
    average = merge([(one, 0.25), (other, 0.75)]).state_dict()
    changed = 0
    for name, value in other.state_dict().items():
        assert torch.equal(one.state_dict()[name], before[name])  # what was merged is left alone
        if value.is_floating_point():
            torch.testing.assert_close(average[name], 0.25 * before[name] + 0.75 * value)
            changed += not torch.equal(average[name], value)
    assert changed > 5


def test_a_merged_work_item_trains_its_target_stages_alone(plan: Plan) -> None:
    merges = replace(item(plan, "tags:0.5 + words:0.5", 0), merged=True)
    outcome = run(Worker(plan), merges)
    assert outcome.failure is None, outcome.failure
    assert outcome.examples == 16  # of the target stage alone
    again = run(Worker(plan), merges)
    assert again.reused == ["pairs", "texts"] and again.scores == outcome.scores
    assert all(score.test_score is None for score in outcome.scores.values())
    trained = replace(merges, merged=False)
    assert trained.key != merges.key
    assert all(key_of(plan, trained, target) != key_of(plan, merges, target) for target in outcome.scores)
    assert WorkItem.from_dict(merges.to_dict()) == merges and WorkItem.from_dict(trained.to_dict()) == trained


def test_a_merged_work_item_without_its_encoders_says_so(plan: Plan) -> None:
    merges = replace(item(plan, "tags:0.5 + words:0.5", 0, seed=7), merged=True)
    failure = run(Worker(plan), merges).failure
    assert failure is not None and failure.kind == "exception"
    assert "single-task encoders are not in the store" in failure.message and "tags, words" in failure.message


def test_where_there_is_one_rung_merged_encoders_are_not_tested(plan: Plan) -> None:
    plan = plan.model_copy(update={"rungs": [1.0]})
    merges = replace(item(plan, "tags:0.5 + words:0.5", 0), merged=True)
    assert not plan.tests(merges) and plan.tests(replace(merges, merged=False))
