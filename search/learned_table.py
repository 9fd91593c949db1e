"""What a search has learned of a target, laid out for people: see `learned.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search.display import tables
from search.formatting import hyperparameters, points

PAIRS = 4
"""Pairs that are named, surest first."""


def best(data: Mapping[str, Any], console: Console) -> list[RenderableType]:
    """`tables.best`, and below each target what was learned about it."""
    parts: list[RenderableType] = []
    for target, answer in data["targets"].items():
        parts += tables.best({"targets": {target: answer}}, console)[:-1]
        parts += [*learned(answer), Text()]
    return parts


def learned(answer: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The effects of the tasks, then pairs, the predicted best mix and what more recipes would bring, a line each."""
    found = answer.get("learned")
    if found is None:
        return
    yield Text("learned from all results: gain in points ± its uncertainty", "dim")
    table = tables.plain("", "task", "alone", "added to a mix", right=(2, 3))
    for task, effect in sorted(found["tasks"].items(), key=lambda entry: -entry[1]["added"]):
        alone = points(effect["alone"], effect["alone_deviation"])
        table.add_row("", escape(task), alone, points(effect["added"], effect["added_deviation"]))
    yield table
    grid = Table.grid(padding=(0, 2))
    for name, text in _lines(answer, found):
        grid.add_row(Text(f"  {name}", "dim"), Text(text, overflow="fold"))
    yield grid


def _lines(answer: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for title, sign in (("help each other", 1), ("spoil each other", -1)):
        pairs = [pair for pair in found["pairs"] if sign * pair["effect"] > 0][:PAIRS]
        if pairs:
            texts = (f"{' and '.join(pair['tasks'])} {points(pair['effect'], pair['deviation'])}" for pair in pairs)
            yield title, "; ".join(texts)
    predicted, more = found["predicted"], found["more"]
    values = hyperparameters(predicted["hyperparameters"])
    text = f"{predicted['mix']}{f' ({values})' if values else ''} {points(predicted['gain'], predicted['deviation'])}"
    if answer["best"]:
        best = answer["best"][0]
        text += f"; measured best: {best['mix']} {points(best['gain'], best['gain_spread'])}"
    yield "predicted best", text
    gain = points(more["expected"], more["deviation"])
    yield "more recipes", f"are expected to find a mix {gain} points above {more['from']}"
