"""Imports run one way, and nothing heavy is imported where it is not needed."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "spaces": {"spaces"},
    "trainables": {"trainables", "spaces"},
    "cluster": {"cluster", "trainables", "spaces"},
    "search": {"search", "cluster", "trainables", "spaces"},
}
NEVER = {"spaces": {"torch", "ray", "deepspeed", "transformers", "datasets"}, "search": {"torch", "deepspeed"}}


def imported(file: Path) -> set[str]:
    """The top packages that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package: str) -> None:
    for file in (ROOT / package).rglob("*.py"):
        found = imported(file)
        assert found & MAY_IMPORT.keys() <= MAY_IMPORT[package], file
        assert not found & NEVER.get(package, set()), file


def test_deepspeed_is_imported_in_one_place() -> None:
    files = [file for package in MAY_IMPORT for file in (ROOT / package).rglob("*.py")]
    assert [file.name for file in files if "deepspeed" in imported(file)] == ["engine.py"]


def modules_after(code: str) -> set[str]:
    """Top packages that are loaded after running `code` in a fresh interpreter."""
    script = (
        f"import sys, json\n{code}\nprint('|' + json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.rpartition("|")[2]))


def test_help_imports_nothing_heavy() -> None:
    code = "from search.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    heavy = {"torch", "ray", "deepspeed", "transformers", "datasets", "mlflow", "optuna", "numpy", "rich", "yaml"}
    assert not modules_after(code) & heavy


def test_status_does_not_wait_for_the_model_of_mixtures() -> None:
    """As `status` and `tasks` import it, and `launch` before it proposes anything."""
    loaded = modules_after(
        "import search.results.status, search.display.report, search.display.terminal, search.scheduling.agenda"
    )
    assert not loaded & {"torch", "ray", "mlflow", "transformers", "scipy", "sklearn"}


def test_the_driver_does_not_load_torch() -> None:
    files = [file.relative_to(ROOT).with_suffix("") for file in sorted((ROOT / "search").rglob("*.py"))]
    names = [".".join(file.parts) for file in files if file.stem not in ("__init__", "__main__")]
    assert len(names) > 45
    loaded = modules_after("\n".join(f"import {name}" for name in names))
    assert not loaded & {"torch", "deepspeed", "transformers"}
