"""The charts of a search: intervals, costs, rungs, the best so far."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup

from search.answers.mixes import MixResult, TargetMixes
from search.answers.report import MixLine, SearchReport, TargetCourse
from search.display.page.markup import number, tag
from search.display.page.plot import LETTER, Plot, Scale, bounded, short_duration, span, svg
from search.formatting import duration, percent, points, points_between

NARROW = 340.0
"""Width of a drawing of intervals: on a telephone it is as wide as a card."""

LINES = 12
"""Mixes that have a line of their own over the rungs; of the others dots are shown."""

NAMED = 5
"""Lines that are numbered."""


@dataclass(frozen=True)
class IntervalRow:
    """A difference of scores with what it may be, and single measurements as rings."""

    name: str
    mean: float
    low: float | None = None
    high: float | None = None
    rings: Sequence[float] = ()
    dots: Sequence[tuple[str, float]] = ()
    class_: str = ""


def intervals(title: str, rows: Sequence[IntervalRow], beside: bool = False) -> Markup | None:
    """Gains below each other, the baseline a line through all of them.

    Args:
        beside: name and value stand beside a bar, which short names of many bars have room for, and not above it.
    """
    if not rows:
        return None
    left, right, each = 8.0, 8.0, 34.0
    if beside:
        left = max(len(row.name) for row in rows) * LETTER + 8
        right = max(len(_interval_text(row)) for row in rows) * LETTER + 8
        each = 24.0 if len(rows) <= 12 else 18.0
    centers = [value for row in rows for value in (row.mean, *row.rings, *(dot for _, dot in row.dots))]
    low, high = bounded([0.0, *centers], [end for row in rows for end in (row.low, row.high) if end is not None])
    scale = Scale(*span([low, high], 0.02), left, NARROW - right)
    height, zero = each * len(rows) + 24, scale(0.0)
    word = max(zero, 28.0) if zero < NARROW / 2 else min(zero, NARROW - 28.0)
    parts = [
        tag("path", d=f"M{number(zero)} {'2' if beside else '18'}V{number(height - 18)}", class_="baseline"),
        tag("text", "baseline", x=word, y=height - 5, text_anchor="middle", class_="name"),
    ]
    for index, row in enumerate(rows):
        y = each * index + (12.0 if beside else 26.0)
        parts += _interval_row(row, y, y + 4 if beside else y - 12, scale)
    return svg(title, height, *parts, width=NARROW, class_="plot narrow")


def _interval_row(row: IntervalRow, y: float, text_y: float, scale: Scale) -> list[Markup]:
    found = [tag("text", row.name, x=0, y=text_y)]
    if row.low is not None and row.high is not None:
        ends = "".join(
            f"M{number(scale(end))} {number(y - 4)}v8" if scale.holds(end) else _arrow(scale(end), y, sign)
            for end, sign in ((row.low, -1), (row.high, 1))
        )
        path = f"M{number(scale(row.low))} {number(y)}H{number(scale(row.high))}{ends}"
        found.append(tag("path", d=path, class_=f"interval {row.class_}"))
    for value in row.rings:
        found.append(tag("circle", tag("title", f"a seed: {points(value)}"), cx=scale(value), cy=y, r=5, class_="ring"))
    for name, value in row.dots:
        found.append(tag("circle", tag("title", f"{name} {points(value)}"), cx=scale(value), cy=y, r=3, class_="dot"))
    if not row.dots:
        found.append(tag("circle", cx=scale(row.mean), cy=y, r=4, class_=f"mean {row.class_}"))
    found.append(tag("text", _interval_text(row), x=NARROW, y=text_y, text_anchor="end", class_="value"))
    return found


def _arrow(x: float, y: float, sign: int) -> str:
    """The interval goes on beyond the plot."""
    return f"M{number(x - 5 * sign)} {number(y - 4)}l{5 * sign} 4l{-5 * sign} 4"


def _interval_text(row: IntervalRow) -> str:
    if row.dots:
        values = [value for _, value in row.dots]
        return points_between(min(values), max(values))
    if row.low is None or row.high is None:
        return points(row.mean)
    return f"{points(row.mean)} ({points_between(row.low, row.high)})"


def gain_intervals(target: str, result: MixResult) -> Markup | None:
    """What the first mix of a target gains: claimed, expected, by seed and by language."""
    rows = []
    if result.claim is not None:
        claim = result.claim
        rings = result.test.gain_seeds if result.test else ()
        rows.append(IntervalRow("test split", claim.mean, claim.low, claim.high, rings, class_="claim"))
    if result.expected is not None:
        expected = result.expected
        rows.append(IntervalRow("development split", expected.mean, expected.low, expected.high, result.gain_seeds))
        languages = [(name, one.mean) for name, one in expected.languages.items()]
        if len(languages) > 1:
            rows.append(IntervalRow("languages, development split", expected.mean, dots=languages))
    return intervals(f"gain of {result.mix} on {target}, in points over the baseline", rows)


# --- cost


def cost_plot(target: str, mixes: Sequence[MixLine], top: int) -> Markup | None:
    """Gain at the top rung against what a mix cost, with the line of those that nothing beats for less."""
    found = [
        (line.cost.seconds, gain, line)
        for line in mixes
        if (at := line.at(target, top)) is not None and (gain := at.gain) is not None and line.cost.seconds > 0
    ]
    if not found:
        return None
    plot = Plot(
        f"gain against cost on {target}",
        x=(0.0, max(seconds for seconds, _, _ in found) * 1.06),
        y=span([gain for _, gain, _ in found], 0.01, (0.0,)),
        x_text=short_duration,
        y_text=points,
        x_name="time of its work items",
        y_name="gain in points, development split",
    )
    plot.x_ticks = plot.at_x.time_ticks()
    plot.line([(0.0, 0.0), (plot.x[1], 0.0)], "baseline")
    plot.word(0.0, 0.0, " baseline")
    plot.cloud([(seconds, gain) for seconds, gain, _ in found])
    front = _pareto(found)
    stairs = [(x, y) for (one, other) in pairwise(front) for x, y in ((one[0], one[1]), (other[0], one[1]))]
    stairs += [(x, y) for x, y, _ in front[-1:]] + [(plot.x[1], y) for _, y, _ in front[-1:]]
    plot.line(stairs, "front")
    for seconds, gain, line in front:
        plot.dot(seconds, gain, "front", f"{line.mix}: {points(gain)} points, {duration(seconds)}")
    return plot.draw()


def _pareto(found: Sequence[tuple[float, float, MixLine]]) -> list[tuple[float, float, MixLine]]:
    """Those that cost less than all that gain more, by rising cost."""
    front: list[tuple[float, float, MixLine]] = []
    for one in sorted(found, key=lambda entry: (entry[0], -entry[1], entry[2].digest)):
        if not front or one[1] > front[-1][1]:
            front.append(one)
    return front


def best_so_far_plot(target: str, course: TargetCourse, used: float, total: float | None) -> Markup | None:
    """The best gain against the recipes that were started by then."""
    if not course.best_so_far:
        return None
    end = max(used, total or 0.0, 1.0)
    gains = [one.gain for one in course.best_so_far]
    plot = Plot(
        f"best gain so far on {target}",
        x=(0.0, end * 1.03),
        y=span(gains, 0.01, (0.0,)),
        x_text=lambda value: f"{value:g}",
        y_text=points,
        x_name=f"recipes started, of {end:g}",
        y_name="best gain so far in points, of one seed",
    )
    plot.line([(0.0, 0.0), (end * 1.03, 0.0)], "baseline")
    plot.word(0.0, 0.0, " baseline")
    stairs = [(course.best_so_far[0].recipes, course.best_so_far[0].gain)]
    for one in course.best_so_far[1:]:
        stairs += [(one.recipes, stairs[-1][1]), (one.recipes, one.gain)]
    plot.line([*stairs, (used, stairs[-1][1])], "front")
    for one in course.best_so_far:
        plot.dot(one.recipes, one.gain, "front", f"{points(one.gain)} after {one.recipes} recipes", 3.0)
    return plot.draw()


# --- rungs


def rung_plot(target: str, report: SearchReport, ranked: Sequence[MixLine]) -> Markup | None:
    """Scores over the rungs: a line for each of the best mixes, a band for the others, the baseline thick.

    Args:
        ranked: the mixes with scores on the target, best first.
    """
    baseline = report.courses[target].baseline
    scores = [one.score for line in ranked for one in line.scores[target]] + [one.score for one in baseline]
    if not scores:
        return None
    last = len(report.rungs) - 1
    plot = Plot(
        f"scores over the rungs on {target}",
        x=(-0.15, last + 0.15),
        y=span(scores, 0.01),
        x_text=lambda value: f"{report.rungs[round(value)].share:.0%}",
        y_text=percent,
        x_name="share of the examples",
        y_name="score in %, development split",
        x_ticks=list(range(last + 1)),
        right=88.0,
    )
    last_seen = max((line.scores[target][-1].rung for line in ranked), default=0)
    others = [(one.rung, one.score) for line in ranked[LINES:] for one in line.scores[target]]
    plot.cloud(others, "faint")
    for place, line in reversed(list(enumerate(ranked[:LINES], 1))):
        path = [(float(one.rung), one.score) for one in line.scores[target]]
        class_ = "first" if place == 1 else ""
        plot.line(path, class_, f"{place} {line.mix}")
        for x, y in path:
            plot.dot(x, y, class_, f"{place} {line.mix}: {percent(y)}" if place == 1 else None, 3.0)
        if place <= NAMED and path[-1][0] == last_seen:
            plot.label(path[-1][1], f"{place}  {percent(path[-1][1])}", class_)
    if baseline:
        path = [(float(one.rung), one.score) for one in baseline]
        plot.line(path, "base", "baseline")
        for x, y in path:
            plot.dot(x, y, "base", f"baseline: {percent(y)}")
        plot.label(path[-1][1], f"base {percent(path[-1][1])}", "base")
    return plot.draw()


def languages_plot(target: str, mixes: TargetMixes) -> Markup | None:
    """Gain of the first mix in each language, the worst first."""
    estimate = (mixes.best[0].claim or mixes.best[0].expected) if mixes.best else None
    if estimate is None or not estimate.languages:
        return None
    rows = [
        IntervalRow(name, one.mean, one.low, one.high)
        for name, one in sorted(estimate.languages.items(), key=lambda entry: (entry[1].mean, entry[0]))
    ]
    return intervals(f"gain by language on {target}, in points over the baseline", rows, beside=True)
