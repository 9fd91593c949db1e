"""A plot: a frame with two axes, into which marks are drawn; nothing of them shows outside, and no label hides another.

Plots are 440 wide, so that they can be read on a telephone and stand beside each other on a desk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import ceil, floor, log10

from markupsafe import Markup

from search.display.page.markup import Child, join, number, tag

WIDTH = 440.0

LINE = 15.0
"""Height of a line of text."""

LETTER = 6.6
"""About the width of a letter."""

DAY = 86400.0

TIMES = (0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, DAY)
"""Seconds between ticks."""


@dataclass(frozen=True)
class Scale:
    """Values to places on a line; those beyond the ends are put at the ends."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / ((self.high - self.low) or 1.0)
        return self.start + share * (self.end - self.start)

    def holds(self, value: float) -> bool:
        """Whether it lies between the ends."""
        return self.low <= value <= self.high

    def ticks(self, count: int = 5) -> list[float]:
        """Round values, about so many."""
        step = round_step((self.high - self.low) / count)
        first = ceil(self.low / step - 1e-9)
        return [n * step for n in range(first, floor(self.high / step + 1e-9) + 1)]

    def time_ticks(self, count: int = 5) -> list[float]:
        """The same of seconds, in steps that people count by."""
        least = (self.high - self.low) / count
        step = next((step for step in TIMES if step >= least), round_step(least / DAY) * DAY)
        return [n * step for n in range(ceil(self.low / step - 1e-9), floor(self.high / step + 1e-9) + 1)]


def short_duration(seconds: float) -> str:
    """For an axis: one unit."""
    for unit, name in ((3600.0, "h"), (60.0, "min"), (1.0, "s")):
        if seconds >= unit:
            return f"{seconds / unit:.3g} {name}"
    return f"{seconds:.2g} s" if seconds else "0"


def round_step(least: float) -> float:
    """The smallest of 1, 2, 5 times a power of ten that is no smaller."""
    if least <= 0:
        return 1.0
    power = 10.0 ** floor(log10(least))
    return next(factor * power for factor in (1.0, 2.0, 5.0, 10.0) if factor * power >= least * (1 - 1e-9))


def span(values: Iterable[float], least: float, around: Sequence[float] = ()) -> tuple[float, float]:
    """The ends of an axis: all values with some air around them.

    Args:
        least: length of the axis.
        around: values that are on it whatever the others are.
    """
    found = [*values, *around] or [0.0]
    low, high = min(found), max(found)
    air = max((high - low) * 0.06, (least - (high - low)) / 2, 0.0)
    return low - air, high + air


def bounded(centers: Sequence[float], ends: Iterable[float], times: float = 3.0) -> tuple[float, float]:
    """What an axis shows of intervals: no more than some times what lies between their centers, so that one wide
    interval does not push all the others together."""
    low, high = min(centers), max(centers)
    room = max(times * (high - low), 0.02)
    reach = [*ends]
    return max(min([low, *reach]), low - room), min(max([high, *reach]), high + room)


@dataclass
class Plot:
    """A frame with axes.

    Args:
        title: for who cannot see it.
        x, y: ends of the axes.
        x_text, y_text: how a tick is written.
        x_name, y_name: what the axes are.
        right: room for labels beside the frame.
    """

    title: str
    x: tuple[float, float]
    y: tuple[float, float]
    x_text: Callable[[float], str]
    y_text: Callable[[float], str]
    x_name: str
    y_name: str
    x_ticks: Sequence[float] | None = None
    height: float = 250.0
    right: float = 12.0
    _marks: list[Markup] = field(default_factory=list)
    _labels: list[tuple[float, str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.left, self.top, self.bottom = 52.0, 24.0, 38.0
        self.right_edge, self.bottom_edge = WIDTH - self.right, self.height - self.bottom
        self.at_x = Scale(*self.x, 0.0, self.right_edge - self.left)
        self.at_y = Scale(*self.y, self.bottom_edge - self.top, 0.0)

    def line(self, points: Sequence[tuple[float, float]], class_: str, title: str | None = None) -> None:
        """Through points, in the axes' units."""
        path = "L".join(f"{number(self.at_x(x))} {number(self.at_y(y))}" for x, y in points)
        self._marks.append(tag("path", *_title(title), d=f"M{path}", class_=f"line {class_}"))

    def dot(self, x: float, y: float, class_: str = "", title: str | None = None, radius: float = 4.0) -> None:
        self._marks.append(
            tag("circle", *_title(title), cx=self.at_x(x), cy=self.at_y(y), r=radius, class_=f"dot {class_}")
        )

    def cloud(self, points: Iterable[tuple[float, float]], class_: str = "") -> None:
        """Many dots in one path: thousands are a few kilobytes. Those on the same place are one."""
        places = dict.fromkeys((round(self.at_x(x)), round(self.at_y(y))) for x, y in points)
        if len(places) > 500:
            places = dict.fromkeys((x // 3 * 3, y // 3 * 3) for x, y in places)
        if places:
            path = "".join(f"M{x} {y}h0" for x, y in places)
            self._marks.append(tag("path", d=path, class_=f"cloud {class_}"))

    def label(self, y: float, text: str, class_: str = "") -> None:
        """Beside the frame, at the height of a value, or as near to it as other labels let it."""
        self._labels.append((self.at_y(y), text, class_))

    def word(self, x: float, y: float, text: str, class_: str = "", anchor: str = "start") -> None:
        """Inside the frame, above a point, or below it where there is no room."""
        at = self.at_y(y) - 6 if self.at_y(y) > LINE else self.at_y(y) + LINE
        self._marks.append(tag("text", text, x=self.at_x(x), y=at, text_anchor=anchor, class_=f"word {class_}"))

    def draw(self) -> Markup:
        """The SVG."""
        across, down = self.right_edge - self.left, self.bottom_edge - self.top
        y_ticks = self.at_y.ticks()
        x_ticks = self.at_x.ticks() if self.x_ticks is None else self.x_ticks
        grid = [
            (
                tag(
                    "path", d=f"M{number(self.left)} {number(self.top + self.at_y(y))}h{number(across)}", class_="grid"
                ),
                tag("text", self.y_text(y), x=self.left - 6, y=self.top + self.at_y(y) + 4, text_anchor="end"),
            )
            for y in y_ticks
        ]
        below = [
            tag("text", self.x_text(x), x=self.left + self.at_x(x), y=self.bottom_edge + 15, text_anchor="middle")
            for x in _apart(x_ticks, lambda x: self.at_x(x), self.x_text)
        ]
        names = (
            tag("text", self.y_name, x=4, y=13, class_="name"),
            tag("text", self.x_name, x=self.right_edge, y=self.height - 5, text_anchor="end", class_="name"),
        )
        # a frame inside: what is drawn beyond it is cut off
        inner = tag(
            "svg",
            *self._marks,
            x=self.left,
            y=self.top,
            width=across,
            height=down,
            overflow="hidden",
        )
        labels = [
            tag("text", text, x=self.right_edge + 5, y=self.top + y + 4, class_=f"label {class_}")
            for y, text, class_ in dodged(self._labels, down)
        ]
        return svg(self.title, self.height, *grid, *below, *names, inner, *labels)


def dodged(labels: Sequence[tuple[float, str, str]], height: float) -> list[tuple[float, str, str]]:
    """Labels moved up or down until none hides another."""
    placed: list[tuple[float, str, str]] = []
    for y, text, class_ in sorted(labels, key=lambda label: label[0]):
        least = placed[-1][0] + LINE if placed else 0.0
        placed.append((max(y, least), text, class_))
    over = placed[-1][0] - height if placed else 0.0
    for index in range(len(placed) - 1, -1, -1):
        if over <= 0:
            break
        y, text, class_ = placed[index]
        most = placed[index + 1][0] - LINE if index + 1 < len(placed) else height
        placed[index] = (min(y, most), text, class_)
    return placed


def svg(title: str, height: float, *children: Child, width: float = WIDTH, class_: str = "plot") -> Markup:
    """A drawing as wide as its column, with a name for who hears it."""
    return tag(
        "svg",
        tag("title", title),
        *children,
        viewBox=f"0 0 {number(width)} {number(height)}",
        role="img",
        class_=class_,
    )


def _title(text: str | None) -> list[Markup]:
    return [] if text is None else [tag("title", text)]


def _apart(ticks: Iterable[float], place: Callable[[float], float], text: Callable[[float], str]) -> list[float]:
    """Those ticks whose labels do not run into the one before."""
    kept, edge = list[float](), float("-inf")
    for tick in ticks:
        half = len(text(tick)) * LETTER / 2
        if place(tick) - half > edge + 4:
            kept.append(tick)
            edge = place(tick) + half
    return kept


def stacked(weights: dict[str, float], order: Sequence[str], width: float = 120.0) -> Markup:
    """A mixture as a bar; each task has its color on the whole page."""
    at, parts = 0.0, list[Markup]()
    for task, weight in sorted(weights.items(), key=lambda entry: (-entry[1], entry[0])):
        color, part = order.index(task) % 10 if task in order else 0, weight * width
        parts.append(tag("path", d=f"M{number(at)} 0h{number(part - 1)}v12H{number(at)}z", class_=f"t{color}"))
        at += part
    # the mixture stands beside it in words
    return tag(
        "svg", *parts, viewBox=f"0 0 {number(width)} 12", preserveAspectRatio="none", aria_hidden="true", class_="bar"
    )


def join_plots(*plots: tuple[str, Markup | None]) -> Markup:
    """Plots beside each other, each below its name."""
    figures = [
        tag("figure", tag("figcaption", name) if name else None, plot) for name, plot in plots if plot is not None
    ]
    return tag("div", join(figures), class_="plots")
