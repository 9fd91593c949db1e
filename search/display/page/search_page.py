"""A search as a page of the service, and the same sections as a report in one file."""

from __future__ import annotations

from collections.abc import Collection

from markupsafe import Markup

from search.answers.explanation import Explanation
from search.answers.report import SearchReport
from search.answers.status import SearchStatus
from search.display.page.answer import answer_section
from search.display.page.course import (
    cost_section,
    languages_section,
    mixtures_section,
    now_section,
    progress,
    rungs_section,
    settings_section,
    work_items_section,
)
from search.display.page.document import section, served, whole
from search.display.page.effects import belief_section, effects_section
from search.display.page.markup import tag
from search.display.page.why import why_section

LOOKED_INTO = "It is being looked into."
UNKNOWN_TEXTS = "Nobody has looked at the texts of its tasks and targets yet."


def report_page(report: SearchReport) -> str:
    """One file that needs nothing beside it; the same for the same studies."""
    return whole(f"{report.search} · taskmix", _head(report), *_sections(report, None))


def search_page(
    report: SearchReport,
    learned: str = "",
    offers: Collection[str] = (),
    why: Explanation | str = "",
) -> str:
    """The page of the service, which changes while the search runs.

    Args:
        learned: what is to be said of what the search has learned, where that is not of this moment.
        offers: what may be done with a target's model, as `OFFERS` of `answer.py`.
        why: why mixes help, or why that is not known.
    """
    base = f"/searches/{report.search}"
    return served(
        f"{report.search} · taskmix",
        _head(report),
        _actions(report.status),
        *_sections(report, base, learned, offers),
        section("why", "Why mixes help", _why(report, why)),
        section("log", "Log", _log(report.search)),
        live=f"/api/v1{base}/events",
        now=f"{base}/now",
    )


def now_page(status: SearchStatus) -> str:
    """What of a search's page changes while nothing ends: a script puts it there."""
    base = f"/searches/{status.search}"
    head = tag("header", tag("div", progress(status), id="progress"))
    return served(f"{status.search} · taskmix", head, _actions(status), _now(status), live=f"/api/v1{base}/events")


def _head(report: SearchReport) -> Markup:
    return tag(
        "header",
        tag("h1", report.search),
        tag("p", f"Which intermediate tasks {report.model} should be trained on first.", class_="legend"),
        tag("div", progress(report.status), id="progress"),
    )


def _sections(report: SearchReport, base: str | None, learned: str = "", offers: Collection[str] = ()) -> list[Markup]:
    note = tag("p", learned, class_="caveat", data_soon=True) if learned else None
    return [
        section("answer", "The answer", answer_section(report, base, offers)),
        _now(report.status),
        section("effects", "What tasks do", note, effects_section(report)),
        section("belief", "What it believes", note, belief_section(report)),
        section("cost", "Cost", cost_section(report)),
        section("rungs", "Rungs", rungs_section(report)),
        section("mixtures", "Mixtures", mixtures_section(report, base)),
        section("languages", "Languages", languages_section(report)),
        section("work-items", "Work items", work_items_section(report)),
        section("settings", "Settings", settings_section(report)),
    ]


def _why(report: SearchReport, why: Explanation | str) -> Markup:
    if isinstance(why, Explanation):
        return why_section(why)
    button = tag(
        "button",
        "explain",
        type="button",
        data_post=f"/api/v1/searches/{report.search}/explanation",
        data_body="{}",
        data_sure="The texts of all cards are looked at, which takes minutes.",
    )
    return tag("p", why, " ", button if why == UNKNOWN_TEXTS else None, data_soon=why == LOOKED_INTO)


def _log(name: str) -> Markup:
    text = tag("pre", class_="log", data_log=f"/api/v1/searches/{name}/log")
    return tag("details", tag("summary", "what the driver prints"), text)


def _now(status: SearchStatus) -> Markup:
    return section("now", "Now", now_section(status))


def _actions(status: SearchStatus) -> Markup:
    page, state = f"/searches/{status.search}", status.state
    api = f"/api/v1{page}"
    stop = tag(
        "button",
        "stop",
        type="button",
        data_post=f"{api}/stop",
        data_body='{"hard": false}',
        data_sure=f"Stop {status.search}? What was trained is kept, and resume goes on with it.",
    )
    resume = tag("button", "resume", type="button", data_post=f"{api}/resume", data_body="{}")
    withdraw = tag("button", "withdraw", type="button", data_post=f"{api}/queued", data_method="DELETE")
    links = (
        ("report", f"{page}/report.html"),
        ("search file", f"{api}/file"),
        ("log", f"{api}/log"),
        ("mixtures as CSV", f"{api}/recipes?format=csv&limit=10000"),
        ("a search like it", f"/new?like={status.search}"),
        ("compare", f"/compare?names={status.search}"),
    )
    return tag(
        "p",
        stop if state == "running" else None,
        withdraw if state == "queued" else None,
        resume if state in ("interrupted", "unfinished") else None,
        *(tag("a", name, href=href) for name, href in links),
        id="actions",
        class_="actions",
    )
