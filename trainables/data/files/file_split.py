"""A split in local files, of a card's own folder, a suite or a mirror."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import datasets
import pyarrow.parquet as pq
from datasets import Dataset, IterableDataset

from spaces.card import Card, Split
from spaces.errors import InputError, TaskmixError
from trainables.data.cells import matches
from trainables.data.files.conll import read_conll
from trainables.data.files.json_rows import read_json
from trainables.data.files.mirror import BUILDERS
from trainables.data.files.reading import check_quotes, check_schemas, csv_options, empty, explain_reading
from trainables.hub.quiet import quiet
from trainables.store.file_digest import file_digest, file_state

READERS = {"json": read_json, "conll": read_conll}
"""What reads files that `datasets` does not, or not always alike."""

SEPARATORS: dict[str, dict[str, str]] = {"csv": {}, "tsv": {"sep": "\t"}}
"""How a table of texts is parted, where not by commas."""


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
        return self.card.where(f"splits.{self.split}")

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
            if self._builder in READERS:
                rows = READERS[self._builder](self.files, scratch / "rows.arrow")
                if not len(rows):
                    raise InputError(empty(self, "no rows"))
                return rows
            rows = datasets.load_dataset(**self._how(), cache_dir=str(scratch))
            if self._builder in SEPARATORS:
                check_quotes(self.files, len(rows), **SEPARATORS[self._builder])
            return rows

    @contextmanager
    def stream(self) -> Iterator[IterableDataset]:
        """The rows as they are read; raises InputError as `load`, also while they are."""
        with self._explaining(), quiet():
            if self._builder in READERS:
                yield self._kept().to_iterable_dataset()
            else:
                yield datasets.load_dataset(**self._how(), streaming=True)

    def count(self) -> int | None:
        """How many rows there are, of those that count for the language."""
        wanted = self.card.source.rows_for(self.language)
        if self._builder == "parquet" and not wanted:
            with self._explaining():
                return sum(int(pq.read_metadata(path).num_rows) for path in self.files)
        with TemporaryDirectory() as scratch, quiet():
            rows = self._kept() if self._builder in READERS else self.load(Path(scratch))
            return sum(matches(row, wanted) for row in rows.select_columns(list(wanted))) if wanted else len(rows)

    def _kept(self) -> Dataset:
        """The rows for whoever looks at them again: they are read by us, which takes a minute for millions."""
        with self._explaining():
            rows, _ = _read_once(self._builder, tuple((path, file_state(path)) for path in self.files))
        if not len(rows):
            raise InputError(empty(self, "no rows"))
        return rows

    @property
    def _builder(self) -> str:
        return BUILDERS[self.files[0].suffix.removeprefix(".")]

    def _how(self) -> dict[str, Any]:
        """Arguments of `datasets.load_dataset`."""
        files = [glob.escape(str(path)) for path in self.files]  # or a folder `v[1]` would be that of `v1`
        if self._builder in SEPARATORS:
            return {"path": "csv", "data_files": {"rows": files}, "split": "rows", **self._csv_options()}
        check_schemas(self.files)
        return {"path": self._builder, "data_files": {"rows": files}, "split": "rows"}

    def _csv_options(self) -> dict[str, Any]:
        how = SEPARATORS[self._builder]
        with self._explaining():
            return {**how, **csv_options(self.files[0], self.location, **how)}

    @contextmanager
    def _explaining(self) -> Iterator[None]:
        try:
            yield
        except TaskmixError:
            raise
        except Exception as error:  # pyarrow's, pandas' and datasets' own errors have no common base
            raise explain_reading(error, self, self._builder, [str(path) for path in self.files]) from error


@lru_cache(maxsize=8)
def _read_once(
    builder: str, files: tuple[tuple[Path, tuple[int, ...]], ...]
) -> tuple[Dataset, TemporaryDirectory[str]]:
    """The rows of files as they are now, and where they lie until nobody wants them any more.

    Args:
        files: path and `file_state` of each.
    """
    folder = TemporaryDirectory()
    return READERS[builder]([path for path, _ in files], Path(folder.name) / "rows.arrow"), folder
