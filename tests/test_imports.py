"""Imports run one way, and nothing heavy is imported where it is not needed.

A room is a folder of a package, or a file that stands beside its folders. `TOWERS` says which rooms stand on which
floor: a file imports from its own room and from floors below. `docs/architecture.md` has the same picture.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PACKAGES = {
    "spaces": {"spaces"},
    "trainables": {"trainables", "spaces"},
    "cluster": {"cluster", "trainables", "spaces"},
    "search": {"search", "cluster", "trainables", "spaces"},
}
"""Package -> what it may import."""

TOWERS = {
    "search": [
        {"answers", "formatting", "statistics"},
        {"config"},
        {"studies"},
        {"surrogate"},
        {"sampling"},
        {"scheduling"},
        {"results"},
        {"retention", "tracking", "export", "explanation"},
        {"checks"},
        {"display"},
        {"service"},
        {"launch", "promotion"},
        {"commands"},
        {"cli"},
        {"__main__"},
    ],
    "trainables": [
        {"work", "store"},
        {"formats", "hub"},
        {"data"},
        {"encoders"},
        {"training"},
        {"evaluation"},
        {"pinning", "fine_tuning"},
        {"worker", "prepare", "simulated"},
        {"peer"},
        {"trainable"},
    ],
}
"""Package -> its floors, from the ground up. Rooms on one floor do not know each other."""

BESIDE = {
    "search.forecast": ({"formatting", "config"}, "scheduling"),
    "search.distances": ({"formatting", "config", "forecast"}, "surrogate"),
}
"""Rooms beside a tower: the rooms that they import, and the lowest floor that imports them."""

NEVER = {"spaces": {"torch", "ray", "deepspeed", "transformers", "datasets"}, "search": {"torch", "deepspeed"}}

MODULE_NAME = re.compile(r"(?:spaces|trainables|cluster|search)(?:\.(?!yaml$)\w+)+(?::\w+)?")


@dataclass(frozen=True)
class Arrow:
    """One file imports another, in a statement or by a name in a string, as `import_module` is given it."""

    source: str
    target: str

    @property
    def is_allowed(self) -> bool:
        (package, room), (other_package, other_room) = room_of(self.source), room_of(self.target)
        if package != other_package:
            return other_package in PACKAGES[package]
        if package not in TOWERS or other_room in (room, ""):
            return True
        floors = {name: number for number, floor in enumerate(TOWERS[package]) for name in floor}
        if f"{package}.{room}" in BESIDE:
            return other_room in BESIDE[f"{package}.{room}"][0]
        if f"{package}.{other_room}" in BESIDE:
            return floors[room] >= floors[BESIDE[f"{package}.{other_room}"][1]]
        return floors[other_room] < floors[room]


def room_of(module: str) -> tuple[str, str]:
    package, _, rest = module.partition(".")
    return package, rest.partition(".")[0]


def modules() -> dict[str, Path]:
    """Dotted name -> file, of all four packages."""
    files = [file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py"))]
    return {name_of(file.relative_to(ROOT)): file for file in files}


def name_of(file: Path) -> str:
    parts = file.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def names_in(tree: ast.AST) -> Iterator[str]:
    """Modules, or definitions in them, that a file names, anywhere in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.JoinedStr) and isinstance(first := node.values[0], ast.Constant):
            if MODULE_NAME.fullmatch(start := str(first.value).rstrip(".")):
                yield start  # import_module(f"trainables.formats.{name}")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and MODULE_NAME.fullmatch(node.value):
            yield node.value.partition(":")[0]


def arrows() -> set[Arrow]:
    known = modules()
    found: set[Arrow] = set()
    for source, file in known.items():
        for name in names_in(ast.parse(file.read_text())):
            target = name
            while target and target not in known:
                target = target.rpartition(".")[0]
            if target and target != source:
                found.add(Arrow(source, target))
    return found


def test_every_room_stands_in_the_table() -> None:
    for package, floors in TOWERS.items():
        rooms = {room_of(name)[1] for name in modules() if name.startswith(f"{package}.")}
        beside = {name.partition(".")[2] for name in BESIDE if name.startswith(f"{package}.")}
        assert set().union(*floors) | beside == rooms


def test_imports_run_one_way() -> None:
    found = arrows()
    assert len(found) > 600  # a table that nothing is held against holds nothing
    by_name = {Arrow("trainables.trainable", "trainables.worker"), Arrow("trainables.peer", "trainables.worker")}
    assert by_name <= found
    assert not sorted(f"{arrow.source} -> {arrow.target}" for arrow in found if not arrow.is_allowed)


def test_no_files_import_each_other() -> None:
    below: dict[str, set[str]] = defaultdict(set)
    for arrow in arrows():
        below[arrow.source].add(arrow.target)
    free: set[str] = set()
    while ready := {name for name in modules() if name not in free and below[name] <= free}:
        free |= ready
    circles = {name: sorted(below[name] - free) for name in modules() if name not in free}
    assert not circles


def imported(file: Path) -> set[str]:
    """The top packages that a file imports, anywhere in it."""
    return {name.partition(".")[0] for name in names_in(ast.parse(file.read_text()))}


@pytest.mark.parametrize("package", NEVER)
def test_heavy_packages_stay_out(package: str) -> None:
    for name, file in modules().items():
        if name.partition(".")[0] == package:
            assert not imported(file) & NEVER[package], file


def test_deepspeed_is_imported_in_one_file() -> None:
    assert [name for name, file in modules().items() if "deepspeed" in imported(file)] == ["trainables.training.engine"]


def test_packages_of_rooms_hold_a_docstring_at_most() -> None:
    """Or what they import would be loaded with each of their files."""
    speaking = {"trainables.formats", "trainables.data.conversion", "trainables.data.mini"}
    for name, file in modules().items():
        if file.name == "__init__.py" and name not in speaking:
            rest = [node for node in ast.parse(file.read_text()).body if not isinstance(node, ast.Expr)]
            assert not rest, file


def test_every_folder_of_modules_is_a_package() -> None:
    for file in modules().values():
        assert (file.parent / "__init__.py").exists(), file


def modules_after(code: str) -> set[str]:
    """Top packages that are loaded after running `code` in a fresh interpreter."""
    script = (
        f"import sys, json\n{code}\nprint('|' + json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.rpartition("|")[2]))


@pytest.mark.long
def test_help_imports_nothing_heavy() -> None:
    code = "from search.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    heavy = {"torch", "ray", "deepspeed", "transformers", "datasets", "mlflow", "optuna", "numpy", "rich", "yaml"}
    assert not modules_after(code) & heavy


@pytest.mark.long
def test_status_does_not_wait_for_the_model_of_mixtures() -> None:
    """As `status` and `tasks` import it, and `launch` before it proposes anything."""
    loaded = modules_after(
        "import search.results.status, search.display.report, search.display.terminal, search.scheduling.agenda"
    )
    assert not loaded & {"torch", "ray", "mlflow", "transformers", "scipy", "sklearn"}


@pytest.mark.long
def test_the_driver_does_not_load_torch() -> None:
    files = [file.relative_to(ROOT).with_suffix("") for file in sorted((ROOT / "search").rglob("*.py"))]
    names = [".".join(file.parts) for file in files if file.stem not in ("__init__", "__main__")]
    assert len(names) > 45
    loaded = modules_after("\n".join(f"import {name}" for name in names))
    assert not loaded & {"torch", "deepspeed", "transformers"}
