"""Names of our packages are common: what stands in their place is said, by every command, with the fix."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from search.__main__ import PACKAGES, shadows

ROOT = Path(__file__).parents[2]


def test_nothing_stands_in_the_way_here(tmp_path: Path) -> None:
    assert list(shadows(ROOT)) == list(shadows(tmp_path)) == []


@pytest.mark.parametrize("file", ["spaces.py", "search.py", "cluster/__init__.py"])
def test_a_file_of_the_working_folder(tmp_path: Path, file: str) -> None:
    (tmp_path / file).parent.mkdir(exist_ok=True)
    (tmp_path / file).touch()
    (said,) = shadows(tmp_path)
    assert f"{file} in this folder is called like a package of taskmix" in said and "rename it" in said


def run(*command: str, cwd: Path, path: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, *command], cwd=cwd, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_public_package_of_a_name_is_said_by_every_command(tmp_path: Path) -> None:
    """In a process of its own, as `taskmix` starts: nothing of ours but that module is imported before."""
    public = tmp_path / "public" / "spaces"
    public.mkdir(parents=True)
    (public / "__init__.py").write_text('"""Zero GPU."""\n')
    start = f"import sys; sys.path.append({str(ROOT)!r}); from search.__main__ import main; sys.argv = ['taskmix', 'tasks']; sys.exit(main())"  # noqa: E501
    found = run("-c", start, cwd=tmp_path, path=str(public.parent))
    assert found.returncode == 2
    assert "another `spaces` is imported in the place of taskmix's" in found.stderr
    assert "Traceback" not in found.stderr


def test_a_package_that_was_overwritten(tmp_path: Path) -> None:
    copy = tmp_path / "site-packages"
    for name in PACKAGES:
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "spaces" / "__init__.py").write_text('"""Zero GPU."""\n')
    found = run("-m", "search", "tasks", cwd=copy, path="")
    assert found.returncode == 2
    assert "another package has overwritten taskmix's `spaces`" in found.stderr and "pip uninstall" in found.stderr


@pytest.mark.ray
def test_workers_do_not_import_from_the_working_folder(tmp_path: Path) -> None:
    (tmp_path / "datasets.py").write_text("raise SystemExit('the wrong one')\n")
    (tmp_path / "work").mkdir()
    script = tmp_path / "work" / "driver.py"
    script.write_text(
        textwrap.dedent(
            f"""
            import os, sys
            sys.path.append({str(ROOT)!r})
            from cluster.connect import connect
            import ray

            def worker():
                import datasets, sys
                return datasets.__file__, list(sys.path)

            os.chdir({str(tmp_path)!r})
            with connect("local", cpus=1):
                file, path = ray.get(ray.remote(worker).remote())
            assert "site-packages" in file, file
            assert {str(tmp_path)!r} not in path, path
            """
        )
    )
    found = run(str(script), cwd=tmp_path / "work", path="")
    assert found.returncode == 0, found.stderr
