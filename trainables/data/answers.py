"""Where an answer of span QA stands in its context: offsets of data sets count bytes, other newlines, other accents."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from trainables.data.cells import is_missing

NOWHERE = -1
"""Offset of an answer that is not in its context."""


def place(text: str, start: Any, context: str) -> tuple[str, int]:
    """An answer as it stands in its context, and where; as it is, and `NOWHERE`, if that is not clear.

    Args:
        start: where the data set says that it begins; it may be missing, or negative.
    """
    offset = None if is_missing(start) or start < 0 else int(start)
    if offset is not None and context.startswith(text, offset):
        return text, offset
    span = locate(text, offset, context)
    return (text, NOWHERE) if span is None else (context[slice(*span)], span[0])


def locate(text: str, start: int | None, context: str) -> tuple[int, int] | None:
    """The characters of an answer in its context, without the blanks around it; None where that is not clear.

    It is where the offset says, else the occurrence nearest to it. Without an offset it is the only occurrence. Where
    the text does not occur, it is compared in Unicode's canonical decomposition (NFD), and any blanks count as equal.
    """
    answer = text.strip()
    if not answer:
        return None
    if start is not None:
        start += text.find(answer)
        if start >= 0 and context.startswith(answer, start):
            return start, start + len(answer)
    spans = [(match.start(), match.end()) for match in re.finditer(re.escape(answer), context)]
    spans = spans or _equivalents(answer, context)
    if start is not None and spans:
        offset = start
        return min(spans, key=lambda span: abs(span[0] - offset))
    return spans[0] if len(spans) == 1 else None


def _equivalents(answer: str, context: str) -> list[tuple[int, int]]:
    """The stretches of whole characters of the context that the answer is another spelling of."""
    wanted = "".join(char for char, _ in _decomposed(answer))
    decomposed = _decomposed(context)
    text = "".join(char for char, _ in decomposed)
    spans = []
    for match in re.finditer(re.escape(wanted), text):
        first, end = match.span()
        begins = first == 0 or decomposed[first - 1][1] != decomposed[first][1]
        ends = end == len(text) or decomposed[end - 1][1] != decomposed[end][1]
        if begins and ends and not unicodedata.combining(text[end : end + 1] or " "):
            spans.append((decomposed[first][1], max(at for _, at in decomposed[first:end]) + 1))
    return spans


def _decomposed(text: str) -> list[tuple[str, int]]:
    """The characters of the text's NFD, one blank for a run of them, each with the character that it comes from."""
    made: list[tuple[str, int]] = []
    for at, char in enumerate(text):
        if char.isspace():
            if not made or made[-1][0] != " ":
                made.append((" ", at))
            continue
        for part in unicodedata.normalize("NFD", char):
            made.append((part, at))
            weight, last = unicodedata.combining(part), len(made) - 1
            while weight and last and unicodedata.combining(made[last - 1][0]) > weight:  # the canonical order of marks
                made[last - 1], made[last] = made[last], made[last - 1]
                last -= 1
    return made
