"""What lies in a store, and an encoder to put there."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import fsspec

from spaces.digest import canonical_json
from trainables.store.store import SEAL, Store

SIZE = 5000


class Raw:
    """What lies in a store, through a client of its own: another process, or whoever damages it."""

    def __init__(self, url: str) -> None:
        self._filesystem, self._root = fsspec.core.url_to_fs(url, skip_instance_cache=True, use_listings_cache=False)

    def names(self) -> list[str]:
        return sorted(name.removeprefix(f"{self._root}/") for name in self._filesystem.find(self._root))

    def weights(self) -> str:
        """The name of the only encoder's weights."""
        (name,) = [name for name in self.names() if name.endswith(".safetensors")]
        return name

    def read(self, name: str) -> bytes:
        return bytes(self._filesystem.cat_file(f"{self._root}/{name}"))

    def write(self, name: str, data: bytes) -> None:
        path = f"{self._root}/{name}"
        self._filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
        self._filesystem.pipe_file(path, data)

    def remove(self, name: str) -> None:
        self._filesystem.rm_file(f"{self._root}/{name}")

    def seal(self, name: str, value: Any) -> None:
        """JSON with a checksum that fits, as a hostile writer makes it."""
        checksum = hashlib.sha256(canonical_json(value).encode()).hexdigest()
        self.write(name, json.dumps({**value, SEAL: checksum}).encode())


def make_folder(folder: Path, weights: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def put_sharing(store: Store, key: str, folder: Path, shared: bytes) -> None:
    """Store the files of a folder, and beside them one that all encoders share."""
    with store.staging() as staged:
        shutil.copytree(folder, staged, dirs_exist_ok=True)
        digest = hashlib.sha256(shared).hexdigest()
        store.shared.place(staged / "model-00001-of-00002.safetensors", digest, lambda path: path.write_bytes(shared))
        store.put_encoder(key, staged, {})


def content(folder: Path | None) -> dict[str, bytes]:
    assert folder is not None
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def said(store: Store) -> str:
    """The one complaint; taken out."""
    (complaint,) = store.complaints
    store.complaints.clear()
    assert complaint.startswith("damaged in the store: ")
    return complaint
