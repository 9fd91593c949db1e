"""LogME: which vectors it sees, its mathematics, and work items that are measured by it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from tests.support.encoders import Kit
from tests.support.work_items import item, plan_in, run
from tests.trainables.encoders.test_merging import plan_with_singles
from trainables.encoders.merging import merge_stored
from trainables.evaluation import logme
from trainables.work.keys import key_of
from trainables.worker import Worker


def test_by_evidence_nothing_is_trained(tmp_path: Path) -> None:
    staged = plan_with_singles(tmp_path)[0]
    plan = staged.model_copy(update={"probe": "logme"})
    merges, worker = replace(item(plan, "tags:0.3 + words:0.7", 0), merged=True), Worker(plan)
    outcome = run(worker, merges)
    assert outcome.failure is None, outcome.failure
    assert outcome.examples == 0 and not outcome.scores["pairs"].dev and outcome.scores["texts"].dev
    encoder = merge_stored(plan, worker.store, merges.recipe, 0)
    tokenizer = worker.load_base(merges.recipe.model).tokenizer
    evidence = worker.fine_tuner.log_evidence(encoder, tokenizer, merges, "pairs")
    assert outcome.scores["pairs"].score == pytest.approx(evidence)
    again = run(worker, merges)
    assert again.reused == ["pairs", "texts"] and again.scores == outcome.scores
    probed = worker.score(encoder, merges, "pairs")  # asked for all the same
    assert probed.dev and probed.examples == 16
    for other in (merges, replace(merges, merged=False)):
        same = key_of(staged, other, "pairs") == key_of(plan, other, "pairs")
        assert same is not other.merged


def test_a_vector_per_labeled_word(bert: Kit, tmp_path: Path) -> None:
    plan, encoder = plan_in(tmp_path), bert.encoder()
    data = Worker(plan).data
    for card, labels in ((plan.tasks["tags"], "tags"), (plan.targets["pairs"], "label")):
        rows, features = data.features(card, "train", "en", bert.tokenizer, 48)
        vectors, labels_seen = logme.labeled_vectors(encoder, card, features, bert.tokenizer, 3)
        gold = [label for row in rows[labels][:] for label in (row if labels == "tags" else [row])]
        assert sorted(labels_seen.tolist()) == sorted(gold)
        assert vectors.shape == (len(gold), 32)


def largest_evidence(vectors: np.ndarray, target: np.ndarray) -> float:
    """By definition: the density of the labels under the model's Gaussian, at its maximum over both precisions."""

    def negative(logs: np.ndarray) -> float:
        weights, noise = np.exp(np.clip(logs, -20, 20))
        covariance = vectors @ vectors.T / weights + np.eye(len(target)) / noise
        return -float(multivariate_normal(np.zeros(len(target)), covariance, allow_singular=True).logpdf(target))

    starts = [np.array([weights, noise]) for weights in (-2.0, 2.0) for noise in (0.0, 3.0)]
    return -min(minimize(negative, start, method="Nelder-Mead").fun for start in starts)


@pytest.mark.parametrize(("rows", "width", "labels"), [(60, 5, 3), (40, 12, 2), (30, 50, 3)])
def test_log_evidence_is_the_largest_evidence(rows: int, width: int, labels: int) -> None:
    random = np.random.default_rng(rows)
    vectors = random.normal(size=(rows, width)) @ np.diag(np.linspace(0.1, 2, width))
    gold = (vectors[:, -labels:] + 0.7 * random.normal(size=(rows, labels))).argmax(axis=1)
    expected = np.mean([largest_evidence(vectors, (gold == label).astype(float)) for label in range(labels)]) / rows
    evidence = logme.log_evidence(vectors, gold)
    assert evidence == pytest.approx(expected, abs=1e-3)
    assert logme.log_evidence(5 * vectors, gold) == pytest.approx(evidence)  # units do not matter
    shuffled = random.permutation(gold)
    assert logme.log_evidence(vectors, shuffled) < expected - 0.02


def test_log_evidence_of_a_perfect_fit_is_finite() -> None:
    gold = np.array([0, 1] * 20)
    assert np.isfinite(logme.log_evidence(np.eye(2)[gold], gold))
