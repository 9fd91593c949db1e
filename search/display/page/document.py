"""The frame of a page: its head, with the style inside or beside it, and the way around."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from markupsafe import Markup

from search.display.page.markup import Child, tag

STATIC = files("search.display.page") / "static"
"""Style and scripts."""

STILL = (
    "Without JavaScript this page stays as it was loaded and has no buttons; the commands do what they do: "
    "taskmix stop, resume, promote, explain."
)


@cache
def static_text(name: str) -> str:
    """A file of `static`."""
    return (STATIC / name).read_text(encoding="utf-8")


def whole(title: str, *body: Child) -> str:
    """A page that needs nothing beside it: style and the script for tables are inside."""
    head = (
        _meta(title),
        tag("style", Markup(static_text("app.css"))),
    )
    return _document(head, tag("main", *body), tag("script", Markup(static_text("tables.js"))))


def served(title: str, *body: Child, live: str | None = None, now: str | None = None) -> str:
    """A page of the service, whose style and scripts lie beside it.

    Args:
        live: address of events that change the page.
        now: address of the part of it that changes while nothing ends.
    """
    head = (
        _meta(title),
        tag("link", rel="stylesheet", href="/static/app.css"),
        tag("script", src="/static/app.js", defer=True),  # first: it keeps what the server sent
        tag("script", src="/static/tables.js", defer=True),
    )
    links = (("/", "searches"), ("/tasks", "tasks"), ("/new", "new search"))
    way = tag("nav", *(tag("a", name, href=href) for href, name in links), aria_label="pages")
    note = tag("p", id="note", role="status", aria_live="polite")
    still = tag("noscript", tag("p", STILL, class_="caveat")) if live else None
    return _document(head, way, tag("main", note, still, *body, data_live=live, data_now=now))


def section(name: str, title: str, *content: Child) -> Markup:
    """A part of a page with a heading; scripts exchange it by its name."""
    return tag("section", tag("h2", title), *content, id=name)


def _meta(title: str) -> tuple[Markup, ...]:
    return (
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
    )


def _document(head: Child, *body: Child) -> str:
    return f"<!doctype html>\n{tag('html', tag('head', *head), tag('body', *body), lang='en')}\n"
