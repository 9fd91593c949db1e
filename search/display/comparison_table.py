"""The answer of `compare` for people: per target a row per search, then what differs between them."""

from __future__ import annotations

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.text import Text

from search.answers.comparison import Comparison, SearchOnTarget
from search.answers.mixes import GainEstimate
from search.display.tables import METRIC_NAMES, plain
from search.formatting import duration, percent, points, points_between

EACH = "each gain is over the search's own baseline; where intervals overlap, nothing is said of which is better"


def comparison(answer: Comparison, console: Console) -> list[RenderableType]:
    """A table per target, and one of the settings."""
    parts: list[RenderableType] = []
    for compared in answer.targets:
        metric = METRIC_NAMES.get(compared.metric or "", compared.metric or "")
        table = plain("search", "first mix", "gain", "score", "baseline", "reached after", right=(3, 4, 5))
        for one in compared.searches:
            cells = escape(one.search), escape(mix_of(one)), gain_of(one.gain)
            table.add_row(*cells, percent(one.score), percent(one.baseline), reached(one))
        parts += [Text(compared.target, "bold"), Text(f"{metric} in %, development split", "dim"), table, Text()]
    parts.append(Text(EACH, "dim"))
    if answer.differences:
        table = plain("setting", *answer.searches)
        for line in answer.differences:
            table.add_row(line.key, *(escape(value or "-") for value in line.values))
        parts += [Text(), table]
    return parts


def mix_of(one: SearchOnTarget) -> str:
    """The first mix, and whether it is better than none."""
    if one.mix is None:
        return "nothing measured yet"
    return one.mix if one.best_mix != "none" else f"{one.mix} (does not beat the baseline)"


def gain_of(gain: GainEstimate | None) -> str:
    """With its interval, and on what it was measured."""
    if gain is None:
        return "not known"
    interval = f" ({points_between(gain.low, gain.high)})" if gain.low is not None and gain.high is not None else ""
    return f"{points(gain.mean)}{interval} {'test' if gain.split == 'test' else 'development'}"


def reached(one: SearchOnTarget) -> str:
    """What was spent until the mix was measured."""
    return duration(one.reached.seconds) if one.reached else ""
