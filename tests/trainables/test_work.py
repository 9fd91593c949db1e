"""Work items on a tiny encoder, end to end against a real store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from spaces.card import Card
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables import encoders
from trainables.item import EvaluationSettings, Plan, StageSettings, WorkItem
from trainables.outcome import Outcome, Progress
from trainables.work import Worker

STAGE = StageSettings(examples=32, batch_size=8, max_length=48, learning_rate=1e-3)


@pytest.fixture
def plan(
    bert: Any,
    tmp_path: Path,
    card_of: Callable[..., Card],
    examples: Callable[[str], dict[str, list[Any]]],
    tables: Callable[..., Path],
) -> Plan:
    """One intermediate task, a trained target and a retrieval target; all splits hold the same few rows."""
    encoders.save(bert.encoder(), bert.tokenizer, tmp_path / "model")

    def card(form: str, **changes: Any) -> Card:
        for split in ("train", "dev", "test"):
            folder = tables(examples(form), split, folder=form)
        return card_of(form, source={"files": str(folder)}, **changes)

    task = {"kind": "task", "metric": None, "train_language": None}
    pairs = card("pair_classification", name="pairs")
    return Plan(
        tasks={"tags": card("tagging", name="tags", **task)},
        targets={"pairs": pairs, "texts": card("retrieval", name="texts")},
        training_cards={"pairs": pairs, "texts": pairs},
        rungs=[0.5, 1.0],
        intermediate=STAGE,
        target=STAGE,
        evaluation=EvaluationSettings(batch_size=4),
        store=str(tmp_path / "store"),
        cache=str(tmp_path / "cache"),
    )


def item(plan: Plan, mix: str, rung: int, seed: int = 1, targets: tuple[str, ...] = ("pairs", "texts")) -> WorkItem:
    model = str(Path(plan.store).parent / "model")
    return WorkItem(Recipe.of(Mixture.parse(mix), {}, model, seed), rung, targets)


def run(worker: Worker, work: WorkItem) -> Outcome:
    *progress, outcome = worker.run(work)
    assert isinstance(outcome, Outcome)
    shares = [event.done for event in progress if isinstance(event, Progress)]
    assert shares == sorted(shares)
    return outcome


def scores(outcome: Outcome) -> dict[str, Any]:
    assert outcome.failure is None, outcome.failure.details
    return {target: (score.dev, score.test, score.floor) for target, score in outcome.scores.items()}


def test_scores_of_all_targets(plan: Plan) -> None:
    low, top = (run(Worker(plan), item(plan, "tags", rung)) for rung in (0, 1))
    assert set(low.scores) == {"pairs", "texts"}
    assert low.examples == 16 + 16
    assert top.examples == 16 + 32  # the encoder of the lower rung was in the store
    assert low.scores["pairs"].test_score is None
    assert top.scores["pairs"].test_score == pytest.approx(top.scores["pairs"].score)  # the splits are the same here
    assert 0 < top.training_seconds < top.seconds


def test_what_is_stored_is_not_computed_again(plan: Plan) -> None:
    first, again = (run(Worker(plan), item(plan, "tags", 0)) for _ in range(2))
    assert again.examples == 0
    assert again.reused == ["pairs", "texts"]
    assert scores(again) == scores(first)


def test_another_target_of_a_stored_encoder_trains_only_the_target(plan: Plan) -> None:
    run(Worker(plan), item(plan, "tags", 1, targets=("texts",)))
    later = run(Worker(plan), item(plan, "tags", 1, targets=("pairs",)))
    assert later.reused == ["encoder"]
    assert later.examples == 32


def test_going_on_from_a_stored_encoder_is_exact(plan: Plan, tmp_path: Path) -> None:
    run(Worker(plan), item(plan, "tags", 0))
    resumed = run(Worker(plan), item(plan, "tags", 1))
    direct = run(Worker(plan.model_copy(update={"store": str(tmp_path / "store2")})), item(plan, "tags", 1))
    assert scores(resumed) == scores(direct)


def test_the_baseline_trains_no_intermediate_stage(plan: Plan, tmp_path: Path) -> None:
    outcome = run(Worker(plan), item(plan, "none", 1))
    assert outcome.examples == 32
    assert not (tmp_path / "store/encoders").exists()


def test_the_stored_encoder_is_an_encoder_alone(plan: Plan, tmp_path: Path) -> None:
    worker, work = Worker(plan), item(plan, "tags", 0)
    run(worker, work)
    folder = worker.store.encoder(plan.encoder_key(work.recipe, 0))
    assert folder is not None
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    trained, base = encoders.load(folder).model, encoders.load(tmp_path / "model").model
    assert trained.state_dict().keys() == base.state_dict().keys()
    assert not all(torch.equal(a, b) for a, b in zip(trained.parameters(), base.parameters(), strict=True))


def test_a_damaged_encoder_is_made_again(plan: Plan) -> None:
    worker, work = Worker(plan), item(plan, "tags", 0, targets=("texts",))
    before = run(worker, work)
    folder = worker.store.encoder(plan.encoder_key(work.recipe, 0))
    assert folder is not None
    (folder / "model.safetensors").write_bytes(b"broken")
    after = run(worker, item(plan, "tags", 0, targets=("pairs", "texts")))
    assert after.examples == 16 + 16
    assert scores(after)["texts"] == scores(before)["texts"]
    assert worker.store.encoder(plan.encoder_key(work.recipe, 0)) is not None


def test_different_seeds_give_different_encoders(plan: Plan) -> None:
    keys = {plan.encoder_key(item(plan, "tags", 0, seed).recipe, 0) for seed in (1, 2)}
    assert len(keys) == 2


def test_other_data_are_other_keys(plan: Plan) -> None:
    recipe = item(plan, "tags", 0).recipe
    changed = plan.model_copy(update={"versions": {"tags": "new"}})
    assert plan.encoder_key(recipe, 0) != changed.encoder_key(recipe, 0)
    assert plan.score_key(recipe, 0, "pairs") != changed.score_key(recipe, 0, "pairs")


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
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("fsspec.implementations.local.LocalFileSystem.put_file", full)
    outcome = run(Worker(plan), item(plan, "tags", 0))
    assert outcome.failure is not None
    assert outcome.failure.kind == "environment"


def test_scores_before_a_failure_are_kept(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    work = item(plan, "none", 0, targets=("texts", "pairs"))
    broken = plan.model_copy(update={"target": STAGE.model_copy(update={"learning_rate": 1e30, "clip": 1e30})})
    outcome = run(Worker(broken), work)
    assert outcome.failure is not None
    assert list(outcome.scores) == ["texts"]
