"""Where rows come from: local files, a mirror or the hub, and what their errors mean to a person."""

from __future__ import annotations

import errno
import glob
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Dataset, Features, IterableDataset, Value

from spaces.card import Card, Split
from spaces.errors import Failure, InputError, Problem, TaskmixError
from trainables.data.file_digest import file_digest
from trainables.data.json_rows import read_json
from trainables.data.lfs_pointer import check_pointer
from trainables.data.mini import suite_folder
from trainables.data.mirror import BUILDERS, copies_of, files_of, mounted, names_in

CSV_FIX = (
    "put texts with commas, quotes or line breaks into quotes, quotes inside doubled (pandas' to_csv does), "
    "and name each column in the first line"
)


@dataclass(frozen=True)
class FileSplit:
    """A split in local files."""

    card: Card
    split: Split
    language: str
    files: Sequence[Path]
    cache: Path

    @property
    def location(self) -> str:
        """For people."""
        return str(self.files[0]) if len(self.files) == 1 else f"{self.files[0]} and {len(self.files) - 1} more"

    @property
    def where(self) -> str:
        """The card's key that decides it."""
        return f"{self.card.name}.yaml: splits.{self.split}"

    @property
    def version(self) -> list[str]:
        """SHA-256 of each file; raises InputError if one cannot be read."""
        with self._explaining():
            return [file_digest(path, self.cache) for path in self.files]

    @property
    def fingerprint(self) -> list[str]:
        """What decides the rows as they are read: the content of the files, and what it is read as."""
        return [self._builder, *self.version]

    def load(self, scratch: Path) -> Dataset:
        """Raises InputError if the files cannot be read as what their names say."""
        with self._explaining():
            if self._builder == "json":
                rows = read_json(self.files, scratch / "rows.arrow")
                if not len(rows):
                    raise InputError(empty(self, "no rows"))
                return rows
            return datasets.load_dataset(**self._how(), cache_dir=str(scratch))

    @contextmanager
    def stream(self) -> Iterator[IterableDataset]:
        """The rows as they are read; raises InputError as `load`, also while they are."""
        with self._explaining(), quiet():
            if self._builder == "json":
                with TemporaryDirectory() as scratch:
                    yield self.load(Path(scratch)).to_iterable_dataset()
            else:
                yield datasets.load_dataset(**self._how(), streaming=True)

    def count(self) -> int | None:
        """How many rows there are, of those that count for the language."""
        wanted = self.card.source.rows_for(self.language)
        if self._builder == "parquet" and not wanted:
            with self._explaining():
                return sum(int(pq.read_metadata(path).num_rows) for path in self.files)
        with TemporaryDirectory() as scratch, quiet():
            rows = self.load(Path(scratch))
            return sum(matches(row, wanted) for row in rows.select_columns(list(wanted))) if wanted else len(rows)

    @property
    def _builder(self) -> str:
        return BUILDERS[self.files[0].suffix.removeprefix(".")]

    def _how(self) -> dict[str, Any]:
        """Arguments of `datasets.load_dataset`."""
        files = [glob.escape(str(path)) for path in self.files]  # or a folder `v[1]` would be that of `v1`
        options = self._csv_options() if self._builder == "csv" else {}
        if self._builder == "parquet" and len(files) > 1:
            _check_shards(self.files)
        return {"path": self._builder, "data_files": {"rows": files}, "split": "rows", **options}

    def _csv_options(self) -> dict[str, Any]:
        """CSV has no types: all columns are read as text, or types would depend on what stands in the first rows.

        "NA" and "None" are texts, too; pandas would take them for missing.
        """
        with self._explaining():
            head = pd.read_csv(self.files[0], nrows=1, dtype=str, keep_default_na=False)
        if not isinstance(head.index, pd.RangeIndex):
            found = f"{len(head.columns)} columns: {', '.join(head.columns)}"
            raise InputError(Problem("its first row has more fields than its header", self.location, found, CSV_FIX))
        return {"keep_default_na": False, "features": Features({str(name): Value("string") for name in head.columns})}

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except TaskmixError:
            raise
        except Exception as error:  # pyarrow's, pandas' and datasets' own errors have no common base
            root = _root(error)
            if _is_disk(root) and not any(str(path) in str(root) for path in self.files):
                raise root from error
            if _is_about_no_rows(root):
                raise InputError(empty(self, "no rows")) from error
            what = f"is not readable as {self._builder}"
            raise InputError(Problem(what, self.location, str(root)[:300], _mending(self._builder, root))) from error


@dataclass(frozen=True)
class HubSplit:
    """A split of a hub data set, downloaded once into the cache."""

    card: Card
    split: Split
    language: str
    name: str
    config: str | None
    cache: Path

    @property
    def location(self) -> str:
        """For people."""
        return " ".join(part for part in (self.card.source.hub, self.config, self.name) if part)

    @property
    def where(self) -> str:
        """The card's key that decides it."""
        return f"{self.card.name}.yaml: splits.{self.split}"

    @property
    def version(self) -> str:
        """The fingerprint of `datasets`: it follows from the data set, its configuration and the commit."""
        return str(self.load()._fingerprint)

    fingerprint = version

    def load(self, scratch: Path | None = None) -> Dataset:
        """The split; asked for once in a process, so a search does not see the hub change.

        Raises:
            InputError: no such data set, configuration or split, or one that needs its own script.
            Failure: the hub is out of reach.
        """
        with self._explaining(), quiet():
            return _from_hub(self.card.source.hub, self.config, self.name, self.card.source.revision, self.cache)

    @contextmanager
    def stream(self) -> Iterator[IterableDataset]:
        """The rows as they are read, nothing is kept; raises as `load`, also while they are."""
        source, folder = self.card.source, str(self.cache)
        with self._explaining(), quiet():
            yield datasets.load_dataset(
                source.hub, self.config, split=self.name, revision=source.revision, cache_dir=folder, streaming=True
            )

    def count(self) -> int | None:
        """How many rows the hub says there are; None where it does not say, or only some of them count."""
        if self.card.source.rows:
            return None
        with self.stream() as rows:
            known = (rows.info.splits or {}).get(self.name)
        return known.num_examples or None if known is not None else None

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except TaskmixError:
            raise
        except Exception as error:  # as above
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> Exception:
        text = str(error)
        source = f"{self.card.name}.yaml: source"
        if isinstance(error, datasets.exceptions.DatasetNotFoundError):
            fix = "mend the id; a private or gated data set needs `hf auth login`"
            return InputError(Problem("no such data set on the hub", f"{source}.hub", self.location, fix))
        if isinstance(error, ConnectionError):
            fix = "check the network, or set `mirror` to a folder or URL with <hub id>/<config>/<split>.parquet"
            return Failure(Problem("the hub cannot be reached", f"{source}.hub", f"{self.location}: {text}", fix))
        if "scripts are no longer supported" in text:
            fix = "set source.revision to refs/convert/parquet where the hub has it, or use a mirror"
            return InputError(Problem("the data set needs a loading script", f"{source}.hub", self.location, fix))
        if isinstance(error, ValueError) and "BuilderConfig" in text:
            return InputError(Problem("no such configuration", f"{source}.config", f"{self.location}: {text}"[:600]))
        if isinstance(error, ValueError) and "split" in text:
            return InputError(Problem("no such split", self.where, f"{self.location}: {text}"[:600]))
        root = _root(error)
        if _is_disk(root):
            return unwritable(self.cache, root)
        if _is_about_no_rows(root):
            return InputError(empty(self, "no rows"))
        return Failure(Problem("cannot be read from the hub", f"{source}.hub", f"{self.location}: {root}"[:600]))


SourceSplit = FileSplit | HubSplit


def sources_of(card: Card, split: Split, language: str, cache: Path, mirror: str | None) -> list[SourceSplit]:
    """What makes up a split, in order: of a card with parts, all their training rows.

    Raises:
        InputError: the card has no such split, or its files are not there.
        Failure: a suite is not built, the mirror cannot be read.
    """
    if card.parts:
        parts = [sources_of(part, split, part.training_language, cache, mirror) for part in card.parts]
        return [source for part in parts for source in part]
    names = card.splits.names(split)
    if not names:
        fix = "name the split as it is called at the source"
        raise InputError(Problem(f"the card has no {split} split", f"{card.name}.yaml: splits.{split}", fix=fix))
    return [_source(card, split, name, language, cache, mirror) for name in names]


def _source(card: Card, split: Split, name: str, language: str, cache: Path, mirror: str | None) -> SourceSplit:
    """One split of the source."""
    source, config = card.source, card.source.config_for(language)
    if source.hub and mirror is None:
        return HubSplit(card, split, language, name, config, cache / "hub")
    local = mounted(mirror) if mirror is not None else None
    if source.hub and mirror is not None and local is None:
        below = "/".join(part for part in (source.hub, config) if part)
        copies = copies_of(mirror, below, name, cache)
        if not copies:
            raise InputError(no_files(card, split, name, f"{mirror}/{below}", names_in(mirror, below) or None))
        return FileSplit(card, split, language, copies, cache)
    if source.suite:
        suite = suite_folder(cache, source.suite)
        if not suite.is_dir():
            fix = "launch builds it at first use"
            raise Failure(Problem(f"the offline suite {source.suite!r} is not built", str(suite), fix=fix))
        folder = suite / "data" / str(source.path)
    else:
        folder = local / source.hub if local and source.hub else Path(str(source.files)).expanduser()
    folder = folder / config if config else folder
    files = files_of(folder, name)
    if not files:
        there = sorted(path.name for path in folder.iterdir()) if folder.is_dir() else None
        raise InputError(no_files(card, split, name, str(folder), there))
    pointers = [problem for path in files if (problem := check_pointer(path, f"{card.name}.yaml: source"))]
    if pointers:
        raise InputError(pointers)
    return FileSplit(card, split, language, files, cache)


def matches(row: Mapping[str, Any], patterns: Mapping[str, str]) -> bool:
    """Whether each column's value is of its pattern."""
    return all(fnmatchcase(str(row[column]), pattern) for column, pattern in patterns.items())


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


def no_files(card: Card, split: Split, name: str, folder: str, there: Sequence[str] | None) -> Problem:
    """What is wrong where a split's files are missing; `there` is what the folder has, None if it is not there."""
    endings = "|".join(BUILDERS)
    if there is None:
        fix = f"{'the mirror' if card.source.hub else 'the source'} has to hold {name}.{endings} there"
        if card.source.suite:
            fix = "the suite has no such data set; if it was built before that came, delete its folder and launch again"
        return Problem("no such folder", f"{card.name}.yaml: source", folder, card.source.supply or fix)
    found = f"{folder} has: {', '.join(there[:20]) or 'nothing'}"
    fix = card.source.supply or f"{name}.{endings}"
    return Problem(f"no file for split {name!r}", f"{card.name}.yaml: splits.{split}", found, fix)


def empty(source: SourceSplit, rows: str) -> Problem:
    return Problem(
        f"the {source.split} split is empty", source.where, f"{rows} in {source.location}", "name another split"
    )


def _is_about_no_rows(error: BaseException) -> bool:
    """`datasets` has no error of its own for a file without rows: this is what its readers come to."""
    said = ("no data!", "BatchSize must be", "No columns to parse from file")
    return isinstance(error, StopIteration) or any(part in str(error) for part in said)


def _mending(builder: str, error: BaseException) -> str:
    """What to do with a file that cannot be read, by what its reader says."""
    said = str(error)
    if isinstance(error, PermissionError):
        return "make the file readable for whoever runs this"
    if isinstance(error, UnicodeDecodeError):
        return "save it as UTF-8"
    if "names don't match" in said or "does not exist in schema" in said:
        return "give all files of the split the same columns"
    if "dtype equivalent" in said:
        return "leave that column out, or write it as text, numbers, lists or structs"
    return CSV_FIX if builder == "csv" else "it is damaged, or of another kind than its name says: copy it again"


def _check_shards(files: Sequence[Path]) -> None:
    """Raise InputError if a column is of another kind in a later Parquet file: it would be cast to that of the first."""
    first, *others = [Features.from_arrow_schema(pq.read_schema(path)).arrow_schema.remove_metadata() for path in files]
    for path, schema in zip(files[1:], others, strict=True):
        try:
            pa.unify_schemas([first, schema], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            what, fix = "a column is of another type than in the split's first file", "write all files of it alike"
            raise InputError(Problem(what, str(path), str(error)[:300], fix)) from error


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


def away(card: Card, mirror: str | None) -> Iterator[str]:
    """What of a card only the hub has, or whoever holds licensed files."""
    for source in (part.source for part in card.parts or (card,)):
        licensed = source.supply is not None and source.files is not None
        if (source.hub and mirror is None) or (licensed and not Path(str(source.files)).expanduser().exists()):
            yield source.location
