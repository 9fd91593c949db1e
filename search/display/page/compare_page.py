"""Searches beside each other as a page."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from search.answers.comparison import ComparedTarget, Comparison
from search.display.comparison_table import EACH, gain_of, mix_of, reached
from search.display.page.charts import IntervalRow, intervals
from search.display.page.document import section, served
from search.display.page.markup import join, tag
from search.display.page.plot import join_plots
from search.formatting import percent


def compare_page(names: Sequence[str], found: Comparison | None, problems: Sequence[str], known: Sequence[str]) -> str:
    """The page.

    Args:
        names: that were asked for.
        found: None where they cannot be compared, or too few are named.
        problems: why.
        known: all searches, to choose from.
    """
    boxes = [
        tag("label", tag("input", type="checkbox", name="names", value=name, checked=name in names), f" {name} ")
        for name in known
    ]
    form = tag("form", *boxes, tag("button", "compare"), method="get", action="/compare", class_="actions")
    parts = [tag("p", text, class_="problem") for text in problems]
    if found is not None:
        parts += [
            section("targets", "What they found", tag("p", EACH, class_="legend"), *map(_target, found.targets)),
            section("settings", "What differs", _settings(found)),
        ]
    return served("compare · taskmix", tag("header", tag("h1", "Compare"), form), *parts)


def _target(compared: ComparedTarget) -> Markup:
    rows = [
        IntervalRow(one.search, one.gain.mean, one.gain.low, one.gain.high) for one in compared.searches if one.gain
    ]
    names = ("search", "first mix", "gain in points", "score in %", "baseline", "reached after")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    lines = [
        tag(
            "tr",
            tag("td", tag("a", one.search, href=f"/searches/{one.search}")),
            *(tag("td", cell) for cell in (mix_of(one), gain_of(one.gain), percent(one.score))),
            *(tag("td", cell) for cell in (percent(one.baseline), reached(one))),
        )
        for one in compared.searches
    ]
    table = tag("div", tag("table", head, tag("tbody", *lines)), class_="scroll")
    drawn = intervals(f"gains on {compared.target}, in points over each search's own baseline", rows)
    return join([join_plots((compared.target, drawn)) if drawn else tag("h3", compared.target), table])


def _settings(found: Comparison) -> Markup:
    if not found.differences:
        return tag("p", "No setting differs.")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in ("setting", *found.searches))))
    rows = [
        tag("tr", tag("th", line.key, scope="row"), *(tag("td", value or "–") for value in line.values))
        for line in found.differences
    ]
    return tag("div", tag("table", head, tag("tbody", *rows)), class_="scroll")
