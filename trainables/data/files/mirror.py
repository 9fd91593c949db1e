"""A mirror of the hub, `<hub id>/<config>/<split>.parquet`, in a folder or an object store, copied from once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path, PurePosixPath

from spaces.digest import digest
from trainables.store.filesystem import Files, write_aside

BUILDERS = {
    "parquet": "parquet",
    "jsonl": "json",
    "json": "json",
    "csv": "csv",
    "tsv": "tsv",
    "conll": "conll",
    "conllu": "conll",
}
"""Ending of a file (`spaces.card_files.ENDINGS`) -> what reads it, mostly the builder of `datasets` of that name."""


def mounted(mirror: str) -> Path | None:
    """The folder of a mirror on this machine; None for a URL of something that is not mounted."""
    path = mirror.removeprefix("file://")
    return None if "://" in path else Path(path).expanduser()


def files_of(folder: Path, split: str) -> list[Path]:
    """The files of a split in a local folder."""
    names = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    return [folder / name for name in _matching(names, split)]


def other_kinds(folder: Path, split: str, suffix: str) -> list[Path]:
    """Files of a split in a local folder that end otherwise than in `suffix`."""
    there = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix != suffix)
    return [path for path in there if path.suffix.removeprefix(".") in BUILDERS and _matching([path.name], split)]


def names_in(mirror: str, folder: str) -> list[str]:
    """What lies in a folder of a remote mirror. Raises StoreError if it cannot be reached."""
    return [one.name for one in Files(mirror, "mirror").list(folder)]


@cache
def copies_of(mirror: str, folder: str, split: str, cache: Path) -> tuple[Path, ...]:
    """The files of a split of a remote mirror, copied to `cache` unless it has them as they are there now.

    Asked for once in a process, so a search does not see the mirror change. A copy lies below the digest of the file's
    name, size and ETag (or time of change). Raises StoreError if the mirror cannot be read.
    """
    files = Files(mirror, "mirror")
    names = [one.name for one in files.list(folder) if not one.is_folder]
    copies = []
    for name in _matching(names, split):
        path = str(PurePosixPath(folder, name))
        copy = cache / "mirror" / digest([mirror, path, files.stamp(path)], length=32) / name
        if not copy.exists():
            with write_aside(copy) as aside:  # others may copy the same file
                if not files.get(path, aside):
                    continue
        copies.append(copy)
    return tuple(copies)


def _matching(names: Iterable[str], split: str) -> list[str]:
    """`<split>.<ending>`, or its shards `<split>-*.<ending>`: not `<split>*`, or "train" would take "train_r2" too."""
    there = sorted(names)
    for ending in BUILDERS:
        whole = f"{split}.{ending}"
        shards = [name for name in there if name.startswith(f"{split}-") and name.endswith(f".{ending}")]
        if whole in there or shards:
            return [whole] if whole in there else shards
    return []
