"""A disk that can be full: a real fsspec file system that raises ENOSPC, and leaves what fitted, as a real disk does.

A folder with a file ``.capacity`` in it is a disk of as many bytes; write another number there and it grows or
shrinks, for every process. ``capped:///some/disk/store`` is a store on it. A process knows ``capped`` when it has
imported this module, or was started with `environment`, and so were Ray's workers below it.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileOpener, LocalFileSystem

ROOT = Path(__file__).parents[2]
CAPACITY = ".capacity"
CHUNK = 64 * 1024


class CappedFileSystem(LocalFileSystem):
    """Local files on disks with a capacity."""

    protocol = "capped"

    def cp_file(self, path1: str, path2: str, **rest: Any) -> None:
        source, target = Path(self._strip_protocol(path1)), Path(self._strip_protocol(path2))
        with source.open("rb") as reading, target.open("wb") as writing:
            while chunk := reading.read(CHUNK):
                _write(writing, target, chunk)

    def _open(self, path: str, mode: str = "rb", **rest: Any) -> Any:
        return _CappedFile(self._strip_protocol(path), mode, fs=self)


class _CappedFile(LocalFileOpener):
    def write(self, data: bytes) -> int:
        _write(self.f, Path(self.path), data)
        return len(data)


def _write(file: Any, path: Path, data: bytes) -> None:
    """Write what there is room for; raises OSError(ENOSPC) when that is not all."""
    room = _room(path)
    file.write(data[: len(data) if room is None else max(0, room)])
    file.flush()
    if room is not None and room < len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def _room(path: Path) -> int | None:
    """Bytes that are free where `path` lies; None: no limit."""
    for folder in path.parents:
        try:
            capacity = int((folder / CAPACITY).read_text())
        except FileNotFoundError:
            continue
        return capacity - used(folder)
    return None


def used(disk: Path) -> int:
    """Bytes of the files on a disk, the one with its capacity left out."""
    total = 0
    for folder, _, names in os.walk(disk):
        for name in names:
            try:
                total += (Path(folder) / name).stat().st_size if name != CAPACITY else 0
            except FileNotFoundError:  # removed at this moment
                continue
    return total


def set_capacity(disk: Path, capacity: int) -> str:
    """Make `disk` one of so many bytes, or change it; the URL of a store on it."""
    disk.mkdir(parents=True, exist_ok=True)
    aside = disk.with_name(f"{disk.name}.capacity")
    aside.write_text(str(capacity))
    aside.replace(disk / CAPACITY)
    return f"capped://{disk}/store"


def environment(folder: Path, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """`base` with a PYTHONPATH that makes fsspec know ``capped`` by itself; `folder` holds the entry point for it."""
    about = folder / "taskmix_full_disk-1.dist-info"
    about.mkdir(parents=True, exist_ok=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: taskmix-full-disk\nVersion: 1\n")
    (about / "entry_points.txt").write_text(f"[fsspec.specs]\ncapped = {__name__}:{CappedFileSystem.__name__}\n")
    paths = [str(folder), str(ROOT), *filter(None, [base.get("PYTHONPATH")])]
    return {**base, "PYTHONPATH": os.pathsep.join(paths)}


fsspec.register_implementation("capped", CappedFileSystem, clobber=True)
