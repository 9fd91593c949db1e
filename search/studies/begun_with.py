"""What a search was begun with, compared with what is there now: cards, data and model decide what a score means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search.config.schema import flat
from spaces.errors import Problem

Cards = Mapping[str, Mapping[str, Any]]
"""What of each card decides a score, as `Plan.deciding` gives it."""

MODEL_CHANGED = "the model's files changed since the search was begun"
FIX_MODEL = "bring the model back as it was, or give the search another name"

DATA_CHANGED = "the data changed since the search was begun"
FIX_DATA = "bring the data back as they were, or give the search another name"

WHERE_FROM = frozenset({"source.revision"})
"""Keys of cards that searches were kept with in former versions, and that decide nothing by themselves."""


def card_differences(begun: Cards, now: Cards) -> list[Problem]:
    """Where cards would give other scores than those that the search was begun with."""
    problems = []
    for name in sorted(begun.keys() & now.keys()):
        before, after = dict(flat(begun[name])), dict(flat(now[name]))
        for key in sorted(before.keys() | after.keys()):
            old, new = _stated(before.get(key)), _stated(after.get(key))
            if old != new and key not in WHERE_FROM:
                what = "differs from the card that the search was begun with"
                problems.append(Problem(what, f"{_file(name)}: {key}", f"{_short(new)} (the search has {_short(old)})"))
    if not problems:  # else other cards follow from a key above
        for name in sorted(begun.keys() ^ now.keys()):
            what = "is not in the search any more" if name in begun else "was not in the search when it was begun"
            problems.append(Problem(what, _file(name), fix="look at its license and at space.licences"))
    return problems


def version_differences(begun: Mapping[str, str], now: Mapping[str, str]) -> list[Problem]:
    """Where the data of cards are others; a card that only one side has is none.

    Args:
        begun, now: card -> digest of its data.
    """
    return [
        Problem(DATA_CHANGED, card, f"digest {now[card]}, was {begun[card]}", FIX_DATA)
        for card in sorted(begun.keys() & now.keys())
        if begun[card] != now[card]
    ]


def model_differences(name: str, begun: str | None, now: str | None) -> list[Problem]:
    """That a model's name stands for another one; None: what it stands for is not known.

    Args:
        begun, now: as `Plan.model_version`.
    """
    if begun is None or now is None or begun == now:
        return []
    return [Problem(MODEL_CHANGED, name, f"{now}, was {begun}", FIX_MODEL)]


def _file(name: str) -> str:
    return f"{name.rpartition('/')[2]}.yaml"


def _stated(value: Any) -> Any:
    """None for what is as if it were not there: a key that a later version knows makes no difference by itself."""
    return None if value is False or value in ([], {}) else value


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]} ..."
