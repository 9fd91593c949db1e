"""The estimates of benchmarks/merged_proxies.py, against what they stand for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks import merged_proxies
from benchmarks.merged_proxies import Estimator
from spaces.errors import InputError
from spaces.mixture import Mixture
from tests.support.work_items import item, run
from tests.trainables.encoders.test_merging import Scores, plan_with_singles
from trainables.work.plan import Plan
from trainables.worker import Worker


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Plan, Scores]:
    return plan_with_singles(tmp_path_factory.mktemp("singles"))


@pytest.fixture
def estimator(measured: tuple[Plan, Scores]) -> Estimator:
    return estimator_of(measured[0])


def estimator_of(plan: Plan, seed: int = 1) -> Estimator:
    singles = {task: item(plan, task, 0, seed).recipe for task in ("tags", "words")}
    return Estimator(plan, singles, encoder_rung=0)


def test_of_one_task_the_merged_encoder_is_the_trained_one(measured: tuple[Plan, Scores], estimator: Estimator) -> None:
    for mix, scores in measured[1].items():
        assert {target: estimator.merged_score(Mixture.parse(mix), target) for target in scores} == scores, mix


def test_a_merged_encoder_is_probed_once(estimator: Estimator, monkeypatch: pytest.MonkeyPatch) -> None:
    mixture = Mixture.parse("tags:0.75 + words:0.25")
    scores = {target: estimator.merged_score(mixture, target) for target in ("pairs", "texts")}
    assert all(0 <= score <= 1 for score in scores.values())
    evidence = estimator.log_evidence(mixture, "pairs")
    assert evidence != estimator.log_evidence(Mixture.parse("tags"), "pairs")
    monkeypatch.setattr(merged_proxies, "merge_stored", None)
    assert scores == {target: estimator.merged_score(mixture, target) for target in scores}
    assert evidence == estimator.log_evidence(mixture, "pairs")


def test_the_estimator_measures_as_a_search_does(measured: tuple[Plan, Scores], estimator: Estimator) -> None:
    plan = measured[0]
    merges = replace(item(plan, "tags:0.5 + words:0.5", 0), merged=True)
    scores = {target: score.score for target, score in run(Worker(plan), merges).scores.items()}
    assert set(scores) == set(merges.targets)
    assert {target: estimator.merged_score(merges.recipe.mixture, target) for target in scores} == scores


def test_the_estimator_takes_evidence_as_a_search_does(measured: tuple[Plan, Scores], estimator: Estimator) -> None:
    plan = measured[0].model_copy(update={"probe": "logme"})
    merges = replace(item(plan, "tags:0.3 + words:0.7", 0), merged=True)
    scores, mixture = run(Worker(plan), merges).scores, merges.recipe.mixture
    assert scores["pairs"].score == pytest.approx(estimator.log_evidence(mixture, "pairs"))
    assert scores["texts"].score == estimator.merged_score(mixture, "texts")


def test_retrieval_has_no_evidence(estimator: Estimator) -> None:
    with pytest.raises(ValueError, match="texts has no labels"):
        estimator.log_evidence(Mixture.parse("tags"), "texts")


def test_encoders_that_are_missing_are_named(measured: tuple[Plan, Scores]) -> None:
    with pytest.raises(InputError, match="tags, words"):
        estimator_of(measured[0], seed=7)
