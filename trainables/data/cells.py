"""What a value of a data set is: nothing, a text, a boolean, or a code that a card has words for."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from math import isnan
from typing import Any

TRUTHS = (("false", "true"), ("no", "yes"))
"""Labels that booleans are, in whatever case."""


def is_missing(value: Any) -> bool:
    """Null, and NaN, which pandas writes for it."""
    return value is None or (isinstance(value, float) and isnan(value))


def as_text(value: Any) -> str:
    """A value as text; a column of whole numbers that has gaps is read as float."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()


def parts_of(text: str) -> list[Any]:
    """The items of a list in a cell of CSV: as pandas writes one (`['No', 'way']`), as JSON, or with blanks between."""
    written = text.strip()
    if written.startswith("[") and written.endswith("]"):
        try:
            items = ast.literal_eval(written)
        except (ValueError, SyntaxError, MemoryError, RecursionError):  # "[ x ]" is three words
            return written.split()
        return items if isinstance(items, list) else written.split()
    return written.split()


def boolean_label(value: Any, labels: Sequence[str]) -> str | None:
    """The label that a boolean is, also one in text: its name where labels are booleans, else 0 or 1; else None."""
    word = str(value).strip().casefold()
    if word not in TRUTHS[0]:
        return None
    truth, names = TRUTHS[0].index(word), {label.casefold(): label for label in labels}
    for pair in TRUTHS:
        if names.keys() & set(pair):
            return names.get(pair[truth])
    return str(truth)


def in_words(words: Mapping[str, str], value: Any) -> Any:
    """The card's words for a code, or for each of a list; booleans may be spelt as in YAML or in Python."""
    if isinstance(value, list):
        return [in_words(words, one) for one in value]
    text = str(value)
    if text.casefold() in TRUTHS[0]:
        return next((words[key] for key in words if key.casefold() == text.casefold()), value)
    return words.get(text, value)


def matches(row: Mapping[str, Any], patterns: Mapping[str, str]) -> bool:
    """Whether each column's value is of its pattern."""
    return all(fnmatchcase(str(row[column]), pattern) for column, pattern in patterns.items())
