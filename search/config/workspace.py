"""Where searches live: a folder each under $TASKMIX_HOME, and what is in it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import fsspec

from search.config.schema import SearchConfig
from search.config.search import Search
from search.config.search_file import differences, dump, load
from spaces.errors import Failure, InputError, Problem, nearest


def home() -> Path:
    """`$TASKMIX_HOME`, default `./searches`."""
    return Path(os.environ.get("TASKMIX_HOME") or "searches").resolve()


def cache_folder(configured: str | None) -> Path:
    """Tokenised data and built suites: as configured, else `$TASKMIX_CACHE`, else `~/.cache/taskmix`."""
    return Path(configured or os.environ.get("TASKMIX_CACHE") or "~/.cache/taskmix").expanduser().resolve()


@dataclass(frozen=True)
class Place:
    """The folder of one search and the addresses of what it keeps."""

    folder: Path
    studies: str
    mlflow: str
    store: str
    cache: Path

    @classmethod
    def of(cls, config: SearchConfig) -> Place:
        """Defaults where the search file is silent: SQLite in the search's folder, a store that all searches share."""
        folder, storage = home() / config.name, config.storage
        return cls(
            folder=folder,
            studies=storage.studies or f"sqlite:///{folder / 'studies.db'}",
            mlflow=storage.mlflow or f"sqlite:///{folder / 'mlflow.db'}",
            store=storage.store or str(home() / "store"),
            cache=cache_folder(storage.cache),
        )

    @property
    def file(self) -> Path:
        """The search file as it was launched."""
        return self.folder / "search.yaml"

    def keeps_in(self, store: str) -> bool:
        """Whether its store is the one at an address, with `file://` or without."""
        return bool(fsspec.core.strip_protocol(self.store) == fsspec.core.strip_protocol(store))

    def enter(self, search: Search, file: Path) -> None:
        """Make the folder, or check that the search in it is the same one; keep a copy of the search file.

        Raises:
            InputError: a search of that name has other fixed settings.
            Failure: the folder cannot be written.
        """
        if self.file.exists():
            changed = differences(load(self.file, stored=True).config, search.config)
            if changed:
                advice = f"give the file another name, or go on as it was: taskmix resume {search.config.name}"
                raise InputError(
                    [*changed, Problem("this file is another search of the same name", str(file), fix=advice)]
                )
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            aside = self.file.with_suffix(f".{os.getpid()}.tmp")
            aside.touch(mode=0o600)  # addresses may hold passwords
            aside.write_text(dump(search.config, file.parent), encoding="utf-8")
            aside.replace(self.file)
        except OSError as error:
            fix = "set TASKMIX_HOME to a folder that you can write, with space left"
            raise Failure(
                Problem("the search's folder cannot be written", str(self.folder), str(error), fix)
            ) from error


def find(name: str, to_launch: bool = False) -> tuple[Search, Place]:
    """A search that was launched before, by name, or by its file where the database is at hand and the folder is not.

    Args:
        to_launch: it is to go on, so what cannot be launched any more is a mistake.

    Raises:
        InputError: there is no such search, with the names there are; or every mistake in the file.
    """
    file = Path(name) if name.endswith((".yaml", ".yml")) else home() / name / "search.yaml"
    if not file.is_file():
        fix = "the path of a search file" if file == Path(name) else nearest(name, names())
        raise InputError(Problem("no search of that name", str(home()), name, fix))
    search = load(file, stored=not to_launch)
    return search, Place.of(search.config)


def names() -> list[str]:
    """All searches in $TASKMIX_HOME."""
    return sorted(path.parent.name for path in home().glob("*/search.yaml"))
