"""Which sampler a search gets, and what becomes of searches whose sampler was removed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from optuna.distributions import FloatDistribution

from search.cli import main
from search.config import search_file
from search.config.search import Search, choose_sampler
from search.config.workspace import Workspace, find
from search.studies.studies import Studies
from spaces.errors import InputError
from spaces.space import Hyperparameter, Space

TASKS = ("a", "b", "c")
VALUES = (("intermediate.learning_rate", Hyperparameter(FloatDistribution(1e-6, 1e-3, log=True), 1e-5)),)


@pytest.mark.parametrize(
    ("name", "tasks", "values", "recipes", "sampler"),
    [
        ("auto", TASKS, (), 30, "mixture"),
        ("auto", TASKS, VALUES, 30, "mixture"),
        ("auto", ("a",), VALUES, 30, "tpe"),
        ("auto", ("a",), (), 30, "random"),
        ("auto", TASKS, (), 100_000, "tpe"),
        ("tpe", TASKS, (), 30, "tpe"),
    ],
)
def test_auto_chooses_by_space_and_budget(
    name: str, tasks: tuple[str, ...], values: tuple[tuple[str, Hyperparameter], ...], recipes: int, sampler: str
) -> None:
    choice = choose_sampler(name, Space(tasks, max_tasks=len(tasks), hyperparameters=values), recipes)
    assert choice.name == sampler and choice.reason


@pytest.fixture
def removed(make_search: Callable[..., Search], home: Path, tmp_path: Path) -> Path:
    """The folder of a search that an earlier version has launched with `sampler: gp`; its file lies in `tmp_path`."""
    search, folder = make_search(sampler={"name": "tpe"}), home / "small"
    folder.mkdir(parents=True)
    data: dict[str, Any] = yaml.safe_load((tmp_path / "search.yaml").read_text())
    (folder / "search.yaml").write_text(yaml.safe_dump({**data, "sampler": {"name": "gp"}}))
    studies = Studies.create(Workspace.of(search))
    studies.remember(search_file.load(folder / "search.yaml", to_launch=False).config)
    return folder


def test_a_search_with_a_removed_sampler_is_read(removed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["status"], ["status", "small"], ["best", "small"], ["gc", "small", "--yes"]):
        assert main(command) == 0, capsys.readouterr().err
    assert "unreadable" not in capsys.readouterr().out


def test_it_is_not_launched_with_it(removed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (
        ["resume", "small"],
        ["launch", str(removed / "search.yaml")],
        ["plan", str(removed / "search.yaml")],
    ):
        assert main(command) == 2
        assert "this sampler was removed" in (err := capsys.readouterr().err)
        assert "sampler.name" in err and "name: auto, or name: tpe" in err


def test_it_goes_on_with_another_one(removed: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError):
        find("small", to_launch=True)
    before, now = find("small"), Workspace.of(search_file.load(tmp_path / "search.yaml"))
    now.enter(tmp_path / "search.yaml")
    Studies.open(before).remember(now.config)
    assert find("small", to_launch=True).search.sampler.name == "tpe"
