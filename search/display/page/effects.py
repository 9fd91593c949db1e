"""What a search has learned: what each task does to each target, and what the model of all results believes."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from search.answers.mixes import Insights, TargetMixes, TaskEffect
from search.answers.report import MixLine, SearchReport
from search.display.best_table import insight_lines, says_something
from search.display.page.charts import IntervalRow, intervals
from search.display.page.markup import join, tag
from search.display.page.plot import join_plots
from search.formatting import points

SURE = 1.64
"""Deviations from 0 within which an effect is put in parentheses: it may well be none."""

STEP = 0.005
"""Of a shade; there are five on each side."""

BEHIND = 3
"""Measurements that are shown behind an effect."""

LITTLE = "too little was measured to say (fewer than four recipes with a score)"


def effects_section(report: SearchReport) -> Markup:
    """The heat map, targets x tasks."""
    learned = {target: mixes.learned for target, mixes in report.best.targets.items()}
    if not any(learned.values()):
        return tag("p", LITTLE)
    head = tag("tr", tag("th", ""), *(tag("th", tag("span", task), scope="col") for task in report.tasks))
    rows, behind = [], []
    for target, insights in learned.items():
        if insights is None:
            rows.append(tag("tr", tag("th", target, scope="row"), tag("td", "too little", colspan=len(report.tasks))))
            continue
        cells = []
        for task in report.tasks:
            name = f"why-{report.targets.index(target)}-{report.tasks.index(task)}"
            cells.append(_cell(report.best.targets[target], insights.tasks[task], name))
            behind.append(_behind(report, target, task, insights.tasks[task], name))
        rows.append(tag("tr", tag("th", target, scope="row"), *cells))
    several = "vertical" if sum(map(len, report.tasks)) > 60 else ""
    return join(
        [
            tag(
                "p",
                "Gain in points of adding a task with an equal share to a mix, in the mean over drawn mixes, as the "
                "model of all results sees it. In parentheses: within 1.64 deviations of 0, so perhaps nothing. "
                "?: it is less certain than a score picked at random. Press a number for the measurements behind it.",
                class_="legend",
            ),
            tag(
                "div",
                tag("table", tag("thead", head), tag("tbody", *rows), class_=f"heat {several}"),
                class_="scroll",
            ),
            *behind,
            *_pairs(report),
        ]
    )


def _cell(mixes: TargetMixes, effect: TaskEffect, name: str) -> Markup:
    if not says_something(mixes, effect.alone_deviation):
        class_, text = "unknown", "?"
    elif abs(effect.added) < SURE * effect.added_deviation:
        class_, text = f"faded {_shade(effect.added)}", f"({points(effect.added)})"
    else:
        class_, text = _shade(effect.added), points(effect.added)
    return tag("td", tag("button", text, type="button", popovertarget=name), class_=class_)


def _shade(gain: float) -> str:
    level = min(5, round(abs(gain) / STEP))
    return f"{'up' if gain > 0 else 'down'}{level}" if level else ""


def _behind(report: SearchReport, target: str, task: str, effect: TaskEffect, name: str) -> Markup:
    """The measurements with the task, the surest first, as a note that opens when it is asked for."""
    found = sorted(
        (
            (line.scores[target][-1], line)
            for line in report.mixes
            if task in line.mixture and line.scores.get(target) and line.scores[target][-1].gain is not None
        ),
        key=lambda entry: (-entry[0].rung, -entry[1].mixture[task], entry[1].digest),
    )
    lines = [
        tag("li", f"{line.mix} {points(at.gain)} at {report.rungs[at.rung].share:.0%}, {_seeds(len(at.seeds))}")
        for at, line in found[:BEHIND]
    ]
    more = tag("p", f"and {len(found) - BEHIND} more") if len(found) > BEHIND else None
    return tag(
        "div",
        tag("h4", f"{task} for {target}"),
        tag("p", f"alone {points(effect.alone, effect.alone_deviation)}"),
        tag("p", f"added to a mix {points(effect.added, effect.added_deviation)}"),
        tag("p", "measured, gain in points:" if lines else "no mix with it was measured on this target"),
        tag("ul", *lines) if lines else None,
        more,
        id=name,
        popover=True,
    )


def _seeds(count: int) -> str:
    return "1 seed" if count == 1 else f"{count} seeds"


def _pairs(report: SearchReport) -> Iterator[Markup]:
    for target, mixes in report.best.targets.items():
        if mixes.learned is not None:
            for title, text in insight_lines(mixes, mixes.learned):
                if title.endswith("each other"):
                    yield tag("p", tag("strong", target), f": {title}: {text}")


def belief_section(report: SearchReport) -> Markup:
    """Per target the predicted best beside the measured best, and what more recipes would bring."""
    plots, silent = [], []
    for target, mixes in report.best.targets.items():
        drawn = _belief(target, mixes, mixes.learned) if mixes.learned else None
        if drawn is None:
            silent.append(target)
        else:
            plots.append((target, drawn))
    quiet = tag("p", f"The model knows too little to predict anything about {', '.join(silent)}.") if silent else None
    legend = "Bars: two deviations of the model to each side, and the 95 % interval of what was measured."
    return join([tag("p", legend, class_="legend") if plots else None, join_plots(*plots) if plots else None, quiet])


def _belief(target: str, mixes: TargetMixes, insights: Insights) -> Markup | None:
    predicted, more = insights.predicted, insights.more
    if not says_something(mixes, predicted.deviation):
        return None
    error = 2 * predicted.deviation
    rows = [IntervalRow("predicted", predicted.gain, predicted.gain - error, predicted.gain + error)]
    if mixes.best and mixes.best[0].expected is not None:
        expected = mixes.best[0].expected
        rows.append(IntervalRow("measured", expected.mean, expected.low, expected.high, mixes.best[0].gain_seeds))
    lines = [f"predicted best: {predicted.mix}"]
    if mixes.best:
        lines.append(f"measured best: {mixes.best[0].mix}")
    if says_something(mixes, more.deviation):
        gain = points(more.expected, more.deviation)
        lines.append(f"more recipes are expected to find a mix {gain} points above {more.best_known}")
    drawn = intervals(f"predicted and measured best gain on {target}", rows)
    return join([drawn, *(tag("p", line) for line in lines)])


def with_scores(report: SearchReport, target: str) -> list[MixLine]:
    """The mixes with scores on a target: the highest rung first, then the best."""
    found = [line for line in report.mixes if line.scores.get(target)]
    return sorted(found, key=lambda line: (-line.scores[target][-1].rung, -line.scores[target][-1].score, line.digest))
