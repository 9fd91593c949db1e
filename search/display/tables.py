"""The answers of `query.py` as tables for people. Scores are shown in %, differences of scores in points."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from search.formatting import cost, counts, duration, hyperparameters, number, percent, points

METRIC_NAMES = {"f1": "F1", "qa": "mean of exact match and F1"}


def best(data: Mapping[str, Any], console: Console) -> list[RenderableType]:
    """Per target the best mixes, the baseline and the floor; languages in columns where they fit."""
    parts: list[RenderableType] = []
    for target, answer in data["targets"].items():
        parts += [Text(target, "bold"), Text(_how_measured(answer), "dim")]
        wide, compact = _best_wide(answer), _best_compact(answer)
        parts += [wide if fits(wide, console) else compact, *_remarks(answer), Text()]
    return parts


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


def plain(*columns: str, right: Iterable[int] = ()) -> Table:
    """A table without lines; columns at the `right` never wrap."""
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    at_the_right = set(right)
    for index, name in enumerate(columns):
        table.add_column(
            name, justify="right" if index in at_the_right else "left", overflow="fold", no_wrap=index in at_the_right
        )
    return table


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
