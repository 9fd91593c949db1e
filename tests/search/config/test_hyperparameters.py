"""Hyperparameters of a search file: numbers and ranges that Optuna and the stages take, or words about the key."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace, find
from spaces.errors import InputError, Problem
from tests.support.searches import SEARCH

MakeSearch = Callable[..., Search]

SETTINGS = {"intermediate": {"examples": 640, "learning_rate": 5e-4}, "target": {"examples": 320}}


def written(folder: Path, hyperparameters: str, stages: str = "") -> Path:
    """A search file with hyperparameters as a person types them."""
    settings = {**SEARCH, "stages": SETTINGS, "space": {"max_tasks": 2}}
    text = yaml.safe_dump(settings).replace("space:\n", f"space:\n  hyperparameters: {hyperparameters}\n")
    file = folder / "search.yaml"
    file.write_text(text.replace("stages:\n", f"stages:\n{stages}"), encoding="utf-8")
    return file


def mistakes(folder: Path, hyperparameters: str) -> list[Problem]:
    with pytest.raises(InputError) as caught:
        search_file.load(written(folder, hyperparameters))
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "values", "default"),
    [
        ("learning_rate: {choices: [1e-3, 5e-4]}", (0.001, 0.0005), 5e-4),
        ('learning_rate: {choices: ["1e-3", 0.0005, 2e-4], default: "2e-4"}', (0.001, 0.0005, 0.0002), 2e-4),
        ("learning_rate: {low: 1e-4, high: 1e-2, log: true, default: 2e-4}", (1e-4, 1e-2), 2e-4),
        ("learning_rate: {low: 1e-4, high: 1e-2, log: yes}", (1e-4, 1e-2), 5e-4),
        ("freeze_embeddings: {choices: [yes, no]}", (True, False), False),
        ("schedule: {choices: [linear, constant]}", ("linear", "constant"), "linear"),
        ("batch_size: {low: 2, high: 64, log: true}", (2, 64), 32),
        ("batch_size: {low: 16.0, high: 64.0, step: 16.0}", (16.0, 64.0), 32),
        ("batch_size: {choices: [010, 32]}", (10, 32), 32),
    ],
)
def test_numbers_are_numbers_however_they_are_written(
    tmp_path: Path, text: str, values: tuple[Any, ...], default: Any
) -> None:
    search = search_file.load(written(tmp_path, f"{{intermediate.{text}}}"))
    [(_, found)] = search.space.hyperparameters
    distribution: Any = found.distribution
    given = getattr(distribution, "choices", None) or (distribution.low, distribution.high)
    assert [(type(value), value) for value in given] == [(type(value), value) for value in values]
    assert (type(found.default), found.default) == (type(default), default)


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("weight_decay: {low: 0.0, high: 0.1, log: true}", ".low", "a low above 0, or log: false"),
        ("batch_size: {low: 0, high: 64, log: true}", ".low", "greater than 0"),
        ("learning_rate: {low: 1e-4, high: 1e-2, log: true, step: 1e-3}", ".step", "no step, or log: false"),
        ("batch_size: {low: 2, high: 64, log: true, step: 2}", ".step", "no step, or log: false"),
        ("learning_rate: {low: 1e-4, high: 1e-2, step: 0}", ".step", "must be above 0"),
        ("batch_size: {low: 2, high: 64, step: -2}", ".step", "must be above 0"),
        ("batch_size: {low: 2, high: 64, step: 0.5}", ".step", "a whole step"),
        ("batch_size: {low: 2, high: 64.0}", "", "without a decimal point"),
        ("batch_size: {low: 2, high: 63.5}", ".high", "a whole number"),
        ("batch_size: {choices: [32, 3.5]}", ".choices.1", "a whole number"),
        ("learning_rate: {low: 1e-4, high: .inf}", ".high", "finite"),
        ("learning_rate: {choices: [5e-4, .nan]}", ".choices.1", "finite"),
        ("clip: {choices: [1.0, .inf]}", ".choices.1", "finite"),
        ("learning_rate: {choices: [5e-4, fast]}", ".choices.1", "a number, for example 1.5"),
        ("learning_rate: {choices: [5e-4, true]}", ".choices.1", "not true or false"),
        ("learning_rate: {low: yes, high: 1e-2}", ".low", "a number"),
        ("learning_rate: {low: true, high: 1e-2}", ".low", "a number is needed"),
        ("learning_rate: {low: 1e-4, high: 1e-2, default: fast}", ".default", "a number"),
        ("learning_rate: {low: 1e-4, high: 1e-2, default: 1}", "", "the default is outside the range"),
        ("learning_rate: {choices: [1e-3, 2e-3]}", "", "the default is outside the range"),
        ("learning_rate: {choices: [1e-3, 5e-4], log: true}", "", "choices have no order"),
        ("learning_rate: {choices: [1e-3, 5e-4], low: 1e-5}", "", "choices have no order"),
        ("micro_batch: {low: 4, high: 8}", "", "the default is outside the range"),
        ("learning_rate: {choices: [5e-4, 0.0005]}", ".choices", "stands twice"),
        ("freeze_embeddings: {choices: [maybe, no]}", ".choices.0", "true or false"),
        ("clip: {low: 1:30, high: 100}", ".low", "a number"),
    ],
)
def test_what_cannot_be_drawn_is_refused_with_line_key_and_fix(tmp_path: Path, text: str, key: str, words: str) -> None:
    found = mistakes(tmp_path, f"{{intermediate.{text}}}")
    where = f"space.hyperparameters.intermediate.{text.partition(':')[0]}{key}"
    said = [str(problem) for problem in found if problem.where.endswith(f": {where}")]
    assert len(said) == len(found)
    assert words in "".join(said)
    assert all(": line " in line for line in said)


def test_one_bad_key_hides_no_other(tmp_path: Path) -> None:
    text = """
    intermediate.learning_rate: {low: 0.1, high: 0.2}
    intermediate.batch_size: {low: 1.5, high: 3.5, step: 0}
    target.weight_decay: {low: 0, high: 0.1, log: true}
    target.nothing: {choices: [1, 2]}
    target.learning_rate: {choices: [1e-3]}
    target.batch_size: {low: 8}"""
    file = written(tmp_path, text)
    file.write_text(file.read_text().replace("recipes: 4", "recipes: -4"))  # what the schema finds hides none either
    with pytest.raises(InputError) as caught:
        search_file.load(file)
    lines = [
        problem.where.partition(": line ")[2].replace("space.hyperparameters.", "")
        for problem in caught.value.problems
        if not problem.where.endswith("budget.recipes")
    ]
    assert len(lines) == len(caught.value.problems) - 1
    typed = file.read_text().splitlines()
    number = next(n for n, line in enumerate(typed, 1) if "learning_rate: {low: 0.1" in line)
    assert sorted(lines) == sorted(
        [
            f"{number}: intermediate.learning_rate",
            f"{number + 1}: intermediate.batch_size.low",
            f"{number + 1}: intermediate.batch_size.high",
            f"{number + 1}: intermediate.batch_size.step",
            f"{number + 2}: target.weight_decay.low",
            f"{number + 3}: target.nothing",
            f"{number + 4}: target.learning_rate",
            f"{number + 5}: target.batch_size",
        ]
    )


@pytest.mark.parametrize(
    ("before", "after", "key", "words"),
    [
        ("budget:\n", "budget:\n  hours: 1:30\n", "budget.hours", "a number, for example 1.5"),
        ("recipes: 4", "recipes: yes", "budget.recipes", "a whole number"),
        ("recipes: 4", "recipes: true", "budget.recipes", "not true or false"),
        ("  - 0.25\n  - 1.0", "  - true", "halving.rungs", "not true or false"),
        ("max_tasks: 2", "max_tasks: two", "space.max_tasks", "a whole number"),
        ("- paraphrase", "- 1e3", "tasks.0", "put it into quotes"),
    ],
)
def test_what_yaml_1_1_took_for_something_else_is_named_with_its_line(
    tmp_path: Path, make_search: MakeSearch, before: str, after: str, key: str, words: str
) -> None:
    make_search()
    file = tmp_path / "search.yaml"
    file.write_text(file.read_text().replace(before, after))
    with pytest.raises(InputError) as caught:
        search_file.load(file)
    line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if after.splitlines()[-1] in text)
    lines = {problem.where.partition("search.yaml: ")[2] for problem in caught.value.problems}
    assert lines in ({f"line {line}: {key}"}, {f"line {line - 1}: {key}"})  # a list begins below its key
    assert words in str(caught.value)


def test_the_cards_mistakes_hide_none_of_the_file(tmp_path: Path, make_search: MakeSearch) -> None:
    with pytest.raises(InputError) as caught:
        make_search(cards=[str(tmp_path / "nowhere")], budget={"recipe": 4}, colour="blue")
    assert {problem.where.rpartition(": ")[2] for problem in caught.value.problems} == {
        str(tmp_path / "nowhere"),
        "budget.recipe",
        "budget.recipes",
        "colour",
    }


def test_an_infinite_limit_is_none(tmp_path: Path, make_search: MakeSearch) -> None:
    stages = {**SETTINGS, "target": {"examples": 320, "clip": float("inf")}}
    search = make_search(stages=stages, budget={"recipes": 4, "hours": float("inf")})
    assert (search.config.stages.target.clip, search.config.budget.hours) == (None, None)
    (tmp_path / "copy.yaml").write_text(search_file.dump(search.config, tmp_path))
    assert search_file.stored_config(tmp_path / "copy.yaml") == search.config
    plan = search.plan("store", "cache")
    assert type(plan).model_validate_json(plan.model_dump_json()).target.clip is None  # as workers get it


def test_a_search_that_was_begun_with_numbers_as_texts_is_resumed_with_them(
    tmp_path: Path, make_search: MakeSearch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """YAML 1.1 read 1e-3 as a text; the studies hold these texts, and Optuna takes no other choices in their place."""
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    make_search()
    file, text = tmp_path / "search.yaml", (tmp_path / "search.yaml").read_text()
    choices = {"intermediate.learning_rate": {"choices": ["1e-3", "5e-4"], "default": "1e-3"}}
    config = search_file.load(file).config
    earlier = yaml.safe_dump({**yaml.safe_load(text), "space": {"max_tasks": 2, "hyperparameters": choices}})
    assert "- 1e-3" in earlier  # without quotes
    Workspace.of(search_file.load(file)).enter(file)
    (tmp_path / "home" / config.name / "search.yaml").write_text(earlier)
    [(_, kept)] = find(config.name, to_launch=True).search.space.hyperparameters
    assert (kept.distribution.choices, kept.default) == (("1e-3", "5e-4"), "1e-3")  # type: ignore[attr-defined]
    file.write_text(earlier)
    [(_, read)] = search_file.load(file).space.hyperparameters
    assert read.distribution.choices == (0.001, 0.0005)  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="taskmix resume small"):
        Workspace.of(search_file.load(file)).enter(file)
