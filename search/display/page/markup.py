"""HTML and SVG from Python: whatever is no markup is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape
from rich.text import Text

Child = Any
"""Markup, or anything that is shown as text; None is nothing; an iterable is each of its parts."""

VOID = frozenset({"meta", "link", "input", "br", "col"})


def tag(name: str, /, *children: Child, **attributes: Any) -> Markup:
    """An element. `class_` is `class`, `stroke_width` is `stroke-width`; an attribute of None or False is left out."""
    written = Markup("").join(_attribute(key, value) for key, value in attributes.items())
    if name in VOID:
        return Markup(f"<{name}{written}>")
    return Markup(f"<{name}{written}>{join(children)}</{name}>")


def join(children: Iterable[Child], between: str = "") -> Markup:
    """One after the other."""
    return Markup(between).join(_flat(children))


def number(value: float) -> str:
    """A coordinate: a tenth of a pixel is seen by nobody."""
    return f"{value:.1f}".removesuffix(".0")


def sentence(text: Text) -> Markup:
    """A line of text for terminals as a paragraph: bold stays bold; yellow is a warning, and so has a sign."""
    plain, parts, at = text.plain, list[Child](), 0
    for span in sorted(text.spans):
        parts += [plain[at : span.start], tag("strong", plain[span.start : span.end])]
        at = span.end
    parts.append(plain[at:])
    if str(text.style) == "yellow":
        return tag("p", "⚠ ", *parts, class_="caveat")
    return tag("p", *parts)


def _flat(children: Iterable[Child]) -> Iterable[Child]:
    for child in children:
        if child is None or child is False:
            continue
        if isinstance(child, str | Markup) or not isinstance(child, Iterable):
            yield child
        else:
            yield from _flat(child)


def _attribute(key: str, value: Any) -> Markup:
    if value is None or value is False:
        return Markup("")
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return Markup(f" {name}")
    return Markup(' {}="{}"').format(Markup(name), number(value) if isinstance(value, float) else escape(value))
