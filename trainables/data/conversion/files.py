"""What converters share: published files read with words for what is wrong, rows written as lines of JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from spaces.errors import InputError, Problem
from trainables.store.filesystem import write_aside

Example = dict[str, Any]


def read(file: Path) -> str:
    """The text of a published file; raises InputError if it is missing."""
    if not file.is_file():
        raise missing(file, "the data set's own files")
    return file.read_text(encoding="utf-8")


def tabbed(file: Path) -> list[tuple[str, str]]:
    """What stands before and after the first tab of each line; raises InputError where a line has none."""
    rows = [line.split("\t", 1) for line in read(file).split("\n") if line.strip()]
    for number, row in enumerate(rows, 1):
        if len(row) != 2:
            raise InputError(Problem("a line without a tab", str(file), f"line {number}: {row[0][:80]!r}"))
    return [(first.strip(), second.strip()) for first, second in rows]


def lines(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a JSON lines file, one at a time: the candidates of Mewsli-X are a million."""
    if not file.is_file():
        raise missing(file, "the files of get-mewsli-x.sh")
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise not_as_published(file, "JSON lines", error) from error


def write(file: Path, rows: Iterable[Example]) -> Path:
    """Write rows as lines of JSON, in one piece."""
    with write_aside(file) as aside, aside.open("w", encoding="utf-8") as lines:
        lines.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return file


def missing(path: Path, fix: str) -> InputError:
    """To raise where a published file or folder is not there; `fix` says what should be."""
    return InputError(Problem("is missing", str(path), fix=fix))


def not_as_published(file: Path, form: str, error: Exception) -> InputError:
    """To raise where a file is there and is something else."""
    return InputError(Problem(f"is not {form} as published", str(file), f"{type(error).__name__}: {error}"[:200]))
