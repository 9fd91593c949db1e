"""`python -m search` is `taskmix`.

First it is looked whether our packages are ours: their names are common, and another package of one of them, or a file
in the working folder, would be imported in their place. Nothing but the standard library is imported before that.
"""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

PACKAGES = {
    "spaces": "What can be searched",
    "trainables": "How a work item is computed",
    "search": "Who decides what is tried next",
    "cluster": "Where a search runs",
}
"""Package -> how its docstring begins."""


def shadows(folder: Path) -> Iterator[str]:
    """What stands in the place of our packages, and what to do; a text of several lines each.

    Args:
        folder: the working folder.
    """
    for name, begins in PACKAGES.items():
        ours = ROOT / name / "__init__.py"
        spec = importlib.util.find_spec(name)
        found = Path(spec.origin).resolve() if spec and spec.origin else None
        if found is not None and found != ours:
            yield _said(f"another `{name}` is imported in the place of taskmix's", str(found), _fix(found, folder))
        elif not ours.read_text(encoding="utf-8").startswith(f'"""{begins}'):
            fix = f"pip uninstall {name}, then install ours again, in an environment without that package"
            yield _said(f"another package has overwritten taskmix's `{name}`", str(ours.parent), fix)
        if folder != ROOT and found == ours:
            for other in (folder / f"{name}.py", folder / name / "__init__.py"):
                if other.is_file() and other.resolve() != ours:
                    what = f"{other.relative_to(folder)} in this folder is called like a package of taskmix"
                    yield _said(what, str(other), "rename it, or start from another folder")


def _fix(found: Path, folder: Path) -> str:
    if found.is_relative_to(folder):
        return "rename it, or start from another folder"
    if "site-packages" in found.parts:
        return f"pip uninstall {found.parent.name}, or use an environment of its own for ours"
    return "take its folder out of PYTHONPATH"


def _said(what: str, found: str, fix: str) -> str:
    return f"error: {what}\n  found: {found}\n  fix:   {fix}"


def main() -> int:
    """The command line, unless something stands in its way."""
    problems = list(shadows(Path.cwd().resolve()))
    if problems:
        print("\n".join(problems), file=sys.stderr)
        return 2
    from search import cli

    return cli.main()


if __name__ == "__main__":
    sys.exit(main())
