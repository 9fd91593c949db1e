"""What people read: scores in %, differences in points, times in their two largest units, addresses, commands."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from spaces.byte_size import size as size


def percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def points(value: float | None, spread: float | None = None) -> str:
    """A difference of scores, with its spread over seeds."""
    if value is None:
        return ""
    return f"{100 * value:+.1f}" + (f" ± {100 * spread:.1f}" if spread is not None else "")


def points_between(low: float, high: float) -> str:
    """An interval of differences."""
    return f"{100 * low:+.1f} to {100 * high:+.1f}"


def share(probability: float) -> str:
    """A probability to two digits; what is nearly certain is not said to be certain."""
    if probability > 0.99:
        return "more than .99"
    return "less than .01" if probability < 0.01 else f"{probability:.2f}".lstrip("0")


def duration(seconds: float) -> str:
    """In the two largest units."""
    if seconds < 59.5:
        return f"{seconds:.0f} s" if seconds >= 9.95 or seconds == 0 else f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def number(value: float | int | None) -> str:
    """Thousands apart; at most two decimals."""
    if value is None:
        return "no limit"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def counts(values: Mapping[str, int]) -> str:
    """Those that are not 0, the total first."""
    found = [f"{count} {name}" for name, count in values.items() if count and name != "total"]
    return f"{values['total']}" + (f": {', '.join(found)}" if found else "")


def hyperparameters(values: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name} {value:.3g}" if isinstance(value, float) else f"{name} {value}" for name, value in values.items()
    )


def shown(url: str) -> str:
    """An address without its password."""
    hidden = re.sub(r"(?<=://)([^/:@]*):.*@", r"\1:***@", url)
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", hidden)


COMMAND = re.compile(
    r"\btaskmix(?= (?:--\w|(?:best|compare|convert|delete|distances|doctor|download|explain|export|gc|init|jobs|launch|"
    r"new|plan|promote|recommend|report|resume|serve|status|stop|submit|tasks)\b))"
)
"""The program's name in front of one of its commands."""


def program() -> str:
    """How this program was called, so that it can be called again."""
    called = Path(sys.argv[0]) if sys.argv else Path()
    return "python -m search" if called.parts[-2:] == ("search", "__main__.py") else "taskmix"


def typed(text: str) -> str:
    """A text whose commands are those that can be typed here: messages are written with `taskmix`."""
    return COMMAND.sub(program(), text)
