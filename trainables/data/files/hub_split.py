"""A split of a hub data set: the files that make it up, at the commit that a search is pinned to."""

from __future__ import annotations

import glob
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import datasets
import httpx2
from datasets import Dataset, IterableDataset
from datasets.fingerprint import Hasher
from datasets.naming import camelcase_to_snakecase
from huggingface_hub.errors import HfHubHTTPError

from spaces.card import Card, Split
from spaces.digest import digest
from spaces.errors import InputError, Problem, TaskmixError
from spaces.repository import Repository
from trainables.data.files.json_rows import read_json
from trainables.data.files.layout import Layout, NoData, layout_of
from trainables.data.files.likely_split import NoSuchSplit, likely_split
from trainables.data.files.reading import csv_options, explain_reading, root_of
from trainables.hub.errors import explain
from trainables.hub.hub import Hub
from trainables.hub.quiet import quiet


@dataclass(frozen=True)
class HubSplit:
    """A split of a hub data set, whose files are downloaded once."""

    card: Card
    split: Split
    language: str
    name: str
    config: str | None
    hub: Hub

    @property
    def repository(self) -> Repository:
        return Repository("dataset", str(self.card.source.hub), self.card.source.revision)

    @property
    def location(self) -> str:
        """For people."""
        return " ".join(part for part in (self.card.source.hub, self.config, self.name) if part)

    @property
    def where(self) -> str:
        """The card's key that decides it."""
        return self.card.where(f"splits.{self.split}")

    @cached_property
    def layout(self) -> Layout:
        """Raises InputError if there is no such configuration, or only a script could read the data set."""
        where = self.card.where("source")
        try:
            return layout_of(self.hub, self.repository, self.config)
        except NoData as error:
            script = f" and {error.args[0]}, a script" if error.args else ""
            found = f"{self.location}: no parquet, JSON or CSV files{script}"
            fix = "set source.revision to refs/convert/parquet where the hub has it, or use a mirror"
            raise InputError(Problem("the data set needs a loading script", f"{where}.hub", found, fix)) from error
        except ValueError as error:
            found = f"{self.location}: {error}"[:600]
            raise InputError(Problem("no such configuration", f"{where}.config", found)) from error

    @property
    def files(self) -> list[str]:
        """Its files' paths in the repository; raises InputError if there is no such split."""
        splits = self.layout.files
        if self.name not in splits:
            found = f"{self.location}; there are {', '.join(splits) or 'none'}"
            likely = likely_split(self.card, self.split, self.name, list(splits))
            fix = "name it as it is called at the source" + (f": {likely}?" if likely else "")
            raise NoSuchSplit(Problem("no such split", self.where, found, fix), likely)
        return splits[self.name]

    @property
    def version(self) -> list[str]:
        """What decides the rows: git's ids of the files, which follow from their content, and how they are read.

        It is known without fetching them, and the same at another commit or under another name with the same files.
        """
        tree, layout = self.hub.files(self.repository), self.layout
        how = digest([layout.builder, layout.options, layout.features], length=32)
        return [how, *(tree[path].blob_id for path in self.files)]

    fingerprint = version

    @property
    def former_version(self) -> str:
        """The version that searches have which were begun before commits were kept: `datasets`' own fingerprint.

        It follows from names and the commit (`DatasetBuilder._get_dataset_fingerprint` of `datasets` 5.2).
        """
        owner, _, name = self.repository.id.rpartition("/")
        folder = "___".join(part for part in (owner, camelcase_to_snakecase(name)) if part)
        hasher = Hasher()
        hasher.update(f"{folder}/{self.layout.config}/0.0.0/{self.hub.commit(self.repository)}")
        hasher.update(self.name)
        return str(hasher.hexdigest())

    def load(self, scratch: Path) -> Dataset:
        """Raises as `Hub.fetch`, and InputError if the files cannot be read as what they are said to be."""
        files = self.hub.fetch(self.repository, self.files)
        names = [str(file) for file in files]
        with self._explaining(names), quiet():
            if self._is_plain_json(files):
                return read_json(files, scratch / "rows.arrow")
            return datasets.load_dataset(**self._how(names), cache_dir=str(scratch))

    @contextmanager
    def stream(self) -> Iterator[IterableDataset]:
        """The rows as they are read, nothing is kept; raises as `load`, also while they are."""
        base = f"hf://datasets/{self.repository.id}@{self.hub.commit(self.repository)}"
        here = not self.hub.missing(self.repository, self.files)
        files = (
            [str(file) for file in self.hub.fetch(self.repository, self.files)]
            if here
            else [f"{base}/{path}" for path in self.files]
        )
        with self._explaining(files), quiet():
            yield datasets.load_dataset(**self._how(files), streaming=True)

    def _is_plain_json(self, files: Sequence[Path]) -> bool:
        """Whether nothing but the rows says of what types they are; packed files are left to `datasets`."""
        layout = self.layout
        is_plain = layout.builder == "json" and layout.features is None and not layout.options
        return is_plain and all(file.suffix in (".json", ".jsonl") for file in files)

    def count(self) -> int | None:
        """How many rows the README says there are; None where it does not say, or only some of them count."""
        return None if self.card.source.rows else self.layout.rows.get(self.name) or None

    def _how(self, files: list[str]) -> dict[str, Any]:
        """Arguments of `datasets.load_dataset`."""
        layout = self.layout
        options = {"features": layout.columns} if layout.features is not None else {}
        if layout.builder == "csv" and layout.features is None:
            options = csv_options(files[0], self.location, **layout.options)
        data_files = {"rows": [glob.escape(file) if "://" not in file else file for file in files]}
        return {"path": layout.builder, "data_files": data_files, "split": "rows", **layout.options, **options}

    @contextmanager
    def _explaining(self, files: list[str]) -> Iterator[None]:
        try:
            yield
        except TaskmixError:
            raise
        except Exception as error:  # pyarrow's, pandas' and datasets' own errors have no common base
            root = root_of(error)
            if isinstance(root, HfHubHTTPError | httpx2.HTTPError):
                raise explain(root, self.repository) from error
            raise explain_reading(error, self, self.layout.builder, files) from error
