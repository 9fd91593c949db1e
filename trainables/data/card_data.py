"""Rows of a card with canonical columns, and their tokenised features, each made once and shared as Arrow files.

Both lie under the cache as `rows/<digest>.arrow` and `features/<digest>.arrow`. The digest covers all that decides the
content, the code that makes it included, so nothing has to be invalidated by hand. A file is written aside and
renamed: processes may race for it, readers map it into memory.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from datasets import Dataset, concatenate_datasets
from transformers import PreTrainedTokenizerBase

from spaces.card import Card, Split
from spaces.digest import derive_seed, digest
from spaces.errors import Failure, InputError, Problem, TaskmixError, gather
from spaces.formats import FORMATS
from spaces.repository import Repository
from trainables.data.columns import Reader, Remarks, features_of
from trainables.data.files.hub_split import HubSplit
from trainables.data.files.reading import unwritable
from trainables.data.files.sources import SourceSplit, read_each, sources_of
from trainables.data.mini import suite_folder
from trainables.data.pool_check import pool_problems
from trainables.data.wrong_cells import merged
from trainables.formats import by_name
from trainables.hub.hub import Hub
from trainables.hub.quiet import quiet
from trainables.store.filesystem import write_aside
from trainables.work.preparation import Say

__all__ = ["Data", "Split", "fingerprint", "suite_folder"]


@dataclass(frozen=True)
class Data:
    """Reads cards.

    Args:
        cache: folder for everything that is downloaded, built or tokenised.
        mirror: folder or fsspec URL with copies of hub data sets, `<hub id>/<config>/<split>.parquet`; then the hub is
            not asked.
        commits: as `Plan.commits`; of what is not in it, the hub is asked for the newest.
        say: told what takes long at the hub.
    """

    cache: Path
    mirror: str | None = None
    commits: Mapping[str, str] = field(default_factory=dict)
    say: Say = lambda line: None

    @cached_property
    def hub(self) -> Hub:
        """What is read of the hub, always at the same commit."""
        return Hub(self.cache, self.commits, self.say)

    def rows(self, card: Card, split: Split, language: str, limit: int | None = None) -> Dataset:
        """The labelled rows of a split with canonical columns (`spaces.formats.FORMATS`).

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
        return rows, self._features(key, rows, card, tokenizer, max_length)

    def pool(self, card: Card, split: Split, language: str) -> Dataset:
        """The candidates that the split's rows of a language are looked up among.

        Raises: as `rows`.
        """
        return self._pool(card, split, language)[1]

    def pool_features(
        self, card: Card, split: Split, language: str, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> tuple[Dataset, Dataset]:
        """As `features`, of the candidates."""
        key, rows = self._pool(card, split, language)
        return rows, self._features(key, rows, card, tokenizer, max_length)

    def _features(
        self, key: str, rows: Dataset, card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> Dataset:
        """The features of `rows`, of which `key` and their number say which they are."""
        make = by_name(card.format).features

        def tokenized(batch: dict[str, list[Any]], indexes: list[int]) -> dict[str, list[Any]]:
            made = make(batch, card, tokenizer, max_length)
            return {**made, "row": [indexes[row] for row in made["row"]] if "row" in made else indexes}

        def build(file: Path) -> None:
            rows.map(
                tokenized,
                batched=True,
                with_indices=True,
                remove_columns=rows.column_names,
                cache_file_name=str(file),
                load_from_cache_file=False,
                new_fingerprint="features",  # ours is the file's name; without one, the tokenizer would be pickled
            )

        made_of = {"rows": key, "count": len(rows), "max_length": max_length, "tokenizer": fingerprint(tokenizer)}
        return self._stored("features", digest(made_of, length=32), build)

    def check(self, card: Card) -> list[Problem]:
        """What is wrong with the card's splits, columns and labels, each mistake once, without training.

        Reads every split that a search would read; what is read stays in the cache.
        """
        problems: list[Problem] = []
        read: set[tuple[bool, Split, str]] = set()
        for part, split, language in _splits_used(card):
            try:
                self._all_rows(part, split, language)
                read.add((part is card, split, language))
            except TaskmixError as error:
                problems += error.problems
                if isinstance(error, Failure):  # the hub away, the disk full: no use in trying the next language
                    break
        for split, language in _scored(card) if card.pool is not None else ():
            pool_language = card.pool_language(language)
            if {(True, split, language), (False, split, pool_language)} <= read:
                _, rows = self._all_rows(card, split, language)
                _, pool = self._all_rows(card.pool_card, split, pool_language)
                problems += pool_problems(card, split, language, rows["id"][:], rows["relevant"][:], pool["id"][:])
        return merged(problems)

    def remarks(self, card: Card) -> list[str]:
        """What was mended or left out in the rows that a search reads from the card, with counts; a line for each.

        Raises: as `rows`.
        """
        counts: Counter[tuple[str, str, str]] = Counter()
        firsts: dict[tuple[str, str, str], str] = {}
        for part, split, language in _splits_used(card):
            for source in self._sources(part, split, language):
                file = self._remarks_of(self._rows_of(source)[0])
                remarks: Remarks = json.loads(file.read_text()) if file.exists() else {}
                for what, (count, first) in remarks.items():
                    counts[part.name, split, what] += count
                    firsts.setdefault((part.name, split, what), f"row {first} of {source.location}")
        return [
            f"{name}, {split}: {what}: {count:,} {'row' if count == 1 else 'rows'}, as {firsts[name, split, what]}"
            for (name, split, what), count in counts.items()
        ]

    def version(self, card: Card) -> str:
        """Digest of what the card's splits hold at their source; the same on every machine.

        Raises: as `rows`.
        """
        return self._digest(card, lambda source: source.version)

    def has_version(self, card: Card, known: str) -> bool:
        """Whether `known` is the card's version, as it is made now or as former searches made it.

        Raises: as `rows`.
        """
        return known == self.version(card) or known == self._digest(
            card, lambda source: source.former_version if isinstance(source, HubSplit) else source.version
        )

    def repositories(self, card: Card) -> list[Repository]:
        """The data sets of the hub that the card's rows come from; none where there is a mirror."""
        return [] if self.mirror is not None else card.repositories

    def hub_files(self, card: Card) -> dict[Repository, list[str]]:
        """What a search reads from the hub for the card: repository -> paths. Raises as `HubSplit.files`, of all."""
        files: dict[Repository, list[str]] = {}

        def add_files(source: SourceSplit) -> None:
            if isinstance(source, HubSplit):
                files.setdefault(source.repository, []).extend(source.files)

        gather(partial(read_each, *used, self.hub, self.mirror, add_files) for used in _splits_used(card))
        return {repository: list(dict.fromkeys(paths)) for repository, paths in files.items()}

    def _digest(self, card: Card, version: Callable[[SourceSplit], Any]) -> str:
        versions = [
            [split, language, [version(source) for source in self._sources(part, split, language)]]
            for part, split, language in _splits_used(card)
        ]
        return digest(versions, length=32)

    def _all_rows(self, card: Card, split: Split, language: str) -> tuple[str, Dataset]:
        """The key and the canonical rows of a whole split."""
        keys, tables = zip(*read_each(card, split, language, self.hub, self.mirror, self._rows_of), strict=True)
        return (keys[0], tables[0]) if len(keys) == 1 else (digest(keys, length=32), concatenate_datasets(list(tables)))

    def _pool(self, card: Card, split: Split, language: str) -> tuple[str, Dataset]:
        """The key and the rows of the pool; of a sample of it where the card says so."""
        assert card.pool is not None, "only cards of formats with a pool are asked"
        key, rows = self._all_rows(card.pool_card, split, card.pool_language(language))
        if card.pool.distractors is None:
            return key, rows
        languages = [language] if card.pool_card.source.by_language else card.languages_of(split)
        asked = [self._all_rows(card, split, asking) for asking in languages]
        right = {one for _, queries in asked for relevant in queries["relevant"] for one in relevant}
        is_right = np.isin(np.array(rows["id"][:], dtype=object).astype(str), sorted(right))
        others = np.flatnonzero(~is_right)
        order = np.random.default_rng(derive_seed("sample")).permutation(len(others))
        kept = np.sort(np.concatenate([np.flatnonzero(is_right), others[order[: card.pool.distractors]]]))
        return digest([key, [query_key for query_key, _ in asked], card.pool.distractors]), rows.select(kept)

    def _rows_of(self, source: SourceSplit) -> tuple[str, Dataset]:
        """The key and the canonical rows of one source."""
        card, language = source.card, source.language
        reading = {"columns": card.columns, "values": card.values, "labels": card.labels}
        form = {"format": card.format, "types": dict(FORMATS[card.format].columns)}
        answered = [source.split == "train", card.unanswerable] if FORMATS[card.format].has("answers") else []
        chosen = {"rows": card.source.rows_for(language), "language": language}
        content = source.fingerprint
        made_by = {"code": code_version(), **form, **reading, **chosen, "answers": answered}
        key = digest({"source": content, **made_by}, length=32)

        def build(file: Path) -> None:
            with TemporaryDirectory(dir=file.parent, prefix=f"{key}.") as scratch:
                raw = source.load(Path(scratch))
                if source.fingerprint != content:  # what was read is not what the key says
                    raise Failure(Problem("the data changed while they were read", source.location, fix="launch again"))
                reader = Reader(source, raw.features)
                rows = raw.select_columns(reader.needed).map(
                    reader.canonical,
                    batched=True,
                    with_indices=True,
                    remove_columns=reader.needed,
                    features=features_of(card.format),
                    cache_file_name=str(file),
                    load_from_cache_file=False,
                    new_fingerprint="rows",
                )
                reader.check()
                if isinstance(source, HubSplit):
                    reader.compare_count(len(raw), source.count())
                if not len(rows):
                    raise InputError(reader.none_of(len(raw)))
                if reader.remarks:
                    with write_aside(self._remarks_of(key)) as aside:
                        aside.write_text(json.dumps(reader.remarks))

        return key, self._stored("rows", key, build)

    def _remarks_of(self, key: str) -> Path:
        """Beside the rows, as `Remarks`: what was mended or left out when they were made. There if anything was."""
        return self.cache / "rows" / f"{key}.json"

    def _stored(self, kind: str, key: str, build: Callable[[Path], None]) -> Dataset:
        """The Arrow file of that key, written by `build` if it is not there yet."""
        path = self.cache / kind / f"{key}.arrow"
        if not path.exists():
            try:
                with write_aside(path) as aside, quiet():
                    build(aside)
            except OSError as error:
                raise unwritable(path.parent, error) from error
        return Dataset.from_file(str(path))

    @staticmethod
    def _sampled(rows: Dataset, limit: int | None) -> Dataset:
        if limit is None or limit >= len(rows):
            return rows
        # The seed is a constant: same rows for every recipe, and the same ones of parallel data sets of one length.
        order = np.random.default_rng(derive_seed("sample")).permutation(len(rows))
        return rows.select(np.sort(order[:limit]))

    def _sources(self, card: Card, split: Split, language: str) -> list[SourceSplit]:
        return sources_of(card, split, language, self.hub, self.mirror)


def fingerprint(tokenizer: PreTrainedTokenizerBase) -> str:
    """Equal for tokenizers that tokenise alike, also after saving and loading."""
    if tokenizer not in _fingerprints:
        state = json.loads(tokenizer.backend_tokenizer.to_str())
        # what the last call set, not what the tokenizer is
        state.pop("truncation")
        state.pop("padding")
        ids = [tokenizer.all_special_ids, tokenizer.mask_token_id]
        state["taskmix"] = [tokenizer.model_input_names, *ids, tokenizer.truncation_side]
        _fingerprints[tokenizer] = digest(state, length=32)
    return _fingerprints[tokenizer]


_fingerprints: WeakKeyDictionary[PreTrainedTokenizerBase, str] = WeakKeyDictionary()


READERS = ("conll", "file_split", "hub_split", "json_rows", "layout", "reading", "sources")
"""Our modules that know where rows lie, in `files/`."""

COLUMNS = ("answers", "card_data", "cells", "columns", "labels", "paths")
"""Our modules that make a card's columns of them."""

PACKAGES = ("datasets", "pandas", "pyarrow", "tokenizers", "transformers")
"""Whose code reads files and tokenises: another version may do either otherwise."""


@cache
def code_version() -> str:
    """Digest of what makes rows and features: our modules, and the versions of the packages that they rest on."""
    here = Path(__file__).parent
    formats = sorted((here.parent / "formats").glob("*.py"))
    if not formats:
        raise FileNotFoundError(here.parent / "formats")  # a digest of nothing would never change
    readers = (here / "files" / f"{name}.py" for name in READERS)
    files = [*readers, *(here / f"{name}.py" for name in COLUMNS), *formats]
    ours = hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()
    return digest([ours, {name: importlib.metadata.version(name) for name in PACKAGES}], length=64)


def _splits_used(card: Card) -> Iterable[tuple[Card, Split, str]]:
    """The splits that a search reads from a card, its pool's among them: not those that another card stands in for."""
    if card.kind == "task":
        return [(card, "train", card.training_language)]
    evaluated = [(card, split, language) for split, language in _scored(card)]
    if card.pool is not None:
        pools = dict.fromkeys((split, card.pool_language(language)) for _, split, language in evaluated)
        evaluated += [(card.pool_card, split, language) for split, language in pools]
    trains_itself = card.is_trained and card.train_from is None
    return [(card, "train", card.training_language), *evaluated] if trains_itself else evaluated


def _scored(card: Card) -> list[tuple[Split, str]]:
    """The splits of a target that it is scored on itself, in each language."""
    splits: list[Split] = ["test"] if card.dev_from else ["dev", "test"]
    return [(split, language) for split in splits for language in card.languages_of(split)]
