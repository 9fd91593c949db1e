"""From a data set's own columns and labels to the canonical ones of its format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import ClassLabel, Features, List, Value

from spaces.card import Card
from spaces.errors import InputError, Problem, nearest
from spaces.formats import FORMATS, ColumnType
from trainables.data.sources import matches

TEXT = Value("string")
INDEX = Value("int64")

TYPES: dict[ColumnType, Any] = {
    "text": TEXT,
    "passage": TEXT,
    "words": List(TEXT),
    "tags": List(INDEX),
    "label": INDEX,
    "choices": List(TEXT),
    "choice": INDEX,
    "answers": {"text": List(TEXT), "answer_start": List(INDEX)},
    "id": TEXT,
    "candidates": List(TEXT),
}
"""The Arrow type of each type of canonical column."""

LISTS: frozenset[ColumnType] = frozenset({"words", "tags", "choices"})
"""Types that several columns of a data set can be put together for, an item from each."""

OPTIONAL: frozenset[ColumnType] = frozenset({"id", "candidates"})
"""Types that are filled in where the data set has no such column."""

UNLABELED = (None, -1, "", "-1")
"""What data sets write where the label is not given: hidden test labels, no agreement."""


def features_of(form: str) -> Features:
    """The canonical columns of a format, with their Arrow types."""
    return Features({role: TYPES[column] for role, column in FORMATS[form].columns.items()})


class Reader:
    """Turns batches of a data set's rows into canonical ones.

    Args:
        card: whose columns and labels count.
        features: the columns of the split as its source has it.
        location: where it lies, for messages.
        language: of the rows.

    Raises:
        InputError: every role whose column is not there, with the columns that are.
    """

    def __init__(self, card: Card, features: Features, location: str, language: str) -> None:
        self.card = card
        self.location = location
        self._features = features
        self._types = FORMATS[card.format].columns
        self._roles = {column: role for role, column in self._types.items()}
        self._wanted = card.source.rows_for(language)
        self._prefix = f"{language}:"
        self._columns: dict[str, str | list[str]] = {}
        self._choices: int | None = None
        self._known: dict[Any, int] = {}
        problems = []
        for role, column_type in self._types.items():
            column = card.columns.get(role, role)
            missing = [path for path in _as_list(column) if _feature(features, path) is None]
            if not missing:
                self._columns[role] = column
            elif role in card.columns or column_type not in OPTIONAL:
                there = list(_paths(features))
                found = f"{', '.join(map(repr, missing))}; {location} has: {', '.join(there)}"
                fix = f"say which column is {role}; " + nearest(missing[0], there)
                problems.append(Problem("no such column", f"{card.name}.yaml: columns.{role}", found, fix))
        there = list(features)
        for column in self._wanted:
            if column not in features:
                found = f"{column!r}; {location} has: {', '.join(there)}"
                problems.append(
                    Problem("no such column", f"{card.name}.yaml: source.rows", found, nearest(column, there))
                )
        if problems:
            raise InputError(problems)
        roots = [_root(features, path) for column in self._columns.values() for path in _as_list(column)]
        self.needed = list(dict.fromkeys([*roots, *self._wanted]))

    def canonical(self, batch: Mapping[str, Sequence[Any]], indexes: Sequence[int]) -> dict[str, list[Any]]:
        """The rows of a batch that count and have a label; `indexes` number them in the split."""
        values = {role: self._values(role, batch, len(indexes)) for role in self._columns}
        kept: dict[str, list[Any]] = {role: [] for role in self._types}
        for at, index in enumerate(indexes):
            if not matches({column: batch[column][at] for column in self._wanted}, self._wanted):
                continue
            row = self._row({role: column[at] for role, column in values.items()}, index)
            if row is not None:
                for role, column in kept.items():
                    column.append(row[role])
        return kept

    @property
    def first(self) -> str:
        """A role that every canonical row has."""
        return next(iter(self._types))

    def none_of(self, count: int) -> str:
        """For people: why none of so many rows was taken."""
        wanted = " and ".join(f"{column} like {pattern!r}" for column, pattern in self._wanted.items())
        return f"{count} rows without a label" if not wanted else f"{count} rows, none with a label and {wanted},"

    def _values(self, role: str, batch: Mapping[str, Sequence[Any]], count: int) -> list[Any]:
        """The role's value in each row; several columns become a list, or one text with blanks between."""
        column = self._columns[role]
        if isinstance(column, str):
            return self._worded(batch, column)
        parts = zip(*(self._worded(batch, path) for path in column), strict=True)
        if self._types[role] in LISTS:
            return [list(values) for values in parts]
        return [" ".join(str(value) for value in values if value is not None) for values in parts]

    def _worded(self, batch: Mapping[str, Sequence[Any]], path: str) -> list[Any]:
        """The values at a path, codes replaced by the card's words for them."""
        words = self.card.values.get(path)
        values = _reach(batch, path)
        return values if words is None else [words.get(str(value), value) for value in values]

    def _row(self, row: dict[str, Any], index: int) -> dict[str, Any] | None:
        """A canonical row, or None if it has no label or lacks a text."""
        if any(value is None for value in row.values()):
            return None
        cells = {role: self._cell(role, row, index) for role in self._types}
        by_type = {column: cells[role] for column, role in self._roles.items()}
        words, tags = by_type.get("words"), by_type.get("tags", [])
        label = by_type.get("label", by_type.get("choice", 0))
        if None in (label, *tags) or words == [] or cells.get("text") == "":
            return None
        if words is not None and "tags" in by_type and len(tags) != len(words):
            found = f"{len(words)} and {len(tags)}"
            raise self._error(self._roles["tags"], "a row needs as many tags as tokens", found, index)
        return cells

    def _cell(self, role: str, row: Mapping[str, Any], index: int) -> Any:
        """The canonical value of a role; None for a label that is not given."""
        value = row.get(role)
        match self._types[role]:
            case "label":
                return self._label(role, value, index, self.card.labels)
            case "choice":
                return self._label(role, value, index, self._choice_labels(row[self._roles["choices"]]))
            case "tags":
                if not isinstance(value, list):
                    raise self._wrong_kind(role, "a list of labels", value, index)
                return [self._label(role, tag, index, self.card.labels) for tag in value]
            case "answers":
                return self._answers(role, value, index)
            case "id":
                return str(index if value is None else value)
            case "candidates":
                return [str(one) for one in value] if isinstance(value, list) else [] if value is None else [str(value)]
            case _:
                return self._text(role, value, index)

    def _choice_labels(self, choices: Sequence[str]) -> list[str]:
        """The labels by index: choices are numbered from 0, unless the card lists their labels."""
        count = len(choices)
        if self._choices is None:
            self._choices = count
        if count != self._choices:
            found = f"{count} after rows with {self._choices}"
            raise self._error(self._roles["choices"], "all rows of a card need the same number of choices", found)
        return self.card.labels or [str(choice) for choice in range(count)]

    def _label(self, role: str, value: Any, index: int, labels: list[str]) -> int | None:
        """Index of the label, None if it is not given. Names count first, then numbers as indexes."""
        if value in UNLABELED:
            return None
        if isinstance(value, list | dict):
            raise self._wrong_kind(role, "a label", value, index)
        if value not in self._known:
            plain = str(int(value)) if _is_whole(value) else str(value).strip()
            name, number = self._name(role, plain), self._number(role, plain, labels)
            number = labels.index(name) if name in labels else number
            if not 0 <= number < len(labels):
                found = repr(value) if name == plain else f"{value!r} ({name})"
                fix = f"the labels are {', '.join(labels)}; list all of them, in the order of their numbers"
                raise self._error(role, "a label outside the card's list", found, index, fix)
            self._known[value] = number
        return self._known[value]

    def _name(self, role: str, plain: str) -> str:
        """The label's name: the data set's own where it has names, else the value as text."""
        names = self._own_names(role)
        return names[int(plain)] if names and _is_number(plain) and int(plain) < len(names) else plain

    def _number(self, role: str, plain: str, labels: list[str]) -> int:
        """The index that a value stands for where its name is not among the labels; -1 for none."""
        if self._types[role] == "choice" and not self.card.labels and len(plain) == 1 and plain.isalpha():
            return ord(plain.upper()) - ord("A")
        # Labels that are numbers themselves are names; and where some of the data set's names are on the card's list
        # and this one is not, the card is wrong, not the number.
        names_decide = any(map(_is_number, labels)) or set(self._own_names(role) or ()) & set(labels)
        return int(plain) if _is_number(plain) and not names_decide else -1

    def _own_names(self, role: str) -> list[str] | None:
        column = self._columns[role]
        feature = _feature(self._features, column) if isinstance(column, str) else None
        while isinstance(feature, List):
            feature = feature.feature
        return feature.names if isinstance(feature, ClassLabel) else None

    def _answers(self, role: str, value: Any, index: int) -> dict[str, list[Any]]:
        """SQuAD's form: equally many texts and character offsets, none for a question without an answer."""
        if isinstance(value, list) and all(isinstance(answer, dict) for answer in value):
            value = {key: [answer.get(key) for answer in value] for key in ("text", "answer_start")}
        texts, starts = (value.get(key) if isinstance(value, dict) else None for key in ("text", "answer_start"))
        if not isinstance(texts, list) or not isinstance(starts, list) or len(texts) != len(starts):
            raise self._wrong_kind(role, "{text: [...], answer_start: [...]}", value, index)
        return {"text": texts, "answer_start": starts}

    def _text(self, role: str, value: Any, index: int) -> Any:
        """A text, or a list of texts where the role is one; blanks around it are cut unless offsets count them."""
        column_type = self._types[role]
        if column_type in LISTS:
            if isinstance(value, list) and all(isinstance(item, str) for item in value):
                if column_type == "words" and value and all(item.startswith(self._prefix) for item in value):
                    value = [item.removeprefix(self._prefix) for item in value]  # WikiANN's own files: "en:Paris"
                return [item.strip() for item in value]
        elif isinstance(value, str):
            return value if column_type == "passage" else value.strip()
        raise self._wrong_kind(role, "a list of texts" if column_type in LISTS else "text", value, index)

    def _wrong_kind(self, role: str, wanted: str, value: Any, index: int) -> InputError:
        return self._error(role, f"the column is not {wanted}", repr(value)[:100], index, "name another column")

    def _error(self, role: str, what: str, found: str, index: int | None = None, fix: str = "") -> InputError:
        column = self._columns.get(role, role)
        row = "" if index is None else f", row {index}"
        found = f"{found} in {column!r} of {self.location}{row}"
        return InputError(Problem(what, f"{self.card.name}.yaml: columns.{role}", found, fix))


def _as_list(column: str | list[str]) -> list[str]:
    return [column] if isinstance(column, str) else column


def _is_number(text: str) -> bool:
    return text.isdecimal()


def _is_whole(value: Any) -> bool:
    """Whole numbers; a column of them that has gaps is read as float."""
    return isinstance(value, bool | int) or (isinstance(value, float) and value.is_integer())


def _root(features: Features, path: str) -> str:
    """The column that a path begins in: names may have dots of their own."""
    return path if path in features else path.split(".")[0]


def _feature(features: Features, path: str) -> Any:
    """The type at a dotted path, or None if there is none. Lists are seen through."""
    root = _root(features, path)
    feature: Any = features.get(root)
    for key in path[len(root) + 1 :].split(".") if path != root else ():
        while isinstance(feature, List):
            feature = feature.feature
        feature = feature.get(key) if isinstance(feature, dict) else None
    return feature


def _paths(features: Mapping[str, Any], above: str = "") -> list[str]:
    """All columns, and the fields inside structs, as paths."""
    paths = []
    for name, feature in features.items():
        paths.append(above + name)
        while isinstance(feature, List):
            feature = feature.feature
        if isinstance(feature, dict):
            paths.extend(_paths(feature, f"{above}{name}."))
    return paths


def _reach(batch: Mapping[str, Sequence[Any]], path: str) -> list[Any]:
    """The values at a dotted path, one per row."""
    root = path if path in batch else path.split(".")[0]
    values: Any = list(batch[root])
    for key in path[len(root) + 1 :].split(".") if path != root else ():
        values = _fields(values, key)
    return list(values)


def _fields(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return [_fields(item, key) for item in value]
    return value.get(key) if isinstance(value, dict) else None
