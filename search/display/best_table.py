"""The answer of `best` as tables: what was measured, then what was learned."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from search.display.tables import METRIC_NAMES, fits, plain
from search.formatting import cost, hyperparameters, percent, points


def _measured(data: Mapping[str, Any], console: Console) -> list[RenderableType]:
    """Per target the best mixes, the baseline and the floor; languages in columns where they fit."""
    parts: list[RenderableType] = []
    for target, answer in data["targets"].items():
        parts += [Text(target, "bold"), Text(_how_measured(answer), "dim")]
        wide, compact = _best_wide(answer), _best_compact(answer)
        parts += [wide if fits(wide, console) else compact, *_remarks(answer), Text()]
    return parts


def _how_measured(answer: Mapping[str, Any]) -> str:
    metric = METRIC_NAMES.get(answer["metric"], answer["metric"])
    rung = (
        ""
        if answer["rung"]["top"]
        else f"; only rung {answer['rung']['index']} ({answer['rung']['share']:.0%} of the examples) so far"
    )
    return f"{metric} in %, development split; gain over the baseline in points; ± is the spread over seeds{rung}"


def _best_wide(answer: Mapping[str, Any]) -> Table:
    table = plain(
        "",
        "mix",
        "score",
        "gain",
        *answer["languages"],
        "test",
        "seeds",
        "cost",
        right=range(2, 6 + len(answer["languages"])),
    )
    for rank, entry in enumerate(answer["best"], 1):
        table.add_row(
            str(rank),
            escape("\n".join(filter(None, (entry["mix"], hyperparameters(entry["hyperparameters"]))))),
            percent(entry["score"]),
            points(entry["gain"], entry["gain_spread"]),
            *_cells(answer, entry["languages"]),
            percent(entry["test"]["score"] if entry["test"] else None),
            str(len(entry["seeds"])),
            cost(entry["cost"]),
        )
    for name in ("baseline", "floor"):
        values = answer[name]
        if values:
            test = values.get("test")
            seeds = str(len(values["seeds"])) if "seeds" in values else ""
            cells = _cells(answer, values["languages"])
            table.add_row(
                "",
                name,
                percent(values["score"]),
                "",
                *cells,
                percent(test["score"] if test else None),
                seeds,
                "",
                style="dim",
            )
    return table


def _best_compact(answer: Mapping[str, Any]) -> Table:
    """The languages below the mix."""
    table = plain("", "mix", "score", "gain", right=(2, 3))
    for rank, entry in enumerate(answer["best"], 1):
        seeds = len(entry["seeds"])
        lines = (
            entry["mix"],
            hyperparameters(entry["hyperparameters"]),
            in_languages(entry["languages"]),
            f"{seeds} seed{'s' if seeds > 1 else ''}; {cost(entry['cost'])}",
        )
        table.add_row(
            str(rank),
            escape("\n".join(filter(None, lines))),
            percent(entry["score"]),
            points(entry["gain"], entry["gain_spread"]),
        )
    for name in ("baseline", "floor"):
        if answer[name]:
            text = f"{name}\n{in_languages(answer[name]['languages'])}"
            table.add_row("", text, percent(answer[name]["score"]), "", style="dim")
    return table


def _remarks(answer: Mapping[str, Any]) -> Iterator[Text]:
    """How far the best mix is to be trusted."""
    if not answer["best"]:
        yield Text("no mix has been measured yet")
        return
    entry = answer["best"][0]
    if answer["beats_baseline"] is False:
        yield Text("no mix beats the baseline here: train on this target directly", "yellow")
    elif entry["gain_spread"] is None:
        yield Text("measured with one seed: the gain may be chance", "yellow")
    elif entry["gain"] <= 2 * entry["gain_spread"]:
        yield Text("the gain is less than twice its spread over seeds: it may be chance", "yellow")


def in_languages(values: Mapping[str, float]) -> str:
    return "  ".join(f"{language} {percent(value)}" for language, value in values.items())


def _cells(answer: Mapping[str, Any], values: Mapping[str, float]) -> list[str]:
    return [percent(values.get(language)) for language in answer["languages"]]


def answer_of(target: str, found: Mapping[str, Any], console: Console) -> RenderableType:
    """The best mix of one target with everything that was asked for: the end of `launch`."""
    title = Text.assemble(
        (target, "bold"), (f"  {METRIC_NAMES.get(found['metric'], found['metric'])} in %, development split", "dim")
    )
    if not found["best"]:
        return Group(title, *_remarks(found))
    entry, test = found["best"][0], found["best"][0]["test"]
    seeds = "1 seed" if len(entry["seeds"]) == 1 else f"{len(entry['seeds'])} seeds"
    lines: list[tuple[str, str | Text]] = [
        ("best mix", Text(entry["mix"], "bold" if found["beats_baseline"] else "")),
        ("hyperparameters", hyperparameters(entry["hyperparameters"]) or "none searched"),
        (
            "gain",
            f"{points(entry['gain'], entry['gain_spread'])} points over the baseline, {seeds}",
        ),
        (
            "on the test split",
            f"{percent(test['score'])}, gain {points(test.get('gain'), test.get('gain_spread'))}" if test else "",
        ),
        ("cost", cost(entry["cost"])),
    ]
    if not found["rung"]["top"]:
        lines.append(
            ("measured", f"at rung {found['rung']['index']} only, {found['rung']['share']:.0%} of the examples")
        )
    grid = Table.grid(padding=(0, 2))
    for name, text in lines:
        if text:
            grid.add_row(Text(f"  {name}", "dim"), text)
    return Group(title, grid, _by_language(found, entry, console), *_remarks(found))


def _by_language(found: Mapping[str, Any], entry: Mapping[str, Any], console: Console) -> RenderableType:
    """Score, gain, baseline and floor: the mean, and each language."""
    rows: Sequence[tuple[str, Any, Any, Any]] = [
        ("score", entry["score"], entry["languages"], percent),
        ("gain", entry["gain"], entry["gain_languages"], points),
        *(
            (name, found[name]["score"], found[name]["languages"], percent)
            for name in ("baseline", "floor")
            if found[name]
        ),
    ]
    wide = plain("", "mean", *found["languages"], right=range(1, 2 + len(found["languages"])))
    grid = Table.grid(padding=(0, 2))
    for name, mean, values, text in rows:
        wide.add_row(f"  {name}", text(mean), *(text(values.get(language)) for language in found["languages"]))
        each = "  ".join(f"{language} {text(value)}" for language, value in values.items())
        grid.add_row(Text(f"  {name}", "dim"), f"{text(mean)}  ({each})")
    return wide if fits(wide, console) else grid


PAIRS = 4
"""Pairs that are named, surest first."""


def best(data: Mapping[str, Any], console: Console) -> list[RenderableType]:
    """`tables.best`, and below each target what was learned about it."""
    parts: list[RenderableType] = []
    for target, answer in data["targets"].items():
        parts += _measured({"targets": {target: answer}}, console)[:-1]
        parts += [*learned(answer), Text()]
    return parts


def learned(answer: Mapping[str, Any]) -> Iterator[RenderableType]:
    """The effects of the tasks, then pairs, the predicted best mix and what more recipes would bring, a line each."""
    found = answer.get("learned")
    if found is None:
        return
    yield Text("learned from all results: gain in points ± its uncertainty", "dim")
    table = plain("", "task", "alone", "added to a mix", right=(2, 3))
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
