"""The answers of `query.py` as text: a table for people, JSON or CSV for programs. `docs/json.md` has the fields."""

from __future__ import annotations

import csv
import io
import json
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search import formatting
from search.config.search import Search, chosen
from search.display import benchmark_table, best_table, tables
from search.studies.database import shown
from spaces.initial_design import Start

if TYPE_CHECKING:
    from search.forecast.estimate import Estimate
    from search.retention.gc import GcPlan
    from trainables.work.preparation import PreparationReport

Kind = Literal["best", "benchmark", "status", "searches", "tasks"]

FORMATS = ("table", "json", "csv")

LAYOUTS = {
    "best": best_table.best,
    "benchmark": benchmark_table.benchmark,
    "status": tables.status,
    "searches": tables.searches,
    "tasks": tables.tasks,
}

PIPE_WIDTH = 100
"""Columns where there is no terminal to ask."""


def render(data: Mapping[str, Any], kind: Kind, format: str = "table", width: int | None = None) -> str:
    """The text of an answer, without a last line break.

    Args:
        data: as `query.best`, `query.status`, `query.tasks` or `benchmark.benchmark` gave it; {"searches":
            `query.searches`}.
        format: table, json or csv.
        width: columns of a table; default: the terminal's.
    """
    if format == "json":
        return json.dumps(data, indent=2, ensure_ascii=False)
    if format == "csv":
        return _csv(list(_rows(data, kind)))
    console = _console(width)
    return _print(console, LAYOUTS[kind](data, console))


def answer(best: Mapping[str, Any], status: Mapping[str, Any], mlflow: str, width: int | None = None) -> str:
    """What `launch` ends with: per target the best mix, then what it cost and the next commands.

    Args:
        mlflow: the tracking URI.
    """
    console = _console(width)
    parts: list[RenderableType] = []
    for target, found in best["targets"].items():
        parts += [best_table.answer_of(target, found, console), Text()]
    name, seconds, failures = best["search"], status["seconds"], status["failures"]
    items, recipes = status["work_items"], status["recipes"]
    share = f", {seconds['training_share']:.0%} of it training" if seconds["training_share"] is not None else ""
    work = f"{formatting.duration(seconds['work_items'])} of work items{share}"
    failed = formatting.counts({**failures["by_kind"], "total": failures["count"]}) if failures["count"] else "none"
    ui = shown(mlflow) if mlflow.startswith("http") else f"mlflow ui --backend-store-uri {shown(mlflow)}"
    grid = Table.grid(padding=(0, 2))
    for title, text in (
        ("search", f"{name}: {status['state']}; {recipes['total']} recipes in {items['total']} work items"),
        ("cost", f"{formatting.duration(seconds['wall'])}; {work}; {formatting.number(status['examples'])} examples"),
        ("failures", failed),
        ("next", f"{program()} best {name} --top 10"),
        ("", f"{program()} status {name}"),
        *((("", f"{program()} resume {name}"),) if not status["over"] else ()),
        ("", ui),
    ):
        grid.add_row(Text(title, "dim"), Text(text, overflow="fold"))
    return _print(console, [*parts, grid])


def plan(
    search: Search, starts: Sequence[Start], findings: PreparationReport, estimate: Estimate, width: int | None = None
) -> str:
    """What `plan` found: the space, what the search begins with, the work items and the time they take."""
    config, console = search.config, _console(width)
    shares = ", ".join(f"{share:.0%}" for share in config.halving.rungs)
    sampler, eta = chosen(search), config.halving.eta
    grid = Table.grid(padding=(0, 2))
    for title, text in (
        ("search", f"{config.name}: {config.model}"),
        ("tasks", ", ".join(search.space.tasks)),
        ("targets", ", ".join(config.targets)),
        ("space", f"{search.space.size:,} mixes" + "".join(f" x {name}" for name in search.space.defaults)),
        ("rungs", f"{shares} of the examples; {f'the best 1/{eta}' if eta > 1 else 'all'} go on"),
        ("sampler", f"{sampler.name}: {sampler.why}"),
        ("not looked at", ", ".join(findings.unreached)),
    ):
        if text:
            grid.add_row(Text(title, "dim"), Text(text))
    table = tables.plain("work items", "count", "examples each", "steps each", "time each", right=(1, 2, 3, 4))
    for line in estimate.lines:
        each = "?" if line.seconds is None else formatting.duration(line.seconds)
        table.add_row(line.kind, str(line.items), formatting.number(line.examples), formatting.number(line.steps), each)
    total = "not known here" if estimate.seconds is None else f"about {formatting.duration(estimate.seconds)}"
    at_once = f"{estimate.concurrency} at a time"
    if estimate.wall is not None:
        at_once += "; played through on a made-up response surface"
    amount = f"{estimate.examples:,} examples, {estimate.steps:,} steps"
    closing = f"about {estimate.items} work items, {amount}, {total} ({at_once})"
    begin = [*_starts(search, starts), Text()] if starts else []
    return _print(console, [grid, Text(), *begin, table, Text(), Text(closing), *_costs(search, estimate)])


def _starts(search: Search, starts: Sequence[Start]) -> Iterator[RenderableType]:
    """The mixtures that are tried before the sampler is asked, and where they come from."""
    table = tables.plain("start", "where from")
    for start in starts:
        table.add_row(escape(str(start.mixture)), escape(start.reason))
    yield table
    budget = search.config.budget.recipes
    if len(starts) >= budget:
        last = f"; the last {len(starts) - budget} are not tried" if len(starts) > budget else ""
        yield Text(f"they take the whole budget of {budget} recipes, so the sampler is never asked{last}")


def _costs(search: Search, estimate: Estimate) -> Iterator[Text]:
    """GPU-hours and disk, and what they rest on."""
    hours = estimate.measured_gpu_hours
    if hours is not None:
        yield Text(f"GPU-hours: about {_rounded(hours)}, by the speed measured on {estimate.measured}")
    elif estimate.gpu_hours:
        each = ", ".join(f"{_rounded(hours)} on {gpu}" for gpu, hours in estimate.gpu_hours.items())
        yield Text(f"GPU-hours: about {each}")
        yield Text(
            "  an estimate from search/forecast/throughput.yaml, not measured; plan --measure on such a GPU does", "dim"
        )
    elif estimate.gpus:
        yield Text("GPU-hours: not known, since the model is not here")
    if estimate.disk is not None:
        most, limit = formatting.size(estimate.disk), search.config.storage.max_gb
        kept = f"; storage.max_gb keeps it below {limit:g} GB" if limit is not None else "; taskmix gc frees most of it"
        yield Text(f"disk: {most} of encoders in the store{kept}")
    if estimate.assumed:
        yield Text(f"lengths and rows assumed, because the data are not here: {', '.join(estimate.assumed)}", "dim")


def _rounded(hours: float) -> str:
    """To two digits: an estimate has no more."""
    return f"{hours:.2g}" if hours < 10 else f"{round(hours, 1 - len(str(int(hours))) + 1):,.0f}"


def sweep(found: GcPlan, width: int | None = None) -> str:
    """What `gc` would delete, and how much that frees."""
    console = _console(width)
    kept = f"kept: {found.kept} encoders, {formatting.size(found.kept_bytes)}"
    if found.kept_predictions:
        kept += f"; {len(found.kept_predictions)} predictions, {formatting.size(sum(found.kept_predictions.values()))}"
    if not found:
        return _print(console, [Text(f"nothing to delete; {kept}")])
    table = tables.plain("encoder of", "rung", "size", right=(1, 2))
    for waste in found.encoders:
        table.add_row(escape(waste.mix), str(waste.rung), formatting.size(waste.bytes))
    if found.predictions:
        gone = f"{len(found.predictions)} x predictions of no search that is here"
        table.add_row(Text(gone, "dim"), "", formatting.size(sum(found.predictions.values())))
    if found.orphans:
        orphans = f"left by {len(found.orphans)} writes that were broken off"
        table.add_row(Text(orphans, "dim"), "", formatting.size(sum(one.bytes for one in found.orphans)))
    return _print(console, [table, Text(), Text(f"to delete: {formatting.size(found.bytes)}; {kept}")])


def program() -> str:
    """How this program is called here."""
    return "taskmix" if shutil.which("taskmix") else "python -m search"


def figure(data: Mapping[str, Any], path: Path) -> None:
    """A PNG of what `query.best` found: per target, the gain of each mix in every language. Needs matplotlib."""
    from matplotlib.figure import Figure

    targets = [(name, found) for name, found in data["targets"].items() if found["best"]]
    entries = {entry["digest"]: entry for _, found in targets for entry in found["best"]}
    mixes = [entry["mix"] for entry in entries.values()]
    bars: dict[str, Any] = {}
    drawing = Figure(figsize=(8, 2.2 * len(targets) + 0.25 * len(entries) + 0.4), layout="constrained")
    panels = drawing.subplots(max(len(targets), 1), 1, squeeze=False)[:, 0]
    for panel, (name, found) in zip(panels, targets, strict=False):
        width = 0.8 / len(found["best"])
        for rank, entry in enumerate(found["best"]):
            gains = [entry["gain"], *(entry["gain_languages"].get(language) for language in found["languages"])]
            at = [index - 0.4 + width * (rank + 0.5) for index in range(len(gains))]
            color = f"C{list(entries).index(entry['digest']) % 10}"
            heights = [100 * (gain or 0.0) for gain in gains]
            bars[entry["digest"]] = panel.bar(at, heights, width * 0.92, color=color)
            if entry["gain_spread"] is not None:
                panel.errorbar(at[0], heights[0], 100 * entry["gain_spread"], color="black", capsize=3, linewidth=1)
        panel.axhline(0, color="black", linewidth=0.8)
        panel.set_xticks(range(1 + len(found["languages"])), ["mean", *found["languages"]])
        panel.set_ylabel("gain, points")
        baseline = formatting.percent(found["baseline"]["score"]) if found["baseline"] else "?"
        panel.set_title(f"{name}: gain over the baseline ({baseline} % {found['metric']})", loc="left", fontsize=10)
        panel.spines[["top", "right", "bottom"]].set_visible(False)
    if entries:
        labels = [
            entry["mix"]
            + (f" ({formatting.hyperparameters(entry['hyperparameters'])})" if mixes.count(entry["mix"]) > 1 else "")
            for entry in entries.values()
        ]
        title = "Development split; whiskers: spread over seeds"
        handles = [bars[name] for name in entries]
        drawing.legend(
            handles,
            labels,
            loc="outside lower left",
            fontsize=8,
            frameon=False,
            title=title,
            title_fontsize=8,
            alignment="left",
        )
    drawing.savefig(path, dpi=150)


def _rows(data: Mapping[str, Any], kind: Kind) -> Iterator[dict[str, Any]]:
    """The lines of the CSV."""
    if kind == "best":
        for target, found in data["targets"].items():
            for rank, entry in enumerate(found["best"], 1):
                yield {"target": target, "rank": rank, **_best_row(found, entry)}
    elif kind == "benchmark":
        yield from _benchmark_rows(data)
    elif kind == "status":
        yield _flat({key: value for key, value in data.items() if key != "running"})
    elif kind == "searches":
        for line in data["searches"]:
            yield _flat(line)
    else:
        for card in (*data["tasks"], *data["targets"]):
            sizes = {
                split: sum(rows.values()) if isinstance(rows, Mapping) else rows
                for split, rows in card["sizes"].items()
            }
            yield {"kind": "task" if card in data["tasks"] else "target", **_flat({**card, "sizes": sizes})}


def _benchmark_rows(data: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A line per row of the table and split."""
    for row in data["rows"]:
        for split in ("dev", "test"):
            found = row[split]
            if any(found["cells"].values()):
                scores = {task: cell["score"] if cell else None for task, cell in found["cells"].items()}
                averages = {**found["groups"], "overall": found["overall"], "over_groups": found["over_groups"]}
                about = {key: row[key] for key in ("kind", "name", "source")}
                yield {**about, "split": split, **scores, **averages}


def _best_row(found: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    test = entry["test"] or {}
    return {
        **{name: entry[name] for name in ("digest", "mix", "score", "spread", "gain", "gain_spread", "confirmed")},
        "baseline": found["baseline"]["score"] if found["baseline"] else None,
        "floor": found["floor"]["score"] if found["floor"] else None,
        "test_score": test.get("score"),
        "test_gain": test.get("gain"),
        "metric": found["metric"],
        "rung": found["rung"]["index"],
        "seeds": len(entry["seeds"]),
        "seconds": entry["cost"]["seconds"],
        "examples": entry["cost"]["examples"],
        **{f"weight.{task}": weight for task, weight in entry["mixture"].items()},
        **{f"hp.{name}": value for name, value in entry["hyperparameters"].items()},
        **{f"score.{language}": value for language, value in entry["languages"].items()},
    }


def _flat(value: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys; lists of plain values joined, other lists left out."""
    flat: dict[str, Any] = {}
    for key, below in value.items():
        if isinstance(below, Mapping):
            flat |= _flat(below, f"{prefix}{key}.")
        elif not isinstance(below, list):
            flat[f"{prefix}{key}"] = below
        elif all(isinstance(entry, str) for entry in below):
            flat[f"{prefix}{key}"] = " ".join(below)
    return flat


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
