"""Axes, labels and intervals: nothing outside, nothing on top of each other."""

from __future__ import annotations

import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from search.display.page.charts import IntervalRow, intervals
from search.display.page.markup import sentence, tag
from search.display.page.plot import LINE, Plot, Scale, dodged, round_step, span
from search.formatting import points

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


@given(st.lists(st.floats(0, 200), max_size=12))
def test_labels_hide_each_other_only_where_there_is_no_room(places: list[float]) -> None:
    height = 200.0
    found = dodged([(place, str(place), "") for place in places], height)
    assert sorted(text for _, text, _ in found) == sorted(map(str, places))
    heights = [y for y, _, _ in found]
    assert all(later - earlier >= LINE - 1e-6 for earlier, later in pairwise(heights))
    assert not heights or heights[-1] <= height + 1e-6


@given(FINITE, FINITE, FINITE)
def test_a_scale_stays_between_its_ends(one: float, other: float, value: float) -> None:
    scale = Scale(min(one, other), max(one, other), 10.0, 90.0)
    assert 10.0 <= scale(value) <= 90.0


@given(st.lists(FINITE, min_size=1))
def test_ticks_are_round_and_inside(values: list[float]) -> None:
    scale = Scale(*span(values, 0.01), 0.0, 100.0)
    ticks = scale.ticks()
    assert 1 <= len(ticks) <= 7
    slack = 1e-9 * max(1.0, *map(abs, values))
    assert all(scale.low - slack <= tick <= scale.high + slack for tick in ticks)


def test_steps_are_one_two_or_five() -> None:
    assert [round_step(least) for least in (0.013, 0.2, 3.0, 7.0, 0.0)] == [0.02, 0.2, 5.0, 10.0, 1.0]


def test_times_are_counted_by_seconds_minutes_hours() -> None:
    assert Scale(0.0, 200.0, 0.0, 1.0).time_ticks() == [0, 60, 120, 180]
    assert Scale(0.0, 10 * 86400.0, 0.0, 1.0).time_ticks(5) == [0, 172800, 345600, 518400, 691200, 864000]


def test_a_wide_interval_pushes_nothing_aside_and_shows_that_it_goes_on() -> None:
    rows = [IntervalRow("narrow", 0.01, 0.005, 0.015), IntervalRow("wide", 0.02, -5.0, 5.0)]
    drawn = intervals("gains", rows)
    assert drawn is not None
    assert "+2.0 (-500.0 to +500.0)" in drawn
    _, wide = re.findall(r'<path d="([^"]+)" class="interval ', drawn)
    assert wide.count("l") == 4  # an arrow head at each end instead of a stop
    places = [float(x) for x in re.findall(r'cx="([\d.]+)"', drawn)]
    assert places[1] - places[0] > 15  # of 340
    width = float(re.search(r'viewBox="0 0 ([\d.]+)', drawn)[1])  # type: ignore[index]
    numbers = [float(x) for x in re.findall(r"[MH](-?[\d.]+)", drawn)]
    assert min(numbers) >= 0
    assert max(numbers) <= width


def test_thousands_of_dots_take_little_room() -> None:
    plot = Plot("dots", (0.0, 3000.0), (0.0, 1.0), str, points, "x", "y")
    plot.cloud((float(n), (n * 7919 % 1000) / 1000) for n in range(3000))
    assert len(plot.draw()) < 40_000


def test_what_is_no_markup_is_escaped() -> None:
    evil = '"><script>alert(1)</script>'
    drawn = tag("p", evil, title=evil, data_x=evil)
    assert "<script" not in drawn
    assert drawn.count("&lt;script&gt;") == 3
    from rich.text import Text

    line = Text.assemble("a ", (evil, "bold"), f" {evil}")
    assert "<script" not in sentence(line)
    assert sentence(Text("beware", "yellow")) == '<p class="caveat">⚠ beware</p>'
