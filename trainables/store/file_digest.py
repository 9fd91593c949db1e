"""The SHA-256 of a file, remembered in the cache for as long as nothing says that the file may be another one."""

from __future__ import annotations

import hashlib
import re
import time
from contextlib import suppress
from pathlib import Path

from spaces.digest import digest
from spaces.errors import Failure, Problem
from trainables.store.filesystem import write_aside

FOLDER = "digests"
"""Of the cache: one small file for each file that was read, in a given state."""

SETTLED = 2.0
"""Seconds for which a change that follows another may leave no trace: file systems stamp files with a coarse clock."""


def file_digest(path: Path, cache: Path) -> str:
    """SHA-256 of the file's content, in hexadecimal digits.

    A file that was read before is not read again if path, size, inode, time of its content and time of its last change
    are as they were. The last cannot be set by hand, so a file that was replaced or written to is never taken for the
    old one, whatever its size and date say.

    Raises:
        OSError: it is not there or cannot be read.
        Failure: it is written to at this moment.
    """
    path = path.resolve()
    before = file_state(path)
    kept = cache / FOLDER / digest([str(path), *before], length=32)
    with suppress(OSError, UnicodeDecodeError):
        known = kept.read_text(encoding="utf-8")
        if re.fullmatch("[0-9a-f]{64}", known):
            return known
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if file_state(path) != before:
        raise Failure(Problem("the file changed while it was read", str(path), fix="launch again when it is written"))
    if time.time() - max(path.stat().st_ctime, path.stat().st_mtime) > SETTLED:
        with suppress(OSError), write_aside(kept) as aside:  # it is only faster with it
            aside.write_text(found, encoding="utf-8")
    return found


def file_state(path: Path) -> tuple[int, ...]:
    """What the file system says of a file: another value after every change."""
    stat = path.stat()
    return stat.st_size, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns
