"""A mix as a page: seeds, rungs, languages, test split, cost, encoder, and how it came about."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from search.answers.report import MixReport, SeedScores, WorkItemSpan
from search.display.best_table import cost_text
from search.display.page.course import BEGUN
from search.display.page.document import section, served
from search.display.page.markup import join, tag
from search.display.page.plot import stacked
from search.formatting import duration, hyperparameters, percent, points


def recipe_page(report: MixReport, tasks: Sequence[str]) -> str:
    """The page.

    Args:
        tasks: the pool, whose order decides their colors.
    """
    line, title = report.line, report.line.mix if report.line.mixture else "baseline"
    runs = f"tags.`recipe.digest` = '{line.digest}'"
    facts = (
        ("search", tag("a", report.search, href=f"/searches/{report.search}")),
        ("state", line.state),
        ("how it began", BEGUN[line.purpose]),
        ("hyperparameters", hyperparameters(line.hyperparameters) or "none searched"),
        ("cost", cost_text(line.cost)),
        ("digest", tag("code", line.digest)),
        ("run in MLflow", tag("code", runs)),
    )
    return served(
        f"{title} · {report.search} · taskmix",
        tag("header", tag("h1", title), stacked(line.mixture, tasks, 400.0) if line.mixture else None),
        tag("dl", *((tag("dt", name), tag("dd", value)) for name, value in facts)),
        *(
            section(f"target-{number}", target, _measurements(found))
            for number, (target, found) in enumerate(report.measurements.items())
        ),
        section("work-items", "Work items", _work_items(report.work_items)),
        live=f"/api/v1/searches/{report.search}/events",
    )


def _measurements(found: Sequence[SeedScores]) -> Markup:
    languages = list(dict.fromkeys(name for one in found for name in (*one.languages, *one.test_languages)))
    columns = ("rung", "seed", "why", "score", "gain", "test", *languages)
    rows = []
    for one in found:
        cells = (one.rung, one.seed, BEGUN[one.purpose], percent(one.score), points(one.gain), percent(one.test_score))
        by_language = (
            join([percent(one.languages.get(name)), _test_of(one.test_languages.get(name))]) for name in languages
        )
        rows.append(tag("tr", *(tag("td", cell) for cell in (*cells, *by_language))))
    encoders = [tag("li", f"rung {one.rung}, seed {one.seed}: ", tag("code", one.encoder)) for one in found]
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in columns)))
    return join(
        [
            tag(
                "p",
                "Scores in % on the development split, in languages (test split); gains in points.",
                class_="legend",
            ),
            tag("div", tag("table", head, tag("tbody", *rows)), class_="scroll"),
            tag("details", tag("summary", "keys of the encoders in the store"), tag("ul", *encoders)),
        ]
    )


def _test_of(score: float | None) -> Markup | None:
    return None if score is None else tag("small", f" ({percent(score)})")


def _work_items(spans: Sequence[WorkItemSpan]) -> Markup:
    rows = []
    for one in spans:
        took = "" if one.ended is None else duration(one.ended - one.begun)
        cells = (
            BEGUN[one.purpose],
            one.rung,
            one.seed,
            ", ".join(one.targets),
            one.state,
            one.started,
            took,
            one.failure,
        )
        rows.append(tag("tr", *(tag("td", cell) for cell in cells)))
    names = ("why", "rung", "seed", "targets", "state", "started", "took", "failure")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    return tag("div", tag("table", head, tag("tbody", *rows)), class_="scroll")
