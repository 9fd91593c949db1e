"""Manifest: the files of an entry of the store, with sizes and checksums."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from spaces.parsing import Strict

FileName = Annotated[str, Field(pattern=r"^\w[\w.-]*\.(json|safetensors|txt|model|jinja)$")]
"""What a file of an encoder may be called: a plain name, and of a kind that no loader takes for code or a pickle."""


class StoredFile(Strict):
    size: int = Field(ge=0)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class EncoderFile(StoredFile):
    """A file of an encoder; `shared`: it is one of `trainables.store.shared_files`, which others may hold as well."""

    shared: bool = False


class Manifest(Strict):
    folder: str
    files: dict[FileName, EncoderFile] = Field(min_length=1)
    origin: dict[str, Any]

    @property
    def own_bytes(self) -> int:
        """What goes when the encoder is removed."""
        return sum(file.size for file in self.files.values() if not file.shared)

    @property
    def shared_bytes(self) -> dict[str, int]:
        """SHA-256 -> bytes of the shared files."""
        return {file.sha256: file.size for file in self.files.values() if file.shared}


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(folder: Path) -> None:
    """Bring the files of a folder to the disk: a name that outlives a power cut has to find its content there."""
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def damage(folder: Path, manifest: Manifest, digest: Callable[[Path], str] = sha256) -> str | None:
    """What is wrong with the files of an encoder; None when they are what the manifest says, and no others.

    Args:
        digest: the SHA-256 of a file.
    """
    if folder.is_symlink() or not folder.is_dir():
        return "its files are missing"
    strangers = visible(folder) - manifest.files.keys()
    if strangers:
        return f"{min(strangers)} is not one of its files"
    for name, expected in manifest.files.items():
        path = folder / name
        try:
            if path.is_symlink() or not path.is_file():
                return f"{name} is missing"
            if path.stat().st_size != expected.size:
                return f"{name} has {path.stat().st_size:,} bytes instead of {expected.size:,}"
            if digest(path) != expected.sha256:
                return f"{name} does not fit its checksum"
        except FileNotFoundError:  # removed at this moment
            return f"{name} is missing"
    return None


def visible(folder: Path) -> set[str]:
    """Names in a folder, without the hidden ones that file systems leave and no loader reads."""
    names: Iterable[str] = (path.name for path in folder.iterdir())
    return {name for name in names if not name.startswith(".")}
