"""The README's own commands, run as they stand there: its main job, what that says to type next, the model at home."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
TRY = README.partition("## Try it")[2].partition("\n## ")[0]


def blocks(language: str) -> list[str]:
    """The blocks of "Try it" in a language."""
    found = re.findall(r"^```(\w*)\n(.*?)\n```$", TRY, re.MULTILINE | re.DOTALL)
    return [text for written, text in found if written == language]


def run(words: list[str], home: Path, folder: Path = ROOT) -> str:
    """A program, its output; the packages are installed already."""
    if words[0].startswith("python"):
        words = [sys.executable, *words[1:]]
    environment = {**os.environ, "TASKMIX_HOME": str(home), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, timeout=3600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_main_job_and_what_comes_next(tmp_path: Path) -> None:
    install, export = blocks("")
    launch = install.split(" && ")[-1]
    assert launch == "python -m search launch examples/mini/search.yaml"
    answer = run(shlex.split(launch), tmp_path)
    shown, _, rest = TRY.partition("\n...\n")
    lines = re.findall(r"^\[.*\] \d+/\d+ (.+), rung (\d)", shown, re.MULTILINE)
    assert len(lines) == 5
    for mix, rung in lines:  # the baseline, then start recipes; what comes later hangs on what ends first
        assert f"{mix}, rung {rung}" in answer
    targets = re.findall(r"^(\w+)  accuracy in %", rest, re.MULTILINE)
    assert len(targets) == 3
    for target in targets:
        assert re.search(rf"^{target}  accuracy", answer, re.MULTILINE)
    following = re.findall(r"(python -m search (?:best|status) mini.*)$", answer, re.MULTILINE)
    assert len(following) == 2
    for command in following:
        text = run(shlex.split(command), tmp_path)
        assert targets[0] in text or "0 failed" in text or " done" in text

    said = run(shlex.split(export), tmp_path, tmp_path)
    assert "loads with AutoModel" in said
    (program,) = blocks("python")
    assert "taskmix" not in program
    assert "torch.Size([1, 384])" in run([sys.executable, "-c", f"{program}\nprint(vectors.shape)"], tmp_path, tmp_path)
