"""`delete` and `gc --all`: all that is a search's alone goes, nothing of another one, and nothing unasked."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from optuna.storages import RDBStorage

from search.cli import main
from search.config.search import Search
from search.config.workspace import Workspace
from search.retention.delete import plan_deletion
from search.studies.lease import acquire
from search.studies.studies import Studies
from search.tracking.client import open_client
from search.tracking.deletion import delete_experiment, lies_elsewhere
from tests.search.retention.test_gc import entered, store_all

pytestmark = pytest.mark.usefixtures("home")

Make = Callable[..., Search]


def test_a_search_goes_with_everything_that_is_its_alone(
    make_search: Make,
    filled_database: Path,
    tmp_path: Path,
    folder: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = entered(make_search(name="other"), tmp_path, filled_database)
    # the copy has the studies of `small`: the other search has some of its own
    other.run("none", 1, {"related": 0.5}, "baseline")
    other.run("paraphrase", 1, {"related": 0.6})
    filler = entered(make_search(), tmp_path, filled_database)
    store = store_all(filler, folder)
    everything = store.encoder_keys()
    assert main(["delete", "small", "--yes"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "studies 2 in " in out and "1 encoder that other searches need" in out and "small is deleted" in out
    assert not (home / "small").exists()
    assert len(store.encoder_keys()) == 1 < len(everything)
    assert main(["status", "small"]) == 2
    assert main(["status", "other"]) == 0


def test_nothing_goes_unless_one_agrees(
    make_search: Make, filled_database: Path, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    filler = entered(make_search(), tmp_path, filled_database)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    assert main(["delete", "small"]) == 2
    assert (home / "small" / "studies.db").exists()
    with acquire(Workspace.of(filler.search)):
        assert main(["delete", "small", "--yes"]) == 2, "it runs"
    assert (home / "small" / "studies.db").exists()


def test_a_search_that_never_began_goes(make_search: Make, tmp_path: Path, home: Path) -> None:
    Workspace.of(make_search()).enter(tmp_path / "search.yaml")
    assert main(["delete", "small", "--yes"]) == 0
    assert not (home / "small").exists()


def test_studies_in_a_shared_database_go_and_those_of_others_stay(
    make_search: Make, tmp_path: Path, postgres_url: str, home: Path
) -> None:
    for name in ("small", "other"):
        search = make_search(name=name, storage={"studies": postgres_url})
        Workspace.of(search).enter(tmp_path / "search.yaml")
        Studies.create(Workspace.of(search))
    assert main(["delete", "small", "--yes"]) == 0
    names = {study.study_name for study in RDBStorage(postgres_url.replace("://", "+psycopg://", 1)).get_all_studies()}
    assert names == {"other/related", "other/verses"}
    assert main(["status", "other"]) == 0


def test_a_store_elsewhere_is_left_alone(
    make_search: Make, filled_database: Path, tmp_path: Path, folder: Path
) -> None:
    filler = entered(make_search(storage={"store": str(tmp_path / "shared")}), tmp_path, filled_database)
    store = store_all(filler, folder)
    plan = plan_deletion(Workspace.of(filler.search))
    assert (plan.encoders, plan.elsewhere) == ({}, len(store.encoder_keys()))


def test_the_experiment_of_a_shared_mlflow_goes_and_its_name_is_free(make_search: Make, tmp_path: Path) -> None:
    workspace = Workspace.of(make_search())
    assert not lies_elsewhere(workspace)
    shared = replace(workspace, mlflow_uri=f"sqlite:///{tmp_path / 'shared.db'}")
    assert lies_elsewhere(shared)
    assert not delete_experiment(shared)
    client = open_client(shared.mlflow_uri)
    client.create_experiment("taskmix/small")
    assert delete_experiment(shared)
    assert client.get_experiment_by_name("taskmix/small") is None
    client.create_experiment("taskmix/small")


def test_what_no_search_knows_any_more_goes(
    make_search: Make,
    filled_database: Path,
    tmp_path: Path,
    folder: Path,
    home: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    filler = entered(make_search(), tmp_path, filled_database)
    store = store_all(filler, folder)
    known = store.encoder_keys()
    store.put_encoder("0" * 32, folder, {})
    assert main(["gc"]) == main(["gc", "small", "--all"]) == 2
    assert main(["gc", "--all", "--yes"]) == 0
    assert "1 x of no search that is here" in capsys.readouterr().out
    assert store.encoder_keys() == known
    shutil.rmtree(home / "small")
    assert main(["gc", "--all", "--yes"]) == 0
    assert not store.encoder_keys()
