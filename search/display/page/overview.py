"""The pages beside those of a search: all searches, a new one, the cards."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from search.answers.cards import CardLine, CardList
from search.answers.status import SearchLine, SearchList
from search.display.page.course import STATES, budget_bar
from search.display.page.document import section, served
from search.display.page.markup import join, tag
from search.display.page.plot import Scale, svg
from search.display.tables import METRIC_NAMES
from search.formatting import counts, duration, number, points

DOTS = 160.0
"""Width of the drawing of a search's gains."""


def searches_page(searches: SearchList) -> str:
    """A row per search."""
    gains = [best.gain for line in searches.searches for best in line.best.values() if best.gain is not None]
    widest = max([0.05, *map(abs, gains)])
    names = ("search", "state", "recipes", "work items", "launched by", "best gain per target, in points")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    body = tag("tbody", *(_search(line, widest) for line in searches.searches))
    table = tag("div", tag("table", head, body, class_="searches stacked"), class_="scroll")
    nothing = tag("p", "No searches yet: ", tag("a", "begin one", href="/new"), ".")
    return served(
        "taskmix",
        tag("header", tag("h1", "Searches")),
        tag("div", table if searches.searches else nothing, id="searches"),
        live="/",
    )


def _search(line: SearchLine, widest: float) -> Markup:
    name = tag("a", line.search, href=f"/searches/{line.search}")
    left = f", about {duration(line.left)} left" if line.left is not None else ""
    state = join([tag("span", STATES.get(line.state, line.state), class_=f"state {line.state}"), left])
    if line.state == "unreadable":
        return tag("tr", tag("td", name), tag("td", state), tag("td", line.problem, colspan=4, class_="failed"))
    used = None
    if line.recipes is not None:
        words = f" {number(line.recipes.used)} of {number(line.recipes.total)}"
        used = join([budget_bar(line.recipes.used, line.recipes.total), words])
    items = counts(dict(line.work_items)) if line.work_items else ""
    return tag("tr", *(tag("td", cell) for cell in (name, state, used, items, line.by, _gains(line, widest))))


def _gains(line: SearchLine, widest: float) -> Markup:
    """A dot per target, and what they are in words."""
    found = {target: best.gain for target, best in line.best.items() if best.gain is not None}
    if not found:
        return tag("small", "nothing beside the baseline yet")
    scale = Scale(-widest, widest, 6.0, DOTS - 6)
    words = ", ".join(f"{target} {points(gain)}" for target, gain in found.items())
    dots = [
        tag("circle", tag("title", f"{target} {points(gain)}"), cx=scale(gain), cy=8.0, r=4, class_="dot front")
        for target, gain in found.items()
    ]
    zero = tag("path", d=f"M{DOTS / 2} 0V16", class_="baseline")
    return join([svg(words, 16, zero, *dots, width=DOTS, class_="gains"), tag("small", words)])


def new_page(text: str, like: str | None = None) -> str:
    """A text area with a search file, checked while one types.

    Args:
        text: that it begins with.
        like: the search that it was taken from.
    """
    about = f"As {like} was begun; give it another name. " if like else ""
    note = f"{about}The file is checked while you type; nothing starts before you press launch."
    area = tag("textarea", text, id="file", name="file", spellcheck="false", aria_label="search file", rows=30)
    button = tag("button", "launch", type="button", id="launch", disabled=True)
    noscript = tag("noscript", tag("p", "Without JavaScript: taskmix launch FILE", class_="caveat"))
    return served(
        "new search · taskmix",
        tag("header", tag("h1", "New search"), tag("p", note, class_="legend"), noscript),
        tag(
            "form",
            tag("div", area, tag("p", button, class_="actions")),
            tag("div", id="plan", aria_live="polite"),
            id="new",
            class_="halves",
        ),
    )


def tasks_page(cards: CardList) -> str:
    """The cards: intermediate tasks, then targets."""
    return served(
        "tasks · taskmix",
        tag("header", tag("h1", "Tasks")),
        section("targets", f"Targets ({len(cards.targets)})", _cards(cards.targets)),
        section("tasks", f"Intermediate tasks ({len(cards.tasks)})", _cards(cards.tasks)),
    )


def _cards(lines: Sequence[CardLine]) -> Markup:
    names = ("name", "what it is", "format", "languages", "rows", "license", "source")
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    return tag(
        "div", tag("table", head, tag("tbody", *map(_card, lines)), class_="cards-table stacked"), class_="scroll"
    )


def _card(card: CardLine) -> Markup:
    metric = METRIC_NAMES.get(card.metric or "", card.metric)
    languages = " ".join(card.languages)
    shown = languages if len(card.languages) < 9 else tag("span", f"{len(card.languages)} languages", title=languages)
    sizes = [
        f"{split} {number(sum(size.values()) if isinstance(size, dict) else size)}"
        for split, size in card.sizes.items()
    ]
    about = (
        card.description,
        tag("p", f"⚠ not verified: {card.unverified}", class_="caveat") if card.unverified else None,
    )
    return tag(
        "tr",
        tag("th", card.name, scope="row", id=f"card-{card.name}"),
        tag("td", *about, class_="about"),
        tag("td", f"{card.format} ({metric})" if metric else card.format),
        tag("td", shown),
        tag("td", ", ".join(sizes[:4])),
        tag("td", card.license),
        tag("td", card.source, class_="source"),
    )
