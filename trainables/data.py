"""Rows of a card with canonical columns, and their tokenised features, each made once and shared as Arrow files.

Both lie under the cache as `rows/<digest>.arrow` and `features/<digest>.arrow`. The digest covers all that decides the
content, the code that makes it included, so nothing has to be invalidated by hand. A file is written aside and
renamed: processes may race for it, readers map it into memory.
"""

from __future__ import annotations

import errno
import hashlib
import json
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal
from weakref import WeakKeyDictionary

import datasets
import numpy as np
from datasets import Dataset
from transformers import PreTrainedTokenizerBase

from spaces.card import Card
from spaces.digest import derive_seed, digest
from spaces.errors import Failure, InputError, Problem, TaskmixError
from trainables.canonical import FEATURES, Reader
from trainables.formats import by_name

Split = Literal["train", "dev", "test"]

BUILDERS = {"parquet": "parquet", "jsonl": "json", "json": "json", "csv": "csv"}
"""Ending of a file -> the builder of `datasets` that reads it."""

SUITE_VERSION = 1
"""Part of the folder's name: a change of what a suite holds is a new folder."""


def suite_folder(cache: Path, suite: str) -> Path:
    """Where an offline suite is built; its data sets lie at `data/<path>/<config>/<split>.parquet`."""
    return cache / f"{suite}-v{SUITE_VERSION}"


@dataclass(frozen=True)
class Data:
    """Reads cards.

    Args:
        cache: folder for everything that is downloaded, built or tokenised.
        mirror: folder with copies of hub data sets, `<hub id>/<config>/<split>.parquet`; then the hub is not asked.
    """

    cache: Path
    mirror: str | None = None

    def rows(self, card: Card, split: Split, language: str, limit: int | None = None) -> Dataset:
        """The labelled rows of a split with canonical columns (`spaces.card.FORMAT_ROLES`).

        Labels are indexes of `card.labels` (multiple choice: of the choices). Rows without a label are left out. With
        `limit`, the same sample each time, in the order of the source; parallel data sets give parallel samples.

        Raises:
            InputError: data set, file, configuration, split or column missing, a label outside the card's
                list, no rows.
            Failure: the hub cannot be reached, a suite is not built, the cache cannot be written.
        """
        return self._sampled(self._all_rows(card, split, language)[1], limit)

    def features(
        self,
        card: Card,
        split: Split,
        language: str,
        tokenizer: PreTrainedTokenizerBase,
        max_length: int,
        limit: int | None = None,
    ) -> tuple[Dataset, Dataset]:
        """The rows, and their features as the card's format makes them; ``row`` indexes the rows that are returned.

        Raises: as `rows`.
        """
        key, rows = self._all_rows(card, split, language)
        rows = self._sampled(rows, limit)
        make = by_name(card.format).features

        def tokenised(batch: dict[str, list[Any]], indexes: list[int]) -> dict[str, list[Any]]:
            made = make(batch, card, tokenizer, max_length)
            return {**made, "row": [indexes[row] for row in made["row"]] if "row" in made else indexes}

        def build(folder: Path) -> Dataset:
            return rows.map(
                tokenised,
                batched=True,
                with_indices=True,
                remove_columns=rows.column_names,
                cache_file_name=str(folder / "features.arrow"),
                load_from_cache_file=False,
                new_fingerprint="features",  # ours is the file's name; without one, the tokenizer would be pickled
            )

        made_of = {"rows": key, "count": len(rows), "max_length": max_length, "tokenizer": fingerprint(tokenizer)}
        return rows, self._stored("features", digest(made_of, length=32), build)

    def check(self, card: Card, offline: bool = False) -> list[Problem]:
        """What is wrong with the card's splits, columns and labels: one problem of each kind, without training.

        Reads every split that a search would read; what is read stays in the cache.

        Args:
            offline: leave out hub data sets that the mirror does not stand in for.
        """
        if offline and card.source.hub and self.mirror is None:
            return []
        problems: dict[tuple[str, str], Problem] = {}
        for split, language in _splits_used(card):
            try:
                self._all_rows(card, split, language)
            except TaskmixError as error:
                for problem in error.problems:
                    problems.setdefault((problem.what, problem.where), problem)
                if isinstance(error, Failure):  # the hub away, the disk full: no use in trying the next language
                    break
        return list(problems.values())

    def _all_rows(self, card: Card, split: Split, language: str) -> tuple[str, Dataset]:
        """The key and the canonical rows of a whole split."""
        source = self._source(card, split, language)
        reading = {"format": card.format, "columns": card.columns, "labels": card.labels}
        key = digest({"source": source.fingerprint, "code": _code(), **reading}, length=32)

        def build(folder: Path) -> Dataset:
            raw = source.load(folder)
            reader = Reader(card, raw, source.place)
            rows = raw.select_columns(reader.needed).map(
                reader.canonical,
                batched=True,
                with_indices=True,
                remove_columns=reader.needed,
                features=FEATURES[card.format],
                cache_file_name=str(folder / "rows.arrow"),
                load_from_cache_file=False,
                new_fingerprint="rows",
            )
            if not len(rows):
                raise InputError(_empty(source, f"{len(raw)} rows without a label"))
            return rows

        return key, self._stored("rows", key, build)

    def _stored(self, kind: str, key: str, build: Callable[[Path], Dataset]) -> Dataset:
        """The Arrow file of that key, built in a scratch folder beside it if it is not there yet."""
        path = self.cache / kind / f"{key}.arrow"
        if not path.exists():
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                with TemporaryDirectory(dir=path.parent, prefix=f"{key}.") as scratch, quiet():
                    made = build(Path(scratch))
                    Path(made.cache_files[0]["filename"]).replace(path)
            except OSError as error:
                raise _unwritable(path.parent, error) from error
        return Dataset.from_file(str(path))

    @staticmethod
    def _sampled(rows: Dataset, limit: int | None) -> Dataset:
        if limit is None or limit >= len(rows):
            return rows
        # The seed is a constant: same rows for every recipe, and the same ones of parallel data sets of one length.
        order = np.random.default_rng(derive_seed("sample")).permutation(len(rows))
        return rows.select(np.sort(order[:limit]))

    def _source(self, card: Card, split: Split, language: str) -> _Source:
        """Where a split lies; raises InputError if the card names none, or its files are not there."""
        source = card.source
        name = getattr(card.splits, split)
        if name is None:
            fix = "name the split as it is called at the source"
            raise InputError(Problem(f"the card has no {split} split", f"{card.name}.yaml: splits.{split}", fix=fix))
        config = source.config_for(language)
        if source.hub and self.mirror is None:
            return _HubSplit(card, split, name, config, self.cache / "hub")
        if source.suite:
            suite = suite_folder(self.cache, source.suite)
            if not suite.is_dir():
                fix = "launch builds it at first use"
                raise Failure(Problem(f"the offline suite {source.suite!r} is not built", str(suite), fix=fix))
            folder = suite / "data" / str(source.path)
        else:
            folder = Path(self.mirror or "", source.hub) if source.hub else Path(str(source.files))
        folder = folder / config if config else folder
        files = _files_of(folder, name)
        if not files:
            raise InputError(_no_files(card, split, name, folder))
        return _Files(card, split, files)


@dataclass(frozen=True)
class _Files:
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
            if _is_disk(root):
                raise root from error
            if _is_about_no_rows(root):
                raise InputError(_empty(self, "no rows")) from error
            what = f"is not readable as {builder}"
            raise InputError(Problem(what, self.place, str(root)[:300], "export the file again")) from error


@dataclass(frozen=True)
class _HubSplit:
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
            return _unwritable(self.cache, root)
        if _is_about_no_rows(root):
            return InputError(_empty(self, "no rows"))
        return Failure(Problem("cannot be read from the hub", f"{source}.hub", f"{self.place}: {root}"[:600]))


_Source = _Files | _HubSplit


@cache
def _from_hub(hub: str, config: str | None, name: str, revision: str | None, cache: Path) -> Dataset:
    return datasets.load_dataset(hub, config, split=name, revision=revision, cache_dir=str(cache))


def fingerprint(tokenizer: PreTrainedTokenizerBase) -> str:
    """Equal for tokenizers that tokenise alike, also after saving and loading."""
    if tokenizer not in _fingerprints:
        state = json.loads(tokenizer.backend_tokenizer.to_str())
        # what the last call set, not what the tokenizer is
        state.pop("truncation")
        state.pop("padding")
        state["taskmix"] = [tokenizer.model_input_names, tokenizer.all_special_ids, tokenizer.mask_token_id]
        _fingerprints[tokenizer] = digest(state, length=32)
    return _fingerprints[tokenizer]


_fingerprints: WeakKeyDictionary[PreTrainedTokenizerBase, str] = WeakKeyDictionary()


@cache
def _code() -> str:
    """Digest of the modules that make rows and features."""
    here = Path(__file__).parent
    files = [Path(__file__), here / "canonical.py", *sorted((here / "formats").glob("*.py"))]
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()


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


def _splits_used(card: Card) -> Iterable[tuple[Split, str]]:
    if card.kind == "task":
        return [("train", card.training_language)]
    evaluated: list[tuple[Split, str]] = [(split, language) for language in card.languages for split in ("dev", "test")]
    trains_itself = card.is_trained and card.train_from is None
    return [("train", card.training_language), *evaluated] if trains_itself else evaluated


def _files_of(folder: Path, split: str) -> list[Path]:
    """`<split>.<ending>`, or its shards `<split>-*.<ending>`: not `<split>*`, or "train" would take "train_r2" too."""
    for ending in BUILDERS:
        whole = folder / f"{split}.{ending}"
        files = [whole] if whole.is_file() else sorted(folder.glob(f"{split}-*.{ending}"))
        if files:
            return files
    return []


def _no_files(card: Card, split: Split, name: str, folder: Path) -> Problem:
    endings = "|".join(BUILDERS)
    if not folder.is_dir():
        fix = f"{'the mirror' if card.source.hub else 'the source'} has to hold {name}.{endings} there"
        return Problem("no such folder", f"{card.name}.yaml: source", str(folder), fix)
    there = sorted(path.name for path in folder.iterdir())
    found = f"{folder} has: {', '.join(there[:20]) or 'nothing'}"
    return Problem(f"no file for split {name!r}", f"{card.name}.yaml: splits.{split}", found, f"{name}.{endings}")


def _empty(source: _Source, rows: str) -> Problem:
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


def _unwritable(folder: Path, error: BaseException) -> Failure:
    fix = "free some space there, or set another cache folder"
    return Failure(Problem("the cache cannot be written", str(folder), found=str(error)[:300], fix=fix))
