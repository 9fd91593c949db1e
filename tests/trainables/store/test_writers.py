"""Who writes to a store: several at a time, some that die, on disks that are full; whole entries or none."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spaces.errors import Problem
from tests.support.full_disk import environment, set_capacity, used
from tests.support.stores import SIZE, Raw, content, make_folder
from trainables.store.filesystem import Files
from trainables.store.store import Store, StoreError

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[3]

# --- several writers, and writers that die


def test_what_another_process_wrote_since_is_seen(store: Store, folder: Path, url: str, tmp_path: Path) -> None:
    store.put_encoder("a", folder, {})
    assert store.encoder_keys() == {"a"}  # from now on a client may remember the listing
    assert store.size("b") is None
    code = "import sys; from pathlib import Path; from trainables.store.store import Store\n"
    code += "Store(sys.argv[1], Path(sys.argv[3])).put_encoder('b', Path(sys.argv[2]), {})"
    subprocess.run([sys.executable, "-c", code, url, folder, tmp_path / "other"], cwd=ROOT, check=True, timeout=60)
    assert content(store.encoder("b")) == content(folder)
    assert store.sizes(["a", "b", "c"]) == {"a": SIZE + 2, "b": SIZE + 2} == store.sizes(store.encoder_keys())


WRITE = """
import sys
from pathlib import Path
from trainables.store.store import Store

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
import fsspec
from trainables.store.store import Store

url, source, cache, put_before = sys.argv[1:]
store = Store(url, Path(cache))
filesystem, left = fsspec.core.url_to_fs(url)[0], int(put_before)  # fsspec has one of each kind in a process
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
    program = "import sys; from pathlib import Path; from trainables.store.store import Store"
    code = f"{program}; Store(sys.argv[1], Path()).check()"
    command = [sys.executable, "-c", code, url]
    done = subprocess.run(command, env=environment(tmp_path / "known"), cwd=tmp_path, capture_output=True, text=True)
    assert "No space left on device" in done.stderr


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="the store cannot be written"):
        Store(str(tmp_path / "file" / "store"), tmp_path).check()
