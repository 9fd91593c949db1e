"""Errors for people: what is wrong, where, what was found, and what to do next."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

LONGEST_FOUND = 2000
"""Letters that are shown of what was found."""

MISTAKE = "this is a mistake in taskmix"
"""What is said of an error that nobody foresaw."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Args:
        what: the mistake, a short sentence without a full stop.
        where: file and key, e.g. ``search.yaml: budget.recipes``.
        found: what stands there now.
        fix: what would be right, or the command to type next.
    """

    what: str
    where: str = ""
    found: str = ""
    fix: str = ""

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        lines = [head]
        if self.found:
            cut = " ..." if len(self.found) > LONGEST_FOUND else ""
            lines.append(f"  found: {self.found[:LONGEST_FOUND]}{cut}")
        if self.fix:
            lines.append(f"  fix:   {self.fix}")
        return "\n".join(lines)


class TaskmixError(Exception):
    """Base of every error that is shown without a traceback."""

    exit_code = 1

    def __init__(self, problems: Problem | Iterable[Problem]) -> None:
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[TaskmixError], tuple[tuple[Problem, ...]]]:
        # Exceptions cross process borders in Ray; the default would pass the text alone.
        return type(self), (self.problems,)


class InputError(TaskmixError):
    """The user's mistake (exit code 2): it can be mended by changing a file or a command."""

    exit_code = 2


class Failure(TaskmixError):
    """Something failed that was asked for correctly (exit code 1)."""


def gather(makers: Iterable[Callable[[], T]]) -> list[T]:
    """What each of them makes.

    Raises:
        InputError: with the mistakes of all that could not be made.
        Failure: at once.
    """
    made, problems = [], list[Problem]()
    for make in makers:
        try:
            made.append(make())
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return made


def nearest(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelt name: the closest known ones, else all of them."""
    names = sorted(known)
    close = difflib.get_close_matches(word, names, n=3, cutoff=0.5)
    if close:
        return "did you mean " + " or ".join(repr(name) for name in close) + "?"
    return "one of: " + ", ".join(names) if names else "nothing is known here"
