"""The README's own commands, run as they stand there: its main job, then what that job says to type next."""

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


def run(command: str, home: Path) -> str:
    """A command of this program, its output; the packages are installed already."""
    words = shlex.split(command)
    if words[0].startswith("python"):
        words[0] = sys.executable
    done = subprocess.run(
        words,
        cwd=ROOT,
        env={**os.environ, "TASKMIX_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=1500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_main_job_and_what_comes_next(tmp_path: Path) -> None:
    block = re.search(r"^```\n(.*?)\n```", README.partition("## Try it")[2], re.MULTILINE | re.DOTALL)
    assert block
    launch = block[1].split(" && ")[-1]
    assert launch == "python -m search launch examples/mini/search.yaml"
    answer = run(launch, tmp_path)
    shown, _, _ = README.partition("\n...\n")
    lines = re.findall(r"^\[.*\] \d+/\d+ (\S+), rung (\d)", shown, re.MULTILINE)
    assert len(lines) == 5
    for mix, rung in lines:  # the baseline, then start recipes; what comes later hangs on what ends first
        assert f"{mix.rstrip(',')}, rung {rung}" in answer
    for target in ("genres", "slots", "verses"):
        assert re.search(rf"^{target}  ", answer, re.MULTILINE)
    following = re.findall(r"(?:taskmix|python -m search) ((?:best|status) mini.*)$", answer, re.MULTILINE)
    assert len(following) == 2
    for command in following:
        text = run(f"python -m search {command}", tmp_path)
        assert "genres" in text or "18 done" in text
