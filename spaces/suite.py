"""A suite: a benchmark as a list of targets, how its averages are made, and what others have published on it.

A task's number is the unweighted mean over its languages, English included, of its metric; for question answering the
metric is the mean of exact match and F1, so that the number is (mean exact match + mean F1) / 2. A group's number is
the mean of its tasks, the overall one the mean over all tasks, not over groups (google-research/xtreme, evaluate.py).
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from pydantic import Field, ValidationError, model_validator

from spaces.card import Card
from spaces.errors import InputError, Problem, nearest
from spaces.parsing import Strict, lines_named, problems_of, read_yaml, yaml_files

FOLDER = "suites"
PUBLISHED = "published.csv"
"""Beside the suites: the scores that others have published, in %, a line per suite, row, split, task and metric."""

QA_PARTS = ("exact", "f1")
"""The metrics whose mean is the metric of question answering."""


class SuiteTask(Strict):
    """One task of a suite. `target` is its card, where that is called otherwise than the task."""

    target: str | None = None
    metric: str
    languages: list[str] = Field(min_length=1)


class PublishedRow(Strict):
    """What someone has published: task -> metric -> value between 0 and 1, on one split."""

    name: str
    split: str
    source: str
    scores: dict[str, dict[str, float]]

    def number(self, task: str, metric: str) -> float | None:
        """The task's number as the suite makes it; None where the parts that were published do not give it."""
        scores = self.scores.get(task, {})
        if metric in scores:
            return scores[metric]
        is_qa = metric == "qa" or metric.startswith("qa_")
        return fmean(scores[part] for part in QA_PARTS) if is_qa and scores.keys() >= set(QA_PARTS) else None


@dataclass(frozen=True)
class Averages:
    """Averages of the numbers of a suite's tasks.

    Args:
        groups: mean over the tasks of a group; None unless all of them are there.
        overall: mean over all tasks; None unless all are there.
        over_groups: mean over the groups, which some papers quote; None as `overall`.
        present: mean over the tasks that are there, to compare rows that have the same ones; None if there are none.
        count: how many those are.
    """

    groups: dict[str, float | None]
    overall: float | None
    over_groups: float | None
    present: float | None
    count: int


class Suite(Strict):
    """A benchmark. The file's name is the suite's name."""

    name: str
    description: str
    source: str = Field(description="where its averages are defined")
    notes: list[str] = Field(default_factory=list, description="what to know before comparing")
    groups: dict[str, list[str]] = Field(min_length=1, description="group -> tasks; every task in exactly one")
    tasks: dict[str, SuiteTask] = Field(min_length=1)
    published: list[PublishedRow] = Field(default_factory=list)

    @model_validator(mode="after")
    def _every_task_in_one_group(self) -> Suite:
        grouped = [task for tasks in self.groups.values() for task in tasks]
        if sorted(grouped) != sorted(self.tasks):
            twice = {task for task in grouped if grouped.count(task) > 1}
            odd = sorted(set(grouped) ^ set(self.tasks) | twice)
            raise ValueError(f"groups: every task stands in exactly one group; look at {', '.join(odd)}")
        return self

    @property
    def order(self) -> list[str]:
        """The tasks in the order of the groups."""
        return [task for tasks in self.groups.values() for task in tasks]

    def target(self, task: str) -> str:
        """The name of the task's card."""
        return self.tasks[task].target or task

    @property
    def targets(self) -> list[str]:
        """The cards of all tasks, in the order of the groups."""
        return [self.target(task) for task in self.order]

    def averages(self, numbers: Mapping[str, float | None]) -> Averages:
        """Averages over task -> number; a number that is None or missing is not there."""
        have = {task: number for task in self.order if (number := numbers.get(task)) is not None}
        groups = {
            group: fmean(have[task] for task in tasks) if have.keys() >= set(tasks) else None
            for group, tasks in self.groups.items()
        }
        whole = [number for number in groups.values() if number is not None]
        complete = len(have) == len(self.tasks)
        return Averages(
            groups=groups,
            overall=fmean(have.values()) if complete else None,
            over_groups=fmean(whole) if complete else None,
            present=fmean(have.values()) if have else None,
            count=len(have),
        )


def load_suites(folders: Iterable[Path], targets: Mapping[str, Card]) -> dict[str, Suite]:
    """The suites in `suites/` of each folder, by name; one of a later folder replaces an earlier one.

    Args:
        targets: the catalogue's; a suite names these, with the metric and the languages that they have.

    Raises:
        InputError: every suite that cannot be read or does not fit its cards, with file, key and reason.
    """
    suites: dict[str, Suite] = {}
    problems: list[Problem] = []
    for folder in folders:
        published = _published(folder / FOLDER / PUBLISHED)
        try:
            paths = yaml_files(folder / FOLDER)
        except InputError as error:
            problems.extend(error.problems)
            continue
        for path in paths:
            try:
                suites[path.stem] = _read(path, published.get(path.stem, []))
            except InputError as error:
                problems.extend(error.problems)
    for suite in suites.values():
        problems.extend(_misfits(suite, targets))
    if problems:
        raise InputError(problems)
    return suites


def _read(path: Path, published: list[PublishedRow]) -> Suite:
    data = {**read_yaml(path), "name": path.stem, "published": published}
    with lines_named(path):
        try:
            return Suite.model_validate(data)
        except ValidationError as error:
            raise InputError(problems_of(error, data, str(path))) from error


def _misfits(suite: Suite, targets: Mapping[str, Card]) -> Iterable[Problem]:
    """Where a suite and its cards disagree, so that what is measured is not the benchmark's number."""
    for name, task in suite.tasks.items():
        where, card = f"{suite.name}.yaml: tasks.{name}", targets.get(suite.target(name))
        if card is None:
            yield Problem("unknown target", where, suite.target(name), nearest(suite.target(name), targets))
        elif card.metric != task.metric:
            yield Problem("the card has another metric", f"{where}.metric", f"{card.metric}, not {task.metric}")
        elif unknown := sorted(set(task.languages) - set(card.languages)):
            yield Problem("languages that the card lacks", f"{where}.languages", ", ".join(unknown))


def _published(path: Path) -> dict[str, list[PublishedRow]]:
    """Suite -> the rows published on it, in the order of the file."""
    if not path.is_file():
        return {}
    rows: dict[str, dict[tuple[str, str, str], dict[str, dict[str, float]]]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            row = rows.setdefault(line["suite"], {}).setdefault((line["row"], line["split"], line["source"]), {})
            row.setdefault(line["task"], {})[line["metric"]] = float(line["value"]) / 100
    return {
        suite: [
            PublishedRow(name=name, split=split, source=source, scores=scores)
            for (name, split, source), scores in published.items()
        ]
        for suite, published in rows.items()
    }
