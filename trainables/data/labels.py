"""Which label a value of a data set is: by its name, by its number, or none that the card knows."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainables.data.cells import as_text, boolean_label

HIDDEN = "-1"
"""What data sets write where a label is not given, beside nothing at all, unless the card lists it as a label."""

UNKNOWN = -1
"""Stands for the index of a label that is not on the list."""

MANY = 20
"""Labels that are shown of a list."""


@dataclass(frozen=True)
class Labels:
    """The labels that a column's values are.

    Args:
        names: in the order of their numbers.
        own_names: what the data set calls its numbers, where it does.
        are_choices: they are numbers of choices, which may be letters, too.
    """

    names: Sequence[str]
    own_names: Sequence[str] | None = None
    are_choices: bool = False

    def index_of(self, value: Any) -> int | None:
        """Index of the label, `UNKNOWN`, or None if it is not given. Names count first, then numbers as indexes."""
        plain = self._plain(value)
        if plain == HIDDEN and (HIDDEN not in self.names or self.own_names):
            return None
        name, number = self._name(plain), self._number(plain)
        number = self.names.index(name) if name in self.names else number
        return number if 0 <= number < len(self.names) else UNKNOWN

    def shown(self, value: Any) -> str:
        """For people: the value, and what the data set calls it."""
        plain = self._plain(value)
        name = self._name(plain)
        return repr(value) if name == plain else f"{value!r} ({name})"

    @property
    def mistake(self) -> str:
        """What is wrong with a value that is none of them."""
        return "answers that are no choice" if self.are_choices else "labels outside the card's list"

    @property
    def fix(self) -> str:
        if self.are_choices:
            last = len(self.names) - 1
            return f"0 to {last}, or A to {chr(ord('A') + last)}, not the choice's text; list other names as labels"
        more = f" and {len(self.names) - MANY} more" if len(self.names) > MANY else ""
        return f"the labels are {', '.join(self.names[:MANY])}{more}; list all of them, in the order of their numbers"

    def _plain(self, value: Any) -> str:
        plain = as_text(value)
        if plain in self.names:
            return plain
        whole = boolean_label(value, self.names) or _whole(plain)
        return next((name for name in self.names if _whole(name) == whole), whole)  # the name may be 1.0, too

    def _name(self, plain: str) -> str:
        """The label's name: the data set's own where it has names, else the value as text."""
        names = self.own_names
        return names[int(plain)] if names and plain.isdecimal() and int(plain) < len(names) else plain

    def _number(self, plain: str) -> int:
        """The index that a value stands for where its name is not among the labels."""
        if self.are_choices and len(plain) == 1 and plain.isascii() and plain.isalpha():
            return ord(plain.upper()) - ord("A")
        # Labels that are numbers themselves are names; and where some of the data set's names are on the card's list
        # and this one is not, the card is wrong, not the number.
        are_numbers = any(_whole(name).isdecimal() for name in self.names)
        names_decide = are_numbers or set(self.own_names or ()) & set(self.names)
        return int(plain) if plain.isdecimal() and not names_decide else UNKNOWN


def _whole(text: str) -> str:
    """A whole number without its fraction: 1.0 stands in a CSV column that has gaps."""
    return re.sub(r"\.0+$", "", text)
