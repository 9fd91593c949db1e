"""Looks at the first rows of a card's splits where they lie, and compares them with the card. No torch here."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field, replace
from textwrap import indent
from typing import Literal

from spaces.card import Card, Split
from spaces.errors import Failure, InputError, Problem, TaskmixError
from trainables.data.columns import Reader
from trainables.data.files.reading import empty
from trainables.data.files.sources import SourceSplit, read_each
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

    def look(source: SourceSplit) -> SourceSplit:
        report.remarks |= dict.fromkeys(_remarks_on(source))
        return source

    pools = [card.pool_card.model_copy(update={"sizes": {}})] if card.pool is not None else []
    for part in (*(card.parts or (card,)), *pools):
        for split, language in _named(part):
            try:
                sources = read_each(part, split, language, hub, mirror, look)
                report.looked += 1
                report.counted += _compare_size(part, split, language, sources)
            except TaskmixError as error:
                report.found.setdefault(language, []).extend(error.problems)
                if isinstance(error, Failure):  # the hub is away, a disk is full: then so it is for every other split
                    report.is_cut = True
                    return report
    return report


def _named(card: Card) -> list[tuple[Split, str]]:
    """Splits and languages that the card has rows of; the dev and test splits of a task are those of its first one."""
    if card.kind == "task":
        said = SPLITS if card.source.files is None else ("train", *card.splits.model_fields_set)
        return [(split, card.training_language) for split in SPLITS if split in said and card.splits.names(split)]
    return [(split, language) for split in SPLITS if card.splits.names(split) for language in card.languages_of(split)]


def _remarks_on(source: SourceSplit) -> list[str]:
    """What was mended or left out of the first rows; raises TaskmixError unless some become canonical ones."""
    with source.stream() as rows:
        features = rows.features or rows._resolve_features().features
        reader = Reader(source, features)
        seen = 0
        for batch in rows.iter(batch_size=FIRST):
            count = len(next(iter(batch.values())))
            rows = reader.canonical(batch, range(seen, seen + count))[reader.first]
            reader.check()
            if rows:
                return list(reader.remarks)
            seen += count
    raise InputError(empty(source, reader.none_of(seen)))


def _compare_size(card: Card, split: Split, language: str, sources: Sequence[SourceSplit]) -> bool:
    """Whether the number of rows is known on both sides; raises InputError if they differ."""
    size = card.size_of(split, language)
    if size is None:  # a large file is not read to its end for nothing
        return False
    counts = [source.count() for source in sources]
    if None in counts:
        return False
    total = sum(count for count in counts if count is not None)
    if total != size:
        where, fix = card.where(f"sizes.{split}"), "a damaged copy, or another version of the data"
        raise InputError(Problem(f"the card says {size:,} rows", where, f"{total:,} in {sources[0].location}", fix))
    return True
