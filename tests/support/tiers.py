"""Tiers: what a test needs, found out from its file, so that nobody has to remember to say it.

* `torch`: its file imports torch, by itself or through what it imports, or it asks for a fixture that does.
* `postgres`, `s3`: it asks for that server by a fixture, or by a parameter that names it.
* `browser`: it asks for one by the fixture; skipped where there is no Chromium.
* `ray`: it says so (`pytestmark = pytest.mark.ray`): starting Ray is no matter of imports.
* `long`: it says so: it starts programs of its own, or computes for a second or more.
* `unit`: none of these, and neither `slow` nor `chaos`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FIXTURES = {
    "postgres": "postgres",
    "s3_server": "s3",
    "browser": "browser",
    **dict.fromkeys(("kits", "bert", "tables", "data", "featurize", "score"), "torch"),
}
"""Fixture -> tier; those of tests/trainables import torch when they are asked for."""

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


TORCH = {"torch", "transformers", "datasets", "deepspeed"}
"""Packages that are torch, or bring it."""


@cache
def imports_torch(file: Path) -> bool:
    """Whether importing a file, or calling what it defines at its top, imports torch sooner or later."""
    seen, left = set[Path](), [file, *file.parent.glob("conftest.py")]
    while left:
        file = left.pop()
        if file in seen:
            continue
        seen.add(file)
        names = imported(file)
        if TORCH & {name.partition(".")[0] for name in names}:
            return True
        left += {path for name in names for path in files_of(name)}
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


@cache
def files_of(name: str) -> tuple[Path, ...]:
    """The file of a module of this repository, and the `__init__` of its packages."""
    parts = name.split(".")
    if not (ROOT / parts[0]).is_dir() and len(parts) > 1:
        return ()
    packages = [ROOT.joinpath(*parts[:length], "__init__.py") for length in range(1, len(parts) + 1)]
    return tuple(file for file in (ROOT.joinpath(*parts).with_suffix(".py"), *packages) if file.is_file())
