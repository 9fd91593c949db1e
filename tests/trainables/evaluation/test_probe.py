"""The linear probe: its mathematics, and the head that a target stage begins with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler

from tests.support.work_items import STAGE, item, plan_in, run, scores
from trainables.evaluation import probe
from trainables.evaluation.probe import STRENGTH, fit, fit_probe
from trainables.formats.encoding import LinearHead
from trainables.training.process import device
from trainables.work.keys import score_key
from trainables.worker import Worker

PROBED = STAGE.model_copy(update={"head_start": "probe"})
STILL = {"learning_rate": 1e-12, "weight_decay": 0.0}
"""Of a stage after which all is as it was."""


def vectors_of(labels: np.ndarray) -> np.ndarray:
    """Some that tell about the labels, in units that have nothing to do with each other; one says nothing."""
    random = np.random.default_rng(len(labels))
    vectors = random.normal(size=(len(labels), 6)) + np.eye(6)[labels]
    return np.concatenate([vectors * np.logspace(-3, 3, 6) + 5, np.ones((len(labels), 1))], axis=1)


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


def head_after(plan_changes: dict[str, object], folder: Path) -> tuple[LinearHead, LinearHead | None]:
    """The head of a baseline's target model, and the probe of its encoder."""
    plan = plan_in(folder, target=STAGE.model_copy(update=plan_changes))
    worker, work = Worker(plan), item(plan, "", 0)
    made, base = worker.fine_tune(work, "pairs"), worker.load_base(work.recipe.model)
    assert isinstance(made.head, LinearHead)
    return made.head, fit_probe(base.model, plan.targets["pairs"], worker.data, base.tokenizer, 48, 4)


def test_a_stage_begins_with_it(tmp_path: Path) -> None:
    """So a model that nothing was trained of predicts as the probe does, and one that draws its head does not."""
    begun, fitted = head_after({"head_start": "probe", **STILL}, tmp_path)
    drawn, _ = head_after(STILL, tmp_path)
    assert fitted is not None
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


def test_of_one_label_alone_nothing_is_learned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "EVIDENCE_ROWS", 1)
    head, fitted = head_after({"head_start": "probe"}, tmp_path)
    assert fitted is None and head.linear.weight.std() > 0
