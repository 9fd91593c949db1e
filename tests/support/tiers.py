"""Tiers: what a test needs, found out from its file, so that nobody has to remember to say it.

* `torch`: its file imports torch, by itself or through what it imports.
* `postgres`, `s3`: it asks for that server by a fixture, or by a parameter that names it.
* `browser`: it asks for one by the fixture; skipped where there is no Chromium.
* `ray`: it says so (`pytestmark = pytest.mark.ray`): starting Ray is no matter of imports.
* `long`: it says so: it starts programs of its own, or computes for many seconds.
* `unit`: none of these, and neither `slow` nor `chaos`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FIXTURES = {"postgres": "postgres", "s3_server": "s3", "browser": "browser"}
"""Fixture -> tier."""

PARAMETERS = {"postgresql": "postgres", "s3": "s3"}
"""Parameter of a test -> tier."""

NO_UNIT = {"browser", "ray", "torch", "postgres", "s3", "long", "slow", "chaos"}


def mark(items: Iterable[pytest.Item]) -> None:
    """Give each test its tiers."""
    for item in items:
        for fixture, tier in FIXTURES.items():
            if fixture in getattr(item, "fixturenames", ()):
                item.add_marker(tier)
        parameters = getattr(getattr(item, "callspec", None), "params", {}).values()
        for value, tier in PARAMETERS.items():
            if value in [parameter for parameter in parameters if isinstance(parameter, str)]:
                item.add_marker(tier)
        if imports_torch(item.path):
            item.add_marker("torch")
        if not NO_UNIT & {marker.name for marker in item.iter_markers()}:
            item.add_marker("unit")


@cache
def imports_torch(file: Path) -> bool:
    """Whether importing a file, or calling what it defines at its top, imports torch sooner or later."""
    seen, left = set[Path](), [file, *file.parent.glob("conftest.py")]
    while left:
        file = left.pop()
        if file in seen:
            continue
        seen.add(file)
        for name in imported(file):
            if name.partition(".")[0] in ("torch", "transformers", "datasets", "deepspeed"):
                return True
            left += files_of(name)
    return False


@cache
def imported(file: Path) -> frozenset[str]:
    """What a file imports at its top; what stands in a function, or for types alone, is not imported with it."""
    names: set[str] = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names} | {node.module}
    return frozenset(names)


def files_of(name: str) -> list[Path]:
    """The file of a module of this repository, and the `__init__` of its packages."""
    path = ROOT.joinpath(*name.split("."))
    parents = [parent / "__init__.py" for parent in (path, *path.parents) if ROOT in parent.parents]
    return [file for file in (path.with_suffix(".py"), *parents) if file.is_file()]
