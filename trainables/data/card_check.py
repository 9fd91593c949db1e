"""Looks at the first rows of a card's splits where they lie, and compares them with the card. No torch here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from spaces.card import Card, Split
from spaces.errors import InputError, Problem, TaskmixError
from trainables.data.columns import Reader
from trainables.data.files.reading import empty
from trainables.data.files.sources import SourceSplit, sources_of
from trainables.hub.hub import Hub

FIRST = 100
"""Rows that are read at a time, until one of them counts."""

SPLITS: tuple[Split, ...] = ("train", "dev", "test")


@dataclass
class CardReport:
    """How a card compares with its data.

    Args:
        looked: how many splits were looked at, each language's counted.
        counted: how many of them have the card's number of rows.
        problems: where one of them differs from the card.
        remarks: what of the first rows was mended or left out, each said once.
    """

    card: Card
    looked: int = 0
    counted: int = 0
    problems: list[Problem] = field(default_factory=list)
    remarks: dict[str, None] = field(default_factory=dict)

    @property
    def state(self) -> Literal["ok", "failed", "skipped"]:
        """Skipped are files that nobody may ship and that are not here: only their owner can look."""
        if self.card.source.supply is not None and self.looked == 0:
            return "skipped"
        return "failed" if self.problems else "ok"

    @property
    def others(self) -> list[Problem]:
        """The problems that its line has no room for, each once with its languages."""
        return self._by_language[1:]

    @property
    def fix(self) -> str:
        """What mends the problem that its line names."""
        return self.problems[0].fix if self.problems else ""

    @property
    def _by_language(self) -> list[Problem]:
        """What is wrong with a key in several languages: as it was found in the first of them."""
        found: dict[tuple[str, str], list[Problem]] = {}
        for problem in self.problems:
            found.setdefault(_words_of(problem), []).append(problem)
        merged = []
        for (_, where), same in found.items():
            languages = dict.fromkeys(problem.where.rpartition(" (")[2].rstrip(")") for problem in same)
            merged.append(replace(same[0], where=f"{where} ({', '.join(languages)})"))
        return merged

    def __str__(self) -> str:
        """One line."""
        if self.state == "skipped":
            return f"not here: {self.card.source.supply}"
        if not self.problems:
            splits = "1 split" if self.looked == 1 else f"{self.looked} splits"
            sizes = "all" if self.counted == self.looked else f"{self.counted or 'none'}"
            remarks = "".join(f"; {what}" for what in self.remarks)
            return f"{splits} as on the card, rows counted in {sizes}{remarks}"
        first, *more = self._by_language
        seen = f"; found: {' '.join(first.found.split())}" if first.found else ""
        return f"{first.where}: {first.what}{seen}" + (f" (and {len(more)} more)" if more else "")


def _words_of(problem: Problem) -> tuple[str, str]:
    """What is wrong with which key, in whatever language."""
    return problem.what, problem.where.rpartition(" (")[0]


def looked_at(card: Card, hub: Hub, mirror: str | None) -> CardReport:
    """Columns, labels and sizes of every split that the card names, in every language, from the first rows."""
    report = CardReport(card)
    pools = [card.pool_card.model_copy(update={"sizes": {}})] if card.pool is not None else []
    for part in (*(card.parts or (card,)), *pools):
        for split, language in _named(part):
            try:
                sources = sources_of(part, split, language, hub, mirror)
                for source in sources:
                    report.remarks |= dict.fromkeys(_look(source))
                report.looked += 1
                report.counted += _compare_size(part, split, language, sources)
            except TaskmixError as error:
                report.problems += [
                    Problem(problem.what, f"{problem.where} ({language})", problem.found, problem.fix)
                    for problem in error.problems
                ]
                if hub.is_away:  # then it is for every other split, too
                    return report
    return report


def _named(card: Card) -> list[tuple[Split, str]]:
    """Splits and languages that the card has rows of; the dev and test splits of a task are those of its first one."""
    if card.kind == "task":
        said = SPLITS if card.source.files is None else ("train", *card.splits.model_fields_set)
        return [(split, card.training_language) for split in SPLITS if split in said and card.splits.names(split)]
    return [(split, language) for split in SPLITS if card.splits.names(split) for language in card.languages_of(split)]


def _look(source: SourceSplit) -> list[str]:
    """What was mended or left out of the first rows; raises TaskmixError unless some become canonical ones."""
    with source.stream() as rows:
        features = rows.features or rows._resolve_features().features
        reader = Reader(source, features)
        seen = 0
        for batch in rows.iter(batch_size=FIRST):
            count = len(next(iter(batch.values())))
            rows = reader.canonical(batch, range(seen, seen + count))[reader.first]
            reader.check_answers()
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
        where, fix = f"{card.name}.yaml: sizes.{split}", "a damaged copy, or another version of the data"
        raise InputError(Problem(f"the card says {size:,} rows", where, f"{total:,} in {sources[0].location}", fix))
    return True
