"""Searches are found by name, or by file where there is no folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from search.config.search import Search
from search.config.workspace import Place, find
from spaces.errors import InputError


def test_a_search_is_found_by_name_and_by_file(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    storage = {"studies": "postgresql://ada@host/studies"}
    search, file = make_search(storage=storage), tmp_path / "search.yaml"
    with pytest.raises(InputError, match="no search of that name"):
        find("small")
    found, place = find(str(file))
    assert (found.config, place.studies) == (search.config, storage["studies"])
    Place.of(search.config).enter(search, file)
    assert find("small")[1] == place
    with pytest.raises(InputError, match="the path of a search file"):
        find(str(tmp_path / "missing.yaml"))


def test_studies_and_mlflow_need_a_database_each(make_search: Callable[..., Search]) -> None:
    url = "postgresql://ada@host/one"
    with pytest.raises(InputError, match="need a database each"):
        make_search(storage={"studies": url, "mlflow": url})
