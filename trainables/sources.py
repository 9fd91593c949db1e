"""Where rows come from: local files or the hub, and what their errors mean to a person."""

from __future__ import annotations

import errno
import hashlib
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import datasets
from datasets import Dataset

from spaces.card import Card
from spaces.errors import Failure, InputError, Problem

Split = Literal["train", "dev", "test"]

BUILDERS = {"parquet": "parquet", "jsonl": "json", "json": "json", "csv": "csv"}
"""Ending of a file -> the builder of `datasets` that reads it."""


@dataclass(frozen=True)
class Files:
    """A split in local files."""

    card: Card
    split: Split
    files: Sequence[Path]

    @property
    def place(self) -> str:
        """For people."""
        return str(self.files[0]) if len(self.files) == 1 else f"{self.files[0]} and {len(self.files) - 1} more"

    @property
    def where(self) -> str:
        """The card's key that decides it."""
        return f"{self.card.name}.yaml: splits.{self.split}"

    @property
    def fingerprint(self) -> list[Any]:
        """Changes when a file does."""
        stats = [(str(path.resolve()), path.stat()) for path in self.files]
        return [[path, stat.st_size, stat.st_mtime_ns] for path, stat in stats]

    @property
    def version(self) -> list[str]:
        """SHA-256 of each file."""
        return [hashlib.sha256(path.read_bytes()).hexdigest() for path in self.files]

    def load(self, scratch: Path) -> Dataset:
        """Raises InputError if the files cannot be read as what their names say."""
        builder = BUILDERS[self.files[0].suffix.removeprefix(".")]
        # "NA" and "None" are texts; without this pandas takes them for missing
        options = {"keep_default_na": False} if builder == "csv" else {}
        try:
            return datasets.load_dataset(
                builder,
                data_files={"rows": [str(path) for path in self.files]},
                split="rows",
                cache_dir=str(scratch),
                **options,
            )
        except Exception as error:  # pyarrow's, pandas' and datasets' own errors have no common base
            root = _root(error)
            if _is_disk(root) and not any(str(path) in str(root) for path in self.files):
                raise root from error
            if _is_about_no_rows(root):
                raise InputError(empty(self, "no rows")) from error
            what = f"is not readable as {builder}"
            raise InputError(Problem(what, self.place, str(root)[:300], "export the file again")) from error


@dataclass(frozen=True)
class HubSplit:
    """A split of a hub data set, downloaded once into the cache."""

    card: Card
    split: Split
    name: str
    config: str | None
    cache: Path

    @property
    def place(self) -> str:
        """For people."""
        return " ".join(part for part in (self.card.source.hub, self.config, self.name) if part)

    @property
    def where(self) -> str:
        """The card's key that decides it."""
        return f"{self.card.name}.yaml: splits.{self.split}"

    @property
    def fingerprint(self) -> str:
        """That of `datasets`: it follows from the commit and the files."""
        return str(self.load()._fingerprint)

    version = fingerprint

    def load(self, scratch: Path | None = None) -> Dataset:
        """The split; asked for once in a process, so a search does not see the hub change.

        Raises:
            InputError: no such data set, configuration or split, or one that needs its own script.
            Failure: the hub is out of reach.
        """
        try:
            with quiet():
                return _from_hub(self.card.source.hub, self.config, self.name, self.card.source.revision, self.cache)
        except Exception as error:  # as above
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> Exception:
        text = str(error)
        source = f"{self.card.name}.yaml: source"
        if isinstance(error, datasets.exceptions.DatasetNotFoundError):
            fix = "mend the id; a private or gated data set needs `hf auth login`"
            return InputError(Problem("no such data set on the hub", f"{source}.hub", self.place, fix))
        if isinstance(error, ConnectionError):
            fix = "check the network, or set `mirror` to a folder with <hub id>/<config>/<split>.parquet"
            return Failure(Problem("the hub cannot be reached", f"{source}.hub", f"{self.place}: {text}", fix))
        if "scripts are no longer supported" in text:
            fix = "set source.revision to refs/convert/parquet where the hub has it, or use a mirror"
            return InputError(Problem("the data set needs a loading script", f"{source}.hub", self.place, fix))
        if isinstance(error, ValueError) and "BuilderConfig" in text:
            return InputError(Problem("no such configuration", f"{source}.config", f"{self.place}: {text}"[:600]))
        if isinstance(error, ValueError) and "split" in text:
            return InputError(Problem("no such split", self.where, f"{self.place}: {text}"[:600]))
        root = _root(error)
        if _is_disk(root):
            return unwritable(self.cache, root)
        if _is_about_no_rows(root):
            return InputError(empty(self, "no rows"))
        return Failure(Problem("cannot be read from the hub", f"{source}.hub", f"{self.place}: {root}"[:600]))


Source = Files | HubSplit


@cache
def _from_hub(hub: str, config: str | None, name: str, revision: str | None, cache: Path) -> Dataset:
    return datasets.load_dataset(hub, config, split=name, revision=revision, cache_dir=str(cache))


@contextmanager
def quiet() -> Iterator[None]:
    """Without the progress bars and log lines of `datasets` and the hub: one class owns the terminal."""
    bars = datasets.are_progress_bars_disabled()
    loggers = [logging.getLogger(name) for name in ("datasets", "huggingface_hub")]
    levels = [logger.level for logger in loggers]
    datasets.disable_progress_bars()
    for logger in loggers:
        logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        if not bars:
            datasets.enable_progress_bars()
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def files_of(folder: Path, split: str) -> list[Path]:
    """`<split>.<ending>`, or its shards `<split>-*.<ending>`: not `<split>*`, or "train" would take "train_r2" too."""
    for ending in BUILDERS:
        whole = folder / f"{split}.{ending}"
        files = [whole] if whole.is_file() else sorted(folder.glob(f"{split}-*.{ending}"))
        if files:
            return files
    return []


def no_files(card: Card, split: Split, name: str, folder: Path) -> Problem:
    endings = "|".join(BUILDERS)
    if not folder.is_dir():
        fix = f"{'the mirror' if card.source.hub else 'the source'} has to hold {name}.{endings} there"
        if card.source.suite:
            fix = "the suite has no such data set; if it was built before that came, delete its folder and launch again"
        return Problem("no such folder", f"{card.name}.yaml: source", str(folder), fix)
    there = sorted(path.name for path in folder.iterdir())
    found = f"{folder} has: {', '.join(there[:20]) or 'nothing'}"
    return Problem(f"no file for split {name!r}", f"{card.name}.yaml: splits.{split}", found, f"{name}.{endings}")


def empty(source: Source, rows: str) -> Problem:
    return Problem(
        f"the {source.split} split is empty", source.where, f"{rows} in {source.place}", "name another split"
    )


def _is_about_no_rows(error: BaseException) -> bool:
    """`datasets` has no error of its own for a file without rows: this is what its readers come to."""
    return isinstance(error, StopIteration) or any(part in str(error) for part in ("no data!", "BatchSize must be"))


def _root(error: BaseException) -> BaseException:
    """The first cause: `datasets` wraps errors."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _is_disk(error: BaseException) -> bool:
    codes = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
    return isinstance(error, OSError) and error.errno in codes


def unwritable(folder: Path, error: BaseException) -> Failure:
    fix = "free some space there, or set another cache folder"
    return Failure(Problem("the cache cannot be written", str(folder), found=str(error)[:300], fix=fix))
