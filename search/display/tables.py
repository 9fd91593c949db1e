"""The answers of `query.py` as tables for people. Scores are shown in %, differences of scores in points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from search.formatting import counts, duration, number, percent, points

METRIC_NAMES = {"f1": "F1", "qa": "mean of exact match and F1"}


def status(data: Mapping[str, Any], console: Console) -> list[RenderableType]:
    """Counts, budget, time and failures of one search."""
    seconds, failures = data["seconds"], data["failures"]
    share = f" ({seconds['training_share']:.0%})" if seconds["training_share"] is not None else ""
    budget = [
        f"{number(values['used'])} of {number(values['total'])} {name.replace('_', ' ')}"
        for name, values in data["budget"].items()
        if values["total"] is not None
    ]
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in (
        ("state", data["state"]),
        ("recipes", counts(data["recipes"])),
        ("work items", counts(data["work_items"])),
        ("budget", "; ".join(budget)),
        ("wall time", duration(seconds["wall"])),
        (
            "work items' time",
            f"{duration(seconds['work_items'])}, of it {duration(seconds['training'])} training{share}",
        ),
        ("examples", number(data["examples"])),
        ("failures", counts({**failures["by_kind"], "total": failures["count"]})),
    ):
        grid.add_row(Text(name, "dim"), Text(text))
    parts: list[RenderableType] = [Text(data["search"], "bold"), grid]
    parts += [
        Text(f"runs: {_named(item)} at rung {item['rung']} for {', '.join(item['targets'])}")
        for item in data["running"]
    ]
    parts += [
        Text(
            f"failed: {_named(item)} at rung {item['rung']}: {item['kind']}: {item['message']}",
            "red",
        )
        for item in failures["last"]
    ]
    return parts


def _named(item: Mapping[str, Any]) -> str:
    """A work item: its mix and seed, and whether it is an estimate."""
    kind = "estimate of " if item["purpose"] == "estimate" else ""
    return f"{kind}{item['mix']} (seed {item['seed']})"


def searches(data: Mapping[str, Any], console: Console) -> list[RenderableType]:
    """A row per search."""
    if not data["searches"]:
        return [Text("no searches yet; start one with: taskmix launch FILE")]
    table = plain("search", "state", "recipes", "work items", "best mixes (score in %, gain in points)")
    for line in data["searches"]:
        recipes, items = line["recipes"], line["work_items"]
        found = [
            f"{target}: {entry['mix']} {percent(entry['score'])} {points(entry['gain'])}".rstrip()
            for target, entry in line["best"].items()
        ]
        table.add_row(
            line["search"],
            line["state"],
            f"{recipes['used']} of {recipes['total']}" if recipes else "",
            counts(items) if items else "",
            escape(line["problem"] or "\n".join(found)),
        )
    return [table]


def tasks(data: Mapping[str, Any], console: Console) -> list[RenderableType]:
    """The cards: intermediate tasks, then targets."""
    parts: list[RenderableType] = []
    for title, cards in (("intermediate tasks", data["tasks"]), ("targets", data["targets"])):
        grid = Table.grid(padding=(0, 2))
        grid.add_column()
        grid.add_column(overflow="fold")  # long ids on narrow terminals
        for card in cards:
            languages, metric = card["languages"], METRIC_NAMES.get(card["metric"], card["metric"])
            facts = (
                card["format"] + (f" ({metric})" if metric else ""),
                " ".join(languages) if len(languages) < 9 else f"{len(languages)} languages",
                ", ".join(f"{_rows(split, rows)}" for split, rows in card["sizes"].items()),
                card["licence"],
                card["source"],
            )
            about = Text(" · ".join(filter(None, facts)), "dim", overflow="fold")
            lines = [Text(card["description"]), about]
            if card["unverified"]:
                lines.append(Text(f"not verified: {card['unverified']}", "yellow"))
            grid.add_row(Text(card["name"], "bold"), Group(*lines))
        parts += [Text(f"{title} ({len(cards)})"), grid, Text()]
    return parts


def _rows(split: str, size: int | Mapping[str, int]) -> str:
    """Of each language where all have as many, else of all of them together."""
    if isinstance(size, int):
        return f"{number(size)} {split} rows"
    return f"{number(sum(size.values()))} {split} rows in {len(size)} languages"


def fits(table: RenderableType, console: Console) -> bool:
    """Whether a table fits the console without wrapping."""
    roomy = console.options.update(max_width=10_000)
    return Measurement.get(console, roomy, table).maximum <= console.width


# --- best


def plain(*columns: str, right: Iterable[int] = ()) -> Table:
    """A table without lines; columns at the `right` never wrap."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    at_the_right = set(right)
    for index, name in enumerate(columns):
        table.add_column(
            name, justify="right" if index in at_the_right else "left", overflow="fold", no_wrap=index in at_the_right
        )
    return table
