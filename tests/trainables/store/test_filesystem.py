"""Files on any file system: written whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from trainables.store.filesystem import Files, write_aside


def test_a_file_is_replaced_when_it_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "new" / "file"
    with write_aside(file) as aside:
        aside.write_text("one")
        assert not file.exists()
    with write_aside(file) as aside:
        aside.touch(mode=0o600)
        aside.write_text("two")
        assert file.read_text() == "one"
    assert file.read_text() == "two"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(file.parent.iterdir()) == [file]


@pytest.mark.parametrize("is_folder", [False, True])
def test_what_is_not_finished_leaves_what_was(tmp_path: Path, is_folder: bool) -> None:
    path = tmp_path / "there"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), write_aside(path) as aside:
        if is_folder:
            aside.mkdir()
            (aside / "half").write_text("of it")
        else:
            aside.write_text("half of it")
        raise KeyboardInterrupt
    with write_aside(path):
        pass  # nothing is written
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_of_two_folders_the_first_stays(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    with write_aside(folder) as late:
        late.mkdir()
        (late / "late").touch()
        with write_aside(folder) as first:
            first.mkdir()
            (first / "first").touch()
    assert [path.name for path in folder.iterdir()] == ["first"]
    assert list(tmp_path.iterdir()) == [folder]


def test_a_folder_does_not_take_the_place_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("before")
    with pytest.raises(NotADirectoryError), write_aside(tmp_path / "file") as aside:
        aside.mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_system_without_objects_or_local_files_gets_whole_files_too() -> None:
    files = Files("memory://here")
    for content in (b"one", b"two"):
        files.publish("folder/file", content)
        assert files.read("folder/file") == content
    assert [(one.name, one.bytes) for one in files.list("folder")] == [("file", 3)]
    files.remove("folder")
    assert files.read("folder/file") is None
