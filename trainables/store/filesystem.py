"""Files: a folder on any fsspec path, written whole or not at all; what goes wrong is said in words for people.

Other processes write there too, so nothing is believed that a file system remembers of earlier listings.
"""

from __future__ import annotations

import datetime as dt
import errno
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.registry import known_implementations

from spaces.errors import Failure, InputError, Problem
from trainables.store.patience import Patience

T = TypeVar("T")

STAMPS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "updated", "created")
"""Keys by which fsspec's file systems tell one content of a file from another, the surest first."""


class StoreError(Failure):
    """The store cannot be read or written (full disk, no permission, unreachable)."""


@dataclass(frozen=True)
class Listed:
    """Something in a folder: its name there, whether it is a folder itself, and the bytes of a file."""

    name: str
    is_folder: bool
    bytes: int = 0


@contextmanager
def write_aside(path: Path) -> Iterator[Path]:
    """Write a file or a folder in one piece: to the path that is given, which becomes `path` when the block ends.

    Its parents are made. Readers see what was there before or the whole of the new, also when several write at once:
    the last file stays, and of folders the first. If the block raises, or writes nothing, all stays as it was; a
    process that is killed leaves a name that ends in ``.tmp``.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(aside_of(path.name))
    try:
        yield aside
        if aside.is_dir():
            try:
                aside.rename(path)
            except OSError:
                if not path.is_dir():
                    raise
        elif aside.exists():
            aside.replace(path)
    finally:
        if aside.is_dir():
            shutil.rmtree(aside, ignore_errors=True)
        else:
            aside.unlink(missing_ok=True)


def aside_of(name: str) -> str:
    """A name beside `name` that nobody else writes to."""
    return f"{name}.{uuid.uuid4().hex[:8]}.tmp"


class Files:
    """The files below one fsspec path; names are relative to it, with "/" between their parts.

    Every method raises StoreError when the file system fails; what is not there is no failure.

    Args:
        url: a folder or any fsspec URL such as ``s3://bucket/taskmix``.
        noun: what it is, and its key below `storage` in the search file.

    Raises:
        InputError: there is no such kind of file system.
        StoreError: its package is not installed, or it cannot be used.
    """

    def __init__(self, url: str, noun: str = "store") -> None:
        self.url = url
        self._noun = noun
        self._filesystem, root = self._opened()
        self._root = root.rstrip("/")
        self.is_local = isinstance(self._filesystem, LocalFileSystem)
        self.patience = Patience()
        # fsspec's asynchronous file systems are the object stores: no folders to make, and an object is put whole
        self._has_objects = bool(getattr(self._filesystem, "async_impl", False))

    def path(self, name: str) -> Path:
        """Where a file lies; local file systems only."""
        return Path(self._full(name))

    # --- reading

    def read(self, name: str) -> bytes | None:
        """The content of a small file; None when there is none."""

        def read() -> bytes | None:
            try:
                return bytes(self._fresh.cat_file(self._full(name)))
            except (FileNotFoundError, NotADirectoryError):
                return None

        return self._do("read", read)

    def get(self, name: str, to: Path) -> bool:
        """Copy a file to this machine; False when there is none."""

        def get() -> bool:
            try:
                self._fresh.get_file(self._full(name), str(to))
            except FileNotFoundError:
                return False
            return True

        return self._do("read", get)

    def list(self, folder: str) -> list[Listed]:
        """What lies directly in a folder, by name."""
        path = self._full(folder)

        def entries_of() -> list[dict[str, Any]]:
            try:
                return list(self._fresh.ls(path, detail=True))
            except (FileNotFoundError, NotADirectoryError):
                return []

        entries = self._do("read", entries_of)
        listed = [
            Listed(info["name"].rstrip("/").rpartition("/")[2], info["type"] == "directory", int(info.get("size") or 0))
            for info in entries
        ]
        return sorted((one for one in listed if one.name != Path(path).name), key=lambda one: one.name)

    def measure(self, name: str) -> tuple[int, dt.datetime] | None:
        """Bytes of a file, or of all files in a folder, and when the newest was written; None when it is gone."""
        path = self._full(name)

        def measure() -> tuple[int, dt.datetime] | None:
            filesystem = self._fresh
            try:
                files = filesystem.find(path, detail=True)
                times = [filesystem.modified(each) for each in files] or [filesystem.modified(path)]
            except FileNotFoundError:
                return None
            return sum(info["size"] for info in files.values()), max(times)

        return self._do("read", measure)

    def stamp(self, name: str) -> tuple[str, ...]:
        """The size of a file, and what changes when its content does: ETag, checksum or time of change."""
        info = self._do("read", lambda: self._fresh.info(self._full(name)))
        return (str(info["size"]), *(str(info[key]) for key in STAMPS if info.get(key)))[:2]

    # --- writing

    def publish(self, name: str, data: bytes) -> None:
        """Write a file in one piece: readers see the old content or the new one, and a writer that dies leaves neither.

        On object stores that is one put; elsewhere it is written aside and moved into place.
        """
        path = self._full(name)

        def publish() -> None:
            if self._has_objects:
                self._fresh.pipe_file(path, data)
                return
            if self.is_local:  # `mv` makes a copy where a file cannot be moved: not in one piece
                with write_aside(Path(path)) as local, self._filesystem.open(str(local), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                return
            self._filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            aside = aside_of(path)
            try:
                self._filesystem.pipe_file(aside, data)
                self._filesystem.mv(aside, path)
            except BaseException:
                with suppress(Exception):
                    self._filesystem.rm_file(aside)
                raise

        self._do("written", publish)

    def put(self, file: Path, name: str) -> None:
        """Copy a file of this machine there; not in one piece."""
        path = self._full(name)

        def put() -> None:
            if not self._has_objects:
                self._filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
            self._fresh.put_file(str(file), path)

        self._do("written", put)

    def remove(self, name: str) -> None:
        """Remove a file, or a folder with all that is in it."""

        def remove() -> None:
            with suppress(FileNotFoundError, NotADirectoryError):
                self._fresh.rm(self._full(name), recursive=True)

        self._do("written", remove)

    # --- the file system

    def _do(self, done: str, operation: Callable[[], T]) -> T:
        """An operation that may be repeated, as often as the patience says; raises StoreError."""

        def attempt() -> T:
            with self.failing(done):
                return operation()

        return self.patience.bear(attempt, self.url)

    @contextmanager
    def failing(self, done: str) -> Iterator[None]:
        """What a file system raises, as a StoreError; `done` says what cannot be: "read" or "written"."""
        try:
            yield
        except Exception as error:  # OSError, or whatever its client has: errors of botocore, aiohttp, paramiko
            raise self._failure(f"the {self._noun} cannot be {done}", error, self._fix(error, done)) from error

    @property
    def _fresh(self) -> Any:
        self._filesystem.invalidate_cache()
        return self._filesystem

    def _full(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _opened(self) -> tuple[Any, str]:
        protocol = fsspec.core.split_protocol(self.url)[0] or "file"
        try:
            fsspec.get_filesystem_class(protocol)
        except ValueError as error:
            fix = "a folder, or an fsspec URL such as s3://bucket/folder"
            raise InputError(
                Problem(f"no such kind of {self._noun}", f"storage.{self._noun}", self.url, fix)
            ) from error
        except ImportError as error:
            package = known_implementations.get(protocol, {}).get("class", "fsspec.").partition(".")[0]
            fix = "install what it names" if package == "fsspec" else f"pip install {package}, on every node"
            raise self._failure(f"the {self._noun}'s file system is not installed", error, fix) from error
        try:
            filesystem, root = fsspec.core.url_to_fs(self.url)
        except Exception as error:
            raise self._failure(f"the {self._noun} cannot be opened", error, self._fix(error, "read")) from error
        return filesystem, str(root)

    def _failure(self, what: str, error: Exception, fix: str) -> StoreError:
        found = getattr(error, "strerror", None) or " ".join(str(error).split()) or type(error).__name__
        return StoreError(Problem(what, where=self.url, found=found, fix=fix))

    def _fix(self, error: Exception, done: str) -> str:
        number, key = getattr(error, "errno", None), f"storage.{self._noun}"
        if number in (errno.ENOSPC, errno.EDQUOT):
            if done == "read":  # copies are made in the cache
                return "free space on the disk of the cache, or point storage.cache elsewhere; then launch again"
            return f"free space on that disk (taskmix gc), or point {key} elsewhere; then launch again"
        if number == errno.EROFS:
            return f"that file system is read-only: point {key} elsewhere"
        if isinstance(error, PermissionError):
            return f"give yourself the permission there, or point {key} elsewhere"
        return f"see that it can be reached and {done} from here: path, address, bucket, credentials"
