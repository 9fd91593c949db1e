"""A small search, and studies that are filled without any training."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from optuna.storages import RDBStorage

from search.config.search import Search
from search.studies.studies import Studies
from tests.support.searches import ENCODER_BYTES, Filler, copied, load


@pytest.fixture
def make_search(tmp_path: Path) -> Callable[..., Search]:
    """As `load`, in the test's own folder."""
    return partial(load, tmp_path)


@pytest.fixture
def search(make_search: Callable[..., Search]) -> Search:
    return make_search()


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Optuna's tables without a study: they take a second to make."""
    file = tmp_path_factory.mktemp("optuna") / "empty.db"
    RDBStorage(f"sqlite:///{file}").remove_session()
    return file


@pytest.fixture
def studies(search: Search, tmp_path: Path, empty_database: Path) -> Studies:
    """Empty studies on SQLite."""
    return copied(empty_database, tmp_path, search)


@pytest.fixture
def filler(search: Search, studies: Studies) -> Filler:
    return Filler(search, studies)


@pytest.fixture(scope="session")
def filled_database(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A search that is nearly over: baseline twice, three mixes, one failure; the winner of `related` confirmed."""
    folder = tmp_path_factory.mktemp("filled")
    search = load(folder)
    filler = Filler(search, copied(empty_database, folder, search))
    filler.run("none", 0, {"related": 0.50, "verses": 0.60}, "baseline")
    filler.run("none", 1, {"related": 0.55, "verses": 0.66}, "baseline")
    filler.run("paraphrase", 0, {"related": 0.56, "verses": 0.55})
    filler.run("ner", 0, {"related": 0.45, "verses": 0.20})
    filler.fail("crossref", 0)
    filler.run("paraphrase:0.7 + ner:0.3", 0, {"related": 0.58, "verses": 0.62})
    filler.run("paraphrase:0.7 + ner:0.3", 1, {"related": 0.61, "verses": 0.65}, "promotion")
    filler.run("paraphrase", 1, {"related": 0.62}, "promotion", seconds=20.0)
    filler.run("none", 1, {"related": 0.53, "verses": 0.64}, "baseline", seed=2)
    filler.run("paraphrase:0.7 + ner:0.3", 1, {"related": 0.63, "verses": 0.61}, "confirm", seed=2)
    filler.studies.add_wall_seconds(200.0)
    return folder / empty_database.name


@pytest.fixture
def filled(filled_database: Path, search: Search, tmp_path: Path) -> Filler:
    """The search of `filled_database`, to write on."""
    return Filler(search, copied(filled_database, tmp_path, search))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty $TASKMIX_HOME, and a cache beside it."""
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "home"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An encoder that a worker has saved."""
    made = tmp_path / "encoder"
    made.mkdir()
    (made / "model.safetensors").write_bytes(b"x" * ENCODER_BYTES)
    return made
