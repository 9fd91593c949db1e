"""Work items over time: a block of lanes for each purpose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from markupsafe import Markup

from search.answers.answer import Purpose
from search.answers.report import WorkItemSpan
from search.display.page.markup import number, tag
from search.display.page.plot import WIDTH, Scale, short_duration, svg
from search.formatting import duration

GAP = 0.1
"""Of all time that work items ran: nothing ran for longer than that, and the time is cut out of the drawing."""

TITLED = 200
"""Work items that tell what they are when they are pointed at; beyond that they are drawn in one piece."""


def lanes(spans: Sequence[WorkItemSpan]) -> Markup | None:
    """A block of lanes for each purpose; time in which nothing ran is cut out."""
    if not spans:
        return None
    latest = max(max(one.begun, one.ended or 0.0) for one in spans)
    cuts = _idle(spans, latest)
    shown = {id(one): (_less(one.begun, cuts), _less(one.ended or latest, cuts)) for one in spans}
    left, width = 84.0, 2 * WIDTH
    scale = Scale(0.0, max(max(end for _, end in shown.values()), 1.0), left, width - 8)
    parts, y = list[Markup](), 6.0
    for purpose in get_args(Purpose):
        here = [one for one in spans if one.purpose == purpose]
        if not here:
            continue
        placed = _stacked([shown[id(one)] for one in here])
        count = max(placed) + 1
        high = 14.0 if count <= 8 else max(2.0, 112.0 / count)
        parts.append(tag("text", purpose, x=0, y=y + min(high * count, 14.0) / 2 + 5))
        places = [(*shown[id(one)], lane) for one, lane in zip(here, placed, strict=True)]
        parts += _bars(here, places, y, high, scale, len(spans) <= TITLED)
        y += high * count + 6
    ticks = [
        tag("text", short_duration(value), x=scale(value), y=y + 12, text_anchor="middle")
        for value in scale.time_ticks(8)
        if scale(value) < width - 30
    ]
    for before, length in cuts:
        at = scale(_less(before, cuts))
        title = tag("title", f"nothing ran for {duration(length)}")
        parts.append(tag("path", title, d=f"M{number(at)} 0V{number(y)}", class_="cut"))
    drawn = svg("work items over time", y + 18, *parts, *ticks, width=width, class_="plot wide")
    return tag("div", drawn, class_="scroll")


def _bars(
    spans: Sequence[WorkItemSpan],
    places: Sequence[tuple[float, float, int]],
    y: float,
    high: float,
    scale: Scale,
    titled: bool,
) -> list[Markup]:
    found, paths = list[Markup](), dict[str, list[str]]()
    for one, (begun, ended, lane) in zip(spans, places, strict=True):
        x, wide = scale(begun), max(scale(ended) - scale(begun) - 0.5, 1.5)
        top = y + lane * high
        if not titled:
            path = f"M{number(x)} {number(top + high / 2)}h{number(wide)}"
            paths.setdefault(one.state, []).append(path)
            continue
        text = f"{one.mix or 'baseline'}, seed {one.seed}, rung {one.rung}: {one.state}"
        if one.ended is not None:
            text += f" after {duration(one.ended - one.begun)}"
        class_ = f"item {one.purpose} {one.state}"
        found.append(tag("rect", tag("title", text), x=x, y=top, width=wide, height=high - 2, rx=2, class_=class_))
        if one.state == "failed":
            found.append(tag("text", "✕", x=x + wide / 2, y=top + high - 3, text_anchor="middle", class_="failed"))
    for state, drawn in paths.items():
        path = "".join(drawn)
        found.append(tag("path", d=path, stroke_width=max(high - 1, 1.0), class_=f"items {spans[0].purpose} {state}"))
    return found


def _stacked(times: Sequence[tuple[float, float]]) -> list[int]:
    """A lane for each, so that none hides another."""
    free, lanes_of = list[float](), list[int]()
    for begun, ended in times:
        lane = next((lane for lane, until in enumerate(free) if until <= begun + 1e-9), len(free))
        free[lane : lane + 1] = [ended]
        lanes_of.append(lane)
    return lanes_of


def _idle(spans: Sequence[WorkItemSpan], latest: float) -> list[tuple[float, float]]:
    """When nothing ran for long, and how long."""
    times = sorted((one.begun, one.ended or latest) for one in spans)
    gaps, until = list[tuple[float, float]](), times[0][0]
    for begun, ended in times:
        if begun > until:
            gaps.append((until, begun - until))
        until = max(until, ended)
    busy = until - times[0][0] - sum(length for _, length in gaps)
    return [(before, length) for before, length in gaps if length > GAP * busy]


def _less(time: float, cuts: Sequence[tuple[float, float]]) -> float:
    return time - sum(min(length, max(0.0, time - before)) for before, length in cuts)
