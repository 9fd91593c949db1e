"""Two search files of one name: what differs that a search has fixed, and what it may get while it goes on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from search.config.schema import SearchConfig
from spaces.errors import Problem


@dataclass(frozen=True)
class Difference:
    """A fixed setting that a search has and a file of the same name has otherwise; None: one of them has it not.

    Args:
        where: its key.
        fix: what can be done about it.
    """

    where: str
    before: Any
    now: Any
    fix: str

    @property
    def problem(self) -> Problem:
        """It alone, for programs, which read a problem for each setting."""
        found = f"{self.now} (the search has {self.before})"
        return Problem("differs from the search of that name", self.where, found, self.fix)


def another_search(changed: Sequence[Difference], where: str, go_on: str) -> Problem:
    """That a file is another search of the same name: its settings beside those of the search, and what can be done.

    Args:
        where: the file, or the search.
        go_on: how it goes on as it was.
    """
    rows = [("setting", "the search has", "the file has")]
    rows += [(one.where, _told(one.before), _told(one.now)) for one in changed]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    table = "\n         ".join(f"{key:<{widths[0]}}  {old:<{widths[1]}}  {new}" for key, old, new in rows)
    advice = [*dict.fromkeys(one.fix for one in changed), f"or go on as it was: {go_on}"]
    return Problem("this file is another search of the same name", where, table, "\n         ".join(advice))


def _told(value: Any) -> str:
    return "-" if value is None else ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def differences(old: SearchConfig, new: SearchConfig) -> list[Difference]:
    """Fixed settings that differ between the stored search and a new file of the same name.

    A search may grow: tasks may be added anywhere, targets behind those that it has, with settings of their own.
    """
    before, after = old.fixed(), new.fixed()
    for key in sorted(before.keys() | after.keys()):
        if _is_growth(key, old, new):
            before.pop(key, None)
            after.pop(key, None)
    return [
        Difference(key, before.get(key), after.get(key), _advice(key, old, new))
        for key in sorted(before.keys() | after.keys())
        if before.get(key) != after.get(key)
    ]


def grown(old: SearchConfig, new: SearchConfig) -> list[str]:
    """The tasks and targets that a search has got."""
    return [name for key in ("tasks", "targets") for name in getattr(new, key) if name not in getattr(old, key)]


def _is_growth(key: str, old: SearchConfig, new: SearchConfig) -> bool:
    """Whether another value of a key means that something was added."""
    if key == "tasks":
        return set(old.tasks) <= set(new.tasks)
    if key == "targets":  # the first one's study says what the whole search shares
        return new.targets[: len(old.targets)] == old.targets
    if key == "stages.per_target":  # so called where it is empty
        return True
    target = key.removeprefix("stages.per_target.").partition(".")[0]
    return key.startswith("stages.per_target.") and target in new.targets and target not in old.targets


def _advice(key: str, old: SearchConfig, new: SearchConfig) -> str:
    """What can be done about a fixed setting."""
    if key in ("tasks", "targets"):
        gone = [name for name in getattr(old, key) if name not in getattr(new, key)]
        if gone:
            return f"put {', '.join(gone)} back into {key}: a search grows, and loses nothing that it has measured"
        return f"new targets stand behind those that are there: [{', '.join(old.targets)}, ...]"
    return "other values make another search: give the file another name; on the same store nothing is trained twice"
