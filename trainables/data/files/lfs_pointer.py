"""The small text that Git LFS leaves where a large file was not fetched."""

from __future__ import annotations

import re
from pathlib import Path

from spaces.errors import Problem

BEGINNING = b"version https://git-lfs.github.com/spec/"


def check_pointer(path: Path, where: str) -> Problem | None:
    """The problem with a file that is a pointer to itself.

    Args:
        where: the key that names the file.
    """
    with path.open("rb") as file:
        start = file.read(200)
    if not start.startswith(BEGINNING):
        return None
    size = re.search(rb"^size (\d+)", start, re.MULTILINE)
    points = f" to {int(size[1]):,} bytes" if size else ""
    what = f"{path.name} is a Git LFS pointer and not the file itself"
    return Problem(what, where, f"{path}: a pointer{points}", f"git -C {path.parent} lfs pull")
