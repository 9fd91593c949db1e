"""Every ingredient of a key, changed in turn: another key, or the same where it decides nothing.

The tables name each field of cards, plan and settings, so that a new one does not come without a decision.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from spaces.card import Card, RetrievalPool, Source, Splits
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from tests.support.cards import card_of
from trainables.work import keys
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key, key_of, score_key, single_keys
from trainables.work.plan import Plan
from trainables.work.settings import EngineSettings, EvaluationSettings, StageSettings

STAGE = StageSettings(examples=320)
RECIPE = Recipe.of(Mixture.parse("tags:0.5 + words:0.5"), {"target.warmup": 0.2}, "some/model", 1)
TASK = {"kind": "task", "metric": None, "train_language": None}


def card(name: str, **changes: Any) -> Card:
    return card_of("tagging", name=name, **changes)


PLAN = Plan(
    tasks={"tags": card("tags", **TASK), "words": card_of("masked_lm", name="words")},
    targets={"names": card("names")},
    training_cards={"names": [card("first", **TASK, sizes={"train": 10}), card("last", **TASK, sizes={"train": 30})]},
    dev_cards={"names": card("other")},
    rungs=[0.5, 1.0],
    intermediate=STAGE,
    target=STAGE,
    store="store",
    cache="cache",
    versions={name: f"of {name}" for name in ("tags", "words", "names", "first", "last", "other")},
    model_version="commit:abc",
)


def changed(plan: Plan, of: str, **changes: Any) -> Plan:
    """The plan with a card changed, whatever is asked of it there."""
    if of == "tags":
        return plan.model_copy(update={"tasks": {**plan.tasks, of: plan.tasks[of].model_copy(update=changes)}})
    if of == "names":
        return plan.model_copy(update={"targets": {of: plan.targets[of].model_copy(update=changes)}})
    if of == "other":
        return plan.model_copy(update={"dev_cards": {"names": plan.dev_cards["names"].model_copy(update=changes)}})
    cards = [each.model_copy(update=changes if each.name == of else {}) for each in plan.training_cards["names"]]
    return plan.model_copy(update={"training_cards": {"names": cards}})


def keys_of(plan: Plan, recipe: Recipe = RECIPE) -> dict[str, str]:
    """All that a search looks up: the encoder, the score after it, the baseline's, the merged encoders' one."""
    none = replace(recipe, mixture=Mixture.of({}))
    return {
        "encoder": encoder_key(plan, recipe, 1),
        "score": score_key(plan, recipe, 1, "names"),
        "baseline": score_key(plan, none, 1, "names"),
        "merged": score_key(plan, recipe, 0, "names", 0),
    }


ENCODER, SCORES, ALL, NOTHING = (
    {"encoder", "score", "merged"},
    {"score", "baseline", "merged"},
    set(keys_of(PLAN)),
    set(),
)


def differing(plan: Plan, recipe: Recipe = RECIPE, before: Plan = PLAN) -> set[str]:
    old, new = keys_of(before), keys_of(plan, recipe)
    return {name for name in old if old[name] != new[name]}


# --- cards

CARD: dict[str, Any] = {
    "name": "renamed",
    "kind": "other",
    "description": "another",
    "format": "sentence_classification",
    "license": "another",
    "origin": "another",
    "source": Source(hub="some/set"),
    "columns": {"tokens": "others"},
    "values": {"tags": {"0": "O"}},
    "labels": ["O", "B-LOC", "I-LOC", "B-PER", "I-PER"],
    "splits": Splits(train="train2", dev="dev2", test="test2"),
    "pool": RetrievalPool(distractors=0),
    "languages": ["de"],
    "dev_languages": ["de"],
    "dev_from": "another",
    "train_language": "de",
    "train_from": "another",
    "metric": "accuracy",
    "unanswerable": True,
    "sizes": {"test": 7},
    "unverified": "all of it",
    "parts": (card("part", **TASK),),
}
"""Field -> another value."""

SOURCE: dict[str, Any] = {
    "hub": "some/set",
    "suite": "mini",
    "files": "elsewhere",
    "tasks": ["another"],
    "path": "ner",
    "config": "{lang}",
    "names": {"de": "german"},
    "rows": {"language": "{lang}"},
    "revision": "abc",
    "supply": "ask for them",
}

FOR_PEOPLE = {"description", "license", "origin", "sizes", "unverified"}
"""What decides nothing."""


@pytest.mark.parametrize("of", ["tags", "names", "first", "last", "other"])
@pytest.mark.parametrize("field", Card.model_fields)
def test_each_key_of_a_card(field: str, of: str) -> None:
    value = CARD[field]
    if field == "sizes":  # those of the training rows are looked at below
        (before,) = (each for each in PLAN.cards() if each.name == of)
        value = {**before.sizes, **value}
    plan = changed(PLAN, of, **{field: value})
    if field in FOR_PEOPLE:
        assert differing(plan) == NOTHING and plan.deciding() == PLAN.deciding()
        return
    assert differing(plan) == (ENCODER if of == "tags" else SCORES)
    if field == "parts":  # of cards by language, which follow; those of others are cards with keys of their own
        plan = changed(PLAN, of, parts=CARD["parts"], source=Source(tasks=["part"]))
    assert plan.deciding() != PLAN.deciding()


@pytest.mark.parametrize("field", Source.model_fields)
def test_each_key_of_a_source(field: str) -> None:
    for of in ("tags", "names"):
        plan = changed(PLAN, of, source=PLAN.tasks["tags"].source.model_copy(update={field: SOURCE[field]}))
        assert bool(differing(plan)) == (field != "supply")
        # a folder may be moved while a search goes on: what lies in it is told by `versions`
        assert (plan.deciding() != PLAN.deciding()) == (field not in ("supply", "files", "revision"))


def test_sizes_count_where_examples_are_shared_out_by_them() -> None:
    plan = changed(PLAN, "first", sizes={"train": 30})
    assert differing(plan) == SCORES and plan.deciding() != PLAN.deciding()
    given = {"per_target": {"names": {"examples": [100, 220]}}}
    plan, before = plan.model_copy(update=given), PLAN.model_copy(update=given)
    assert differing(plan, before=before) == NOTHING and plan.deciding() == before.deciding()


def test_parts_that_are_cards_are_compared_as_cards() -> None:
    source, part = Source(tasks=["part"]), card("part", **TASK)
    before, after = (
        changed(PLAN, "tags", source=source, parts=(each,))
        for each in (part, part.model_copy(update={"labels": CARD["labels"]}))
    )
    old, new = before.deciding(), after.deciding()
    assert {name for name in new if old[name] != new[name]} == {"tasks/part"}
    assert differing(after, before=before) == ENCODER


# --- plan and recipe

OTHER: dict[str, tuple[Any, set[str]]] = {
    "tasks": ({**PLAN.tasks, "tags": card("tags", **TASK, languages=["de"])}, ENCODER),
    "targets": ({"names": card("names", metric="accuracy")}, SCORES),
    "training_cards": ({"names": [card("first", **TASK)]}, SCORES),
    "dev_cards": ({}, SCORES),
    "rungs": ([0.25, 1.0], {"encoder", "score", "merged"}),
    "target_rungs": ([0.25, 1.0], {"merged"}),  # a score here is one at the top
    "intermediate": (STAGE.model_copy(update={"learning_rate": 0.1}), ENCODER),
    "target": (STAGE.model_copy(update={"learning_rate": 0.1}), SCORES),
    "per_target": ({"names": {"learning_rate": 0.1}}, SCORES),
    "evaluation": (EvaluationSettings(max_examples=7), SCORES),
    "engine": (EngineSettings(precision="bf16"), ALL),
    "store": ("elsewhere", NOTHING),
    "stored_dtype": ("bf16", ENCODER),
    "cache": ("elsewhere", NOTHING),
    "mirror": ("elsewhere", NOTHING),
    "versions": ({**PLAN.versions, "tags": "new", "names": "new"}, ALL),
    "model_version": ("commit:def", ALL),
    "commits": ({"datasets/some/set": "abc"}, NOTHING),  # what lies there is told by `versions`
    "probe": ("logme", NOTHING),  # it has keys of its own, below
    "workers": (2, NOTHING),
    "patience": (9.0, NOTHING),
    "max_batch_halvings": (9, NOTHING),
    "kept_seed": (1, NOTHING),  # whether a model is kept changes none
}
"""Field of the plan -> another value, and the keys that it changes."""


@pytest.mark.parametrize("field", Plan.model_fields)
def test_each_field_of_the_plan(field: str) -> None:
    value, expected = OTHER[field]
    assert differing(PLAN.model_copy(update={field: value})) == expected


@pytest.mark.parametrize("name", PLAN.versions)
def test_the_data_of_each_card(name: str) -> None:
    plan = PLAN.model_copy(update={"versions": {**PLAN.versions, name: "new"}})
    assert differing(plan) == (ENCODER if name in PLAN.tasks else SCORES)


SETTINGS: dict[str, Any] = {
    "examples": 640,
    "batch_size": 16,
    "micro_batch": 8,
    "max_length": 64,
    "learning_rate": 1e-4,
    "head_learning_rate": 1e-4,
    "warmup": 0.5,
    "schedule": "constant",
    "weight_decay": 0.5,
    "clip": 2.0,
    "freeze_embeddings": True,
    "head": "native",
    "head_start": "probe",
    "low_rung": "probe",
}


@pytest.mark.parametrize("field", StageSettings.model_fields)
def test_each_setting_of_a_stage(field: str) -> None:
    settings = STAGE.model_copy(update={field: SETTINGS[field]})
    recipe = replace(RECIPE, hyperparameters=())  # which stand for the settings of their name
    before = keys_of(PLAN, recipe)
    for stage, expected in (("intermediate", ENCODER), ("target", SCORES)):
        after = keys_of(PLAN.model_copy(update={stage: settings}), recipe)
        other = {name for name in after if after[name] != before[name]}
        if field == "low_rung":  # the other scores here are of the top rung
            expected = expected & {"merged"} if stage == "target" else NOTHING
        assert other == (NOTHING if field == "micro_batch" else expected)


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("batch_size", 7, NOTHING),
        ("max_examples", 7, SCORES),
        ("low_rung_examples", 7, {"merged"}),  # the other scores here are of the top rung
        ("pooling", "cls", SCORES),
        ("layer", 1, SCORES),
    ],
)
def test_each_setting_of_the_evaluation(field: str, value: Any, expected: set[str]) -> None:
    assert field in EvaluationSettings.model_fields and len(EvaluationSettings.model_fields) == 5
    as_it_is = card_of("retrieval", name="names")  # pooling and layer are of targets that are not fine-tuned
    before = PLAN.model_copy(update={"targets": {"names": as_it_is}})
    after = before.model_copy(update={"evaluation": EvaluationSettings(**{field: value})})
    assert differing(after, before=before) == expected
    trained = differing(PLAN.model_copy(update={"evaluation": EvaluationSettings(**{field: value})}))
    assert trained == (NOTHING if field in ("pooling", "layer") else expected)


def test_rows_of_a_low_rung_are_those_that_as_few_would_be() -> None:
    """A score that rests on the same rows has the same key, whichever setting says so."""
    few, below, both = (
        PLAN.model_copy(update={"evaluation": EvaluationSettings(**limits)})
        for limits in ({"max_examples": 7}, {"low_rung_examples": 7}, {"max_examples": 5, "low_rung_examples": 7})
    )
    low, top = (lambda plan, rung=rung: score_key(plan, RECIPE, rung, "names") for rung in (0, 1))
    assert low(below) == low(few) != low(PLAN)
    assert top(below) == top(PLAN) != top(few)
    assert low(both) == low(PLAN.model_copy(update={"evaluation": EvaluationSettings(max_examples=5)}))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mixture": Mixture.parse("tags:0.6 + words:0.4")}, ENCODER),
        ({"hyperparameters": (("target.warmup", 0.3),)}, SCORES),
        ({"hyperparameters": (("intermediate.warmup", 0.3), ("target.warmup", 0.2))}, ENCODER),
        ({"seed": 2}, ALL),
        ({"model": "renamed"}, NOTHING),  # `model_version` says what it is
    ],
)
def test_each_part_of_the_recipe(change: dict[str, Any], expected: set[str]) -> None:
    assert differing(PLAN, replace(RECIPE, **change)) == expected


def test_without_a_version_the_model_goes_by_its_name() -> None:
    plan = PLAN.model_copy(update={"model_version": None})
    assert differing(plan, replace(RECIPE, model="renamed"), before=plan) == ALL


def test_ways_to_judge_have_keys_of_their_own() -> None:
    """Trained and merged encoders, each rung, and LogME, which is no score."""
    logme = PLAN.model_copy(update={"probe": "logme"})
    trained, merged = (WorkItem(RECIPE, 0, ("names",), merged) for merged in (False, True))
    assert key_of(PLAN, trained, "names") == key_of(logme, trained, "names")
    above = WorkItem(RECIPE, 1, ("names",))
    each = [key_of(PLAN, trained, "names"), key_of(PLAN, merged, "names"), key_of(logme, merged, "names")]
    assert len({*each, key_of(PLAN, above, "names")}) == 4


def test_negatives_are_part_of_the_keys_of_what_learns_from_them() -> None:
    tasks = {**PLAN.tasks, "tags": card_of("retrieval", name="tags", kind="task", metric=None)}
    before = PLAN.model_copy(update={"tasks": tasks})
    for change in ({"workers": 2}, {"intermediate": STAGE.model_copy(update={"micro_batch": 8})}):
        assert differing(before.model_copy(update=change), before=before) == ENCODER


def test_our_version(monkeypatch: pytest.MonkeyPatch) -> None:
    before = keys_of(PLAN)
    monkeypatch.setattr(keys, "VERSION", keys.VERSION + 1)
    assert all(before[name] != key for name, key in keys_of(PLAN).items())


# --- cards of one name

PAIR = Plan(
    tasks={"names": card("names", **TASK)},
    targets={"names": card("names")},
    training_cards={"names": [card("names")]},
    rungs=[1.0],
    intermediate=STAGE,
    target=STAGE,
    store="store",
    cache="cache",
)
"""A task and a target of one name, as `xnli` and `pawsx` are."""


def test_a_task_and_a_target_of_one_name_have_data_of_their_own() -> None:
    recipe = replace(RECIPE, mixture=Mixture.parse("names"))
    versions = {PAIR.version_name(each): f"{each.kind}'s" for each in PAIR.cards()}
    assert versions == {"task/names": "task's", "names": "target's"}
    plan = PAIR.model_copy(update={"versions": versions})
    other = PAIR.model_copy(update={"versions": {**versions, "task/names": "new"}})
    assert encoder_key(plan, recipe, 0) != encoder_key(other, recipe, 0)
    none = replace(recipe, mixture=Mixture.of({}))
    assert score_key(plan, none, 0, "names") == score_key(other, none, 0, "names")


def test_keys_of_searches_that_took_them_for_one_are_as_they_were() -> None:
    plan = PAIR.model_copy(update={"versions": {"names": "target's"}})
    recipe = replace(RECIPE, mixture=Mixture.parse("names"))
    before = keys._identity(plan, plan.tasks["names"])
    assert before["data"] == "target's"
    assert single_keys(plan, recipe, 0) == {"names": encoder_key(plan, recipe, 0)}


def test_a_head_is_told_where_there_is_a_choice() -> None:
    """A card without one has the same weights whatever the stage says, and `mean` is what all had before."""
    native = STAGE.model_copy(update={"head": "native"})
    words = replace(RECIPE, mixture=Mixture.of({"words": 1.0}))
    before, after = (
        encoder_key(PLAN.model_copy(update={"intermediate": stage}), words, 1) for stage in (STAGE, native)
    )
    assert before == after
    assert STAGE.head == "mean"
