"""Inputs of any kind: YAML files, cards with all their keys, rows, and tables in files. No torch at import.

The same inputs in each run, so that a test of them either passes everywhere or nowhere.
"""

from __future__ import annotations

import copy
import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from spaces.formats import FORMATS
from tests.support.cards import LABELS

VALUES = (
    """
yes|no|1:30|010|1e-3|.inf|-.inf|.nan|-1|0|1|3|0.5|2.5|1e400|true|false|null|~|''|[]|{}|[1]|[a, b]|{a: 1}|text|[null]
[[a]]|{1: 2}|99999999999999999999|a:b|none|'a + b'|[true]|{low: 0, high: 1}|{choices: [1]}|[.inf, 1.0]|!!int x|*a|&a x
""".replace("\n", "|")
    .strip("|")
    .split("|")
)
"""Values as they stand in a YAML file."""

ODD = ["", " ", "\n", "\r\n", "\t", "\0", "\ufeff", "\u2028", "\x85", "\u200f", "e\u0301", "é", "ﬁ", "İ", "👩‍👩‍👧"]
ODD += ["null", "NaN", "NA", "None", "true", "False", "01", "1.0", "-1", "1e3", "2020-01-01", "2020-01-01T10:30:00Z"]
ODD += ["ال", "[1]", '{"a": 1}', '"', "'", ",", '","', "O", "B-PER", "en:Paris", "..", "/", "*", "[a]", "a" * 300]
"""Texts that some program on the way may take for something else."""

TEXT = st.sampled_from(ODD) | st.text(max_size=8) | st.lists(st.sampled_from(ODD[:-1]), max_size=3).map("".join)
SCALAR = st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.integers(-2, 3), st.floats(), TEXT)
ANYTHING = st.recursive(
    SCALAR, lambda each: st.lists(each, max_size=3) | st.dictionaries(TEXT, each, max_size=3), max_leaves=6
)
"""What JSON can hold."""


def holds_for(count: int, *strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], None]:
    """Runs the decorated function on so many inputs, the same each time."""

    def run(holds: Callable[..., None]) -> None:
        every = settings(
            max_examples=count, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
        )
        every(given(*strategies)(holds))()

    return run


# --- YAML files


def keys(data: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of each key and item."""
    for key, below in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*above, key)
        yield from keys(below, (*above, key))


def written(data: Mapping[str, Any], key: Sequence[Any], value: str) -> str:
    """A YAML file with another value at one key."""
    return _written(data, [(key, value)])


def _written(data: Mapping[str, Any], changes: Sequence[tuple[Sequence[Any], str]]) -> str:
    data = copy.deepcopy(dict(data))
    values = {}
    for number, (key, value) in enumerate(changes):
        below: Any = data
        for part in key[:-1]:
            if not isinstance(below, dict | list):  # replaced by a change before
                break
            below = below[part]
        if isinstance(below, dict | list):
            values[f"HERE{number}E"] = value
            below[key[-1]] = f"HERE{number}E"
    text = yaml.safe_dump(data, sort_keys=False)
    for mark, value in values.items():
        text = text.replace(mark, value)
    return text


def spoilt(data: Mapping[str, Any]) -> SearchStrategy[str]:
    """YAML files of a mapping with other values at up to three keys, or with signs put into its text."""
    value = st.sampled_from(VALUES) | ANYTHING.map(lambda value: json.dumps(value, ensure_ascii=False)) | TEXT
    changed = st.lists(st.tuples(st.sampled_from(list(keys(data))), value), min_size=1, max_size=3)
    whole = yaml.safe_dump(dict(data), sort_keys=False)
    cut = st.tuples(st.integers(0, len(whole)), st.integers(0, 9), st.sampled_from(VALUES) | TEXT)
    return changed.map(lambda changes: _written(data, changes)) | cut.map(
        lambda parts: whole[: parts[0]] + parts[2] + whole[parts[0] + parts[1] :]
    )


# --- cards


def complete(form: str, kind: str, files: Path) -> dict[str, Any]:
    """A card of a format with every key that such a card may have, whose data lie in `files`/en and `files`/pool."""
    spec = FORMATS[form]
    card: dict[str, Any] = {
        "description": "for tests",
        "format": form,
        "licence": "none",
        "origin": "tests",
        "source": {
            "files": str(files),
            "config": "{name}",
            "names": {"de": "en"},
            "rows": {"part": "{lang}*"},
            "supply": "make it",
        },
        "columns": {role: role for role in spec.columns},
        "values": {next(iter(spec.columns)): {"nothing": "something"}},
        "splits": {"train": "train", "dev": ["train"], "test": "train"},
        "languages": ["en", "de"],
        "sizes": {"train": 2, "test": {"en": 2}},
        "unverified": "everything",
    }
    if spec.is_labeled:
        card["labels"] = LABELS[form]
    if spec.has("answers"):
        card["unanswerable"] = True
    if kind == "target":
        card |= {"metric": next(iter(spec.metrics)), "train_language": "en", "dev_languages": ["en"]}
    if spec.has_pool:
        card["pool"] = {"config": "pool", "split": "train", "columns": {"id": "id", "text": "text"}, "distractors": 1}
    return card


CARDS = [
    (form, kind)
    for form, spec in FORMATS.items()
    for kind in ("task", "target")
    if (spec.metrics if kind == "target" else spec.trained_as is None)
]
"""Format and kind of all cards that there can be."""


# --- tables


def write_table(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows in a file of the kind that its name says: what stands in CSV is text, lists and structs are JSON there.

    Raises:
        pyarrow.lib.ArrowException, UnicodeError, OverflowError: such a file cannot hold them.
    """
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.Table.from_pylist(list(rows)), path)
    elif path.suffix == ".csv":
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with path.open("w", encoding="utf-8", newline="") as file:
            table = csv.writer(file)
            table.writerow(columns)
            table.writerows([_cell(row.get(column)) for column in columns] for row in rows)
    else:
        path.write_bytes(b"".join(json.dumps(row).encode() + b"\n" for row in rows))


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else json.dumps(value)
