"""Searches are found by name, or by file where there is no folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace, find, handle, resume_command
from search.studies.studies import Studies
from search.tracking.client import artifacts_beside, open_client
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


def test_a_folder_that_was_copied_or_renamed_is_not_taken_for_its_search(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its studies would be those of the other folder, shown and counted twice."""
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    Workspace.of(make_search()).enter(tmp_path / "search.yaml")
    shutil.copytree(tmp_path / "home" / "small", tmp_path / "home" / "backup")
    with pytest.raises(InputError, match=r"another name than the search in it[\s\S]*small"):
        find("backup")
    assert find("small").name == "small"


@pytest.mark.long
@pytest.mark.parametrize("name", ["is it?", "job%2Fmain", "a%20b", "a#b", "100%", "a:b@c", "ü b"])
def test_a_home_may_have_any_name(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Addresses of databases are made of its path, in which `?` and `%` mean something."""
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / name))
    workspace = Workspace.of(make_search())
    workspace.enter(tmp_path / "search.yaml")
    Studies.create(workspace)
    client = open_client(workspace.mlflow_uri)
    run = client.create_run(client.create_experiment("a", artifact_location=artifacts_beside(workspace.mlflow_uri)))
    client.log_text(run.info.run_id, "text", "a.txt")
    workspace.store.check()
    files = {path.relative_to(workspace.folder).parts[0] for path in workspace.folder.rglob("*")}
    assert {"search.yaml", "studies.db", "mlflow.db", "artifacts"} <= files
    assert list(workspace.folder.rglob("a.txt"))
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [name]
    assert find("small") == workspace


def test_a_name_that_no_file_can_have_is_no_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path))
    with pytest.raises(InputError, match="File name too long"):
        find("a" * 300)


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


def test_a_job_names_its_search_as_it_is_found_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (handle("small"), resume_command("small")) == ("small", "taskmix resume small")
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}")
    assert (handle("small"), resume_command("small")) == ("FILE", "taskmix submit FILE --address ADDRESS")
