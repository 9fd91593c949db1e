"""Estimates from single-task encoders: against what they stand for, and against the mathematics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from benchmarks.merged_proxies import Estimator
from spaces.errors import InputError
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support.encoders import Kit, kit_of
from tests.trainables.test_worker import item, plan_in, run
from trainables.evaluation import logme
from trainables.training.merging import merged
from trainables.work.item import WorkItem
from trainables.work.keys import key_of
from trainables.work.plan import Plan
from trainables.worker import Worker

MIXES = ("tags", "words")


def single(plan: Plan, task: str) -> Recipe:
    return item(plan, task, 0).recipe


@pytest.fixture(scope="module")
def worked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, dict[str, dict[str, float]]]:
    """A plan whose store holds both single-task encoders of the lower rung; mix -> target -> score there."""
    torch.set_num_threads(1)
    plan = plan_in(tmp_path_factory.mktemp("worked"))
    worker, found = Worker(plan), {}
    for mix in ("none", *MIXES):
        outcome = run(worker, item(plan, mix, 0))
        assert outcome.failure is None, outcome.failure
        found[mix] = {target: score.score for target, score in outcome.scores.items()}
    return plan, found


@pytest.fixture
def estimator(worked: tuple[Plan, dict[str, dict[str, float]]]) -> Estimator:
    plan = worked[0]
    return Estimator(plan, {task: single(plan, task) for task in MIXES}, encoder_rung=0)


def test_of_one_task_the_merged_encoder_is_the_trained_one(
    worked: tuple[Plan, dict[str, dict[str, float]]], estimator: Estimator
) -> None:
    for mix, scores in worked[1].items():
        found = {target: estimator.merged_score(Mixture.parse(mix), target) for target in scores}
        assert found == scores, mix


def test_a_merged_encoder_is_probed_once(estimator: Estimator, monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = Mixture.parse("tags:0.75 + words:0.25")
    found = {target: estimator.merged_score(mixture, target) for target in ("pairs", "texts")}
    assert all(0 <= score <= 1 for score in found.values())
    logme = estimator.log_evidence(mixture, "pairs")
    assert logme != estimator.log_evidence(Mixture.parse("tags"), "pairs")
    monkeypatch.setattr(Worker, "merged", None)
    assert found == {target: estimator.merged_score(mixture, target) for target in found}
    assert logme == estimator.log_evidence(mixture, "pairs")


def test_a_search_estimates_as_the_estimator_does(
    worked: tuple[Plan, dict[str, dict[str, float]]], estimator: Estimator
) -> None:
    plan, targets = worked[0], ("pairs", "texts")
    merges = replace(item(plan, "tags:0.5 + words:0.5", 0), merged=True)
    outcome = run(Worker(plan), merges)
    assert outcome.failure is None, outcome.failure
    assert outcome.examples == 16  # of the target stage alone
    again = run(Worker(plan), merges)
    assert again.reused == [*targets] and again.scores == outcome.scores
    assert all(score.test_score is None for score in outcome.scores.values())
    found = {target: estimator.merged_score(merges.recipe.mixture, target) for target in targets}
    assert found == {target: score.score for target, score in outcome.scores.items()}
    trained = replace(merges, merged=False)
    assert trained.key != merges.key
    assert all(key_of(plan, trained, target) != key_of(plan, merges, target) for target in targets)
    assert WorkItem.from_dict(merges.to_dict()) == merges and WorkItem.from_dict(trained.to_dict()) == trained


def test_by_evidence_nothing_is_trained(worked: tuple[Plan, dict[str, dict[str, float]]], estimator: Estimator) -> None:
    plan = worked[0].model_copy(update={"probe": "logme"})
    merges = replace(item(plan, "tags:0.3 + words:0.7", 0), merged=True)
    outcome = run(Worker(plan), merges)
    assert outcome.failure is None, outcome.failure
    assert outcome.examples == 0 and not outcome.scores["pairs"].dev and outcome.scores["texts"].dev
    assert outcome.scores["pairs"].score == pytest.approx(estimator.log_evidence(merges.recipe.mixture, "pairs"))
    assert outcome.scores["texts"].score == estimator.merged_score(merges.recipe.mixture, "texts")
    worker = Worker(plan)
    again = run(worker, merges)
    assert again.reused == ["pairs", "texts"] and again.scores == outcome.scores
    probed = worker.score(worker.merged(merges.recipe, 0), merges, "pairs")  # asked for all the same
    assert probed.dev and probed.examples == 16
    for other in (merges, replace(merges, merged=False)):
        same = key_of(worked[0], other, "pairs") == key_of(plan, other, "pairs")
        assert same is not other.merged


def test_an_estimate_without_its_encoders_says_so(worked: tuple[Plan, dict[str, dict[str, float]]]) -> None:
    plan = worked[0]
    merges = replace(item(plan, "tags:0.5 + words:0.5", 0, seed=7), merged=True)
    failure = run(Worker(plan), merges).failure
    assert failure is not None and failure.kind == "exception"
    assert "single-task encoders are not in the store" in failure.message and "tags, words" in failure.message


def test_where_there_is_one_rung_an_estimate_is_not_tested(worked: tuple[Plan, dict[str, dict[str, float]]]) -> None:
    plan = worked[0].model_copy(update={"rungs": [1.0]})
    merges = replace(item(plan, "tags:0.5 + words:0.5", 0), merged=True)
    assert not plan.tests(merges) and plan.tests(replace(merges, merged=False))


def test_retrieval_has_no_evidence(estimator: Estimator) -> None:
    with pytest.raises(ValueError, match="texts has no labels"):
        estimator.log_evidence(Mixture.parse("tags"), "texts")


def test_encoders_that_are_missing_are_named(worked: tuple[Plan, dict[str, dict[str, float]]]) -> None:
    plan = worked[0]
    with pytest.raises(InputError, match="tags, words"):
        Estimator(plan, {task: single(plan, task).with_seed(7) for task in ("tags", "words")}, encoder_rung=0)


@pytest.mark.parametrize("kind", ["bert", "mt5"])
def test_the_merged_weights_are_the_weighted_mean(kind: str) -> None:
    one, other = (kit_of(kind).encoder(seed) for seed in (1, 2))
    before = {name: value.clone() for name, value in one.state_dict().items()}
    found = merged([(one, 0.25), (other, 0.75)]).state_dict()
    changed = 0
    for name, value in other.state_dict().items():
        assert torch.equal(one.state_dict()[name], before[name])  # what was merged is left alone
        if value.is_floating_point():
            torch.testing.assert_close(found[name], 0.25 * before[name] + 0.75 * value)
            changed += not torch.equal(found[name], value)
    assert changed > 5


def test_a_vector_per_labelled_word(bert: Kit, tmp_path: Path) -> None:
    plan, encoder = plan_in(tmp_path), bert.encoder()
    data = Worker(plan).data
    for card, labels in ((plan.tasks["tags"], "tags"), (plan.targets["pairs"], "label")):
        rows, features = data.features(card, "train", "en", bert.tokenizer, 48)
        vectors, found = logme.labelled_vectors(encoder, card, features, bert.tokenizer, 3)
        gold = [label for row in rows[labels][:] for label in (row if labels == "tags" else [row])]
        assert sorted(found.tolist()) == sorted(gold)
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
    found = logme.log_evidence(vectors, gold)
    assert found == pytest.approx(expected, abs=1e-3)
    assert logme.log_evidence(5 * vectors, gold) == pytest.approx(found)  # units do not matter
    shuffled = random.permutation(gold)
    assert logme.log_evidence(vectors, shuffled) < expected - 0.02


def test_log_evidence_of_a_perfect_fit_is_finite() -> None:
    gold = np.array([0, 1] * 20)
    assert np.isfinite(logme.log_evidence(np.eye(2)[gold], gold))
