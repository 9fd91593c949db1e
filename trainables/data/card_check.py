"""Looks at the first rows of a card's splits where they lie, and compares them with the card. No torch here."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from textwrap import indent
from typing import Any, Literal

from spaces.card import Card, Split
from spaces.errors import Failure, InputError, Problem
from trainables.data.columns import Reader
from trainables.data.files.file_split import FileSplit
from trainables.data.files.sources import SourceSplit, read_each, sources_of
from trainables.data.pool_check import pool_problems
from trainables.data.wrong_cells import kind_of, merged
from trainables.hub.hub import Hub

FIRST = 1000
"""Rows that are read at a time, until one of them counts."""

SPLITS: tuple[Split, ...] = ("train", "dev", "test")


@dataclass
class CardReport:
    """How a card compares with its data.

    Args:
        looked: how many splits were looked at, each language's counted.
        counted: how many of them have the card's number of rows.
        found: language -> where its splits differ from the card.
        remarks: what of the first rows was mended or left out, each said once.
        is_cut: whether a failure, say of the hub, kept it from looking at the other splits.
    """

    card: Card
    looked: int = 0
    counted: int = 0
    found: dict[str, list[Problem]] = field(default_factory=dict)
    remarks: dict[str, None] = field(default_factory=dict)
    is_cut: bool = False

    @property
    def state(self) -> Literal["ok", "failed", "skipped"]:
        """Skipped are files that nobody may ship and that are not here: only their owner can look."""
        if self.card.source.supply is not None and self.looked == 0:
            return "skipped"
        return "failed" if self.found else "ok"

    @property
    def problems(self) -> list[Problem]:
        """Each mistake once, with the languages that have it where the card has several."""
        languages: dict[Hashable, dict[str, None]] = {}
        for language, problems in self.found.items():
            for problem in problems:
                languages.setdefault(kind_of(problem), {})[language] = None
        each = merged(problem for problems in self.found.values() for problem in problems)
        card = self.card
        if len({*card.languages, *card.dev_languages, card.training_language}) == 1:
            return each
        return [replace(one, where=f"{one.where} ({', '.join(languages[kind_of(one)])})") for one in each]

    def __str__(self) -> str:
        """One line, or, of mistakes, one and a few for each."""
        if self.state == "skipped":
            return f"not here: {self.card.source.supply}"
        if not self.found:
            splits = "1 split" if self.looked == 1 else f"{self.looked} splits"
            sizes = "all" if self.counted == self.looked else f"{self.counted or 'none'}"
            remarks = "".join(f"; {what}" for what in self.remarks)
            return f"{splits} as on the card, rows counted in {sizes}{remarks}"
        problems = self.problems
        count = "1 mistake" if len(problems) == 1 else f"{len(problems)} mistakes"
        return "\n".join([count, *(indent(str(problem), "  ") for problem in problems)])


def looked_at(card: Card, hub: Hub, mirror: str | None) -> CardReport:
    """Columns, labels and sizes of every split that the card names, in every language, from the first rows."""
    report = CardReport(card)
    named = [(part, *one) for part in card.parts or (card,) for one in _named(part)]
    if card.pool is not None:
        pool = card.pool_card.model_copy(update={"sizes": {}})
        asked = dict.fromkeys((split, card.pool_language(language)) for _, split, language in named if split != "train")
        named += [(pool, *one) for one in asked]
    for part, split, language in named:
        try:
            _look(report, part, split, language, hub, mirror)
        except InputError as error:
            report.found.setdefault(language, []).extend(error.problems)
        except Failure as error:  # the hub is away, a disk is full: then so it is for every other split
            report.found.setdefault(language, []).extend(error.problems)
            report.is_cut = True
            return report
    if card.pool is not None and not report.found:
        _compare_pool(report, hub, mirror)
    return report


def _look(report: CardReport, card: Card, split: Split, language: str, hub: Hub, mirror: str | None) -> None:
    """Looks at a split; raises TaskmixError with what is wrong with its rows, and with their number."""
    sources: list[SourceSplit] = []

    def read(source: SourceSplit) -> None:
        sources.append(source)
        _, remarks = _first_rows(source)
        report.remarks |= dict.fromkeys(remarks)

    problems: list[Problem] = []
    try:
        read_each(card, split, language, hub, mirror, read)
        report.looked += 1
    except InputError as error:
        problems += error.problems
    if len(sources) == len(card.splits.names(split)):
        try:
            report.counted += _compare_size(card, split, language, sources)
        except InputError as error:
            problems += [one for one in error.problems if one not in problems]
    if problems:
        raise InputError(problems)


def _named(card: Card) -> list[tuple[Split, str]]:
    """Splits and languages that the card has rows of; the dev and test splits of a task are those of its first one.

    Of local files it is what the card names, or is trained or scored on: nobody has said that there are others.
    """
    own = card.is_trained and card.train_from is None
    needed = ("train",) * own if card.kind == "task" else ("train",) * own + ("dev", "test")
    said = SPLITS if card.source.files is None else (*needed, *card.splits.model_fields_set)
    splits = [split for split in SPLITS if split in said and card.splits.names(split)]
    if card.kind == "task":
        return [(split, card.training_language) for split in splits]
    return [(split, language) for split in splits for language in card.languages_of(split)]


def _compare_pool(report: CardReport, hub: Hub, mirror: str | None) -> None:
    """Whether what the first rows look for is in the pool, where that lies here: it is read to its end."""
    card = report.card
    for split, language in _named(card):
        if split == "train":
            continue
        pool = sources_of(card.pool_card, split, card.pool_language(language), hub, mirror)
        if not all(isinstance(source, FileSplit) for source in pool):
            continue
        rows = [_first_rows(source)[0] for source in sources_of(card, split, language, hub, mirror)]
        ids, relevant = ([one for each in rows for one in each[role]] for role in ("id", "relevant"))
        candidates = [one for source in pool for one in _first_rows(source, whole=True)[0]["id"]]
        if any(relevant) and (problems := pool_problems(card, split, language, ids, relevant, candidates)):
            report.found.setdefault(language, []).extend(problems)


def _first_rows(source: SourceSplit, whole: bool = False) -> tuple[dict[str, list[Any]], list[str]]:
    """The first canonical rows, or all of them, and what was mended or left out.

    Raises:
        TaskmixError: there are none, or a mistake is among the rows that were looked at.
    """
    found: dict[str, list[Any]] = {}
    with source.stream() as rows:
        features = rows.features or rows._resolve_features().features
        reader = Reader(source, features)
        seen = 0
        for batch in rows.iter(batch_size=FIRST):
            count = len(next(iter(batch.values())))
            for role, values in reader.canonical(batch, range(seen, seen + count)).items():
                found.setdefault(role, []).extend(values)
            reader.check()
            if found[reader.first] and not whole:
                break
            seen += count
    if not found.get(reader.first):
        raise InputError(reader.none_of(seen))
    return found, list(reader.remarks)


def _compare_size(card: Card, split: Split, language: str, sources: Sequence[SourceSplit]) -> bool:
    """Whether the number of rows is known on both sides; raises InputError if they differ."""
    size = card.size_of(split, language)
    if size is None:  # a large file is not read to its end for nothing
        return False
    counts = [source.count() for source in sources]
    if None in counts:
        return False
    total = sum(count for count in counts if count is not None)
    if total not in (size, 0):  # of none it is said that the split is empty
        where, fix = card.where(f"sizes.{split}"), "a damaged copy, or another version of the data"
        raise InputError(Problem(f"the card says {size:,} rows", where, f"{total:,} in {sources[0].location}", fix))
    return True
