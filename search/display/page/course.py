"""How a search went: what runs and what failed, cost, rungs, mixtures, languages, work items."""

from __future__ import annotations

from typing import get_args

from markupsafe import Markup

from search.answers.answer import Purpose
from search.answers.report import MixLine, SearchReport
from search.answers.status import FailureLine, SearchStatus, WorkItemLine
from search.display.page.answer import mix_link
from search.display.page.charts import (
    LINES,
    NAMED,
    best_so_far_plot,
    cost_plot,
    languages_plot,
    rung_plot,
)
from search.display.page.effects import with_scores
from search.display.page.lanes import lanes
from search.display.page.markup import join, tag
from search.display.page.plot import join_plots, stacked
from search.display.tables import absent_nodes, news, node_counts, shortcomings
from search.formatting import counts, duration, hyperparameters, number, percent, points

ROWS = 100
"""Mixes in the table; the command tells how to get the others."""

STATES = {
    "running": "▶ running",
    "queued": "◷ queued",
    "over": "✓ over",
    "interrupted": "‖ interrupted",
    "unfinished": "… unfinished",
    "unreadable": "✕ unreadable",
}

BEGUN: dict[Purpose, str] = {
    "baseline": "the baseline",
    "start": "a start recipe",
    "estimate": "an estimate",
    "proposal": "proposed by the sampler",
    "promotion": "promoted",
    "catch_up": "measured for a target that came later",
    "confirm": "a repeated seed",
}
"""Purpose of a work item, in words."""


def budget_bar(used: float, total: float | None) -> Markup:
    """How much of a budget is used."""
    if not total:
        return Markup("")
    return tag("progress", value=f"{min(used, total):g}", max=f"{total:g}")


def progress(status: SearchStatus) -> Markup:
    """State, budget, time: a line each."""
    recipes, driver = status.budget.recipes, status.driver
    where = f" on {driver.host} since {driver.since.replace('T', ' ')}" if driver else ""
    left = f", about {duration(status.seconds.left)} left" if status.seconds.left is not None else ""
    lines = [
        tag(
            "p",
            tag("strong", STATES[status.state], class_=f"state {status.state}"),
            f"{where} ",
            budget_bar(recipes.used, recipes.total),
            f" {number(recipes.used)} of {number(recipes.total)} recipes{left}",
            class_="progress",
        )
    ]
    seconds = status.seconds
    share = f", {seconds.training_share:.0%} of it training" if seconds.training_share is not None else ""
    facts = [
        f"recipes {counts(dict(status.recipes))}",
        f"work items {counts(dict(status.work_items))}",
        f"{duration(seconds.wall)} of wall-clock, {duration(seconds.work_items)} of work items{share}",
        f"{number(status.examples)} examples",
        *([f"nodes: {node_counts(status)}"] if len(status.nodes) > 1 else []),
        *(
            f"{number(limit.used)} of {number(limit.total)} {name.replace('_', ' ')}"
            for name, limit in status.budget
            if limit.total is not None and name != "recipes"
        ),
    ]
    lines.append(tag("p", " · ".join(facts), class_="legend"))
    lines += [tag("p", f"✕ {line}", class_="failed") for line in (*shortcomings(status), *absent_nodes(status))]
    lines += [tag("p", f"⚠ {line}", class_="caveat") for line in news(status)]
    return join(lines)


# --- now


def now_section(status: SearchStatus) -> Markup:
    """What runs, and what failed last, with its message."""
    parts: list[Markup] = []
    if status.running:
        parts.append(
            tag(
                "div",
                tag(
                    "table",
                    _head("mixture", "seed", "rung", "targets", "why", "doing", "node", "since"),
                    tag("tbody", *map(_running, status.running)),
                ),
                class_="scroll",
            )
        )
        if status.state != "running":
            parts.append(tag("p", "They were begun by a driver that is gone; resume does them again."))
    else:
        parts.append(tag("p", "Nothing runs."))
    if status.failures.count:
        kinds = counts({**status.failures.by_kind, "total": status.failures.count})
        parts.append(
            tag(
                "details",
                tag("summary", f"✕ failed work items {kinds}", class_="failed"),
                tag("ul", *map(_failure, reversed(status.failures.last))),
                open=True,
            )
        )
    return join(parts)


def _head(*names: str) -> Markup:
    return tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))


def _running(item: WorkItemLine) -> Markup:
    since = tag("time", (item.started or "").replace("T", " "), datetime=item.started) if item.started else None
    doing = None
    if item.phase is not None:
        share = f"{item.done:.0%}" if item.done is not None else ""
        doing = (tag("progress", value=f"{item.done or 0:.3f}", max="1"), f" {item.phase} {share}")
    what = (item.mix or "baseline", item.seed, item.rung, ", ".join(item.targets), BEGUN[item.purpose])
    return tag("tr", *(tag("td", cell) for cell in (*what, doing, item.node, since)))


def _failure(item: FailureLine) -> Markup:
    where = f"{item.mix or 'baseline'}, seed {item.seed}, rung {item.rung}"
    return tag("li", tag("strong", item.kind.replace("_", " ")), f": {where}", tag("pre", item.message))


# --- how it went


def cost_section(report: SearchReport) -> Markup:
    top, recipes = len(report.rungs) - 1, report.status.budget.recipes
    costs = [(f"{target}: gain against cost", cost_plot(target, report.mixes, top)) for target in report.targets]
    used, total = float(recipes.used), recipes.total
    rises = [
        (f"{target}: best gain so far", best_so_far_plot(target, report.courses[target], used, total))
        for target in report.targets
    ]
    if not any(plot for _, plot in costs):
        return tag("p", "No mix was measured at the top rung beside the baseline yet.")
    legend = (
        "Each point is a mix at the top rung; the line leads through those that nothing beats for less. "
        "The best of many is too high by what choosing brings: what it is worth stands in the answer."
    )
    return join([tag("p", legend, class_="legend"), join_plots(*costs), join_plots(*rises)])


def rungs_section(report: SearchReport) -> Markup:
    drawn = [(target, _rungs(report, target)) for target in report.targets]
    if not any(plot for _, plot in drawn):
        return tag("p", "Nothing was measured yet.")
    most = max(len(with_scores(report, target)) for target in report.targets)
    others = f" The {LINES} best are lines, all others dots." if most > LINES else ""
    return join([tag("p", f"Thick and dashed: the baseline.{others}", class_="legend"), join_plots(*drawn)])


def _rungs(report: SearchReport, target: str) -> Markup | None:
    ranked = with_scores(report, target)
    plot = rung_plot(target, report, ranked)
    if plot is None:
        return None
    named = [tag("li", line.mix, tag("small", f" {hyperparameters(line.hyperparameters)}")) for line in ranked[:NAMED]]
    return join([plot, tag("ol", *named, class_="key")])


def mixtures_section(report: SearchReport, base: str | None = None) -> Markup:
    """A row per mix."""
    if not report.mixes:
        return tag("p", "No recipe was started yet.")
    shown, more = report.mixes[:ROWS], len(report.mixes) - ROWS
    mean = ["mean gain"] if len(report.targets) > 1 else []
    columns = ["", "mixture", *mean, *report.targets, "rung", "seeds", "state", "how it began", "cost"]
    head = tag("tr", *(tag("th", name, scope="col") for name in columns))
    note = f" The first {ROWS} of {len(report.mixes):,} are shown." if more > 0 else ""
    csv = f"taskmix best {report.search} --top {len(report.mixes)} --format csv"
    return join(
        [
            tag(
                "p",
                "Gain in points on the development split, at the highest rung that a mix has on all targets; a gain "
                f"of one seed is worth little.{note} All of them, ranked: ",
                tag("code", csv),
                class_="legend",
            ),
            tag("div", _palette(report), class_="palette"),
            tag(
                "div",
                tag(
                    "table",
                    tag("thead", head),
                    tag("tbody", *(_row(report, place, line, base) for place, line in enumerate(shown, 1))),
                    class_="mixes sortable",
                    data_file=f"{report.search}-mixtures.csv",
                ),
                class_="scroll",
            ),
        ]
    )


def _palette(report: SearchReport) -> list[Markup]:
    return [
        tag("span", stacked({task: 1.0}, report.tasks, 12.0), " ", task, class_="task-name") for task in report.tasks
    ]


def _row(report: SearchReport, place: int, line: MixLine, base: str | None) -> Markup:
    values = hyperparameters(line.hyperparameters)
    highest = max((one.rung for scores in line.scores.values() for one in scores), default=None)
    rung = line.gain_rung if line.gain_rung is not None else highest
    at = [line.at(target, rung) if rung is not None else None for target in report.targets]
    gains = [(one.gain if one else None) for one in at]
    seeds = max((len(one.seeds) for one in at if one), default=0)
    mixture = (
        stacked(line.mixture, report.tasks),
        mix_link(line.digest, line.mix, base),
        tag("small", values) if values else None,
    )
    return tag(
        "tr",
        tag("td", place),
        tag("td", *mixture, class_="mixture"),
        _gain_cell(line.gain) if len(report.targets) > 1 else None,
        *(_gain_cell(gain) for gain in gains),
        tag("td", f"{report.rungs[rung].share:.0%}" if rung is not None else "", data_value=rung),
        tag("td", seeds or ""),
        tag("td", line.state),
        tag("td", BEGUN[line.purpose]),
        tag("td", duration(line.cost.seconds), data_value=f"{line.cost.seconds:.1f}"),
    )


def _gain_cell(gain: float | None) -> Markup:
    class_ = "gain" if gain is None or gain >= 0 else "gain loss"
    return tag("td", points(gain), class_=class_, data_value=None if gain is None else f"{gain:.5f}")


def languages_section(report: SearchReport) -> Markup:
    plots = []
    for target, mixes in report.best.targets.items():
        if mixes.best and (drawn := languages_plot(target, mixes)) is not None:
            estimate = mixes.best[0].claim or mixes.best[0].expected
            split = "test" if estimate and estimate.split == "test" else "development"
            plots.append((f"{target}: {mixes.best[0].mix}, {split} split", join([drawn, _by_language(report, target)])))
    if not plots:
        return tag("p", "No mix was measured beside the baseline yet.")
    legend = "Gain of the first mix in each language in points, the worst first; each with an interval of its own."
    return join([tag("p", legend, class_="legend"), join_plots(*plots)])


def _by_language(report: SearchReport, target: str) -> Markup:
    """The scores behind it, on the development split."""
    mixes = report.best.targets[target]
    first, base, floor = mixes.best[0], mixes.baseline, mixes.floor
    rows = [
        tag(
            "tr",
            tag("th", language, scope="row"),
            tag("td", percent(score)),
            tag("td", percent(base.languages.get(language)) if base else ""),
            tag("td", percent(floor.languages.get(language)) if floor else ""),
        )
        for language, score in sorted(first.languages.items())
    ]
    table = tag("table", _head("language", "mix", "baseline", "floor"), tag("tbody", *rows), class_="numbers")
    return tag("details", tag("summary", "scores in %, development split"), table)


def work_items_section(report: SearchReport) -> Markup:
    drawn = lanes(report.work_items)
    if drawn is None:
        return tag("p", "No work item was started yet.")
    words = [f"{name}: {BEGUN[name]}" for name in get_args(Purpose) if _has(report, name)]
    return join([tag("p", "; ".join([*words, "✕: failed"]), class_="legend"), drawn])


def _has(report: SearchReport, purpose: str) -> bool:
    return any(one.purpose == purpose for one in report.work_items)


def settings_section(report: SearchReport) -> Markup:
    """What of the search file cannot change, and the commits of what is read of the hub."""
    rows = [
        tag("tr", tag("th", key, scope="row"), tag("td", value))
        for key, value in [*sorted(report.settings.items()), *sorted(report.status.commits.items())]
    ]
    return tag("details", tag("summary", "what the search was begun with"), tag("table", tag("tbody", *rows)))
