"""How `datasets` reads files of rows, and what its errors mean to a person."""

from __future__ import annotations

import csv
import errno
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from datasets import Features, Value

from spaces.card import Split
from spaces.errors import Failure, InputError, Problem

CSV_FIX = (
    "put texts with commas, quotes or line breaks into quotes, quotes inside doubled (pandas' to_csv does), "
    "and name each column in the first line"
)


SEPARATORS = {
    ",": ("commas", "call it .csv"),
    "\t": ("tabs", "call it .tsv"),
    ";": ("semicolons", "save it with commas between (pandas' to_csv does)"),
    "|": ("bars", "save it with commas between (pandas' to_csv does)"),
}
"""What stands between columns, and what to do where a file's name says something else."""


NAME = re.compile(r"[\w .-]{1,40}")
"""What a column may be called, where it is to be found out what stands between columns."""


class Located(Protocol):
    """What an error says of a split: which one it is, the card's key that decides it, and where its rows lie."""

    @property
    def split(self) -> Split: ...

    @property
    def where(self) -> str: ...

    @property
    def location(self) -> str: ...


def csv_options(file: Path | str, location: str, **how: Any) -> dict[str, Any]:
    """CSV has no types: all columns are read as text, or types would depend on what stands in the first rows.

    "NA" and "None" are texts, too; pandas would take them for missing.

    Args:
        file: path or URL of the first file.
        location: of it, for people.
        how: options of `pandas.read_csv` that the data set comes with.
    """
    as_text = {"nrows": 1, "dtype": str, "keep_default_na": False}
    if "names" not in how and how.get("header", "infer") in ("infer", 0):  # pandas would call the second one text.1
        names = [name for name in pd.read_csv(file, **{**how, "header": None, **as_text}).iloc[0] if name]
        if len(names) > len(set(names)):
            found = f"{max(names, key=names.count)} in {', '.join(names)}"
            raise InputError(Problem("two columns have one name", location, found, "give each a name of its own"))
    head = pd.read_csv(file, **{**how, **as_text})
    if len(head.columns) == 1 and (between := _other_separator(head)):
        name, fix = SEPARATORS[between]
        raise InputError(Problem(f"its columns are parted by {name}", location, str(head.columns[0])[:300], fix))
    if not isinstance(head.index, pd.RangeIndex):
        found = f"{len(head.columns)} columns: {', '.join(head.columns)}"
        raise InputError(Problem("its first row has more fields than its header", location, found, CSV_FIX))
    return {"keep_default_na": False, "features": Features({str(name): Value("string") for name in head.columns})}


def check_quotes(files: Sequence[Path], rows: int, sep: str = ",") -> None:
    """Raise InputError if a text begins with a quote that is not meant as one: the rows up to the next are part of it.

    Args:
        rows: how many were read: where no cell has several lines, there is nothing to look for.
    """
    lines = 0
    for file in files:
        with file.open("rb") as content:
            lines += sum(block.count(b"\n") for block in iter(partial(content.read, 1 << 20), b""))
    if lines <= rows + len(files):
        return
    for file in files:
        with file.open(encoding="utf-8-sig", newline="") as content:
            swallowed = _swallowed(content, sep)
        if swallowed is not None:
            first, last = swallowed
            where, found = f"{file}: line {first}", f"a quote is opened there and closed in line {last}"
            raise InputError(Problem("rows are read as one text", where, found, CSV_FIX))


def _swallowed(lines: Iterable[str], sep: str) -> tuple[int, int] | None:
    """First and last line of a row of several that no program would write: text follows its quote, or it holds tabs."""
    rest, seen = iter(lines), 0
    while True:
        reader, row_from = csv.reader(rest, delimiter=sep, strict=True), 1
        try:
            for row in reader:
                if reader.line_num > row_from and sep == "\t" and any(sep in cell and "\n" in cell for cell in row):
                    return seen + row_from, seen + reader.line_num
                row_from = reader.line_num + 1
            return None
        except csv.Error as error:
            if "expected after" not in str(error):  # of which pandas knows, or which it does not mind
                return None
            if reader.line_num > row_from:
                return seen + row_from, seen + reader.line_num
            seen += reader.line_num  # `"so" he said`: the row is whole


def _other_separator(head: pd.DataFrame) -> str | None:
    """What parts the columns of a file that seems to have one: names in the header, and as many in the first row."""
    header, row = str(head.columns[0]), str(head.iloc[0, 0]) if len(head) else ""
    for between in SEPARATORS:
        names = header.split(between)
        if len(names) > 1 and all(map(NAME.fullmatch, names)) and (not row or row.count(between) >= len(names) - 1):
            return between
    return None


def check_schemas(files: Sequence[Path]) -> None:
    """Raise InputError if a Parquet file has two columns or fields of one name, or a later one columns of other types:
    they would be cast to those of the first."""
    schemas = [pq.read_schema(path) for path in files]
    for path, schema in zip(files, schemas, strict=True):
        check_names(schema, path)
    first, *others = [Features.from_arrow_schema(schema).arrow_schema.remove_metadata() for schema in schemas]
    for path, schema in zip(files[1:], others, strict=True):
        try:
            pa.unify_schemas([first, schema], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            what, fix = "a column is of another type than in the split's first file", "write all files of it alike"
            raise InputError(Problem(what, str(path), str(error)[:300], fix)) from error


def check_names(schema: pa.Schema, path: Path) -> None:
    """Raise InputError if two columns, or two fields of a struct, have one name: Python has no row like that."""
    twice = list(_repeated(schema))
    if twice:
        raise InputError(
            Problem("two columns or fields have one name", str(path), repr(twice[0]), "give each a name of its own")
        )


def _repeated(fields: Iterable[pa.Field]) -> Iterator[str]:
    """Names that stand twice in one place, at any depth; once stored by Arrow, they end at a zero."""
    names = set()
    for field in fields:
        name = field.name.partition("\0")[0]
        if name in names:
            yield name
        names.add(name)
        inner = field.type
        while pa.types.is_list(inner) or pa.types.is_large_list(inner) or pa.types.is_fixed_size_list(inner):
            inner = inner.value_type
        if pa.types.is_struct(inner):
            yield from _repeated(inner.field(number) for number in range(inner.num_fields))


def explain_reading(error: Exception, source: Located, builder: str, files: list[str]) -> Exception:
    """What an error of `datasets` and its readers, whose errors have no common base, means of files of rows.

    Args:
        builder: what they were read as.
        files: those that were read.

    Returns:
        InputError; the operating system's error where a disk is at fault on which the files do not lie.
    """
    root = root_of(error)
    if is_disk(root) and not any(file in str(root) for file in files):
        return root
    if _is_about_no_rows(root):
        return InputError(empty(source, "no rows"))
    return InputError(
        Problem(f"is not readable as {builder}", source.location, str(root).strip()[:300], _mending(builder, root))
    )


def empty(source: Located, rows: str) -> Problem:
    found = f"{rows} in {source.location}"
    return Problem(f"the {source.split} split is empty", source.where, found, "name another split")


def unwritable(folder: Path, error: BaseException) -> Failure:
    fix = "free some space there, or set another cache folder"
    return Failure(Problem("the cache cannot be written", str(folder), found=str(error)[:300], fix=fix))


def root_of(error: BaseException) -> Exception:
    """The first cause: `datasets` wraps errors."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error if isinstance(error, Exception) else RuntimeError(str(error))


def is_disk(error: BaseException) -> bool:
    codes = (errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EPERM, errno.EROFS)
    return isinstance(error, OSError) and error.errno in codes


def _is_about_no_rows(error: BaseException) -> bool:
    """`datasets` has no error of its own for a file without rows: this is what its readers come to."""
    said = ("no data!", "BatchSize must be", "No columns to parse from file")
    return isinstance(error, StopIteration) or any(part in str(error) for part in said)


def _mending(builder: str, error: BaseException) -> str:
    """What to do with a file that cannot be read, by what its reader says."""
    said = str(error)
    if isinstance(error, PermissionError):
        return "make the file readable for whoever runs this"
    if isinstance(error, UnicodeDecodeError):
        return "save it as UTF-8"
    if "names don't match" in said or "does not exist in schema" in said:
        return "give all files of the split the same columns"
    if "dtype equivalent" in said:
        return "leave that column out, or write it as text, numbers, lists or structs"
    return (
        CSV_FIX if builder in ("csv", "tsv") else "it is damaged, or of another kind than its name says: copy it again"
    )
