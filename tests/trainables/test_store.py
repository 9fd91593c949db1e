"""The store: whole entries or none, damage is said and never loaded; on local files and on a real S3 interface."""

from __future__ import annotations

import errno
import gzip
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from spaces.errors import InputError, Problem
from tests.full_disk import CappedFileSystem, environment, set_capacity, used
from trainables.files import Files
from trainables.store import SEAL, Store, StoreError, _seal

ROOT = Path(__file__).parents[2]
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
        self.write(name, json.dumps({**value, SEAL: _seal(value)}).encode())


@pytest.fixture(params=["local", "s3"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "local":
        return str(tmp_path / "store")
    return f"{request.getfixturevalue('s3')}/taskmix"


@pytest.fixture
def store(url: str, tmp_path: Path) -> Store:
    return Store(url, tmp_path / "cache")


@pytest.fixture
def raw(url: str) -> Raw:
    return Raw(url)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "encoder", os.urandom(SIZE))


def make_folder(folder: Path, weights: bytes) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(weights)
    return folder


def content(folder: Path | None) -> dict[str, bytes]:
    assert folder is not None
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def said(store: Store) -> str:
    """The one complaint; taken out."""
    (complaint,) = store.complaints
    store.complaints.clear()
    assert complaint.startswith("damaged in the store: ")
    return complaint


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


def test_what_another_process_wrote_since_is_seen(store: Store, folder: Path, url: str, tmp_path: Path) -> None:
    store.put_encoder("a", folder, {})
    assert store.encoder_keys() == {"a"}  # from now on a client may remember the listing
    assert store.size("b") is None
    code = "import sys; from pathlib import Path; from trainables.store import Store\n"
    code += "Store(sys.argv[1], Path(sys.argv[3])).put_encoder('b', Path(sys.argv[2]), {})"
    subprocess.run([sys.executable, "-c", code, url, folder, tmp_path / "other"], cwd=ROOT, check=True, timeout=60)
    assert content(store.encoder("b")) == content(folder)
    assert store.sizes(["a", "b", "c"]) == {"a": SIZE + 2, "b": SIZE + 2} == store.sizes(store.encoder_keys())


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


# --- several writers, and writers that die

WRITE = """
import sys
from pathlib import Path
from trainables.store import Store

url, source, cache, times = sys.argv[1:]
store = Store(url, Path(cache))
for _ in range(int(times)):
    store.put_encoder("k", Path(source), {})
    store.put_score("k", {"by": source, "much": "text " * 1000})
"""


def test_two_writers_of_one_key_and_a_reader(store: Store, url: str, tmp_path: Path) -> None:
    """Every look in between finds one whole entry of one of them."""
    folders = [make_folder(tmp_path / name, name.encode() * SIZE) for name in ("one", "two")]
    for writer in folders:  # the file sizes differ, so a mixture would be seen
        (writer / "config.json").write_text(json.dumps({"by": writer.name * 3}))
    whole = [content(writer) for writer in folders]
    store.put_encoder("k", folders[0], {})
    store.put_score("k", {"by": "nobody"})
    times = 4 if url.startswith("s3") else 8
    arguments = [[url, writer, tmp_path / f"cache of {writer.name}", times] for writer in folders]
    writers = [subprocess.Popen([sys.executable, "-c", WRITE, *map(str, each)], cwd=ROOT) for each in arguments]
    seen, reader = [], Store(url, tmp_path / "cache of the reader")
    while any(writer.poll() is None for writer in writers):
        seen.append(content(reader.encoder("k")))
        assert reader.score("k") is not None
    assert [writer.returncode for writer in writers] == [0, 0]
    assert all(each in whole for each in seen)
    assert len(seen) > 3
    assert content(reader.encoder("k")) in whole
    assert reader.complaints == []
    assert len(store.orphans(older_than=-60)) == 2 * times  # of one write more one is named
    assert store.orphans(older_than=3600) == []  # a writer may be about to name its folder


UNKNOWN = StoreError(Problem("the store cannot be written", where="there", found="no answer", fix="wait"))

DIE = """
import os, signal, sys
from pathlib import Path
from trainables.store import Store

url, source, cache, put_before = sys.argv[1:]
store = Store(url, Path(cache))
filesystem, left = store._files._filesystem, int(put_before)
put = filesystem.put_file

def put_or_die(*args, **rest):
    global left
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    left -= 1
    return put(*args, **rest)

def publish_or_die(*args, **rest):
    os.kill(os.getpid(), signal.SIGKILL)

filesystem.put_file = put_or_die
filesystem.pipe_file = filesystem.mv = os.replace = publish_or_die
store.put_encoder("k", Path(source), {})
"""


@pytest.mark.parametrize("put_before", [1, 2], ids=["between two files", "before the manifest"])
def test_a_killed_writer_leaves_what_was_and_an_orphan(
    store: Store, url: str, folder: Path, tmp_path: Path, raw: Raw, put_before: int
) -> None:
    store.put_encoder("k", folder, {})
    before = content(folder)
    make_folder(folder, os.urandom(SIZE))
    arguments = [url, folder, tmp_path / "other", put_before]
    killed = subprocess.run([sys.executable, "-c", DIE, *map(str, arguments)], cwd=ROOT, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert content(store.encoder("k")) == before
    orphans = store.orphans(older_than=-60)
    assert sum(orphan.bytes for orphan in orphans if not orphan.name.endswith(".tmp")) == (2, SIZE + 2)[put_before - 1]
    for orphan in orphans:
        store.remove_orphan(orphan)
    assert len(raw.names()) == 3  # config, weights, manifest
    assert content(store.encoder("k")) == before
    assert store.complaints == []


@pytest.mark.parametrize("readable", [True, False], ids=["", "and cannot look"])
@pytest.mark.parametrize("end", [SystemExit(1), UNKNOWN], ids=["a signal", "no answer"])
def test_a_writer_that_ends_once_its_manifest_is_there_leaves_a_whole_entry(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch, end: BaseException, readable: bool
) -> None:
    """Ray ends workers by SIGTERM, which Python sees between any two steps; and answers of object stores get lost."""
    publish = Files.publish

    def publish_and_end(files: Files, name: str, data: bytes) -> None:
        publish(files, name, data)
        raise end

    def unreadable(files: Files, name: str) -> bytes | None:
        raise UNKNOWN

    store.put_encoder("k", make_folder(folder, b"earlier"), {})
    make_folder(folder, os.urandom(SIZE))
    with monkeypatch.context() as patch, pytest.raises(type(end)):
        patch.setattr(Files, "publish", publish_and_end)
        if not readable:
            patch.setattr(Files, "read", unreadable)
        store.put_encoder("k", folder, {})
    assert content(store.encoder("k")) == content(folder)
    assert store.complaints == []


def test_only_what_the_store_itself_left_is_an_orphan(store: Store, folder: Path, raw: Raw) -> None:
    store.put_encoder("k", folder, {})
    left = [
        "encoders/x-01234567/config.json",
        "scores/x.json.01234567.tmp",
        "predictions/x.json.gz.01234567.tmp",
        "probe-0123.json",
    ]
    for name in [*left, "notes.txt", "mine/file.tmp", "encoders/mine/file", "scores/x.json"]:
        raw.write(name, b"{}")
    names = [orphan.name for orphan in store.orphans(older_than=-60)]
    assert names == ["encoders/x-01234567", *left[1:]]


# --- disks, permissions, addresses


def test_a_full_disk_is_said_and_leaves_nothing(tmp_path: Path, folder: Path) -> None:
    disk = tmp_path / "disk"
    store = Store(set_capacity(disk, 3 * SIZE), tmp_path / "cache")
    assert isinstance(store._files._filesystem, CappedFileSystem)
    store.put_encoder("a", folder, {})
    store.put_encoder("b", folder, {})
    before = used(disk)
    with pytest.raises(StoreError, match=r"No space left(.|\n)*free space on that disk"):
        store.put_encoder("c", folder, {})
    assert used(disk) == before
    set_capacity(disk, before + SIZE + 100)  # the files fit, the manifest does not
    for key in ("a", "c"):
        with pytest.raises(StoreError, match="No space left"):
            store.put_encoder(key, folder, {})
        assert used(disk) == before
    set_capacity(disk, before + 10)  # the JSON alone does not fit
    with pytest.raises(StoreError, match="No space left"):
        store.put_score("k", {"score": 0.5})
    with pytest.raises(StoreError, match="No space left"):
        store.check()
    assert store.score("k") is None
    assert used(disk) == before
    assert content(store.encoder("a")) == content(folder)
    set_capacity(disk, 100 * SIZE)
    store.put_encoder("c", folder, {})
    assert content(store.encoder("c")) == content(folder)
    assert store.complaints == []


def test_what_cannot_be_moved_into_place_is_not_copied_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk may be too full for a name. A copy would empty what is there first, and may end in its middle."""
    store = Store(str(tmp_path / "store"), tmp_path / "cache")
    store.put_score("k", {"score": 0.5})

    def full(*paths: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(StoreError, match="No space left"):
        patch.setattr(os, "rename", full)
        patch.setattr(os, "replace", full)
        store.put_score("k", {"score": 0.7})
    assert store.score("k") == {"score": 0.5}
    assert Raw(store.url).names() == ["scores/k.json"]


def test_other_processes_know_the_disk_by_their_environment(tmp_path: Path) -> None:
    """As Ray's workers have to, for which nobody imports anything."""
    url = set_capacity(tmp_path / "disk", 10)
    code = (
        "import sys; from pathlib import Path; from trainables.store import Store; Store(sys.argv[1], Path()).check()"
    )
    command = [sys.executable, "-c", code, url]
    done = subprocess.run(command, env=environment(tmp_path / "known"), cwd=tmp_path, capture_output=True, text=True)
    assert "No space left on device" in done.stderr


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the store cannot be written"):
        Store(str(tmp_path / "file" / "store"), tmp_path).check()


def test_a_store_of_an_unknown_kind_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such kind of store"):
        Store("blub://bucket/store", tmp_path)
    with pytest.raises(StoreError, match=r"is not installed(.|\n)*pip install gcsfs"):
        Store("gs://bucket/store", tmp_path)


def test_a_new_store_is_empty(store: Store) -> None:
    store.check()
    assert store.encoder_keys() == set()
    assert store.orphans(older_than=-60) == []
