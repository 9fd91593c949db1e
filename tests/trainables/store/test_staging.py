"""An encoder is written once: into the store's own disk, or into the cache of a remote one."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from safetensors import SafetensorError

from tests.support.stores import SIZE, Raw, content, make_folder
from trainables.store.store import Store, StoreError

pytestmark = pytest.mark.long


def test_what_is_saved_there_is_the_entry_itself(store: Store, raw: Raw, tmp_path: Path) -> None:
    weights = os.urandom(SIZE)
    with store.staging() as folder:
        make_folder(folder, weights)
        inode = (folder / "model.safetensors").stat().st_ino
        store.put_encoder("k", folder, {"examples": 3})
    stored = store.encoder("k")
    assert content(stored)["model.safetensors"] == weights
    assert stored is not None and (stored / "model.safetensors").stat().st_ino == inode  # neither copied nor fetched
    assert len(raw.names()) == 3  # config, weights, manifest
    assert content(Store(store.url, tmp_path / "other cache").encoder("k")) == content(stored)
    assert store.orphans(older_than=-60) == []


def test_nothing_stays_of_what_was_not_stored(store: Store, raw: Raw, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), store.staging() as folder:
        make_folder(folder, b"half")
        raise KeyboardInterrupt
    assert raw.names() == [] and not list((tmp_path / "cache").rglob("*.safetensors"))


def test_what_a_killed_process_left_there_is_an_orphan(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    staging = store.staging()
    make_folder(staging.__enter__(), b"half")
    (orphan,) = store.orphans(older_than=-60)
    assert orphan.bytes == len(b"half") + 2
    store.remove_orphan(orphan)
    assert store.orphans(older_than=-60) == []


@pytest.mark.parametrize(
    "error",
    [
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
        OSError(errno.ENOSPC, "No space left on device"),
    ],
)
def test_a_full_disk_is_the_stores_failure_and_no_recipes(store: Store, error: Exception) -> None:
    with pytest.raises(StoreError, match=r"cannot be written(.|\n)*No space left(.|\n)*free space"), store.staging():
        raise error
