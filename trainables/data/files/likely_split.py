"""The split that was likely meant where there is none of the name that a card says."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from spaces.card import Card, Split
from spaces.card_files import chosen_splits
from spaces.errors import InputError, Problem

SPLITS: tuple[Split, ...] = ("train", "dev", "test")


class NoSuchSplit(InputError):
    """A source has no split of a name.

    Args:
        likely: the name of one that was likely meant; its rows can be looked at meanwhile.
    """

    def __init__(self, problems: Problem | Iterable[Problem], likely: str | None = None) -> None:
        super().__init__(problems)
        self.likely = likely


def likely_split(card: Card, split: Split, name: str, there: Sequence[str]) -> str | None:
    """The one of those that are there: of a similar name, of a usual one, or alone. None if no other is likely."""
    named = {one for each in SPLITS for one in card.splits.names(each)}
    free = [one for one in there if one not in named]
    similar = difflib.get_close_matches(name, free, n=1, cutoff=0.5)
    usual = chosen_splits(free).get(split)
    if similar or usual is not None:
        return similar[0] if similar else usual
    return free[0] if len(free) == len(there) == 1 else None
