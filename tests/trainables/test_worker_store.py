"""What a worker stores, under which keys, and when it takes what is stored."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from datasets import Dataset

from tests.support.encoders import kit_of
from tests.support.examples import EXAMPLES
from tests.support.work_items import STAGE, item, plan_in, run, scores, trained, versioned, with_answers
from trainables.encoders import checkpoint
from trainables.formats import by_name
from trainables.training import trainer
from trainables.work.keys import encoder_key, score_key
from trainables.work.plan import Plan
from trainables.work.settings import EvaluationSettings
from trainables.worker import Worker


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_in(tmp_path)


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


@pytest.mark.parametrize("dtype", [pytest.param("fp32", marks=pytest.mark.slow), "bf16"])
def test_going_on_from_a_stored_encoder_is_exact(plan: Plan, tmp_path: Path, dtype: str) -> None:
    plan = plan.model_copy(update={"stored_dtype": dtype})
    run(Worker(plan), item(plan, "tags", 0))
    resumed = run(Worker(plan), item(plan, "tags", 1))
    direct = run(Worker(plan.model_copy(update={"store": str(tmp_path / "store2")})), item(plan, "tags", 1))
    assert scores(resumed) == scores(direct)
    another_target = run(Worker(plan), item(plan, "tags", 1, targets=("texts",)))
    assert another_target.scores["texts"].dev == direct.scores["texts"].dev


@pytest.mark.parametrize("kind", ["bert", "mt5"])
def test_an_encoder_in_half_the_space_is_the_rounded_one(tmp_path: Path, kind: str) -> None:
    """mT5's embeddings are tied: they are stored once."""
    encoder = kit_of(kind).encoder(seed=1)
    checkpoint.save_model(encoder, tmp_path / "fp32")
    checkpoint.round_weights(encoder, "bf16")
    checkpoint.save_model(encoder, tmp_path / "bf16", "bf16")
    assert 2 * size_of(tmp_path / "bf16") < 1.1 * size_of(tmp_path / "fp32")
    checkpoint.save_tokenizer(kit_of(kind).tokenizer, tmp_path / "bf16")
    loaded = checkpoint.load(tmp_path / "bf16").model
    kept = encoder.state_dict()
    assert loaded.dtype == torch.float32
    assert all(torch.equal(tensor, kept[name]) for name, tensor in loaded.state_dict().items())


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.glob("*.safetensors"))


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


def test_the_stored_encoder_is_an_encoder_alone(plan: Plan, tmp_path: Path) -> None:
    worker, work = Worker(plan), item(plan, "tags", 0)
    run(worker, work)
    folder = worker.store.encoder(encoder_key(plan, work.recipe, 0))
    assert folder is not None
    names = {path.name for path in folder.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= names
    assert not [name for name in names if name.endswith((".bin", ".pt", ".pkl"))]
    trained, base = checkpoint.load(folder).model, checkpoint.load(tmp_path / "model").model
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


def test_a_model_that_was_overwritten_is_another_model(plan: Plan) -> None:
    """A search that begins after it trains anew; a worker of one that began before it stops."""
    before = versioned(plan)
    first = run(Worker(before), item(plan, "tags", 0))
    checkpoint.save(kit_of("bert").encoder(seed=1), kit_of("bert").tokenizer, Path(plan.cache).parent / "model")
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
