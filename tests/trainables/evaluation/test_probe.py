"""The linear probe: its mathematics, and the head that a target stage begins with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tests.support.work_items import STAGE, item, plan_in, run, scores
from trainables.evaluation.probe import STRENGTH, fit, fit_probe
from trainables.formats.encoding import LinearHead
from trainables.training.process import device
from trainables.work.keys import score_key
from trainables.work.settings import EngineSettings
from trainables.worker import Worker

PROBED = STAGE.model_copy(update={"head_start": "probe"})
STILL = {"learning_rate": 1e-12, "weight_decay": 0.0}
"""Of a stage after which all is as it was."""


def vectors_of(labels: np.ndarray) -> np.ndarray:
    """Some that tell about the labels, in units that have nothing to do with each other; one says nothing."""
    random = np.random.default_rng(len(labels))
    vectors = random.normal(size=(len(labels), 6)) + np.eye(6)[labels]
    return np.concatenate([vectors * np.logspace(-2, 2, 6) + 5, np.ones((len(labels), 1))], axis=1)


@pytest.mark.parametrize("occurring", [(0, 1, 2, 3), (1, 3), (0, 2, 3)])
def test_it_predicts_as_logistic_regression_does(occurring: tuple[int, ...]) -> None:
    labels = np.array(occurring * 20)
    vectors = vectors_of(labels)
    weight, bias = fit(vectors, labels, 4)
    model = LogisticRegression(C=STRENGTH, max_iter=1000)
    wanted = model.fit(scaled := StandardScaler().fit_transform(vectors), labels).predict_proba(scaled)
    outputs = (vectors @ weight.T + bias)[:, list(occurring)]
    odds = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    assert odds / odds.sum(axis=1, keepdims=True) == pytest.approx(wanted, abs=1e-4)
    assert set((vectors @ weight.T + bias).argmax(axis=1)) <= set(occurring)


def head_after(settings: dict[str, object], zero: Any, folder: Path) -> tuple[LinearHead, LinearHead]:
    """The head of a baseline's target model, and the probe of its encoder."""
    plan = plan_in(folder, target=STAGE.model_copy(update=settings), engine=EngineSettings(zero=zero))
    worker, work = Worker(plan), item(plan, "", 0)
    made, base = worker.fine_tune(work, "pairs"), worker.load_base(work.recipe.model)
    assert isinstance(made.head, LinearHead)
    return made.head, fit_probe(base.model, plan.targets["pairs"], worker.data, base.tokenizer, 48, 4)


@pytest.mark.parametrize("zero", [0, 3])
def test_a_stage_begins_with_it(tmp_path: Path, zero: int) -> None:
    """So a model that nothing was trained of predicts as the probe does, and one that draws its head does not."""
    begun, fitted = head_after({"head_start": "probe", **STILL}, zero, tmp_path)
    drawn, _ = head_after(STILL, zero, tmp_path)
    states = torch.randn(50, fitted.linear.in_features)
    for head in (begun, fitted, drawn):
        head.to(device()).eval()
    one, other, third = (head(states.to(device())) for head in (begun, fitted, drawn))
    assert torch.allclose(one, other, atol=1e-4) and not torch.allclose(third, other, atol=1e-1)


def test_it_learns_from_there_and_scores_have_keys_of_their_own(tmp_path: Path) -> None:
    plan = plan_in(tmp_path)
    probed = plan.model_copy(update={"target": PROBED})
    work = item(plan, "tags", 1)
    outcome = run(Worker(probed), work)
    assert set(scores(outcome)) == {"pairs", "texts"} and outcome.scores["pairs"].examples == 32
    again = run(Worker(probed), work)
    assert again.reused == ["pairs", "texts"]
    assert run(Worker(plan), work).reused == ["texts", "encoder"]  # retrieval has no head
    off = plan.model_copy(update={"target": PROBED.model_copy(update={"head_start": "none"})})
    for target, same in (("pairs", False), ("texts", True)):
        key = score_key(plan, work.recipe, 1, target)
        assert (key == score_key(probed, work.recipe, 1, target)) is same
        assert key == score_key(off, work.recipe, 1, target)


def test_below_the_top_it_may_be_all(tmp_path: Path) -> None:
    """Nothing is trained for the target there, and its scores are those of the probe; at the top nothing changes."""
    plan = plan_in(tmp_path)
    alone = plan.model_copy(update={"target": STAGE.model_copy(update={"low_rung": "probe"})})
    worker, low, top = Worker(alone), item(plan, "tags", 0), item(plan, "tags", 1)
    outcome = run(worker, low)
    assert set(scores(outcome)) == {"pairs", "texts"} and outcome.scores["pairs"].examples == 0
    made, base = worker.fine_tune(low, "pairs"), worker.load_base(low.recipe.model)
    fitted = fit_probe(made.encoder, plan.targets["pairs"], worker.data, base.tokenizer, 48, 4)
    assert isinstance(made.head, LinearHead) and made.score.dev == outcome.scores["pairs"].dev
    assert torch.allclose(made.head.linear.weight, fitted.linear.weight.cpu(), atol=1e-4)
    keys = [[score_key(each, low.recipe, rung, "pairs") for rung in (0, 1)] for each in (plan, alone)]
    assert keys[0][0] != keys[1][0] and keys[0][1] == keys[1][1]
    assert run(worker, top).scores["pairs"].examples == 32
    assert run(Worker(plan), low).reused == ["texts", "encoder"]


@pytest.mark.parametrize("rows", [1, 3])
def test_of_one_label_alone_it_is_the_answer(rows: int) -> None:
    weight, bias = fit(np.ones((rows, 2)), np.full(rows, 2), 4)
    assert not weight.any() and bias.argmax() == 2
