"""Rows that are trained on and scored, too, are counted: within a target, and of a task in a target."""

from __future__ import annotations

from random import Random

import pytest

from spaces.formats import FORMATS
from tests.support.examples import EXAMPLES
from trainables.data.overlaps import describe_overlaps, hash_texts
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings


@pytest.fixture
def split_of(tables):
    """Writes sentences as a split of a language and returns the folder of all languages."""

    def write(texts, split, language="en", folder="goal"):
        table = {"text": texts, "label": [0] * len(texts)}
        return str(tables(table, split, f"{folder}/{language}").parent)

    return write


@pytest.fixture
def plan_of(tmp_path):
    def make(target, *tasks, training=None):
        stage = StageSettings(examples=1, batch_size=1, max_length=16, learning_rate=1e-3)
        return Plan(
            tasks={task.name: task for task in tasks},
            targets={target.name: target},
            training_cards={target.name: training or [target]},
            intermediate=stage,
            target=stage,
            rungs=[1.0],
            store=str(tmp_path),
            cache=str(tmp_path / "cache"),
        )

    return make


@pytest.fixture
def goal(card_of, split_of):
    """A target in two languages, with rows in common across splits and languages."""
    split_of(["a", "b", "c"], "train")
    split_of(["b ", "x", "y"], "dev")
    split_of(["b", "c", "z"], "dev", "de")
    split_of(["a", "x", "u"], "test")
    source = {"files": split_of(["w", "z", "v"], "test", "de"), "config": "{lang}"}
    return card_of("sentence_classification", name="goal", source=source, languages=["en", "de"])


TASK = {"kind": "task", "metric": None, "train_language": None}


def test_rows_of_a_target_that_are_trained_on_and_scored_are_counted_by_language(goal, plan_of, data):
    assert describe_overlaps(plan_of(goal), data, [goal]) == [
        "goal: 3 of 6 dev rows are its own training rows, too (de 2, en 1)",
        "goal: 1 of 6 test rows are its own training rows, too (en 1)",
        "goal: 2 of 6 test rows are dev rows, too (en 1, de 1)",
    ]


def test_rows_of_a_task_are_compared_with_every_target(goal, card_of, split_of, plan_of, data):
    folder = split_of(["u", "v", "u", "more"], "train", folder="task")
    task = card_of("masked_lm", name="reading", source={"files": f"{folder}/en"})
    notes = describe_overlaps(plan_of(goal, task), data, [task, goal])
    assert "goal: 2 of 6 test rows are training rows of reading, too (en 1, de 1)" in notes
    assert len(notes) == 4
    assert describe_overlaps(plan_of(goal, task), data, [task]) == [], "the target's rows are not here"


def test_a_task_that_a_target_is_trained_on_is_said_once(goal, card_of, split_of, plan_of, data):
    folder = split_of(["u"], "train", folder="task")
    task = card_of("sentence_classification", name="more", source={"files": f"{folder}/en"}, **TASK)
    same_name = task.model_copy(update={"name": "goal"})
    assert "goal: 1 of 6 test rows are training rows of goal, too (en 1)" in describe_overlaps(
        plan_of(goal, same_name), data, [same_name, goal]
    )
    trained = goal.model_copy(update={"train_from": "more"})
    notes = describe_overlaps(plan_of(trained, task, training=[task]), data, [task, trained])
    assert notes == [
        "goal: 1 of 6 test rows are training rows of more, too (en 1)",
        "goal: 2 of 6 test rows are dev rows, too (en 1, de 1)",
    ]


def test_one_split_that_serves_for_dev_and_test_is_no_news(goal, plan_of, data):
    splits = goal.splits.model_copy(update={"test": "dev"})
    notes = describe_overlaps(plan_of(goal.model_copy(update={"splits": splits})), data, [goal])
    assert not [note for note in notes if "dev rows, too" in note]


@pytest.mark.parametrize("form", FORMATS)
def test_hashes_are_equal_where_all_texts_are(data, card_of, tables, form):
    """Against Python's comparison, row by row, in batches of any size."""
    random, rows = Random(0), EXAMPLES[form]
    count = len(next(iter(rows.values())))
    order = [random.randrange(count) for _ in range(20)]
    card = card_of(form, source={"files": str(tables({role: [own[at] for at in order] for role, own in rows.items()}))})
    canonical = data.rows(card, "train", "en")
    hashes = hash_texts(canonical, form)
    texts = [
        tuple(
            str(row[role])
            for role, kind in FORMATS[form].columns.items()
            if kind in ("text", "passage", "words", "choices")
        )
        for row in canonical
    ]
    assert len(set(hashes.tolist())) == len(set(texts))
    for one, text in zip(hashes, texts, strict=True):
        assert [other == text for other in texts] == (hashes == one).tolist()
