"""Rows of JSON files, which are the same whatever row comes first.

The builder of `datasets` settles types by the first ten megabytes: rows that come later are cast, or refused. It
takes texts that look like a time for one, and pyarrow, which it reads with, ends the process at a line like ``null``.
So values are taken as JSON has them here, and a column's type is that of all its values.
"""

from __future__ import annotations

import json
from codecs import BOM_UTF8 as BOM
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from datasets import Dataset, Features, Json, List, Value
from datasets.arrow_writer import ArrowWriter

from spaces.errors import InputError, Problem
from trainables.data.files.reading import check_names

AT_ONCE = 10_000
"""Rows that are held at a time."""

EXACT = 2**53
"""Whole numbers up to it are floats, too."""

INT64 = range(-(2**63), 2**63)

FIX = (
    "an object with the columns in each line, or a list of them: pandas' to_json(orient='records', lines=True) does so"
)

Row = dict[str, Any]


def read_json(files: Sequence[Path], arrow: Path) -> Dataset:
    """The rows of the files, kept in an Arrow file; without columns where there are none.

    A file has an object in each line, or is one, or a list of them. A list of other things is a column `text`. What
    differs in type within a column is kept as it is (`datasets.Json`), NaN is null, as pandas writes it for nothing.

    Raises:
        InputError: a file is none of these, with the line.
    """
    kind = _Kind()
    for rows in _batches(files):
        kind.see(rows)
    if not kind.fields:
        return Dataset.from_dict({})
    features = Features({column: each.feature for column, each in kind.fields.items()})
    check_names(features.arrow_schema, files[0])
    with ArrowWriter(features=features, path=str(arrow)) as writer:
        for rows in _batches(files):
            columns = {column: [row.get(column) for row in rows] for column in features}
            writer.write_batch({column: _stored(columns[column], feature) for column, feature in features.items()})
        writer.finalize()
    return Dataset.from_file(str(arrow))


def _batches(files: Iterable[Path]) -> Iterator[list[Row]]:
    rows = chain.from_iterable(map(_rows, files))
    while batch := list(islice(rows, AT_ONCE)):
        yield batch


def _rows(file: Path) -> Iterator[Row]:
    with file.open("rb") as lines:
        first = next((line for line in lines if line.strip(b"\xef\xbb\xbf\r\n\t ")), b"")
        whole = first.lstrip(b"\xef\xbb\xbf\t ").startswith(b"[") or (first and not _is_json(first))
        lines.seek(0)
        if whole:
            content = _parsed(lines.read(), file)
            for row in content if isinstance(content, list) else [content]:
                yield row if isinstance(row, dict) else {"text": row}
            return
        for number, line in enumerate(lines, 1):
            if line.strip(b"\xef\xbb\xbf\r\n\t "):
                row = _parsed(line, file, number)
                if not isinstance(row, dict):
                    raise _unreadable(file, number, f"{row!r:.100} instead of an object")
                yield row


def _is_json(line: bytes) -> bool:
    """Whether the line is whole, so that the others are rows, too."""
    try:
        json.loads(line)
    except (ValueError, RecursionError):
        return False
    return True


def _parsed(content: bytes, file: Path, line: int | None = None) -> Any:
    try:
        value = _DECODER.decode(content.removeprefix(BOM).decode())
        if b"\\u" in content and b"\\ud" in content.lower():  # half a character cannot be stored
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as error:
        raise _unreadable(file, line, str(error), _fix_of(error)) from error
    return value


def _object(pairs: list[tuple[str, Any]]) -> Row:
    row = dict(pairs)
    if len(row) < len(pairs):
        raise ValueError(f"a key stands twice: {', '.join(key for key, _ in pairs)}")
    return row


def _whole_number(digits: str) -> int | str:
    """A number that Arrow has no type for stays the text that it is, say an id."""
    number = int(digits)
    return number if number in INT64 else digits


def _constant(name: str) -> float | None:
    return None if name == "NaN" else float(name)


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_int=_whole_number)


def _fix_of(error: Exception) -> str:
    if isinstance(error, UnicodeDecodeError):
        return "save it as UTF-8"
    if isinstance(error, UnicodeEncodeError):
        return "write the character whole: a \\ud800 to \\udfff alone is half of one"
    return FIX


def _unreadable(file: Path, line: int | None, found: str, fix: str = FIX) -> InputError:
    where = str(file) if line is None else f"{file}: line {line}"
    return InputError(Problem("is not readable as JSON", where, found[:300], fix))


class _Kind:
    """The type of a column, of the items of its lists, or of a field of its structs: of all values that were seen."""

    def __init__(self) -> None:
        self.fields: dict[str, _Kind] = {}
        self._types: set[type] = set()
        self._items: _Kind | None = None
        self._is_exact = True

    def see(self, values: Sequence[Any]) -> None:
        types = set(map(type, values)) - {type(None)}
        self._types |= types
        if int in types:
            numbers = [value for value in values if type(value) is int]
            self._is_exact &= max(map(abs, numbers)) <= EXACT
        if list in types:
            self._items = self._items or _Kind()
            self._items.see(list(chain.from_iterable(value for value in values if type(value) is list)))
        if dict in types:
            structs = [value for value in values if type(value) is dict]
            for key in dict.fromkeys(chain.from_iterable(structs)):
                self.fields.setdefault(key, _Kind()).see([struct.get(key) for struct in structs])

    @property
    def feature(self) -> Any:
        """The type that holds every value as it is; numbers of both kinds are floats."""
        if not self._types:
            return Value("null")
        if self._types <= {int, float}:
            if float not in self._types:
                return Value("int64")
            return Value("float64") if self._is_exact else Json()
        if self._types == {list} and self._items is not None:
            return List(self._items.feature)
        if self._types == {dict} and self.fields:
            return {key: field.feature for key, field in self.fields.items()}
        return {frozenset({str}): Value("string"), frozenset({bool}): Value("bool")}.get(frozenset(self._types), Json())


def _stored(values: list[Any], feature: Any) -> list[Any]:
    """The values as `ArrowWriter` takes them: of a `Json` the text, for it would read texts as JSON, too."""
    if isinstance(feature, Json):
        return [None if value is None else json.dumps(value) for value in values]
    if isinstance(feature, List) and not isinstance(feature.feature, Value):
        return [None if value is None else _stored(value, feature.feature) for value in values]
    if isinstance(feature, dict):
        parts = {key: _stored([value and value.get(key) for value in values], each) for key, each in feature.items()}
        return [
            None if value is None else {key: part[at] for key, part in parts.items()} for at, value in enumerate(values)
        ]
    return values
