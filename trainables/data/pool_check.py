"""Whether what the rows of a target look for lies in its pool."""

from __future__ import annotations

from collections import Counter

from datasets import Dataset

from spaces.card import Card, Split
from spaces.errors import Problem


def pool_problems(card: Card, split: Split, language: str, rows: Dataset, pool: Dataset) -> list[Problem]:
    """Relevant ids that no candidate has or that several have, and rows of which none has any."""
    problems = []
    counts = Counter(pool["id"][:])
    several = [name for name, count in counts.items() if count > 1]
    where = f"{split} split ({language})"
    if several:
        found = f"{len(several):,} of {len(counts):,} ids of the {where}, as {several[0]!r}"
        fix = "an id says which candidate is right, so each has its own"
        problems.append(Problem("candidates of the pool with one id", f"{card.name}.yaml: pool.columns.id", found, fix))
    lost = [
        (name, gone[0])
        for name, relevant in zip(rows["id"][:], rows["relevant"][:], strict=True)
        if (gone := [one for one in relevant if one not in counts])
    ]
    if not any(rows["relevant"][:]):
        fix = "name the column with the ids of the right candidates"
        found = f"{len(rows):,} rows of the {where}"
        problems.append(Problem("no row has a relevant id", f"{card.name}.yaml: columns.relevant", found, fix))
    if lost:
        row, missing = lost[0]
        found = f"{len(lost):,} of {len(rows):,} rows of the {where}, as {missing!r} of row {row!r}"
        fix = f"the pool has ids like {', '.join(map(repr, list(counts)[:3]))}; is it the pool of these rows?"
        what = "relevant ids that are not in the pool"
        problems.append(Problem(what, f"{card.name}.yaml: columns.relevant", found, fix))
    return problems
