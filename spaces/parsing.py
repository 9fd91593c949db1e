"""Parsing: YAML files into strict models, every mistake with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict

from spaces.errors import InputError, Problem

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's takes a tenth of the time; an installation may lack it."""


class Strict(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping; raises InputError naming the line when it is none."""
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=LOADER)
    except FileNotFoundError as error:
        raise InputError(Problem("no such file", where=str(path))) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem("cannot be read", where=str(path), found=str(error))) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f": line {mark.line + 1}" if mark else ""
        found = getattr(error, "problem", None) or str(error)
        raise InputError(Problem("is not YAML", where=f"{path}{line}", found=str(found))) from error
    if not isinstance(data, dict):
        raise InputError(Problem("must be a mapping of keys to values", str(path), type(data).__name__))
    return data


def problem_of(detail: Any, file: str) -> Problem:
    """A pydantic error as a Problem: where is `file: a.b.c`, found is the value that stands there."""
    key = ".".join(str(part) for part in detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        return Problem(
            "unknown key", where=f"{file}: {key}", found=repr(detail["input"]), fix="remove it or mend its name"
        )
    if detail["type"] == "missing":
        return Problem("is missing", where=f"{file}: {key}", fix="add the key")
    found = repr(detail["input"]) if detail["type"] != "value_error" or not isinstance(detail["input"], dict) else ""
    return Problem(message, where=f"{file}: {key}" if key else file, found=found[:200])
