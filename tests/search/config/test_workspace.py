"""Searches are found by name, or by file where there is no folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace, find
from spaces.errors import InputError
from tests.support.searches import SEARCH, load


def test_a_search_is_found_by_name_and_by_file(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    storage = {"studies": "postgresql://ada@host/studies"}
    search, file = make_search(storage=storage), tmp_path / "search.yaml"
    with pytest.raises(InputError, match="no search of that name"):
        find("small")
    workspace = find(str(file))
    assert (workspace.config, workspace.studies_url) == (search.config, storage["studies"])
    Workspace.of(search).enter(file)
    assert find("small") == workspace
    with pytest.raises(InputError, match="the path of a search file"):
        find(str(tmp_path / "missing.yaml"))


def test_studies_and_mlflow_need_a_database_each(make_search: Callable[..., Search]) -> None:
    url = "postgresql://ada@host/one"
    with pytest.raises(InputError, match="need a database each"):
        make_search(storage={"studies": url, "mlflow": url})


def test_a_search_file_may_move_with_its_cards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`cards` may change while a search goes on: the folder that the stored copy names need not be there any more."""
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    shutil.copytree(SEARCH["cards"][0], before / "cards")
    first = load(before, cards=["cards"])
    Workspace.of(first).enter(before / "search.yaml")
    before.rename(after)
    again = search_file.load(after / "search.yaml")
    Workspace.of(again).enter(after / "search.yaml")
    assert find("small").config.cards == [str(after / "cards")]
    other = load(after, cards=["cards"], seed=7)
    with pytest.raises(InputError, match="another search of the same name"):
        Workspace.of(other).enter(after / "search.yaml")
