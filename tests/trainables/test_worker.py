"""Work items on a tiny encoder, end to end against a real store."""

from __future__ import annotations

import errno
import shutil
import time
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any, Literal

import pytest
import torch
from safetensors import SafetensorError

from spaces.card import Source, Splits
from tests.hub.client import hurry
from tests.hub.server import Hub
from tests.support.work_items import STAGE, encoder_of, item, plan_in, run, scores, with_answers
from trainables.encoders import checkpoint, kept_model
from trainables.formats import vectors
from trainables.store import shared_files
from trainables.training import stage
from trainables.work.keys import model_key, score_key
from trainables.work.outcome import Progress
from trainables.work.plan import Plan
from trainables.work.settings import EngineSettings, EvaluationSettings
from trainables.worker import Worker


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_in(tmp_path)


def test_scores_of_all_targets(plan: Plan) -> None:
    low, top = (run(Worker(plan), item(plan, "tags", rung)) for rung in (0, 1))
    assert set(low.scores) == {"pairs", "texts"}
    assert low.examples == 16 + 16
    assert top.examples == 16 + 32  # the encoder of the lower rung was in the store
    assert low.scores["pairs"].test_score is None
    assert top.scores["pairs"].test_score == pytest.approx(top.scores["pairs"].score)  # the splits are the same here
    assert 0 < top.training_seconds < top.seconds


@pytest.mark.parametrize(("precision", "half"), [("bf16", True), ("fp32", False)])
def test_scores_are_taken_in_the_precision_of_the_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: Literal["bf16", "fp32"], half: bool
) -> None:
    seen: list[bool] = []

    def pooled(*args: Any) -> torch.Tensor:
        seen.append(torch.is_autocast_enabled("cpu"))
        return as_it_is(*args)

    as_it_is = vectors.pooled
    monkeypatch.setattr(vectors, "pooled", pooled)
    plan = plan_in(tmp_path, engine=EngineSettings(precision=precision))
    assert set(scores(run(Worker(plan), item(plan, "tags", 1)))) == {"pairs", "texts"}
    assert set(seen) == {half}


@pytest.mark.parametrize(
    "kind", ["xlm-r", *(pytest.param(kind, marks=pytest.mark.slow) for kind in ("mdeberta", "mt5", "modernbert"))]
)
def test_every_family_is_trained_saved_loaded_and_scored(tmp_path: Path, kind: str) -> None:
    """What comes back from the store scores as what went in: the second rung goes on from the stored first one."""
    plan = plan_in(tmp_path, kind=kind)
    run(Worker(plan), item(plan, "tags", 0))
    resumed = run(Worker(plan), item(plan, "tags", 1))
    direct = run(Worker(plan.model_copy(update={"store": str(tmp_path / "store2")})), item(plan, "tags", 1))
    assert resumed.examples < direct.examples
    assert scores(resumed) == scores(direct)
    kept, base = encoder_of(plan, item(plan, "tags", 1)), checkpoint.load(tmp_path / "model").model
    assert kept.shape == torch.cat([parameter.detach().flatten() for parameter in base.parameters()]).shape


def test_a_frozen_embedding_is_stored_once_and_scores_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two recipes, one of them promoted from the store and its models kept, beside the same with a file for each."""
    stage = STAGE.model_copy(update={"freeze_embeddings": True})
    frozen = plan_in(tmp_path, kind="xlm-r", intermediate=stage, target=stage, kept_seed=1)
    work, found = [item(frozen, "tags", 0), item(frozen, "words", 0), item(frozen, "tags", 1)], list[Any]()
    for large in (10**9, 1000):
        monkeypatch.setattr(shared_files, "LARGE", large)
        plan = frozen.model_copy(update={"store": str(tmp_path / f"store {large}")})
        found.append([scores(run(Worker(plan), one)) for one in work])
        links = {path.stat().st_nlink for path in Path(plan.store).glob("encoders/*/model-00001-of-00002.safetensors")}
        assert links == ({5} if large == 1000 else set()), "three encoders, a model of pairs, the store"
        kept = Worker(plan).store.encoder(model_key(plan, work[2].recipe, 1, "pairs"))
        assert kept is not None and kept_model.load(kept, plan.targets["pairs"], plan.target.head)
    assert found[0] == found[1]


def test_progress_is_reported_stage_by_stage(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "REPORT_EVERY", 0.0)
    everything: list[Progress] = []
    Worker(plan).run(item(plan, "tags", 1, targets=("pairs",)), everything.append)
    activities = [progress.activity.split()[0] for progress in everything if progress.activity != "training"]
    assert list(dict.fromkeys(activities)) == ["loading", "tokenizing", "evaluating"]
    told = [progress for progress in everything if progress.activity == "training"]
    assert [progress.phase for progress in told] == ["intermediate"] * 4 + ["pairs"] * 4
    assert [progress.done for progress in told] == [step / 8 for step in range(1, 9)]


def test_below_the_top_fewer_rows_may_be_scored(plan: Plan) -> None:
    few = plan.model_copy(update={"evaluation": EvaluationSettings(low_rung_examples=1)})
    low = run(Worker(few), item(plan, "none", 0, targets=("pairs",)))
    assert set(low.scores["pairs"].dev["en"].values()) <= {0.0, 1.0}  # of one row
    assert set(low.scores["pairs"].floors["en"].values()) <= {0.0, 1.0}


def test_an_encoder_is_written_while_the_target_is_trained(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    trains, save, work = Event(), checkpoint.save_model, item(plan, "tags", 0, targets=("pairs",))

    def save_late(*what: Any) -> None:
        assert trains.wait(60)
        save(*what)

    def notice(progress: Progress) -> None:
        if progress.phase == "pairs":
            trains.set()

    monkeypatch.setattr(checkpoint, "save_model", save_late)
    outcome = Worker(plan).run(work, notice)
    assert outcome.failure is None and outcome.scores
    assert encoder_of(plan, work).shape


def test_no_score_is_stored_before_its_encoder(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    work = item(plan, "tags", 0, targets=("pairs",))

    def fail(*_: Any) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(checkpoint, "save_model", fail)
    outcome = Worker(plan).run(work)
    assert outcome.failure is not None and "an encoder cannot be written" in outcome.failure.message
    assert not outcome.scores and not list(Path(plan.store).glob("scores/*"))


def test_a_wait_for_the_hub_is_reported(plan: Plan, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the lines of the driver and `status` show it: who waits for an hour of rate limits is not hung."""
    waits: list[float] = []
    monkeypatch.setattr("trainables.hub.hub.time", SimpleNamespace(sleep=waits.append, monotonic=time.monotonic))
    hurry(monkeypatch)
    rows = Path(plan.cache).parent / "data" / "tagging" / "train.parquet"
    hub.add("dataset", "some/tags", {"data/train-00000-of-00001.parquet": rows.read_bytes()})
    hub.fail("status", path="/api/datasets", status=429, first=1, headers={"RateLimit": '"api";r=0;t=55'})
    card = plan.tasks["tags"].model_copy(update={"source": Source(hub="some/tags")})
    everything: list[Progress] = []
    outcome = Worker(plan.model_copy(update={"tasks": {"tags": card}})).run(
        item(plan, "tags", 0, targets=("pairs",)), everything.append
    )
    assert outcome.failure is None and waits == [56.0]
    [waiting] = [progress for progress in everything if progress.is_waiting]
    assert "does not give some/tags" in waiting.activity


def test_more_tokens_than_the_model_can_read(plan: Plan) -> None:
    long = plan.model_copy(update={"per_target": {"pairs": {"max_length": 161}}})
    outcome = run(Worker(long), item(plan, "tags", 0))
    assert outcome.failure is not None
    assert "more tokens than the model has positions for" in outcome.failure.message
    assert "target.max_length, for pairs" in outcome.failure.message
    assert outcome.examples == 0, "said before anything is trained"


def test_development_rows_of_another_card(plan: Plan, tmp_path: Path) -> None:
    """Their languages drive the search, the target's own are tested; and they are part of the key."""
    other = plan.targets["pairs"]
    own = other.model_copy(update={"name": "own", "splits": Splits(train="train", dev=None, test="test")})
    targets = {"own": own.model_copy(update={"languages": ["en", "de"], "dev_from": "pairs"})}
    changed = plan.model_copy(
        update={"targets": targets, "training_cards": {"own": [other]}, "dev_cards": {"own": other}}
    )
    work = item(plan, "none", 1, targets=("own",))
    score = run(Worker(changed), work).scores["own"]
    assert list(score.dev) == ["en"]
    assert list(score.test) == ["en", "de"]
    moved = changed.model_copy(update={"versions": {"pairs": "new"}, "training_cards": {"own": [own]}})
    before = changed.model_copy(update={"training_cards": {"own": [own]}})
    assert score_key(moved, work.recipe, 1, "own") != score_key(before, work.recipe, 1, "own")


def test_the_baseline_trains_no_intermediate_stage(plan: Plan, tmp_path: Path) -> None:
    outcome = run(Worker(plan), item(plan, "none", 1))
    assert outcome.examples == 32
    assert not (tmp_path / "store/encoders").exists()


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"intermediate": STAGE.model_copy(update={"learning_rate": 1e30, "clip": 1e30})}, "diverged", "loss of task"),
        ({"tasks": {}}, "exception", "KeyError"),
    ],
)
def test_failures_are_outcomes_with_a_reason(plan: Plan, change: dict[str, Any], kind: str, words: str) -> None:
    outcome = run(Worker(plan.model_copy(update=change)), item(plan, "tags", 1))
    assert outcome.failure is not None
    assert outcome.failure.kind == kind
    assert words in outcome.failure.message
    assert "Traceback" in outcome.failure.details


def test_a_full_disk_is_its_own_kind(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr("transformers.modeling_utils.safe_save_file", full)
    outcome = run(Worker(plan), item(plan, "tags", 0))
    assert outcome.failure is not None
    assert outcome.failure.kind == "environment"


def test_scores_before_a_failure_are_kept(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    work = item(plan, "none", 0, targets=("texts", "pairs"))
    broken = plan.model_copy(update={"target": STAGE.model_copy(update={"learning_rate": 1e30, "clip": 1e30})})
    outcome = run(Worker(broken), work)
    assert outcome.failure is not None
    assert list(outcome.scores) == ["texts"]


def test_dual_encoders_are_trained_as_task_and_as_target(plan: Plan) -> None:
    worker = Worker(with_answers(plan))
    outcome = run(worker, item(worker.plan, "duals:0.5 + tags:0.5", 1, targets=("answers", "texts")))
    assert outcome.failure is None, outcome.failure.details
    score = outcome.scores["answers"]
    assert score.test == score.dev  # the splits are the same here
    assert 0 < score.floor < score.score <= 1
    assert score.examples == 32
    key = score_key(worker.plan, item(worker.plan, "duals:0.5 + tags:0.5", 1).recipe, 1, "answers")
    predictions = worker.store.predictions(key)
    assert predictions is not None
    assert [set(found) for found in predictions["en"]] == [set("abcd")] * 4


@pytest.mark.parametrize("damage", ["gone", "empty"])
def test_a_model_that_this_node_has_not_or_not_whole_is_no_recipes_fault(plan: Plan, damage: str) -> None:
    """`plan` has read it on the driver's machine."""
    wanted = item(plan, "tags", 0)
    weights = Path(wanted.recipe.model) / "model.safetensors"
    weights.write_bytes(b"") if damage == "empty" else shutil.rmtree(weights.parent)
    outcome = run(Worker(plan), wanted)
    assert outcome.failure is not None
    assert outcome.failure.kind == "environment"
    assert ("model.safetensors is empty" if damage == "empty" else "no such folder") in outcome.failure.message
