"""A benchmark's table as values: what `best NAME --suite S` says; see `answer.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from search.answers.answer import Answer, Value
from search.answers.mixes import MeanGain

RowKind = Literal["baseline", "task", "all", "best", "published"]


class MeasuredCell(Answer):
    """A number of the table that this search has measured."""

    score: float | None
    spread: float | None = Field(description="over seeds")
    seeds: int = Field(description="how many")
    rung: int
    top: bool = Field(description="whether that is the top rung")
    missing_languages: list[str] = Field(description="of the suite's; a cell that lacks some is in no average")
    mix: str = Field(description="`none` for the baseline")
    seen_languages: list[str] = Field(
        default_factory=list,
        description="languages in which the mix trained on the target's own data, so that they are not zero-shot",
    )
    hyperparameters: dict[str, Value]


class PublishedCell(Answer):
    """A number of the table that others have published."""

    score: float | None = Field(description="null where what was published does not make the suite's number")
    parts: dict[str, float] = Field(description="metric -> value, as published")
    missing_languages: list[str] = Field(description="none")


class SplitScores(Answer):
    """A row's numbers on one split, and their averages, which are null unless all they are made of is there."""

    cells: dict[str, MeasuredCell | PublishedCell | None] = Field(
        description="by task; null where nothing was measured"
    )
    groups: dict[str, float | None] = Field(description="mean over the tasks of each group")
    overall: float | None = Field(description="mean over all tasks")
    over_groups: float | None = Field(description="mean over the groups")
    present: float | None = Field(description="mean over the tasks that are there")
    count: int = Field(description="how many those are")

    @property
    def is_empty(self) -> bool:
        return not any(self.cells.values())


class BenchmarkRow(Answer):
    """A way to train, on both splits."""

    kind: RowKind = Field(
        description="`baseline`, `task` (one alone), `all` (all together), `best` (the best mix of each target), "
        "`published`"
    )
    name: str
    source: str = Field(description="this search, or a publication")
    dev: SplitScores
    test: SplitScores

    def on(self, split: str) -> SplitScores:
        """Its numbers on `dev` or `test`."""
        return self.dev if split == "dev" else self.test


class SuiteTask(Answer):
    """A task of a benchmark."""

    target: str = Field(description="its card")
    metric: str
    languages: list[str]


class BenchmarkTable(Answer):
    """What `best NAME --suite S` says."""

    search: str = Field(description="its name")
    suite: str
    description: str
    source: str
    notes: list[str]
    tasks: dict[str, SuiteTask]
    groups: dict[str, list[str]] = Field(description="of tasks")
    missing: list[str] = Field(description="tasks of the suite that are no target of the search")
    sampled: int | None = Field(description="`evaluation.max_examples`; null for whole test sets")
    mean: MeanGain | None = Field(
        None, description="what the best mixes gain on the test split; null where a task of the search has no claim yet"
    )
    table: list[BenchmarkRow] = Field(alias="rows")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per row of the table and split that has numbers."""
        for row in self.table:
            for split in ("dev", "test"):
                scores = row.on(split)
                if not scores.is_empty:
                    cells = {task: cell.score if cell else None for task, cell in scores.cells.items()}
                    averages = {**scores.groups, "overall": scores.overall, "over_groups": scores.over_groups}
                    yield {"kind": row.kind, "name": row.name, "source": row.source, "split": split} | cells | averages
