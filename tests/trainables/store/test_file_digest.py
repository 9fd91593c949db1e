"""A file is read once, and never taken for the one that was there before."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trainables.store import file_digest as module
from trainables.store.file_digest import FOLDER, file_digest


def sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file with a digest that is kept at once, however young it is."""
    monkeypatch.setattr(module, "SETTLED", -1.0)
    file = tmp_path / "train.jsonl"
    file.write_text("first")
    return file


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Gets an entry whenever a file is read."""
    reads: list[object] = []
    as_it_is = hashlib.file_digest
    monkeypatch.setattr(hashlib, "file_digest", lambda *args: reads.append(args) or as_it_is(*args))
    return reads


def test_a_file_is_read_once(file: Path, tmp_path: Path, reads: list[object]) -> None:
    for _ in range(3):
        assert file_digest(file, tmp_path / "cache") == sha("first")
    assert len(reads) == 1


def write_in_place(file: Path) -> None:
    with file.open("r+") as stream:
        stream.write("other")


def put_in_its_place(file: Path) -> None:
    file.with_name("new").write_text("other")
    os.utime(file.with_name("new"), ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    file.with_name("new").replace(file)


@pytest.mark.parametrize("change", [write_in_place, put_in_its_place])
def test_another_content_of_the_same_size_and_date(file: Path, tmp_path: Path, change: Callable[[Path], None]) -> None:
    os.utime(file, ns=(10**18, 10**18))
    before = file.stat()
    assert file_digest(file, tmp_path / "cache") == sha("first")
    while True:  # file systems stamp with a coarse clock: until it has moved on
        change(file)
        os.utime(file, ns=(10**18, 10**18))
        if file.stat().st_ctime_ns != before.st_ctime_ns:
            break
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert file_digest(file, tmp_path / "cache") == sha("other")


def test_nothing_is_kept_of_a_file_that_was_just_written(tmp_path: Path, reads: list[object]) -> None:
    """What follows within a tick of the file system's clock would leave no trace."""
    file = tmp_path / "train.jsonl"
    file.write_text("first")
    for _ in range(2):
        file_digest(file, tmp_path / "cache")
    assert len(reads) == 2 and not (tmp_path / "cache").exists()


def test_what_was_kept_and_is_damaged_is_made_again(file: Path, tmp_path: Path) -> None:
    file_digest(file, tmp_path / "cache")
    (kept,) = (tmp_path / "cache" / FOLDER).iterdir()
    for damage in (b"", b"\xff\xfe", sha("first").encode()[:9]):
        kept.write_bytes(damage)
        assert file_digest(file, tmp_path / "cache") == sha("first")
    assert kept.read_text() == sha("first")


def test_a_cache_that_cannot_be_written_only_takes_longer(file: Path, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert file_digest(file, tmp_path / "cache") == sha("first")
