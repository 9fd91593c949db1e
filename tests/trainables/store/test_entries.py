"""The store: whole entries or none, damage is said and never loaded; on local files and on a real S3 interface."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from spaces.errors import InputError
from tests.support.stores import Raw, content, said
from trainables.store.store import SEAL, Store, StoreError

# --- what is put comes back


def test_scores_come_back(store: Store) -> None:
    assert store.score("k") is None
    store.put_score("k", {"score": 0.1 + 0.2, "dev": {"日本": {"f1": 1}}})
    assert store.score("k") == {"score": 0.1 + 0.2, "dev": {"日本": {"f1": 1}}}
    store.put_score("k", {"score": 0.6})
    assert store.score("k") == {"score": 0.6}
    assert store.complaints == []


def test_predictions_come_back(store: Store) -> None:
    predictions = {"日本": ["東京", ""], "de": [[0, 4, 2], []], "en": [1, 2]}
    assert store.predictions("k") is None
    store.put_predictions("k", predictions)
    assert store.predictions("k") == predictions
    assert store.score("k") is None
    assert store.complaints == []


def test_predictions_are_measured_and_removed(store: Store, raw: Raw) -> None:
    assert store.prediction_sizes() == {}
    store.put_predictions("k", {"de": [1, 2]})
    store.put_predictions("l", {"de": list(range(500))})
    sizes = {key: len(raw.read(f"predictions/{key}.json.gz")) for key in ("k", "l")}
    assert store.prediction_sizes() == sizes
    assert (store.prediction_size("k"), store.prediction_size("none")) == (sizes["k"], None)
    store.remove_predictions("k")
    store.remove_predictions("k")
    assert store.prediction_sizes().keys() == {"l"}


def test_damaged_predictions_are_said(store: Store, raw: Raw) -> None:
    name = "predictions/k.json.gz"
    store.put_predictions("k", {"en": ["moon"] * 50})
    whole = raw.read(name)
    other = gzip.compress(gzip.decompress(whole).replace(b"moon", b"noon", 1))
    for damaged in (
        whole[:-9],
        whole[:12],
        b"",
        b"{}",
        whole[:20] + b"\xff" * 9 + whole[29:],
        gzip.compress(b"[]"),
        other,
    ):
        raw.write(name, damaged)
        assert store.predictions("k") is None
        assert name in said(store)
    raw.write(name, whole)
    assert store.predictions("k") == {"en": ["moon"] * 50}


def test_encoders_come_back_whole(store: Store, folder: Path) -> None:
    assert store.encoder("k") is None
    store.put_encoder("k", folder, {"examples": 3})
    assert content(store.encoder("k")) == content(folder)
    assert store.complaints == []


def test_a_removed_encoder_is_gone(store: Store, folder: Path, raw: Raw) -> None:
    for key in ("a", "ab"):
        store.put_encoder(key, folder, {})
    assert store.encoder("a") is not None
    store.remove("a")
    assert store.encoder("a") is None
    assert store.size("a") is None
    assert [name for name in raw.names() if "/a-" in name or "/a." in name] == []
    assert content(store.encoder("ab")) == content(folder)
    store.remove("a")  # twice is no mistake
    assert store.complaints == []


# --- damage


def flip(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


@pytest.mark.parametrize(
    ("damage", "what"),
    [(flip, "model.safetensors does not fit its checksum"), (lambda data: data[:-1], "4,999 bytes instead of 5,000")],
    ids=["flipped", "truncated"],
)
def test_damaged_weights_are_said_and_computed_again(
    store: Store, folder: Path, raw: Raw, damage: Callable[[bytes], bytes], what: str
) -> None:
    store.put_encoder("k", folder, {})
    raw.write(raw.weights(), damage(raw.read(raw.weights())))
    assert store.encoder("k") is None
    assert what in said(store)
    store.put_encoder("k", folder, {})
    assert content(store.encoder("k")) == content(folder)


def test_a_missing_file_is_damage(store: Store, folder: Path, raw: Raw) -> None:
    store.put_encoder("k", folder, {})
    raw.remove(raw.weights())
    assert store.encoder("k") is None
    assert "model.safetensors is missing" in said(store)


@pytest.mark.parametrize("name", ["scores/k.json", "encoders/k.json"])
def test_damaged_json_is_said(store: Store, folder: Path, raw: Raw, name: str) -> None:
    store.put_score("k", {"score": 0.25})
    store.put_encoder("k", folder, {"score": 0.25})
    whole = raw.read(name)
    for damaged in (whole[:-20], whole.replace(b"0.25", b"0.75"), b"", b"[]", b"\xff\xfe", b"[" * 100_000, b"NaN"):
        raw.write(name, damaged)
        assert (store.score("k") if name.startswith("scores") else store.encoder("k")) is None
        assert name in said(store)
    raw.write(name, whole)
    assert (store.score("k") if name.startswith("scores") else store.encoder("k")) is not None


def test_a_hostile_manifest_is_damage(tmp_path: Path, folder: Path) -> None:
    """Checksums that fit, all else is wrong: no exception, nothing outside is read or removed."""
    url = str(tmp_path / "store")
    store, raw = Store(url, tmp_path / "cache"), Raw(url)
    secret = tmp_path / "secret.json"
    secret.write_text("{}")
    store.put_encoder("k", folder, {})
    store.put_encoder("other", folder, {})
    good = json.loads(raw.read("encoders/k.json"))
    del good[SEAL]
    entry = good["files"]["config.json"]
    for bad in (
        {},
        {"folder": good["folder"], "files": {}, "origin": {}},
        {**good, "folder": 7},
        {**good, "folder": "../../.."},
        {**good, "folder": str(tmp_path)},
        {**good, "folder": "k-0000000/../x"},
        {**good, "folder": json.loads(raw.read("encoders/other.json"))["folder"]},
        {**good, "files": {**good["files"], "../../../secret.json": entry}},
        {**good, "files": {**good["files"], str(secret): entry}},
        {**good, "files": {**good["files"], "..": entry}},
        {**good, "files": {**good["files"], "config.json\n": entry}},
        {**good, "files": {**good["files"], "pytorch_model.bin": entry}},
        {**good, "files": {**good["files"], "modeling.py": entry}},
        {**good, "files": {"config.json": {"size": -1, "sha256": entry["sha256"]}}},
        {**good, "files": {"config.json": {"size": "many", "sha256": None}}},
        {**good, "files": ["config.json"]},
        {**good, "more": 1},
    ):
        raw.seal("encoders/k.json", bad)
        assert store.encoder("k") is None, bad
        said(store)
        store.remove("k")
        store.complaints.clear()
        assert secret.exists()
        assert content(store.encoder("other")) == content(folder)


def test_a_hostile_manifest_writes_nothing_outside_the_cache(s3: str, folder: Path, tmp_path: Path) -> None:
    store, raw = Store(s3, tmp_path / "cache"), Raw(s3)
    store.put_encoder("k", folder, {})
    good = json.loads(raw.read("encoders/k.json"))
    del good[SEAL]
    raw.write(f"encoders/{good['folder']}/evil.json", b"{}")
    before = sorted(tmp_path.rglob("*"))
    raw.seal("encoders/k.json", {**good, "files": {"../../evil.json": good["files"]["config.json"]}})
    assert store.encoder("k") is None
    raw.seal("encoders/k.json", {**good, "folder": "../../k-01234567"})
    assert store.encoder("k") is None
    assert len(store.complaints) == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_that_the_manifest_does_not_name_is_not_loaded(tmp_path: Path, folder: Path) -> None:
    """A loader would take a pickle that lies beside the weights."""
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    store.put_encoder("k", folder, {})
    found = store.encoder("k")
    assert found is not None
    (found / "pytorch_model.bin").write_bytes(b"a pickle")
    assert store.encoder("k") is None
    assert "pytorch_model.bin is not one of its files" in said(store)


def test_a_link_is_not_followed(tmp_path: Path, folder: Path) -> None:
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    store.put_encoder("k", folder, {})
    found = store.encoder("k")
    assert found is not None
    (found / "config.json").unlink()
    (found / "config.json").symlink_to(folder / "config.json")
    assert store.encoder("k") is None
    assert "config.json is missing" in said(store)


# --- addresses


def test_a_store_of_an_unknown_kind_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such kind of store"):
        Store("blub://bucket/store", tmp_path)
    with pytest.raises(StoreError, match=r"is not installed(.|\n)*pip install gcsfs"):
        Store("gs://bucket/store", tmp_path)


def test_a_new_store_is_empty(store: Store) -> None:
    store.check()
    assert store.encoder_keys() == set()
    assert store.orphans(older_than=-60) == []
