"""Shared files: what several encoders have alike, such as an embedding that none of them trained, is stored once.

    shared/<sha256>/weights.safetensors     the file
    shared/<sha256>/used.json               written anew whenever an encoder is about to name it

In a local store an encoder's folder holds a hard link to it, so it is a model's folder like any other; where the file
system makes no links, a file of its own. In a remote store the encoder's manifest says which of its files lie here, and
the folders in a machine's cache hold links to one copy there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from trainables.store.filesystem import Files, aside_of
from trainables.store.manifest import Manifest, sha256

LARGE = 10_000_000
"""Bytes of weights that are worth a file that is shared: smaller ones are written sooner than they are looked up."""

FOLDER, WEIGHTS, USED = "shared", "weights.safetensors", "used.json"


class SharedFiles:
    """The shared files of one store, and the folder with those that this machine links to: the store's or the cache's.

    A file that others hold as well is read once in a process, as long as nobody writes to it.
    """

    def __init__(self, files: Files, cache: Path) -> None:
        self._files = files
        self._home = files.path(FOLDER) if files.is_local else cache / FOLDER
        self._digests: dict[tuple[int, ...], str] = {}
        self._damaged: set[str] = set()

    def place(self, path: Path, digest: str, write: Callable[[Path], object]) -> None:
        """Make `path` the file of that SHA-256: a link to the one that is here, else written and kept for the next.

        Of several processes that write it at once the first one's stays. What is here is never half of it: it gets its
        name when it is on the disk and was read again. What `write` made otherwise stays, and is not shared.

        Args:
            path: in a folder that is not in use yet.
        """
        kept = self._home / digest / WEIGHTS
        if self._link(kept, path, digest):
            return
        write(path)
        if not path.is_file():
            return
        with path.open("rb") as file:
            os.fsync(file.fileno())
        if sha256(path) != digest:
            self._damaged.add(digest)
            return
        self._digests[_state(path)] = digest
        with suppress(OSError):  # no links here: it is the encoder's own
            kept.parent.mkdir(parents=True, exist_ok=True)
            try:
                os.link(path, kept)
            except FileExistsError:
                aside = path.with_name(aside_of(path.name))
                if self._link(kept, aside, digest):
                    aside.replace(path)

    def complete(self, folder: Path, manifest: Manifest) -> None:
        """Bring the shared files of an encoder that its folder lacks; what the store lacks is missing there, too."""
        for name, file in manifest.files.items():
            if file.shared and not os.path.lexists(folder / name):
                self.place(folder / name, file.sha256, partial(self._files.get, _name(file.sha256)))

    def holds(self, path: Path, digest: str) -> bool:
        """Whether a file is a link to the shared one."""
        with suppress(OSError):
            return path.samefile(self._home / digest / WEIGHTS)
        return False

    def publish(self, path: Path, digest: str) -> None:
        """See that the store has a file that is about to be named; until it is, `orphans` finds it young."""
        self._files.publish(f"{FOLDER}/{digest}/{USED}", b"{}")
        if self._files.is_local:
            return
        there = self._files.measure(_name(digest))
        if there is None or there[0] != path.stat().st_size or digest in self._damaged:
            self._files.put(path, _name(digest))
            self._damaged.discard(digest)

    def digest(self, path: Path) -> str:
        """SHA-256 of a file; one that several folders hold is read once in a process."""
        state = _state(path)
        found = self._digests.get(state) or sha256(path)
        if path.stat().st_nlink > 1:
            self._digests[state] = found
        return found

    def forget_unused(self, seconds: float) -> None:
        """Of a remote store: remove from the cache what no folder there has held for so long."""
        for folder in self._home.iterdir() if self._home.is_dir() else ():
            with suppress(OSError):  # another process was first
                found = (folder / WEIGHTS).stat()
                if found.st_nlink == 1 and found.st_ctime < time.time() - seconds:
                    (folder / WEIGHTS).unlink()

    def _link(self, kept: Path, path: Path, digest: str) -> bool:
        """Link to a file that is here, and whole; one that is damaged is removed, and stays where it is linked to."""
        with suppress(OSError):
            state = _state(kept)
            if state not in self._digests:
                self._digests[state] = sha256(kept)
            if self._digests[state] == digest:
                os.link(kept, path)
                return True
            kept.unlink()
        return False


def _name(digest: str) -> str:
    return f"{FOLDER}/{digest}/{WEIGHTS}"


def _state(path: Path) -> tuple[int, ...]:
    """What stays as long as a file's content does, unlike the time of its last change: that of its last link."""
    stat = path.stat()
    return stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns
