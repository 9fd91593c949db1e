"""docs/tutorial.md: its commands up to the search file run here; what trains is marked as not run."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from search.cli import main

PAGE = Path(__file__).parent.parent / "docs" / "tutorial.md"

ENDS = ("plan", "launch", "best", "export")
"""Commands that need a model, or a search."""


def test_from_two_csv_files_to_a_search_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    page = PAGE.read_text(encoding="utf-8")
    for path, header in re.findall(r"^(\S+\.csv) +(\S+)", page, re.MULTILINE):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        rows = [f"what is said of thing {number},{'abc'[number % 3]}" for number in range(12)]
        (tmp_path / path).write_text("\n".join([header, *rows]) + "\n")
    commands = re.findall(r"^taskmix (.*)", "\n".join(re.findall(r"```bash\n(.*?)```", page, re.DOTALL)), re.MULTILINE)
    assert len(commands) == 8
    for command in commands:
        if command.split()[0] not in ENDS:
            assert main(shlex.split(command)) == 0, capsys.readouterr()
    text = (tmp_path / "shop.yaml").read_text()
    assert "tasks: [questions]" in text and "targets: [reviews]" in text
