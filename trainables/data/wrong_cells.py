"""Mistakes in the cells of a card's data: every value that is wrong, each with a row that it stands in."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from spaces.errors import Problem

HANDFUL = 8
"""Values of a mistake that are shown."""

FEW = 3
"""Files, or other places, of a mistake without values that are shown."""


@dataclass(frozen=True)
class Cell:
    """A value, number or id of the first row that has it, and where that row lies."""

    value: str
    row: int | str
    location: str


@dataclass(frozen=True)
class WrongCells(Problem):
    """A mistake that several cells share, in a split or in all of them; `found` is said of `cells`.

    Args:
        shown: how many of the cells are shown: of a column of the wrong kind, one says it all.
    """

    cells: tuple[Cell, ...] = ()
    shown: int = HANDFUL

    @classmethod
    def of(cls, what: str, where: str, cells: Iterable[Cell], fix: str, shown: int = HANDFUL) -> WrongCells:
        """The mistake with the first cell of each value."""
        first = {cell.value: cell for cell in reversed(list(cells))}
        each = tuple(reversed(first.values()))
        return cls(what, where, _in_words(each, shown), fix, each, shown)


def _in_words(cells: Sequence[Cell], shown: int) -> str:
    """`'a' (row 1), 'b' (row 7) in 'label' of train.csv; 'c' (row 0) in 'label' of dev.csv; and 3 more`."""
    parts = [
        f"{', '.join(f'{cell.value} (row {cell.row})' for cell in there)} in {location}"
        for location, there in groupby(cells[:shown], key=lambda cell: cell.location)
    ]
    return "; ".join([*parts, *([f"and {len(cells) - shown:,} more"] if len(cells) > shown else [])])


def merged(problems: Iterable[Problem]) -> list[Problem]:
    """The problems of several splits and languages, each mistake once, with what was found in all of them."""
    kinds: dict[Hashable, list[Problem]] = {}
    for problem in problems:
        kinds.setdefault(kind_of(problem), []).append(problem)
    return [_as_one(same) for same in kinds.values()]


def _as_one(same: Sequence[Problem]) -> Problem:
    first, cells = same[0], [cell for problem in same if isinstance(problem, WrongCells) for cell in problem.cells]
    if isinstance(first, WrongCells):
        return WrongCells.of(first.what, first.where, cells, first.fix, first.shown)
    column, between, _ = first.found.partition("; ")  # that none of several files has
    head = column + between if between and all(one.found.startswith(column + between) for one in same) else ""
    rests = list(dict.fromkeys(problem.found.removeprefix(head) for problem in same))
    more = [f"and {len(rests) - FEW} more"] if len(rests) > FEW else []
    return replace(first, found=head + "; ".join([*rests[:FEW], *more]))


def kind_of(problem: Problem) -> Hashable:
    """Equal for one mistake in several splits or languages: what another mend is needed for is another mistake."""
    return problem.what, problem.where, "" if isinstance(problem, WrongCells) else problem.fix
