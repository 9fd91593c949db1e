"""Check: what was looked at before a search begins, where, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from spaces.errors import Problem

HERE = "this machine"


LEAST_FREE = 10**9
"""Bytes that a disk has to have left."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Args:
        name: a word.
        where: this machine, a node, an address or a folder.
        text: what was found; for `skipped` the reason.
        fix: the mend, where it failed.
    """

    name: str
    where: str
    state: Literal["ok", "failed", "skipped"]
    text: str
    fix: str = ""

    @property
    def problem(self) -> Problem:
        return Problem(f"{self.name}: {self.text}", self.where, fix=self.fix)


def failed(name: str, where: str, problem: Problem) -> Check:
    """A check that failed with what an exception of ours said."""
    about = f" ({problem.where})" if problem.where and problem.where != where else ""
    found = f"; found: {problem.found}" if problem.found else ""
    return Check(name, where, "failed", f"{problem.what}{about}{found}", problem.fix)


def gigabytes(count: float) -> str:
    return f"{count / 1e9:,.1f} GB"
