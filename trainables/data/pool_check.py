"""Whether what the rows of a target look for lies in its pool."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from spaces.card import Card, Split
from spaces.errors import Problem
from trainables.data.wrong_cells import Cell, WrongCells


def pool_problems(
    card: Card, split: Split, language: str, ids: Sequence[str], relevant: Sequence[Sequence[str]], pool: Sequence[str]
) -> list[Problem]:
    """Relevant ids that no candidate has or that several have, and rows of which none has any.

    Args:
        ids: of the rows.
        relevant: the ids that each of them looks for.
        pool: the ids of the candidates.
    """
    problems: list[Problem] = []
    counts = Counter(pool)
    where = f"{split} split ({language})"
    location = f"the pool of the {where}"
    several = [Cell(repr(name), row, location) for row, name in enumerate(pool) if counts[name] > 1]
    if several:
        fix = "an id says which candidate is right, so each has its own"
        what = "candidates of the pool with one id"
        problems.append(WrongCells.of(what, card.where("pool.columns.id"), several, fix))
    lost = [
        (name, gone)
        for name, wanted in zip(ids, relevant, strict=True)
        if (gone := [one for one in wanted if one not in counts])
    ]
    if not any(relevant):
        fix = "name the column with the ids of the right candidates"
        found = f"{len(ids):,} rows of the {where}"
        problems.append(Problem("no row has a relevant id", card.where("columns.relevant"), found, fix))
    if lost:
        location = f"{len(lost):,} of {len(ids):,} rows of the {where}"
        cells = [Cell(repr(one), repr(name), location) for name, gone in lost for one in gone]
        fix = f"the pool has ids like {', '.join(map(repr, list(counts)[:3]))}; is it the pool of these rows?"
        what = "relevant ids that are not in the pool"
        problems.append(WrongCells.of(what, card.where("columns.relevant"), cells, fix))
    return problems
