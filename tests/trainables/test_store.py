"""The store: whole entries or none, damage is seen, local files and another file system alike."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

import fsspec
import pytest

from trainables.store import Store, StoreError


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    url = str(tmp_path / "store") if request.param == "local" else f"memory://{uuid.uuid4().hex}"
    return Store(url, tmp_path / "cache")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "encoder"
    made.mkdir()
    (made / "config.json").write_text("{}")
    (made / "model.safetensors").write_bytes(os.urandom(5000))
    return made


def test_scores_come_back(store: Store) -> None:
    assert store.score("k") is None
    store.put_score("k", {"score": 0.5})
    assert store.score("k") == {"score": 0.5}
    store.put_score("k", {"score": 0.6})
    assert store.score("k") == {"score": 0.6}


def test_encoders_come_back_whole(store: Store, folder: Path) -> None:
    assert store.encoder("k") is None
    store.put_encoder("k", folder, {"examples": 3})
    found = store.encoder("k")
    assert found is not None
    assert {path.name: path.read_bytes() for path in found.iterdir()} == {
        path.name: path.read_bytes() for path in folder.iterdir()
    }


def test_two_writers_of_one_key_leave_one_whole_entry(store: Store, folder: Path) -> None:
    store.put_encoder("k", folder, {})
    (folder / "model.safetensors").write_bytes(os.urandom(5000))
    store.put_encoder("k", folder, {})
    found = store.encoder("k")
    assert found is not None
    assert (found / "model.safetensors").read_bytes() == (folder / "model.safetensors").read_bytes()


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "manifest"])
def test_damage_is_seen(tmp_path: Path, folder: Path, damage: str) -> None:
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    store.put_encoder("k", folder, {})
    found = store.encoder("k")
    assert found is not None
    weights = found / "model.safetensors"
    data = weights.read_bytes()
    if damage == "flip":
        weights.write_bytes(data[:100] + bytes([data[100] ^ 1]) + data[101:])
    elif damage == "truncate":
        weights.write_bytes(data[:-1])
    elif damage == "remove":
        weights.unlink()
    else:
        manifest = tmp_path / "store/encoders/k.json"
        manifest.write_text(manifest.read_text()[:-20])
    assert store.encoder("k") is None
    store.put_encoder("k", folder, {})
    assert store.encoder("k") is not None


def test_a_damaged_score_is_none(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    store.put_score("k", {"score": 0.5})
    (tmp_path / "store/scores/k.json").write_text('{"score": 0.')
    assert store.score("k") is None


def test_a_manifest_cannot_lead_out_of_the_store(tmp_path: Path, folder: Path) -> None:
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    store.put_encoder("k", folder, {})
    path = tmp_path / "store/encoders/k.json"
    manifest = json.loads(path.read_text())
    path.write_text(json.dumps({**manifest, "folder": f"../../{folder.name}"}))
    assert store.encoder("k") is None


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    put = fsspec.implementations.local.LocalFileSystem.put_file

    def full(self: object, source: str, target: str, **rest: object) -> None:
        if source.endswith("safetensors"):
            raise OSError(28, "No space left on device")
        put(self, source, target, **rest)

    monkeypatch.setattr(fsspec.implementations.local.LocalFileSystem, "put_file", full)
    with pytest.raises(StoreError, match=r"No space left(.|\n)*free space on that disk"):
        store.put_encoder("k", folder, {})
    assert list((tmp_path / "store/encoders").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the store cannot be written"):
        Store(str(tmp_path / "file" / "store"), tmp_path).check()
