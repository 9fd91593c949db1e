"""Work items on a tiny encoder, end to end against a real store."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq
import pytest
import torch
from datasets import Dataset
from safetensors import SafetensorError

from spaces.card import Card, Splits
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support.cards import card_of as card_of_format
from tests.support.encoders import kit_of
from tests.support.examples import EXAMPLES
from trainables.data.card_data import Data
from trainables.formats import by_name, vectors
from trainables.training import encoders, stage, trainer
from trainables.training.model_files import model_version
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key, score_key
from trainables.work.outcome import Outcome, Progress
from trainables.work.plan import Plan
from trainables.work.settings import EngineSettings, EvaluationSettings, StageSettings
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
    encoders.save(kit.encoder(), kit.tokenizer, folder / "model")

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


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_in(tmp_path)


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


@pytest.mark.parametrize("kind", ["xlm-r", "mdeberta", "mt5", "modernbert"])
def test_every_family_is_trained_saved_loaded_and_scored(tmp_path: Path, kind: str) -> None:
    """What comes back from the store scores as what went in: the second rung goes on from the stored first one."""
    plan = plan_in(tmp_path, kind=kind)
    run(Worker(plan), item(plan, "tags", 0))
    resumed = run(Worker(plan), item(plan, "tags", 1))
    direct = run(Worker(plan.model_copy(update={"store": str(tmp_path / "store2")})), item(plan, "tags", 1))
    assert resumed.examples < direct.examples
    assert scores(resumed) == scores(direct)
    kept, base = encoder_of(plan, item(plan, "tags", 1)), encoders.load(tmp_path / "model").model
    assert kept.shape == torch.cat([parameter.detach().flatten() for parameter in base.parameters()]).shape


def test_progress_is_reported_stage_by_stage(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "REPORT_EVERY", 0.0)
    everything: list[Progress] = []
    Worker(plan).run(item(plan, "tags", 1, targets=("pairs",)), everything.append)
    activities = [progress.activity.split()[0] for progress in everything if progress.activity != "training"]
    assert list(dict.fromkeys(activities)) == ["loading", "tokenizing", "saving", "evaluating"]
    told = [progress for progress in everything if progress.activity == "training"]
    assert [progress.phase for progress in told] == ["intermediate"] * 4 + ["pairs"] * 4
    assert [progress.done for progress in told] == [step / 8 for step in range(1, 9)]


def test_more_tokens_than_the_model_can_read(plan: Plan) -> None:
    long = plan.model_copy(update={"per_target": {"pairs": {"max_length": 161}}})
    outcome = run(Worker(long), item(plan, "tags", 0))
    assert outcome.failure is not None
    assert "more tokens than the model has positions for" in outcome.failure.message
    assert "target.max_length, for pairs" in outcome.failure.message
    assert outcome.examples == 0, "said before anything is trained"


def test_predictions_of_the_top_rung_are_kept_beside_the_score(plan: Plan) -> None:
    """They score as the work item did, without a model."""
    worker = Worker(plan)
    run(worker, item(plan, "tags", 0))
    outcome = run(worker, item(plan, "tags", 1))
    recipe = item(plan, "tags", 1).recipe
    for target, card in plan.targets.items():
        assert worker.store.predictions(score_key(plan, recipe, 0, target)) is None
        kept = worker.store.predictions(score_key(plan, recipe, 1, target))
        assert kept is not None
        assert list(kept) == ["en"]
        rows = worker.data.rows(card, "test", "en")
        assert by_name(card.format).metrics(rows, kept["en"], card, "en") == outcome.scores[target].test["en"]


def test_a_score_without_its_predictions_is_computed_again(plan: Plan) -> None:
    """They are missing, or damaged, which is said; where nothing was predicted the score is enough."""
    worker, work = Worker(plan), item(plan, "none", 1)
    before = run(worker, work)
    keys = {target: score_key(plan, work.recipe, 1, target) for target in plan.targets}
    kept = {target: worker.store.predictions(key) for target, key in keys.items()}
    worker.store.remove_predictions(keys["texts"])
    again = run(worker, work)
    assert again.reused == ["pairs"] and again.notes == []
    damaged = Path(plan.store, "predictions", f"{keys['pairs']}.json.gz")
    damaged.write_bytes(damaged.read_bytes()[:-9])
    again = run(worker, work)
    assert again.reused == ["texts"]
    assert len(again.notes) == 1 and keys["pairs"] in again.notes[0]
    assert scores(again) == scores(before)
    assert {target: worker.store.predictions(key) for target, key in keys.items()} == kept
    low = item(plan, "none", 0)
    run(worker, low)
    assert run(worker, low).reused == ["pairs", "texts"]


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


def test_the_stored_encoder_is_an_encoder_alone(plan: Plan, tmp_path: Path) -> None:
    worker, work = Worker(plan), item(plan, "tags", 0)
    run(worker, work)
    folder = worker.store.encoder(encoder_key(plan, work.recipe, 0))
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
    folder = worker.store.encoder(encoder_key(plan, work.recipe, 0))
    assert folder is not None
    (folder / "model.safetensors").write_bytes(b"broken")
    after = run(worker, item(plan, "tags", 0, targets=("pairs", "texts")))
    assert after.examples == 16 + 16
    assert scores(after)["texts"] == scores(before)["texts"]
    assert worker.store.encoder(encoder_key(plan, work.recipe, 0)) is not None


def test_different_seeds_give_different_encoders(plan: Plan) -> None:
    keys = {encoder_key(plan, item(plan, "tags", 0, seed).recipe, 0) for seed in (1, 2)}
    assert len(keys) == 2


def test_other_data_are_other_keys(plan: Plan) -> None:
    recipe = item(plan, "tags", 0).recipe
    changed = plan.model_copy(update={"versions": {"tags": "new"}})
    assert encoder_key(plan, recipe, 0) != encoder_key(changed, recipe, 0)
    assert score_key(plan, recipe, 0, "pairs") != score_key(changed, recipe, 0, "pairs")


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


def test_a_model_that_was_overwritten_is_another_model(plan: Plan) -> None:
    """A search that begins after it trains anew; a worker of one that began before it stops."""
    before = versioned(plan)
    first = run(Worker(before), item(plan, "tags", 0))
    encoders.save(kit_of("bert").encoder(seed=1), kit_of("bert").tokenizer, Path(plan.cache).parent / "model")
    after = versioned(plan)
    later = run(Worker(after), item(plan, "tags", 0))
    assert later.reused == [] and later.examples == first.examples > 0
    assert trained(before, item(plan, "tags", 0)) != trained(after, item(plan, "tags", 0))
    assert run(Worker(before), item(plan, "tags", 0)).reused == ["pairs", "texts"]
    stale = run(Worker(before), item(plan, "tags", 1))
    assert stale.failure is not None and stale.failure.kind == "environment"
    assert "the model is another one than the search's" in stale.failure.message
    assert (stale.examples, stale.scores) == (0, {})


@pytest.mark.parametrize(("form", "stored"), [("tagging", 0), ("pair_classification", 1)])
def test_nothing_is_stored_of_data_that_change_while_it_trains(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, form: str, stored: int
) -> None:
    plan = versioned(plan)
    path, train = Path(plan.cache).parent / "data" / form / "train.parquet", trainer.train
    rows = EXAMPLES[form]

    def overtaken(*args: Any, **options: Any) -> Any:
        pq.write_table(Dataset.from_dict({name: column[:2] for name, column in rows.items()}).data.table, path)
        return train(*args, **options)

    monkeypatch.setattr(trainer, "train", overtaken)
    worker, work = Worker(plan), item(plan, "tags", 0, targets=("pairs",))
    outcome = run(worker, work)
    assert outcome.failure is not None and outcome.failure.kind == "environment"
    assert "the data are others than the search's" in outcome.failure.message
    assert len(worker.store.encoder_keys()) == stored
    assert worker.store.score(score_key(plan, work.recipe, 0, "pairs")) is None
    again = run(Worker(plan), work)
    assert again.failure is not None and again.examples == 0, "said before anything is trained"


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


def encoder_of(plan: Plan, work: WorkItem) -> torch.Tensor:
    """The weights of a work item's stored encoder, in one row."""
    folder = Worker(plan).store.encoder(encoder_key(plan, work.recipe, work.rung))
    assert folder is not None
    return torch.cat([parameter.detach().flatten() for parameter in encoders.load(folder).model.parameters()])


def test_the_micro_batch_is_no_part_of_the_keys(plan: Plan) -> None:
    recipe, small = item(plan, "tags", 0).recipe, STAGE.model_copy(update={"micro_batch": 2})
    changed = plan.model_copy(update={"intermediate": small, "target": small})
    assert encoder_key(changed, recipe, 0) == encoder_key(plan, recipe, 0)
    assert score_key(changed, recipe, 0, "pairs") == score_key(plan, recipe, 0, "pairs")


def test_damage_in_the_store_is_told(plan: Plan) -> None:
    worker, work = Worker(plan), item(plan, "none", 0, targets=("texts",))
    run(worker, work)
    (score,) = Path(plan.store, "scores").iterdir()
    score.write_text(score.read_text().replace("texts", "other"))
    (note,) = run(worker, work).notes
    assert score.stem in note
    assert run(worker, work).notes == []


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


def test_layer_and_pooling_are_part_of_the_scores_that_they_decide(plan: Plan) -> None:
    plan = with_answers(plan)
    recipe = item(plan, "tags", 1).recipe
    other = plan.model_copy(update={"evaluation": EvaluationSettings(layer=1, pooling="cls")})
    changed = {name for name in plan.targets if score_key(plan, recipe, 1, name) != score_key(other, recipe, 1, name)}
    assert changed == {"texts"}, "the others are not compared by vectors, or by those that were trained"


def test_the_micro_batch_is_part_of_what_a_dual_encoder_learns(plan: Plan) -> None:
    plan = with_answers(plan)
    smaller = plan.model_copy(update={"intermediate": STAGE.model_copy(update={"micro_batch": 2})})
    several = plan.model_copy(update={"workers": 2})
    duals, tags = (item(plan, mix, 1).recipe for mix in ("duals", "tags"))
    for other in (smaller, several):
        assert encoder_key(plan, duals, 1) != encoder_key(other, duals, 1)
        assert encoder_key(plan, tags, 1) == encoder_key(other, tags, 1)


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
