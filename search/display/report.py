"""Answers as text: a table for people, JSON or CSV for programs."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search import formatting
from search.answers.benchmark import BenchmarkTable
from search.answers.cards import CardList
from search.answers.comparison import Comparison
from search.answers.explanation import DistanceTables, Explanation, Recommendation
from search.answers.mixes import BestMixes
from search.answers.plan import PlannedSearch
from search.answers.status import SearchList, SearchStatus
from search.display import benchmark_table, best_table, comparison_table, explanation_tables, tables
from search.formatting import shown

if TYPE_CHECKING:
    from search.retention.delete import DeletionPlan
    from search.retention.gc import GcPlan
    from trainables.hub.needs import Need

FORMATS = ("table", "json", "csv")

Listed = (
    BestMixes
    | BenchmarkTable
    | Comparison
    | SearchStatus
    | SearchList
    | CardList
    | DistanceTables
    | Explanation
    | Recommendation
)
"""An answer that can be had in each of the formats."""

LAYOUTS: Mapping[type[Listed], Callable[[Any, Console], list[RenderableType]]] = {
    BestMixes: best_table.best,
    BenchmarkTable: benchmark_table.benchmark,
    Comparison: comparison_table.comparison,
    SearchStatus: tables.status,
    SearchList: tables.searches,
    CardList: tables.cards,
    DistanceTables: explanation_tables.distances,
    Explanation: explanation_tables.explanation,
    Recommendation: explanation_tables.recommendation,
}

PIPE_WIDTH = 100
"""Columns where there is no terminal to ask."""


def render(answer: Listed, format: str = "table", width: int | None = None) -> str:
    """The text of an answer, without a last line break.

    Args:
        format: one of `FORMATS`.
        width: columns of a table; default: the terminal's.
    """
    if format == "json":
        return json.dumps(answer.to_json(), indent=2, ensure_ascii=not _takes_all_letters())
    if format == "csv":
        return _csv(list(answer.rows()))
    console = _console(width)
    return _print(console, LAYOUTS[type(answer)](answer, console))


def final_answer(ranked: BestMixes, status: SearchStatus, mlflow_uri: str, width: int | None = None) -> str:
    """What `launch` ends with: per target the best mix, then what it cost and the next commands."""
    from search.config.workspace import handle, resume_command  # brings SQL, which a client of a service has not

    console = _console(width)
    parts: list[RenderableType] = []
    for target, mixes in ranked.targets.items():
        parts += [best_table.answer_of(target, mixes, console), Text()]
    name, seconds, failures = status.search, status.seconds, status.failures
    share = f", {seconds.training_share:.0%} of it training" if seconds.training_share is not None else ""
    work = f"{formatting.duration(seconds.work_items)} of work items{share}"
    failed = formatting.counts({**failures.by_kind, "total": failures.count}) if failures.count else "none"
    uri = shown(mlflow_uri)
    grid = Table.grid(padding=(0, 2))
    for title, text in (
        ("search", f"{name}: {status.state}; {status.recipes.total} recipes in {status.work_items.total} work items"),
        ("cost", f"{formatting.duration(seconds.wall)}; {work}; {formatting.number(status.examples)} examples"),
        ("failures", failed),
        *((("hub", tables.commits(status)),) if status.commits else ()),
        *((("done again", again),) if (again := tables.done_again(status)) else ()),
        *(("", line) for line in tables.shortcomings(status)),
    ):
        grid.add_row(Text(title, "dim"), Text(text, overflow="fold"))
    following = [
        f"taskmix best {handle(name)} --top 10",
        f"taskmix status {handle(name)}",
        *([] if status.over else [resume_command(name)]),
        uri if mlflow_uri.startswith("http") else f"mlflow ui --backend-store-uri {uri}",
    ]
    indent = " " * (max(len(str(title)) for title in grid.columns[0].cells) + 2)
    lines = ("\n" + indent).join(formatting.typed(line) for line in following)
    return _print(console, [*parts, grid]) + "\n" + f"{'next':<{len(indent)}}{lines}"


def plan(planned: PlannedSearch, width: int | None = None) -> str:
    """What `plan` found out: the space, what the search begins with, the work items and the time they take."""
    console = _console(width)
    shares = ", ".join(f"{share:.0%}" for share in planned.rungs)
    grid = Table.grid(padding=(0, 2))
    for title, text in (
        ("search", f"{planned.search}: {planned.model}"),
        ("tasks", ", ".join(planned.tasks)),
        ("targets", ", ".join(planned.targets)),
        ("space", f"{planned.mixes:,} mixes" + "".join(f" x {name}" for name in planned.hyperparameters)),
        (
            "rungs",
            f"{shares} of the examples" + (f"; {_who_goes_on(planned.factors)}" if planned.factors else ""),
        ),
        ("sampler", f"{planned.sampler}: {planned.sampler_reason}"),
        ("not looked at", ", ".join(planned.unreached)),
        (
            "target stage",
            "\n".join(filter(None, (planned.target_steps and f"steps: {planned.target_steps}", *planned.short_stages))),
        ),
        ("data", "\n".join(planned.notes)),
    ):
        if text:
            grid.add_row(Text(title, "dim"), Text(text))
    table = tables.plain(
        "work items", "count", "examples each", "steps each", "time each", "evaluation", right=(1, 2, 3, 4, 5)
    )
    for line in planned.work_items:
        each = "?" if line.seconds is None else formatting.duration(line.seconds)
        amounts = formatting.number(line.examples), formatting.number(line.steps), each, f"{line.evaluation:.0%}"
        table.add_row(line.kind, str(line.items), *amounts)
    total = "not known here" if planned.seconds is None else f"about {formatting.duration(planned.seconds)}"
    at_once = f"{planned.concurrency} at a time"
    if planned.simulated:
        at_once += "; played through on a made-up response surface"
    amount = f"{planned.examples:,} examples, {planned.steps:,} steps"
    closing = f"about {planned.items} work items, {amount}, {total} ({at_once})"
    begin = [*_starts(planned), Text()] if planned.starts else []
    return _print(console, [grid, Text(), *begin, table, Text(), Text(closing), *_costs(planned)])


def _who_goes_on(factors: Sequence[int]) -> str:
    """As "the best 1/3 go on", or "the best 1/6, then 1/10"."""
    each = [f"1/{factor}" if factor > 1 else "all" for factor in factors]
    if len(set(each)) > 1:
        return f"the best {', then '.join(each)} go on"
    return "all go on" if each[0] == "all" else f"the best {each[0]} go on"


def _starts(planned: PlannedSearch) -> Iterator[RenderableType]:
    """The mixtures that are tried before the sampler is asked, and where they come from."""
    table = tables.plain("start", "where from")
    for start in planned.starts:
        table.add_row(escape(start.mix), escape(start.reason))
    yield table
    count, budget = len(planned.starts), planned.recipes
    if count >= budget:
        last = f"; the last {count - budget} are not tried" if count > budget else ""
        yield Text(f"they take the whole budget of {budget} recipes, so the sampler is never asked{last}")


def _costs(planned: PlannedSearch) -> Iterator[Text]:
    """GPU-hours and disk, and what they rest on."""
    hours = planned.measured_gpu_hours
    if hours is not None:
        yield Text(f"GPU-hours: about {_rounded(hours)}, by the speed measured on {planned.measured_on}")
    elif planned.gpu_hours:
        each = ", ".join(f"{_rounded(hours)} on {gpu}" for gpu, hours in planned.gpu_hours.items())
        yield Text(f"GPU-hours: about {each}")
        source = "search/forecast/throughput.yaml"
        yield Text(f"  an estimate from {source}, not measured; plan --measure on such a GPU does", "dim")
    elif planned.gpus:
        yield Text("GPU-hours: not known, since the model is not here")
    if planned.disk_bytes is not None:
        most, limit = formatting.size(planned.disk_bytes), planned.max_gb
        frees = formatting.typed("; taskmix gc frees most of it")
        kept = f"; storage.max_gb keeps it below {limit:g} GB" if limit is not None else frees
        yield Text(f"disk: {most} of encoders in the store{kept}")
    if planned.assumed:
        yield Text(f"lengths and rows assumed, because the data are not here: {', '.join(planned.assumed)}", "dim")


def _rounded(hours: float) -> str:
    """To two digits: an estimate has no more."""
    return f"{hours:.2g}" if hours < 10 else f"{round(hours, 1 - len(str(int(hours))) + 1):,.0f}"


def downloads(needs: Sequence[Need], width: int | None = None) -> str:
    """What a search reads from the hub."""
    if not needs:
        return "the search reads nothing from the hub"
    return _print(_console(width), [tables.downloads(needs)])


def gc_plan(unneeded: GcPlan, width: int | None = None) -> str:
    """What `gc` would delete, and how much that frees."""
    console = _console(width)
    kept = f"kept: {unneeded.kept} encoders, {formatting.size(unneeded.kept_bytes)}"
    if unneeded.kept_predictions:
        taken = formatting.size(sum(unneeded.kept_predictions.values()))
        kept += f"; {len(unneeded.kept_predictions)} predictions, {taken}"
    if not unneeded:
        return _print(console, [Text(f"nothing to delete; {kept}")])
    table = tables.plain("encoder of", "rung", "size", right=(1, 2))
    for encoder in unneeded.encoders:
        table.add_row(escape(encoder.mix), str(encoder.rung), formatting.size(encoder.bytes))
    if unneeded.unknown:
        gone = f"{len(unneeded.unknown)} x of no search that is here"
        table.add_row(Text(gone, "dim"), "", formatting.size(sum(unneeded.unknown.values())))
    if unneeded.predictions:
        gone = f"{len(unneeded.predictions)} x predictions of no search that is here"
        table.add_row(Text(gone, "dim"), "", formatting.size(sum(unneeded.predictions.values())))
    if unneeded.orphans:
        orphans = f"left by {len(unneeded.orphans)} writes that were broken off"
        table.add_row(Text(orphans, "dim"), "", formatting.size(sum(one.bytes for one in unneeded.orphans)))
    return _print(console, [table, Text(), Text(f"to delete: {formatting.size(unneeded.bytes)}; {kept}")])


def deletion(plan: DeletionPlan, mlflow_uri: str | None, width: int | None = None) -> str:
    """What `delete` would delete, and what stays.

    Args:
        mlflow_uri: where the runs are, if not in the folder.
    """
    workspace, grid = plan.workspace, Table.grid(padding=(0, 2))
    encoders, predictions = (formatting.size(sum(part.values())) for part in (plan.encoders, plan.predictions))
    kept = [
        *([f"{plan.shared} encoder{'s' if plan.shared > 1 else ''} that other searches need"] if plan.shared else []),
        *([f"{plan.elsewhere} encoders: other searches may use {workspace.store_url}"] if plan.elsewhere else []),
        "scores in the store, and models that were promoted",
    ]
    for title, text in (
        ("search", workspace.name),
        ("folder", f"{workspace.folder}, {formatting.size(plan.folder_bytes)}"),
        (
            "studies",
            f"{len(plan.studies)} in {shown(workspace.studies_url)}" if plan.studies else "none: it never began",
        ),
        ("runs", f"experiment taskmix/{workspace.name} in {shown(mlflow_uri)}" if mlflow_uri else "in the folder"),
        ("encoders", f"{len(plan.encoders)}, {encoders}"),
        ("predictions", f"{len(plan.predictions)}, {predictions}"),
        ("stay", "; ".join(kept)),
    ):
        grid.add_row(Text(title, "dim"), Text(text, overflow="fold"))
    return _print(_console(width), [grid])


def _takes_all_letters() -> bool:
    """Whether standard output can show whatever there is."""
    return (getattr(sys.stdout, "encoding", None) or "").lower().startswith("utf")


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().rstrip("\n")


def _console(width: int | None) -> Console:
    """Writes into memory what standard output would show."""
    terminal = sys.stdout.isatty()
    columns = width or (shutil.get_terminal_size().columns if terminal else PIPE_WIDTH)
    return Console(file=io.StringIO(), width=columns, force_terminal=terminal, highlight=False)


def _print(console: Console, parts: Sequence[RenderableType]) -> str:
    for part in parts:
        console.print(part)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()).rstrip("\n")
