"""What is different with a remote store: copies on this machine, and a server that does not answer."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from tests.support.s3 import client_environment
from trainables.store.store import UNUSED_SECONDS, Store, StoreError

pytestmark = pytest.mark.long


@pytest.fixture
def store(s3: str, tmp_path: Path) -> Store:
    return Store(f"{s3}/taskmix", tmp_path / "cache")


def fetched(store: Store, key: str = "k") -> Path:
    found = store.encoder(key)
    assert found is not None
    return found


def test_an_encoder_is_fetched_once(store: Store, folder: Path, tmp_path: Path) -> None:
    store.put_encoder("k", folder, {})
    first = fetched(store)
    assert first.parent == tmp_path / "cache/encoders"
    stamp = (first / "model.safetensors").stat().st_ino
    assert (fetched(store) / "model.safetensors").stat().st_ino == stamp
    assert [path.name for path in first.parent.iterdir()] == [first.name]  # nothing half-fetched stays


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "add"])
def test_a_damaged_copy_is_fetched_again(store: Store, folder: Path, damage: str) -> None:
    store.put_encoder("k", folder, {})
    weights = fetched(store) / "model.safetensors"
    data = weights.read_bytes()
    if damage == "flip":
        weights.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    elif damage == "truncate":
        weights.write_bytes(data[:-1])
    elif damage == "remove":
        weights.unlink()
    else:
        weights.with_name("pytorch_model.bin").write_bytes(b"a pickle")
    again = fetched(store)
    assert (again / "model.safetensors").read_bytes() == data
    assert len(list(again.iterdir())) == 2
    assert store.complaints == []


def test_copies_that_nobody_uses_make_room(store: Store, folder: Path) -> None:
    for key in ("old", "used", "new"):
        store.put_encoder(key, folder, {})
    old, used = fetched(store, "old"), fetched(store, "used")
    long_ago = time.time() - UNUSED_SECONDS - 60
    for path in (old, *old.iterdir(), used, *used.iterdir()):
        os.utime(path, (long_ago, long_ago))
    fetched(store, "used")
    fetched(store, "new")
    assert not old.exists()
    assert used.exists()
    fetched(store, "old")


@pytest.fixture
def own_client() -> Iterator[None]:
    """fsspec keeps one client for the whole process, with the environment that the first test had."""
    S3FileSystem.clear_instance_cache()
    yield
    S3FileSystem.clear_instance_cache()


@pytest.mark.usefixtures("own_client")
def test_a_server_that_does_not_answer_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in client_environment("http://127.0.0.1:9").items():  # nobody listens there
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    store = Store("s3://unreachable/taskmix", tmp_path / "cache")
    with pytest.raises(StoreError, match=r"cannot be written(.|\n)*Could not connect"):
        store.put_encoder("k", folder, {})
    with pytest.raises(StoreError, match=r"cannot be read(.|\n)*Could not connect"):
        store.score("k")  # not an absent score: that would be computed again


def test_a_bucket_that_is_not_there_is_said(s3: str, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="bucket does not exist"):
        Store("s3://no-such-bucket/taskmix", tmp_path / "cache").check()


def test_missing_credentials_are_said(
    s3: str, own_client: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    store = Store(f"{s3}/taskmix", tmp_path / "cache")
    with pytest.raises(StoreError, match="redentials"):
        store.check()
