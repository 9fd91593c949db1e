"""The store: encoders and scores under the digest of what produced them, on any fsspec path. No torch here.

Layout::

    encoders/<key>.json             manifest: folder, size and SHA-256 of each file; written last, in one piece
    encoders/<key>-<writer>/...     the files of an encoder: config, safetensors, tokenizer
    shared/<SHA-256>/...            a file that several encoders hold (trainables/store/shared_files.py)
    scores/<key>.json               a score and what it was made from
    predictions/<key>.json.gz       what was predicted on the test split, for the score of the same key
    limits/<key>.json               a batch that did not fit into memory
    profiles/<key>.json.gz          what an encoder makes of some rows of a card (trainables/evaluation/profile.py)

An entry exists when its JSON does. That JSON is written in one piece, so readers see all of it or nothing, and of two
writers of one key the last one wins with a whole entry. Writers that died leave *orphans*, which nothing names.

A store is data, wherever it comes from. Everything in it carries a checksum, and what does not fit it is damage: said
in `Store.complaints`, never loaded, computed again. Nothing here is ever a pickle, and no name leads out of a folder.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import json
import os
import re
import shutil
import time
import uuid
import zlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic_core
from pydantic import ValidationError
from safetensors import SafetensorError

from spaces.digest import canonical_json
from spaces.errors import Problem
from trainables.store.filesystem import Files, StoreError, write_aside
from trainables.store.manifest import EncoderFile, Manifest, damage, sync
from trainables.store.shared_files import FOLDER, SharedFiles

__all__ = ["Orphan", "Store", "StoreError"]

PACKED = ".json.gz"
"""What the names of predictions end with."""

SEAL = "sha256"
"""Field of each JSON: the digest of all its other fields."""

UNUSED_SECONDS = 3600.0
"""Encoders fetched from a remote store leave this machine's cache when they were not used for so long."""

STAGED = "new"
"""What the names of folders begin with that encoders are saved into."""

READERS = 16
"""Manifests that are read at the same time."""


ORPHAN_FOLDER, ASIDE = re.compile(r"\w+-[0-9a-f]{8}"), re.compile(r"[\w-]+\.json(\.gz)?\.[0-9a-f]{8}\.tmp")


@dataclass(frozen=True)
class Orphan:
    """What a writer left that died or came second: a folder that no manifest names, or a file on its way; or a shared
    file whose last encoder was removed.

    Args:
        written: when the newest of its files was.
    """

    name: str
    bytes: int
    written: dt.datetime


class Store:
    """Content-addressed encoders and scores. Every method raises StoreError when the file system fails.

    `patience` says how long a store that is away is waited for: not at all, unless it is set.

    `complaints` collects what was found damaged, a line each; whoever shows them takes them out.

    Args:
        url: a folder or any fsspec URL such as ``s3://bucket/taskmix``.
        cache: local folder for encoders that were fetched from a remote store.

    `shared`: the files that several encoders hold. Whoever stages an encoder may place one of them there.
    """

    def __init__(self, url: str, cache: Path) -> None:
        self.url = url
        self.complaints: list[str] = []
        self._files = Files(url)
        self.patience = self._files.patience
        self._cache = cache / "encoders"
        self.shared = SharedFiles(self._files, cache)

    @property
    def is_local(self) -> bool:
        """Whether it is a folder."""
        return self._files.is_local

    # --- scores

    def score(self, key: str) -> dict[str, Any] | None:
        """The score stored under `key`, or None when there is none or it is damaged."""
        return self._read_json(f"scores/{key}.json")

    def put_score(self, key: str, score: dict[str, Any]) -> None:
        self._publish(f"scores/{key}.json", score)

    # --- predictions

    def predictions(self, key: str) -> dict[str, list[Any]] | None:
        """Language -> a prediction per test row, of the score under `key`; None when there are none or damaged ones."""
        return self._read_json(f"predictions/{key}{PACKED}")

    def put_predictions(self, key: str, predictions: dict[str, list[Any]]) -> None:
        self._publish(f"predictions/{key}{PACKED}", predictions)

    def prediction_sizes(self) -> dict[str, int]:
        """Key -> bytes of all predictions, readable or not."""
        listed = self._files.list("predictions")
        return {one.name.removesuffix(PACKED): one.bytes for one in listed if one.name.endswith(PACKED)}

    def prediction_size(self, key: str) -> int | None:
        """Bytes of the predictions under `key`, readable or not; None when there are none."""
        measured = self._files.measure(f"predictions/{key}{PACKED}")
        return measured[0] if measured else None

    def remove_predictions(self, key: str) -> None:
        """Remove predictions; their score is computed again where it is asked for."""
        self._files.remove(f"predictions/{key}{PACKED}")

    # --- limits

    def limit(self, key: str) -> dict[str, Any] | None:
        """What is known not to fit into memory (`trainables.training.memory`), or None."""
        return self._read_json(f"limits/{key}.json")

    def put_limit(self, key: str, limit: dict[str, Any]) -> None:
        self._publish(f"limits/{key}.json", limit)

    # --- profiles

    def profile(self, key: str) -> dict[str, Any] | None:
        """A profile as `trainables.evaluation.profile` packs it, or None when there is none or it is damaged."""
        return self._read_json(f"profiles/{key}{PACKED}")

    def put_profile(self, key: str, profile: dict[str, Any]) -> None:
        self._publish(f"profiles/{key}{PACKED}", profile)

    # --- encoders

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder to save an encoder's files into, which `put_encoder` takes over: nothing is copied.

        It lies on the store's own disk; of a remote store in the cache, where what was uploaded stays as if it were
        fetched. What `put_encoder` did not take is gone at the end; of a process that is killed it is an orphan.

        Raises:
            StoreError: what is saved cannot be written.
        """
        name = f"{STAGED}-{uuid.uuid4().hex[:8]}"
        folder = self._files.path(f"encoders/{name}") if self._files.is_local else self._cache / name
        try:
            folder.mkdir(parents=True)
            yield folder
        except (OSError, SafetensorError) as error:
            place = folder.parent.parent
            fix = "free space on that disk, or point storage.store or storage.cache elsewhere; then launch again"
            raise StoreError(Problem("an encoder cannot be written", str(place), str(error), fix)) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def put_encoder(self, key: str, folder: Path, origin: dict[str, Any]) -> None:
        """Store the files of `folder` under `key`; `origin` says what they were made from.

        Weights that are `staging` are moved, others copied. They are on the disk before anything names them.

        Raises:
            StoreError: it cannot be written, or not be said whether it was. Nothing of the attempt stays, or all of it.
        """
        target = f"{key}-{uuid.uuid4().hex[:8]}"
        paths, is_staged = sorted(folder.iterdir()), folder.name.startswith(f"{STAGED}-")
        files = dict[str, EncoderFile]()
        for path in paths:
            digest = self.shared.digest(path)
            is_shared = is_staged and self.shared.holds(path, digest)  # elsewhere it is copied from
            files[path.name] = EncoderFile(size=path.stat().st_size, sha256=digest, shared=is_shared)
        manifest = Manifest(folder=target, files=files, origin=origin)
        try:
            for path in paths:
                if files[path.name].shared:
                    self.shared.publish(path, files[path.name].sha256)
                elif not (is_staged and self._files.is_local):
                    self._files.put(path, f"encoders/{target}/{path.name}")
            if is_staged and self._files.is_local:
                with self._files.failing("written"):
                    folder.rename(self._files.path(f"encoders/{target}"))
                    sync(self._files.path(f"encoders/{target}"))
            self._publish(f"encoders/{key}.json", manifest.model_dump(exclude_defaults=True))
            if is_staged and not self._files.is_local:
                with suppress(OSError):  # else it is fetched where it is asked for
                    self._forget_unused()
                    folder.rename(self._cache / target)
        except BaseException:
            # A signal may come, or an answer be lost, when the manifest is in its place: then the entry is whole and
            # stays. Where that cannot be looked up the files stay too, as an orphan at worst.
            with suppress(StoreError):
                named = self._manifest(key)
                if named is None or named.folder != target:
                    self._files.remove(f"encoders/{target}")
            raise

    def encoder(self, key: str) -> Path | None:
        """A local folder with the encoder, checked against its manifest; None when there is none or it is damaged.

        Encoders of a remote store are fetched once per machine.
        """
        before: Manifest | None = None
        while (manifest := self._manifest(key)) is not None:
            folder = self._files.path(f"encoders/{manifest.folder}")
            if not self._files.is_local:
                folder = self._fetched(manifest)
            with self._files.failing("read"):
                if self._files.is_local and folder.is_dir() and not folder.is_symlink():
                    self.shared.complete(folder, manifest)  # a store that was copied from a remote one lacks them
                problem = damage(folder, manifest, self.shared.digest)
            if problem is None:
                return folder
            if not self._files.is_local:
                shutil.rmtree(folder, ignore_errors=True)  # it may be the copy alone that is damaged
            if manifest == before:  # nobody replaced or removed it while it was looked at
                self._complain(f"encoders/{key}", problem)
                return None
            before = manifest
        return None

    def encoder_keys(self) -> set[str]:
        """Keys of all encoders, whole or not."""
        names = (one.name for one in self._files.list("encoders"))
        return {name.removesuffix(".json") for name in names if name.endswith(".json")}

    def size(self, key: str) -> int | None:
        """Bytes of an encoder that go with it, without shared files, by its manifest; None when there is none."""
        manifest = self._manifest(key)
        return manifest.own_bytes if manifest else None

    def sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """Key -> bytes as of `size`, of those that are there."""
        return {key: manifest.own_bytes for key, manifest in self._manifests(keys).items()}

    def shared_sizes(self, keys: Iterable[str]) -> dict[str, int]:
        """SHA-256 -> bytes of the files that any of these encoders share, with each other or with further ones."""
        found = dict[str, int]()
        for manifest in self._manifests(keys).values():
            found |= manifest.shared_bytes
        return found

    def remove(self, key: str) -> None:
        """Remove an encoder: its manifest first, so that nobody finds half of it."""
        manifest = self._manifest(key)
        self._files.remove(f"encoders/{key}.json")
        if manifest is not None:
            self._files.remove(f"encoders/{manifest.folder}")
            shutil.rmtree(self._cache / manifest.folder, ignore_errors=True)

    def orphans(self, older_than: float) -> list[Orphan]:
        """What nothing names and nobody wrote to for `older_than` seconds; younger ones may be on their way."""
        shared = {one.name for one in self._files.list(FOLDER) if re.fullmatch("[0-9a-f]{64}", one.name)}
        listed = self._files.list("encoders")  # before the manifests are read: what is named later is young
        keys = [one.name.removesuffix(".json") for one in listed if one.name.endswith(".json")]
        manifests = self._manifests(keys).values()
        named = {manifest.folder for manifest in manifests}
        held = {digest for manifest in manifests for digest in manifest.shared_bytes}
        folders = {one.name for one in listed if one.is_folder and ORPHAN_FOLDER.fullmatch(one.name)}
        left = [f"encoders/{name}" for name in sorted(folders - named)]
        left += [f"{FOLDER}/{name}" for name in sorted(shared - held)]
        for folder in ("", "encoders/", "scores/", "predictions/", "limits/", "profiles/"):
            left += [folder + one.name for one in self._files.list(folder.rstrip("/")) if ASIDE.fullmatch(one.name)]
        left += [one.name for one in self._files.list("") if re.fullmatch(r"probe-\w+\.json", one.name)]
        measured = {name: self._files.measure(name) for name in left}
        latest = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=older_than)
        return [Orphan(name, *size) for name, size in measured.items() if size and size[1] <= latest]

    def remove_orphan(self, orphan: Orphan) -> None:
        """Remove it, unless somebody has written to it since: a shared file is being named again."""
        if self._files.measure(orphan.name) == (orphan.bytes, orphan.written):
            self._files.remove(orphan.name)

    def check(self) -> None:
        """Write and remove a small object; raises StoreError with the reason when that fails."""
        name = f"probe-{uuid.uuid4().hex}.json"
        self._publish(name, {})
        self._files.remove(name)

    # --- manifests and copies

    def _manifest(self, key: str) -> Manifest | None:
        """The manifest of an encoder; None when there is none, or none that can be trusted."""
        content = self._read_json(f"encoders/{key}.json")
        if content is None:
            return None
        try:
            manifest = Manifest.model_validate(content)
        except ValidationError as error:
            detail = error.errors()[0]
            self._complain(f"encoders/{key}.json", f"{'.'.join(map(str, detail['loc']))}: {detail['msg']}")
            return None
        if not re.fullmatch(rf"{re.escape(key)}-[0-9a-f]{{8}}", manifest.folder):
            self._complain(f"encoders/{key}.json", f"{manifest.folder!r} is no folder of this encoder")
            return None
        return manifest

    def _manifests(self, keys: Iterable[str]) -> dict[str, Manifest]:
        """Key -> manifest, of those that are there; several are read at a time."""
        wanted = list(keys)
        with ThreadPoolExecutor(READERS) as readers:
            found = zip(wanted, readers.map(self._manifest, wanted), strict=True)
            return {key: manifest for key, manifest in found if manifest is not None}

    def _fetched(self, manifest: Manifest) -> Path:
        """The folder in this machine's cache; a file that the store lacks is missing there, too."""
        folder = self._cache / manifest.folder
        with self._files.failing("read"):
            if folder.is_dir():
                os.utime(folder)
                return folder
            self._forget_unused()
            with write_aside(folder) as partial:
                partial.mkdir()
                for name, file in manifest.files.items():
                    if not file.shared:
                        self._files.get(f"encoders/{manifest.folder}/{name}", partial / name)
                self.shared.complete(partial, manifest)
        return folder

    def _forget_unused(self) -> None:
        for folder in self._cache.iterdir() if self._cache.is_dir() else ():
            with suppress(FileNotFoundError):  # another process was first
                used = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
                if used < time.time() - UNUSED_SECONDS:
                    shutil.rmtree(folder, ignore_errors=True)
        self.shared.forget_unused(UNUSED_SECONDS)

    # --- JSON with a seal

    def _read_json(self, name: str) -> dict[str, Any] | None:
        """What `_publish` wrote; None when there is nothing, or it is damaged."""
        data = self._files.read(name)
        if data is None:
            return None
        try:
            if name.endswith(".gz"):
                data = gzip.decompress(data)
            value = pydantic_core.from_json(data, allow_inf_nan=False)
            if isinstance(value, dict) and value.pop(SEAL, None) == _seal(value):
                return value
            self._complain(name, "does not fit its checksum")
        except (ValueError, OSError, EOFError, zlib.error) as error:
            self._complain(name, f"is no JSON: {error}")
        return None

    def _publish(self, name: str, value: dict[str, Any]) -> None:
        sealed = {**value, SEAL: _seal(value)}
        packed = name.endswith(".gz")
        data = json.dumps(sealed, indent=None if packed else 1, sort_keys=True, allow_nan=False).encode()
        self._files.publish(name, gzip.compress(data, mtime=0) if packed else data)

    def _complain(self, name: str, problem: str) -> None:
        self.complaints.append(f"damaged in the store: {name}: {problem}; it is computed again where it is needed")


def _seal(value: dict[str, Any]) -> str:
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()
