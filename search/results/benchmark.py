"""A benchmark's table from one search: a row per way to train, a column per task, with the suite's averages.

The rows are those of the reference study (Phang et al. 2020): no intermediate training, each single task, all tasks
together, the best mix per target; then what others have published.

* A row's mix is measured at the highest rung it reached on that target; a cell says when that is not the top one. Of
  several recipes with the row's mixture the best one on the development split counts, as everywhere (`ranking.py`).
* On the test split a cell is the mean over the suite's languages, and says when some are missing; such a cell is in no
  average. On the development split it is the score that the search went by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from statistics import fmean

from search.answers.benchmark import (
    BenchmarkRow,
    BenchmarkTable,
    MeasuredCell,
    PublishedCell,
    RowKind,
    SplitScores,
    SuiteTask,
)
from search.answers.mixes import TargetMixes
from search.config.search import Search
from search.results.gains import Gains
from search.results.ranking import mean_claim, mix_costs, rank_target
from search.results.row_source import RowSource
from search.studies.studies import Studies
from search.studies.trial_record import Cost
from spaces.errors import InputError, Problem
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from spaces.suite import PublishedRow, Suite

SPLITS = ("dev", "test")

Cell = MeasuredCell | PublishedCell


def tabulate(studies: Studies, name: str, rows: RowSource | None = None) -> BenchmarkTable:
    """The table of a suite.

    Args:
        rows: as for `rank`.

    Raises:
        InputError: there is no such suite, or the search has none of its targets.
    """
    search = studies.search
    suite = search.catalogue.suite(name, "--suite")
    targets = {task: suite.target(task) for task in suite.order}
    if not set(targets.values()) & set(search.config.targets):
        have = f"it has {', '.join(search.config.targets)}"
        raise InputError(Problem(f"the search has no target of the suite {name!r}", "--suite", have))
    costs = mix_costs(studies)
    gains = Gains(studies, rows)
    present = [target for target in targets.values() if target in search.config.targets]
    claimed = mean_claim([rank_target(studies, costs, target, 1, gains=gains) for target in present])
    measured = [_row(studies, costs, suite, row) for row in _rows(search)]
    return BenchmarkTable(
        search=search.config.name,
        suite=suite.name,
        description=suite.description,
        source=suite.source,
        notes=suite.notes,
        tasks={
            task: SuiteTask(target=targets[task], metric=entry.metric, languages=entry.languages)
            for task, entry in ((task, suite.tasks[task]) for task in suite.order)
        },
        groups=suite.groups,
        missing=[task for task, target in targets.items() if target not in search.config.targets],
        sampled=search.config.evaluation.max_examples,
        mean=claimed,
        table=[row for row in measured if not (row.dev.is_empty and row.test.is_empty)]
        + [_published(suite, row) for row in suite.published],
    )


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


def _row(studies: Studies, costs: Mapping[str, Cost], suite: Suite, row: _Row) -> BenchmarkRow:
    cells: dict[str, dict[str, Cell | None]] = {split: {} for split in SPLITS}
    for task in suite.order:
        target, ranked = suite.target(task), None
        if target in studies.search.config.targets:
            ranked = rank_target(studies, costs, target, 1, row.among)
        for split in SPLITS:
            cells[split][task] = _cell(suite, task, split, ranked, row.kind == "baseline") if ranked else None
    averaged = {split: _averaged(suite, found) for split, found in cells.items()}
    return BenchmarkRow(kind=row.kind, name=row.name, source="this search", dev=averaged["dev"], test=averaged["test"])


def _cell(suite: Suite, task: str, split: str, ranked: TargetMixes, of_baseline: bool) -> MeasuredCell | None:
    """One number with what it rests on, of the baseline or of the best mix; None where this was not measured."""
    best = next(iter(ranked.best), None)
    result = ranked.baseline if of_baseline else best
    measured = result.test if result and split == "test" else result
    if measured is None:
        return None
    wanted = suite.tasks[task].languages
    score, missing = measured.score, list[str]()
    if split == "test":
        have = [measured.languages[language] for language in wanted if language in measured.languages]
        missing = [language for language in wanted if language not in measured.languages]
        score = fmean(have) if have else None
    return MeasuredCell(
        score=score,
        spread=measured.spread,
        seeds=len(measured.seeds),
        rung=ranked.rung.index,
        top=ranked.rung.top,
        missing_languages=missing,
        mix="none" if of_baseline or not best else best.mix,
        seen_languages=[] if of_baseline or not best else best.seen_languages,
        hyperparameters={} if of_baseline or not best else best.hyperparameters,
    )


def _averaged(suite: Suite, cells: Mapping[str, Cell | None]) -> SplitScores:
    """The cells of a row on one split, and their averages."""
    numbers = {task: None if cell is None or cell.missing_languages else cell.score for task, cell in cells.items()}
    return SplitScores(cells=dict(cells), **asdict(suite.averages(numbers)))


def _published(suite: Suite, row: PublishedRow) -> BenchmarkRow:
    """A published row as if it had been measured; `parts` where what was published does not make the suite's number."""
    cells: dict[str, Cell | None] = {}
    for task in suite.order:
        score = row.number(task, suite.tasks[task].metric)
        parts = row.scores.get(task)
        cells[task] = None if parts is None else PublishedCell(score=score, parts=parts, missing_languages=[])
    averaged = {split: _averaged(suite, cells if split == row.split else dict.fromkeys(cells)) for split in SPLITS}
    return BenchmarkRow(kind="published", name=row.name, source=row.source, dev=averaged["dev"], test=averaged["test"])
