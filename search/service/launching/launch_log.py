"""The log of a launch: the file that its driver prints to, and a part of it for those who read."""

from __future__ import annotations

from search.config.workspace import Workspace
from search.formatting import shown

LOG_FILE = "launch.log"
LONGEST_LOG = 1 << 20
"""Bytes of a log in one answer."""


def log_of(workspace: Workspace, after: int | None) -> tuple[str, int]:
    """A part of what the driver printed, and where it ends, in bytes."""
    try:
        with (workspace.folder / LOG_FILE).open("rb") as file:
            size = file.seek(0, 2)
            begin = max(0, size - (1 << 16)) if after is None else min(after, size)
            file.seek(begin)
            found = file.read(LONGEST_LOG)
    except FileNotFoundError:
        return "", 0
    if after is None and begin:
        found, begin = found.partition(b"\n")[2], begin + len(found.partition(b"\n")[0]) + 1
    return shown(found.decode(errors="replace")), begin + len(found)
