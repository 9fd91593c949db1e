"""A benchmark's table from one search: a row per way to train, a column per task, with the suite's averages.

The rows are those of the reference study (Phang et al. 2020): no intermediate training, each single task, all tasks
together, the best mix per target; then what others have published. `docs/json.md` describes every field.

* A row's mix is measured at the highest rung it reached on that target; a cell says when that is not the top one. Of
  several recipes with the row's mixture the best one on the development split counts, as everywhere (`ranking.py`).
* On the test split a cell is the mean over the suite's languages, and says when some are missing; such a cell is in no
  average. On the development split it is the score that the search went by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import fmean
from typing import Any, Literal

from search.config.search import Search
from search.results.ranking import best_of, mix_costs
from search.studies.studies import Studies
from search.studies.trial_record import Cost
from spaces.errors import InputError, Problem
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from spaces.suite import PublishedRow, Suite

SPLITS = ("dev", "test")

RowKind = Literal["baseline", "task", "all", "best", "published"]


def benchmark(search: Search, studies: Studies, name: str) -> dict[str, Any]:
    """The table of a suite.

    Raises:
        InputError: there is no such suite, or the search has none of its targets.
    """
    suite = search.catalogue.suite(name, "--suite")
    targets = {task: suite.target(task) for task in suite.order}
    if not set(targets.values()) & set(search.config.targets):
        found = f"it has {', '.join(search.config.targets)}"
        raise InputError(Problem(f"the search has no target of the suite {name!r}", "--suite", found))
    costs = mix_costs(studies)
    rows = [_row(search, studies, costs, suite, row) for row in _rows(search)]
    return {
        "search": search.config.name,
        "suite": suite.name,
        "description": suite.description,
        "source": suite.source,
        "notes": suite.notes,
        "tasks": {
            task: {"target": targets[task], "metric": entry.metric, "languages": entry.languages}
            for task, entry in ((task, suite.tasks[task]) for task in suite.order)
        },
        "groups": suite.groups,
        "missing": [task for task, target in targets.items() if target not in search.config.targets],
        "sampled": search.config.evaluation.max_examples,
        "rows": [row for row in rows if any(_measured(row))] + [_published(suite, row) for row in suite.published],
    }


@dataclass(frozen=True)
class _Row:
    """A way to train: the recipes that it stands for."""

    kind: RowKind
    name: str
    among: Callable[[Recipe], bool]


def _rows(search: Search) -> Iterator[_Row]:
    """The rows that are measured here, in the order of the table."""

    def just(mixture: Mixture) -> Callable[[Recipe], bool]:
        return lambda recipe: recipe.mixture == mixture

    yield _Row("baseline", "no intermediate training", lambda recipe: False)
    for task in search.space.tasks:
        yield _Row("task", task, just(Mixture.of({task: 1.0})))
    together = search.all_tasks
    if len(together) > 1:
        count = "" if len(together) == len(search.space.tasks) else f" ({len(together)} of {len(search.space.tasks)})"
        for mixture in dict.fromkeys([together, *(start.mixture for start in search.starts())]):
            if mixture.tasks == together.tasks:
                weights = "" if mixture == together else f": {mixture}"
                yield _Row("all", f"all tasks together{count}{weights}", just(mixture))
    yield _Row("best", "best mix per target", lambda recipe: True)


def _row(search: Search, studies: Studies, costs: Mapping[str, Cost], suite: Suite, row: _Row) -> dict[str, Any]:
    cells: dict[str, dict[str, Any]] = {split: {} for split in SPLITS}
    for task in suite.order:
        target, entry, answer = suite.target(task), None, None
        if target in search.config.targets:
            answer = best_of(search, studies, costs, target, 1, row.among)
            entry = answer["baseline"] if row.kind == "baseline" else next(iter(answer["best"]), None)
        for split in SPLITS:
            cells[split][task] = _cell(suite, task, split, answer, entry) if answer and entry else None
    return {
        "kind": row.kind,
        "name": row.name,
        "source": "this search",
        **{split: _averaged(suite, found) for split, found in cells.items()},
    }


def _cell(
    suite: Suite, task: str, split: str, answer: Mapping[str, Any], entry: Mapping[str, Any]
) -> dict[str, Any] | None:
    """One number with what it rests on; None where this split was not measured."""
    measured = entry if split == "dev" else entry["test"]
    if measured is None:
        return None
    wanted = suite.tasks[task].languages
    if split == "dev":
        score, missing = measured["score"], []
    else:
        have = [measured["languages"][language] for language in wanted if language in measured["languages"]]
        missing = [language for language in wanted if language not in measured["languages"]]
        score = fmean(have) if have else None
    return {
        "score": score,
        "spread": measured["spread"],
        "seeds": len(measured["seeds"]),
        "rung": answer["rung"]["index"],
        "top": answer["rung"]["top"],
        "missing_languages": missing,
        "mix": entry.get("mix", "none"),
        "hyperparameters": entry.get("hyperparameters", {}),
    }


def _averaged(suite: Suite, cells: Mapping[str, dict[str, Any] | None]) -> dict[str, Any]:
    """The cells of a row on one split, and their averages."""
    numbers = {
        task: None if cell is None or cell["missing_languages"] else cell["score"] for task, cell in cells.items()
    }
    return {"cells": dict(cells), **asdict(suite.averages(numbers))}


def _published(suite: Suite, row: PublishedRow) -> dict[str, Any]:
    """A published row as if it had been measured; `parts` where what was published does not make the suite's number."""
    cells: dict[str, dict[str, Any] | None] = {}
    for task in suite.order:
        score = row.number(task, suite.tasks[task].metric)
        parts = row.scores.get(task)
        cells[task] = None if parts is None else {"score": score, "parts": parts, "missing_languages": []}
    found = {split: _averaged(suite, cells if split == row.split else dict.fromkeys(cells)) for split in SPLITS}
    return {"kind": "published", "name": row.name, "source": row.source, **found}


def _measured(row: Mapping[str, Any]) -> Iterator[bool]:
    return (cell is not None for split in SPLITS for cell in row[split]["cells"].values())
