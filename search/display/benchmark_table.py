"""A benchmark's table for people: one for each split, columns tasks, groups and the overall mean; marks explained."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search.answers.benchmark import BenchmarkRow, BenchmarkTable, MeasuredCell, PublishedCell
from search.display.best_table import together
from search.display.tables import fits, plain
from search.formatting import percent

TITLES = {"test": "test split", "dev": "development split, which the mixes were chosen on"}

NAME_WIDTH = 36
"""Columns that a row's name takes before it wraps."""

MARKS = {
    "*": "measured at a lower rung",
    "'": "one seed",
    "†": "trained on the target's own data in some of its languages: not zero-shot there",
    "°": "some languages are missing; not in the averages",
    "F1": "F1 alone was published, which is not the benchmark's number; not in the averages",
}


def benchmark(answer: BenchmarkTable, console: Console) -> list[RenderableType]:
    """The test split first; below, what the marks mean and where published rows come from."""
    parts: list[RenderableType] = [
        Text(f"{answer.search} on {answer.suite}", "bold"),
        Text(answer.description, "dim"),
    ]
    used: set[str] = set()
    for split, title in TITLES.items():
        rows = [row for row in answer.table if row.on(split).count or not row.on(split).is_empty]
        if rows:
            wide = _wide(answer, rows, split)
            used |= {
                mark for row in rows for text in _texts(answer, row, split).values() for mark in MARKS if mark in text
            }
            parts += [Text(), Text(f"{title}, in %", "dim")]
            parts.append(wide if fits(wide, console) else _compact(answer, rows, split))
    return [*parts, Text(), *_remarks(answer, used)]


def _wide(answer: BenchmarkTable, rows: Sequence[BenchmarkRow], split: str) -> Table:
    columns = [*answer.tasks, *answer.groups, "overall"]
    table = plain("", *columns, right=range(1, 1 + len(columns)))
    table.columns[0].max_width = NAME_WIDTH
    for row in rows:
        cells = _texts(answer, row, split)
        table.add_row(escape(_name(answer, row)), *(cells[column] for column in columns), style=_style(row))
    return table


def _compact(answer: BenchmarkTable, rows: Sequence[BenchmarkRow], split: str) -> Table:
    """The numbers below each row's name."""
    table = Table.grid(padding=(0, 2))
    for row in rows:
        table.add_row(Text(_name(answer, row), "dim" if row.kind == "published" else "bold"))
        texts = (f"{column} {text}" for column, text in _texts(answer, row, split).items() if text)
        table.add_row(Text("  " + "  ".join(texts)))
    return table


def _texts(answer: BenchmarkTable, row: BenchmarkRow, split: str) -> dict[str, str]:
    """Column -> text. An average bears the marks of what it is made of."""
    found, groups = row.on(split), answer.groups
    cells = {task: _cell(cell) for task, cell in found.cells.items()}
    marks = {task: "".join(mark for mark in "*'†" if mark in text) for task, text in cells.items()}

    def average(value: float | None, tasks: Sequence[str]) -> str:
        return percent(value) + "".join(sorted({mark for task in tasks for mark in marks[task]})) if value else ""

    for group, tasks in groups.items():
        cells[group] = average(found.groups[group], tasks)
    cells["overall"] = average(found.overall, list(answer.tasks))
    return cells


def _cell(cell: MeasuredCell | PublishedCell | None) -> str:
    if cell is None:
        return ""
    if cell.score is None:
        return f"F1 {percent(cell.parts['f1'])}" if isinstance(cell, PublishedCell) and "f1" in cell.parts else ""
    return percent(cell.score) + "".join(
        mark
        for mark, applies in (
            ("*", isinstance(cell, MeasuredCell) and not cell.top),
            ("'", isinstance(cell, MeasuredCell) and cell.seeds == 1),
            ("†", isinstance(cell, MeasuredCell) and bool(cell.seen_languages)),
            ("°", bool(cell.missing_languages)),
        )
        if applies
    )


def _name(answer: BenchmarkTable, row: BenchmarkRow) -> str:
    """Published rows with the number of their source."""
    return f"{row.name} [{_sources(answer).index(row.source) + 1}]" if row.kind == "published" else row.name


def _style(row: BenchmarkRow) -> str:
    return "dim" if row.kind == "published" else "bold" if row.kind == "best" else ""


def _sources(answer: BenchmarkTable) -> list[str]:
    return list(dict.fromkeys(row.source for row in answer.table if row.kind == "published"))


def _remarks(answer: BenchmarkTable, used: set[str]) -> Iterator[Text]:
    """The mixes behind the best row, the marks, the sources, and what is not as the benchmark has it."""
    for row in answer.table:
        if row.kind == "best":
            for task, cell in row.dev.cells.items():
                if isinstance(cell, MeasuredCell):
                    yield Text(f"{task}: {cell.mix}")
    yield from together(answer.mean)
    yield Text(f"averages: {answer.source}; groups are means of their tasks, overall of all tasks", "dim")
    yield from (Text(f"{mark}  {meaning}", "dim") for mark, meaning in MARKS.items() if mark in used)
    yield from (Text(f"[{number}]  {source}", "dim") for number, source in enumerate(_sources(answer), 1))
    yield from (Text(note, "dim") for note in answer.notes)
    if answer.missing:
        yield Text(f"not in this search, so there is no overall mean: {', '.join(answer.missing)}", "yellow")
    if answer.sampled:
        text = f"scored on {answer.sampled} rows per language (evaluation.max_examples), not on whole test sets"
        yield Text(text, "yellow")
