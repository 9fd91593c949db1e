"""docs/tutorial.md: its commands, pasted one after the other; in every run of the tests up to the search file."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from search.cli import main

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")

COMMANDS = re.findall(r"^taskmix (.*)", "\n".join(re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)), re.MULTILINE)

STARS = ("awful, it broke at once", "it is as one would expect", "wonderful, buy it now")
TOPICS = {"delivery": "when does the parcel arrive", "returns": "how is it sent back", "care": "can it be washed"}


def write_shop(folder: Path, rows: int) -> None:
    """The data that the page begins with."""
    for path, header in re.findall(r"^(\S+\.csv) +(\S+)", PAGE, re.MULTILINE):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        if header == "text,stars":
            content = [f'"{STARS[at % 3]}, thing {at} of {path}",{at % 3 + 1}' for at in range(rows)]
        else:
            content = [f"{list(TOPICS.values())[at % 3]} with thing {at},{list(TOPICS)[at % 3]}" for at in range(rows)]
        (folder / path).write_text("\n".join([header, *content]) + "\n")


@pytest.mark.long
def test_from_two_csv_files_to_a_search_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    write_shop(tmp_path, 12)
    assert [command.split()[0] for command in COMMANDS] == [
        *("new", "new", "tasks", "init", "plan", "launch", "best", "export")
    ]
    for command in COMMANDS[:4]:
        assert main(shlex.split(command)) == 0, capsys.readouterr()
    text = (tmp_path / "shop.yaml").read_text()
    assert "tasks: [questions]" in text and "targets: [reviews]" in text


@pytest.mark.slow
def test_from_two_csv_files_to_a_model(tmp_path: Path) -> None:
    """With an encoder that is small enough, and so many examples that it ends soon: else as the page says."""
    from tests.support.encoders import kit_of
    from trainables.encoders import checkpoint

    write_shop(tmp_path, 60)
    kit = kit_of("bert")
    checkpoint.save(kit.encoder(), kit.tokenizer, tmp_path / "encoder")
    environment = {**os.environ, "TASKMIX_CACHE": str(tmp_path / "cache"), "PYTHONPATH": str(ROOT)}
    environment.pop("TASKMIX_HOME", None)
    said = {}

    def run(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    for command in COMMANDS:
        said[command.split()[0]] = run("-m", "search", *shlex.split(command))
        if command.startswith("init"):
            file = tmp_path / "shop.yaml"
            text = file.read_text().replace("FacebookAI/xlm-roberta-base", "encoder").replace("10000", "128")
            text = text.replace("max_length: 128", "max_length: 32").replace("recipes: 12", "recipes: 2")
            file.write_text(text)
    assert "target stage" in said["plan"] and "best mix" in said["launch"] and "baseline" in said["best"]
    assert "loads with AutoModelForSequenceClassification" in said["export"]
    (program,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert "Model" in run("-c", f"{program}\nprint(type(model).__name__)")
    (delete,) = re.findall(r"`taskmix (delete shop)`", PAGE)
    run("-m", "search", *delete.split(), "--yes")
    assert not (tmp_path / "searches" / "shop").exists()
