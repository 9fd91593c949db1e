"""Rows of the suite with the features of their format, written as parquet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from datasets import (
    ClassLabel,
    Dataset,
    Features,
    List,
    Value,
    are_progress_bars_disabled,
    disable_progress_bars,
    enable_progress_bars,
)

from spaces.formats import FORMATS, ColumnType

Row = dict[str, Any]


@dataclass
class Table:
    """One data set: its format, its labels and its rows by configuration (language) and split.

    Attributes:
        format: name of the format, as in the cards.
        labels: names of the classes or tags, in the order of their numbers.
        rows: (config, split) -> rows.
    """

    format: str
    labels: Sequence[str] = ()
    rows: dict[tuple[str, str], list[Row]] = field(default_factory=dict)

    def features(self) -> Features:
        """The columns of the format; labels are ClassLabel, so that their names travel with the file."""
        text = Value("string")
        label = ClassLabel(names=list(self.labels)) if self.labels else None
        types: dict[ColumnType, Any] = {
            "text": text,
            "passage": text,
            "words": List(text),
            "tags": List(label),
            "label": label,
            "choices": List(text),
            "choice": Value("int32"),
            "answers": {"text": List(text), "answer_start": List(Value("int32"))},
            "id": text,
            "candidates": List(text),
        }
        return Features({role: types[column] for role, column in FORMATS[self.format].columns.items()})

    def texts(self) -> Iterator[str]:
        """Every string of the rows that a model gets to see."""
        for rows in self.rows.values():
            for row in rows:
                yield from _strings({name: value for name, value in row.items() if name not in ("id", "relevant")})

    def write(self, folder: Path) -> None:
        """Write ``<config>/<split>.parquet`` under the data set's folder."""
        features = self.features()
        for (config, split), rows in self.rows.items():
            path = folder / config / f"{split}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            columns = {name: [row[name] for row in rows] for name in features}
            with _quiet():
                Dataset.from_dict(columns, features=features).to_parquet(path)


@contextmanager
def _quiet() -> Iterator[None]:
    """Without datasets' progress bars, one a file; the build says its own lines."""
    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list):
        for part in value:
            yield from _strings(part)
