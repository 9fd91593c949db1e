"""The store: encoders and scores under the digest of what produced them, on any fsspec path. No torch here.

Layout::

    encoders/<key>.json             manifest: folder, size and SHA-256 of each file; written last, in one piece
    encoders/<key>-<writer>/...     the files of an encoder: config, safetensors, tokenizer
    scores/<key>.json               a score and what it was made from

An entry exists when its JSON does. That JSON is moved into place (local files) or put as one object (object
stores), so readers see all of it or nothing, and of two writers of one key the last one wins with a whole entry.
Nothing here is ever a pickle.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

from spaces.errors import Failure, Problem


class StoreError(Failure):
    """The store cannot be read or written (full disk, no permission, unreachable)."""


class Store:
    """Content-addressed encoders and scores.

    Args:
        url: a folder or any fsspec URL such as ``s3://bucket/taskmix``.
        cache: local folder for encoders that were fetched from a remote store.
    """

    def __init__(self, url: str, cache: Path) -> None:
        self.url = url
        self._fs, self._root = fsspec.core.url_to_fs(url)
        self._local = isinstance(self._fs, LocalFileSystem)
        self._cache = cache / "encoders"

    # --- scores

    def score(self, key: str) -> dict[str, Any] | None:
        """The score stored under `key`, or None when there is none or it is damaged."""
        return self._read_json(f"scores/{key}.json")

    def put_score(self, key: str, score: dict[str, Any]) -> None:
        with self._writing():
            self._publish(f"scores/{key}.json", score)

    # --- encoders

    def put_encoder(self, key: str, folder: Path, origin: dict[str, Any]) -> None:
        """Store the files of `folder` under `key`; `origin` says what they were made from.

        Raises:
            StoreError: it cannot be written. Nothing of the attempt stays.
        """
        target = f"encoders/{key}-{uuid.uuid4().hex[:8]}"
        files = {}
        with self._writing(), self._undone_on_failure(target):
            self._fs.makedirs(self._path(target), exist_ok=True)
            for path in sorted(folder.iterdir()):
                self._fs.put_file(str(path), self._path(f"{target}/{path.name}"))
                files[path.name] = {"size": path.stat().st_size, "sha256": _sha256(path)}
            self._publish(f"encoders/{key}.json", {"folder": Path(target).name, "files": files, "origin": origin})

    def encoder(self, key: str) -> Path | None:
        """A local folder with the encoder, checked against its manifest; None when there is none or it is damaged.

        Encoders of a remote store are fetched once per machine.
        """
        manifest = self._read_json(f"encoders/{key}.json")
        if manifest is None:
            return None
        name = Path(manifest["folder"]).name  # a manifest from elsewhere is data: it cannot lead out of the store
        folder = Path(self._path(f"encoders/{name}")) if self._local else self._fetched(name, manifest)
        for file, expected in manifest["files"].items():
            path = folder / Path(file).name
            if not path.is_file() or path.stat().st_size != expected["size"] or _sha256(path) != expected["sha256"]:
                return None
        return folder

    def _fetched(self, name: str, manifest: dict[str, Any]) -> Path:
        folder = self._cache / name
        if not folder.is_dir():
            partial = folder.with_name(f"{name}.{uuid.uuid4().hex[:8]}")
            partial.mkdir(parents=True)
            for file in manifest["files"]:
                self._fs.get_file(self._path(f"encoders/{name}/{Path(file).name}"), str(partial / Path(file).name))
            try:
                partial.rename(folder)
            except OSError:  # another process was first
                shutil.rmtree(partial, ignore_errors=True)
        return folder

    # --- files

    def check(self) -> None:
        """Write and remove a small object; raises StoreError with the reason when that fails."""
        name = f"probe-{uuid.uuid4().hex}.json"
        with self._writing():
            self._publish(name, {})
            self._fs.rm_file(self._path(name))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _read_json(self, name: str) -> dict[str, Any] | None:
        try:
            found = json.loads(self._fs.cat_file(self._path(name)))
        except (FileNotFoundError, NotADirectoryError, json.JSONDecodeError, UnicodeDecodeError):
            return None
        return found if isinstance(found, dict) else None

    def _publish(self, name: str, value: dict[str, Any]) -> None:
        path, data = self._path(name), json.dumps(value, indent=1, sort_keys=True, allow_nan=False).encode()
        if not self._local:
            self._fs.pipe_file(path, data)  # one object is put whole or not at all
            return
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        aside = Path(f"{path}.{uuid.uuid4().hex[:8]}.tmp")
        try:
            with aside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            aside.replace(path)
        finally:
            aside.unlink(missing_ok=True)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            fix = {
                errno.ENOSPC: "free space on that disk, or point storage.store elsewhere; then launch again",
                errno.EACCES: "give yourself write permission there, or point storage.store elsewhere",
                errno.EROFS: "that file system is read-only: point storage.store elsewhere",
            }.get(error.errno or 0, "see that the path exists and can be written")
            found = error.strerror or str(error)
            raise StoreError(Problem("the store cannot be written", where=self.url, found=found, fix=fix)) from error

    @contextmanager
    def _undone_on_failure(self, name: str) -> Iterator[None]:
        try:
            yield
        except BaseException:
            if self._fs.exists(self._path(name)):
                self._fs.rm(self._path(name), recursive=True)
            raise


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
