"""Workspace: where one search, and what it shares with others, is kept. Each has a folder under $TASKMIX_HOME.

MLflow has workspaces, too; these are ours.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import fsspec
from sqlalchemy.engine import URL

from cluster.connect import JOB_CONFIG
from search.config.differences import another_search, differences
from search.config.schema import RESERVED, SearchConfig
from search.config.search import Search
from search.config.search_file import dump, load, stored_config
from spaces.errors import Failure, InputError, Problem, nearest
from trainables.store.filesystem import write_aside
from trainables.store.store import Store
from trainables.work.plan import Plan


def home() -> Path:
    """`$TASKMIX_HOME`, default `./searches`."""
    return Path(os.environ.get("TASKMIX_HOME") or "searches").resolve()


def cache_folder(configured: str | None) -> Path:
    """Tokenised data and built suites: as configured, else `$TASKMIX_CACHE`, else `~/.cache/taskmix`."""
    return Path(configured or os.environ.get("TASKMIX_CACHE") or "~/.cache/taskmix").expanduser().resolve()


def handle(name: str) -> str:
    """How the next commands name a search: of a job there is no folder elsewhere, but its file is there."""
    return "FILE" if JOB_CONFIG in os.environ else name


def resume_command(name: str) -> str:
    """What to type to go on with a search: a job is submitted again, from where it was submitted."""
    return "taskmix submit FILE --address ADDRESS" if JOB_CONFIG in os.environ else f"taskmix resume {name}"


@dataclass(frozen=True)
class Workspace:
    """A search, its folder, and the addresses of what it keeps. Nothing is opened before it is asked for.

    Args:
        studies_url: SQLAlchemy URL of the studies' database.
        mlflow_uri: MLflow's tracking URI.
        store_url: folder or fsspec URL of the store.
        cache: folder of tokenised data and built suites.
    """

    search: Search
    folder: Path
    studies_url: str
    mlflow_uri: str
    store_url: str
    cache: Path

    @classmethod
    def of(cls, search: Search) -> Workspace:
        """Defaults where the search file is silent: SQLite in the search's folder, a store that all searches share."""
        storage, folder = search.config.storage, home() / search.config.name
        return cls(
            search=search,
            folder=folder,
            studies_url=storage.studies or _sqlite(folder / "studies.db"),
            mlflow_uri=storage.mlflow or _sqlite(folder / "mlflow.db"),
            store_url=storage.store or str(home() / "store"),
            cache=cache_folder(storage.cache),
        )

    @property
    def config(self) -> SearchConfig:
        return self.search.config

    @property
    def name(self) -> str:
        """The search's name."""
        return self.config.name

    @cached_property
    def plan(self) -> Plan:
        """What the workers need to know, less the versions of the data."""
        return self.search.plan(self.store_url, str(self.cache))

    @cached_property
    def store(self) -> Store:
        """Raises InputError where its address is none."""
        return Store(self.store_url, self.cache)

    @property
    def file(self) -> Path:
        """The search file as it was launched."""
        return self.folder / "search.yaml"

    def shares_store_with(self, other: Workspace) -> bool:
        """Whether both have one store, its address written with `file://` or without."""
        return self.keeps_in(other.store_url)

    def keeps_in(self, store_url: str) -> bool:
        """Whether its store is the one at that address."""
        return bool(fsspec.core.strip_protocol(self.store_url) == fsspec.core.strip_protocol(store_url))

    def enter(self, file: Path) -> None:
        """Make the folder, or check that the search in it is the same one; keep a copy of the search file.

        Args:
            file: the search file; relative paths in it are resolved against its folder.

        Raises:
            InputError: a search of that name has other fixed settings.
            Failure: the folder cannot be written.
        """
        if self.file.exists():
            # its cards are not looked up: they may have moved since, together with the search file
            changed = differences(stored_config(self.file), self.config)
            if changed:
                raise InputError(another_search(changed, str(file), f"taskmix resume {self.name}"))
        try:
            with write_aside(self.file) as aside:
                aside.touch(mode=0o600)  # addresses may hold passwords
                aside.write_text(dump(self.config, file.parent), encoding="utf-8")
        except OSError as error:
            fix = "set TASKMIX_HOME to a folder that you can write, with space left"
            raise Failure(
                Problem("the search's folder cannot be written", str(self.folder), str(error), fix)
            ) from error


def find(name: str, to_launch: bool = False) -> Workspace:
    """A search that was launched before, by name, or by its file where the database is at hand and the folder is not.

    Args:
        to_launch: it is to go on, so what cannot be launched any more is a mistake.

    Raises:
        InputError: there is no such search, with the names there are; or every mistake in the file.
    """
    by_file = name.endswith((".yaml", ".yml"))
    file = Path(name) if by_file else home() / name / "search.yaml"
    try:
        is_there = file.is_file()
    except OSError as error:  # a folder of others, or a name that no file can have
        raise InputError(Problem("cannot be read", str(file.parent), error.strerror or str(error))) from error
    if not is_there or not (by_file or Path(name).name == name):  # "../x" is no name
        fix = "the path of a search file" if file == Path(name) else nearest(name, names())
        raise InputError(Problem("no search of that name", str(home()), name, fix))
    search = load(file, stored=not by_file, to_launch=to_launch)
    if not by_file and search.config.name != name:  # copied or renamed: its studies would be the other one's
        fix = f"call the folder {search.config.name} again, or move the copy out of {home()}"
        raise InputError(
            Problem("its folder has another name than the search in it", str(file), search.config.name, fix)
        )
    return Workspace.of(search)


def names() -> list[str]:
    """All searches in $TASKMIX_HOME, with folders that may not be read: they may be searches of others.

    Raises:
        Failure: $TASKMIX_HOME itself may not be read.
    """
    try:
        folders = [path for path in home().iterdir() if path.name not in RESERVED] if home().exists() else []
    except OSError as error:
        fix = "set TASKMIX_HOME to a folder that you can read"
        raise Failure(Problem("the searches cannot be listed", str(home()), str(error), fix)) from error
    return sorted(path.name for path in folders if _may_be_search(path))


def _may_be_search(folder: Path) -> bool:
    try:
        (folder / "search.yaml").lstat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def _sqlite(file: Path) -> str:
    """The address of a file whose path may hold what means something in an address, such as `?` and `%20`."""
    return URL.create("sqlite", database=str(file)).render_as_string()
