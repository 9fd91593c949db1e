"""`import taskmix`: typed answers, and a notebook that uses them."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

import taskmix
from search.answers.mixes import BestMixes
from search.answers.status import SearchStatus
from search.cli import main
from search.config.search import Search
from search.config.workspace import Workspace
from search.studies.studies import Studies
from tests.support import tiny
from tests.support.searches import Filler, load

ROOT = Path(__file__).parent.parent
NOTEBOOK = ROOT / "examples" / "mini" / "search.ipynb"


def cells() -> list[str]:
    """The code of the notebook."""
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.fixture
def filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], Search]:
    """A search in $TASKMIX_HOME with a baseline and a mix."""
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    search = load(tmp_path)
    workspace = Workspace.of(search)
    workspace.enter(tmp_path / "search.yaml")
    filler = Filler(search, Studies.create(workspace))
    filler.run("none", 1, {"related": 0.5, "verses": 0.5}, "baseline")
    filler.run("paraphrase", 1, {"related": 0.6, "verses": 0.6})
    return lambda: search


def test_answers_are_typed(filled: Callable[[], Search]) -> None:
    best, status = taskmix.best("small"), taskmix.status("small")
    assert isinstance(best, BestMixes) and best.targets["related"].best_mix == "paraphrase:1"
    assert isinstance(status, SearchStatus) and status.state == "interrupted"
    assert [line.search for line in taskmix.searches().searches] == ["small"]


def test_mistakes_are_exceptions_with_their_fix(filled: Callable[[], Search], tmp_path: Path) -> None:
    with pytest.raises(taskmix.InputError) as caught:
        taskmix.status("smal")
    assert "did you mean 'small'" in caught.value.problems[0].fix
    with pytest.raises(taskmix.InputError, match="no target of this search"):
        taskmix.export("small", "nothing", tmp_path / "out")
    with pytest.raises(taskmix.InputError, match="no such file"):
        taskmix.launch(tmp_path / "nothing.yaml")


def test_the_notebook_uses_what_is_there() -> None:
    used = {
        node.attr
        for cell in cells()
        for node in ast.walk(ast.parse(cell))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "taskmix"
    }
    assert used == {"plan", "launch", "status", "best", "export"} <= set(taskmix.__all__)


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a Jupyter kernel, cell by cell; the search is that of the example with two recipes."""
    import nbformat
    from nbclient import NotebookClient

    text = (NOTEBOOK.parent / "search.yaml").read_text(encoding="utf-8")
    short = text.replace("budget: {recipes: 8}", "budget: {recipes: 2}").replace("seeds: 3", "seeds: 2")
    assert short != text
    (tmp_path / "search.yaml").write_text(short)
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    notebook = nbformat.read(NOTEBOOK, 4)
    NotebookClient(notebook, timeout=3000, resources={"metadata": {"path": str(tmp_path)}}).execute()
    said = ["".join(one.get("text", "") for one in cell.get("outputs", ())) for cell in notebook.cells]
    assert "checking the data sets" in "".join(said) and "search mini runs" in "".join(said), "nothing clears it"
    assert [line for line in said if "genres: " in line and "probability" in line]
    assert (tmp_path / "encoder" / "README.md").is_file()


def test_init_writes_a_file_that_can_be_planned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the offline suite where there are no cards, of one's own where there are."""
    monkeypatch.chdir(tmp_path)
    assert main(["init"]) == 0
    assert "search.yaml is written" in capsys.readouterr().out
    assert main(["init"]) == 2
    card = "description: x\nformat: masked_lm\nlicence: none\norigin: x\nsource: {files: data}\nlanguages: [en]\n"
    (tmp_path / "cards" / "tasks").mkdir(parents=True)
    (tmp_path / "cards" / "tasks" / "mine.yaml").write_text(card)
    (tmp_path / "cards" / "targets").mkdir()
    (tmp_path / "cards" / "targets" / "shop.yaml").write_text("extends: genres\n")
    assert main(["init", "shop.yaml"]) == 0
    written = (tmp_path / "shop.yaml").read_text()
    assert "cards: [cards]" in written and "tasks: [mine]" in written and "targets: [shop]" in written


@pytest.mark.long
def test_a_script_needs_no_guard(tmp_path: Path) -> None:
    """What is run line by line, as docs/python.md has it: no process that is started may run it once more."""
    tiny.write_cards(tmp_path, {"topics": "sentence_classification"}, {"stars": "sentence_classification"})
    settings = {
        "name": "small",
        "model": "model",
        "cards": ["cards"],
        "tasks": ["topics"],
        "targets": ["stars"],
        "stages": {"intermediate": {"examples": 128}, "target": {"examples": 128}},
        "budget": {"recipes": 1},
    }
    (tmp_path / "search.yaml").write_text(yaml.safe_dump(settings))
    (tmp_path / "model").mkdir()
    script = "import taskmix\nprint('once')\ntry:\n    taskmix.plan('search.yaml')\n"
    (tmp_path / "script.py").write_text(f"{script}except taskmix.InputError as error:\n    print(error)\n")
    found = run_script(tmp_path)
    assert found.stdout.count("once") == 1
    assert "no file for split 'train'" in found.stdout, found.stdout + found.stderr


@pytest.mark.parametrize("name", ["spaces", "search"])
def test_a_file_beside_a_script_that_is_called_like_a_package_of_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / f"{name}.py").touch()
    (tmp_path / "script.py").write_text("import taskmix\n")
    said = run_script(tmp_path).stderr
    assert f"ImportError: another `{name}` is imported in the place of taskmix's" in said and "rename it" in said


def run_script(folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TASKMIX_CACHE": str(folder / "cache")}
    return subprocess.run(
        [sys.executable, "script.py"], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
