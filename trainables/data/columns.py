"""From a data set's own columns and labels to the canonical ones of its format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import ClassLabel, Features, LargeList, List, Value

from spaces.errors import InputError, Problem, nearest
from spaces.formats import FORMATS, ColumnType
from trainables.data.answers import NOWHERE, place
from trainables.data.cells import as_text, in_words, is_missing, matches, parts_of
from trainables.data.files.reading import empty
from trainables.data.files.sources import SourceSplit
from trainables.data.labels import UNKNOWN, Labels
from trainables.data.paths import feature_at, paths_in, root_of, values_at
from trainables.data.wrong_cells import HANDFUL, Cell, WrongCells

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

IN_A_CELL: frozenset[ColumnType] = frozenset({"words", "tags"})
"""Types whose lists may stand in one cell of a table, with blanks between."""

LABELED: frozenset[ColumnType] = frozenset({"label", "tags", "choice"})
"""Types whose values are labels."""

OPTIONAL: frozenset[ColumnType] = frozenset({"id", "candidates"})
"""Types that are filled in where the data set has no such column."""

MANY = 1000
"""Different values that are wrong in one way: more are no slip, and the reading ends."""

LONGEST_VALUE = 100
"""Letters of a value that are shown."""

MOST = 0.5
"""Where the answers of a larger share of rows do not stand in their contexts, the columns do not belong together."""

Remarks = dict[str, tuple[int, int]]
"""What was mended or left out -> in how many rows, and the number of the first of them."""


def features_of(form: str) -> Features:
    """The canonical columns of a format, with their Arrow types."""
    return Features({role: TYPES[column] for role, column in FORMATS[form].columns.items()})


class Reader:
    """Turns batches of a data set's rows into canonical ones, and collects what is wrong with them.

    Args:
        source: the split; the columns and labels of its card count.
        features: the columns of the split as its source has it.

    Attributes:
        remarks: on the answers of the rows that were read so far.

    Raises:
        InputError: none of the columns is there that rows are made of, or one that says which rows count.
    """

    def __init__(self, source: SourceSplit, features: Features) -> None:
        card = source.card
        self.source = source
        self.card = card
        self.location = source.location
        self.remarks: Remarks = {}
        self._answered = 0
        self._unfound = (0, 0)
        self._is_training = source.split == "train"
        self._features = features
        self._types = FORMATS[card.format].columns
        self._roles = {column: role for role, column in self._types.items()}
        self._wanted = card.source.rows_for(source.language)
        self._prefix = f"{source.language}:"
        self._columns: dict[str, str | list[str]] = {}
        self._choices: int | None = None
        self._known: dict[Any, int | None] = {}
        self._wrong: dict[tuple[str, str], tuple[dict[str, int], str, int]] = {}
        self._is_wrong = False
        self._matching = 0
        self._others: dict[str, None] = {}
        self._absent = {role: problem for role in self._types if (problem := self._find_column(role)) is not None}
        labeled = [role for role in self._columns if self._types[role] in LABELED and card.labels]
        self._labels = {role: Labels(card.labels, self._own_names(role)) for role in labeled}
        unknown = [self._no_column([column], "source.rows") for column in self._wanted if column not in features]
        if unknown or not any(self._types[role] not in OPTIONAL for role in self._columns):
            raise InputError([*self._absent.values(), *unknown])
        roots = [root_of(features, path) for column in self._columns.values() for path in _as_list(column)]
        self.needed = list(dict.fromkeys([*roots, *self._wanted]))

    def _find_column(self, role: str) -> Problem | None:
        """Finds the role's column, or says that it is not there."""
        column = self.card.columns.get(role, role)
        missing = [path for path in _as_list(column) if feature_at(self._features, path) is None]
        if not missing:
            self._columns[role] = column
        elif role in self.card.columns or self._types[role] not in OPTIONAL:
            return self._no_column(missing, f"columns.{role}", f"say which column is {role}; ")
        return None

    def _no_column(self, missing: Sequence[str], key: str, fix: str = "") -> Problem:
        there = list(paths_in(self._features))
        found = f"{', '.join(map(repr, missing))}; {self.location} has: {', '.join(there)}"
        return Problem("no such column", self.card.where(key), found, fix + nearest(missing[0], there))

    def canonical(self, batch: Mapping[str, Sequence[Any]], indexes: Sequence[int]) -> dict[str, list[Any]]:
        """The rows of a batch that count, have a label and no mistake; `indexes` number them in the split."""
        values = {role: self._values(role, batch, len(indexes)) for role in self._columns}
        kept: dict[str, list[Any]] = {role: [] for role in self._types}
        for at, index in enumerate(indexes):
            said = {column: batch[column][at] for column in self._wanted}
            if not matches(said, self._wanted):
                if len(self._others) < HANDFUL:
                    self._others[" and ".join(f"{column} {value!r}" for column, value in said.items())] = None
                continue
            self._matching += 1
            row = self._row({role: column[at] for role, column in values.items()}, index)
            if row is not None:
                for role, column in kept.items():
                    column.append(row[role])
        return kept

    @property
    def first(self) -> str:
        """A role that every canonical row has."""
        return next(iter(self._types))

    def check(self) -> None:
        """Raises InputError with every mistake in the columns and in the rows that were read so far."""
        problems = [*self._absent.values()]
        for (role, what), (values, fix, shown) in self._wrong.items():
            location = f"{self._columns[role]!r} of {self.location}"
            cells = [Cell(value, row, location) for value, row in values.items()]
            problems.append(WrongCells.of(what, self.card.where(f"columns.{role}"), cells, fix, shown))
        count, first = self._unfound
        if count > MOST * self._answered:  # though they should have one
            role, what = self._roles["answers"], "rows without an answer in their contexts"
            found = f"{count} of {self._answered} rows in {self._columns[role]!r} of {self.location}, as row {first}"
            fix = "name the column that the answers were taken from; without answer_start, each may stand there once"
            problems.append(Problem(what, self.card.where(f"columns.{role}"), found, fix))
        if problems:
            raise InputError(problems)

    def compare_count(self, count: int, said: int | None) -> None:
        """Remarks on files that do not have as many rows as the README of their repository says, if it says so."""
        if said is not None and said > count:
            self.remarks["rows that the README counts and the files do not have"] = said - count, count
        elif said is not None and said < count:
            self.remarks["rows that the files have and the README does not count"] = count - said, said

    def none_of(self, count: int) -> Problem:
        """Why none of so many rows was taken."""
        if self.remarks:
            return empty(self.source, f"{count} rows, none to be used ({'; '.join(self.remarks)}),")
        wanted = " and ".join(f"{column} like {pattern!r}" for column, pattern in self._wanted.items())
        if not wanted or self._matching:
            of_them = f" with {wanted}" if wanted else ""
            is_labeled = not LABELED.isdisjoint(self._roles)
            return empty(self.source, f"{self._matching} rows{of_them} without a {'label, or a ' * is_labeled}text,")
        found = f"no {wanted} in {self.location}, which has {', '.join(self._others)}"
        fix = "mend the pattern, what source.names calls the language, or the list of languages"
        return Problem("no row counts", self.card.where("source.rows"), found, fix)

    def _values(self, role: str, batch: Mapping[str, Sequence[Any]], count: int) -> list[Any]:
        """The role's value in each row; several columns become a list, or one text with blanks between."""
        column = self._columns[role]
        if isinstance(column, str):
            return self._worded(batch, column, self._types[role] in IN_A_CELL)
        parts = zip(*(self._worded(batch, path) for path in column), strict=True)
        if self._types[role] in LISTS:
            return [list(values) for values in parts]
        return [" ".join(str(value) for value in values if value is not None) for values in parts]

    def _worded(self, batch: Mapping[str, Sequence[Any]], path: str, in_a_cell: bool = False) -> list[Any]:
        """The values at a path, codes replaced by the card's words for them.

        Args:
            in_a_cell: a text is a list whose items stand in it.
        """
        words = self.card.values.get(path)
        values = values_at(batch, path)
        if in_a_cell:
            values = [parts_of(value) if isinstance(value, str) else value for value in values]
        return values if words is None else [in_words(words, value) for value in values]

    def _row(self, row: dict[str, Any], index: int) -> dict[str, Any] | None:
        """A canonical row, or None if it has no label, lacks a text, or has a mistake, which is kept."""
        if any(is_missing(value) for role, value in row.items() if self._types[role] not in OPTIONAL):
            return None
        self._is_wrong = False
        cells = {role: self._cell(role, row, index) for role in self._types if role not in self._absent}
        by_type = {column: cells.get(role) for column, role in self._roles.items()}
        words, tags = by_type.get("words"), by_type.get("tags")
        if words is not None and tags is not None and len(tags) != len(words):
            what, found = "a row needs as many tags as tokens", f"{len(words)} tokens, {len(tags)} tags"
            self._note(self._roles["tags"], what, found, index, "give each token one tag, none to blanks between them")
        if self._is_wrong or self._absent:
            return None
        label = by_type.get("label", by_type.get("choice", 0))
        answers = by_type.get("answers", 0)
        is_bare = None in (label, answers, *(tags or ())) or words == [] or cells.get("text") == ""
        return None if is_bare else cells

    def _cell(self, role: str, row: Mapping[str, Any], index: int) -> Any:
        """The canonical value of a role; None for a label that is not given, and for what is wrong."""
        value = row.get(role)
        match self._types[role]:
            case "label":
                return self._label(role, value, index, self._labels[role])
            case "choice":
                labels = self._choice_labels(role, row.get(self._roles["choices"]), index)
                return None if labels is None else self._label(role, value, index, labels)
            case "tags":
                if not isinstance(value, list):
                    self._wrong_kind(role, "a list of labels", value, index)
                    return None
                return [self._label(role, tag, index, self._labels[role]) for tag in value]
            case "answers":
                return self._answers(role, value, row.get(self._roles["passage"]), index)
            case "id":
                return str(index) if is_missing(value) else as_text(value)
            case "candidates":
                several = value if isinstance(value, list) else [value]
                ids = [as_text(one) for one in several if not is_missing(one) and one != ""]
                return list(dict.fromkeys(ids))  # named twice, it would be looked for twice
            case _:
                return self._text(role, value, index)

    def _choice_labels(self, role: str, choices: Any, index: int) -> Labels | None:
        """Choices are numbered from 0, unless the card lists their labels; None where there are no choices."""
        if not isinstance(choices, list):  # which is said of their own column
            return None
        if self._choices is None:
            self._choices = len(choices)
        if len(choices) != self._choices:
            found = f"{len(choices)} after rows with {self._choices}"
            what, fix = "all rows of a card need the same number of choices", "leave out the rows with others"
            self._note(self._roles["choices"], what, found, index, fix)
            return None
        if role not in self._labels:
            numbers = [str(number) for number in range(self._choices)]
            self._labels[role] = Labels(numbers, self._own_names(role), are_choices=True)
        return self._labels[role]

    def _label(self, role: str, value: Any, index: int, labels: Labels) -> int | None:
        """Index of the label, `UNKNOWN`, or None if it is not given, or a list."""
        if isinstance(value, list | dict):
            self._wrong_kind(role, "a label", value, index)
            return None
        if is_missing(value) or value == "":
            return None
        known = type(value), value  # True is 1, and no label of the same name
        if known not in self._known:
            number = self._known[known] = labels.index_of(value)
            if number == UNKNOWN:
                self._note(role, labels.mistake, labels.shown(value)[:LONGEST_VALUE], index, labels.fix, HANDFUL)
        self._is_wrong |= self._known[known] == UNKNOWN
        return self._known[known]

    def _own_names(self, role: str) -> list[str] | None:
        column = self._columns[role]
        feature = feature_at(self._features, column) if isinstance(column, str) else None
        while isinstance(feature, List | LargeList):
            feature = feature.feature
        return feature.names if isinstance(feature, ClassLabel) else None

    def _answers(self, role: str, value: Any, context: Any, index: int) -> dict[str, list[Any]] | None:
        """SQuAD's form: equally many texts and character offsets, none for a question without an answer.

        An answer that stands elsewhere, or there in another spelling, is written as it stands in the context; of one
        that cannot be found the offset is -1. None for a training row that has no answer, or none that can be found,
        unless the card says that some have none.
        """
        if isinstance(value, list) and all(isinstance(answer, dict) for answer in value):
            value = {key: [answer.get(key) for answer in value] for key in ("text", "answer_start")}
        texts, starts = (value.get(key) if isinstance(value, dict) else None for key in ("text", "answer_start"))
        if not isinstance(texts, list) or not isinstance(starts, list) or len(texts) != len(starts):
            self._wrong_kind(role, "{text: [...], answer_start: [...]}", value, index)
            return None
        if not all(isinstance(text, str) for text in texts) or any(isinstance(start, str) for start in starts):
            fix = "give each answer its text and the number of its first character, or leave the row out"
            what, found = "an answer without a text, or its offset in words", repr(value)[:LONGEST_VALUE]
            self._note(role, what, found, index, fix)
            return None
        if not isinstance(context, str):  # which is said of its own column
            return None
        given = [(text, start) for text, start in zip(texts, starts, strict=True) if text.strip()]
        if not given and self.card.unanswerable:
            return {"text": [], "answer_start": []}
        answers = [place(text, start, context) for text, start in given]
        if any(answer not in (before, (before[0], NOWHERE)) for answer, before in zip(answers, given, strict=True)):
            self._remark("answers mended: they stand elsewhere in the context, or in another spelling", index)
        self._answered += 1
        if all(start == NOWHERE for _, start in answers):
            count, first = self._unfound
            self._unfound = (count + 1, first if count else index)
            why = "the answer is not in the context" if given else "no answer, and the card does not say unanswerable"
            self._remark(f"{'left out' if self._is_training else 'kept for the score'}: {why}", index)
            if self._is_training:
                return None
        return {"text": [text for text, _ in answers], "answer_start": [start for _, start in answers]}

    def _remark(self, what: str, index: int) -> None:
        count, first = self.remarks.get(what, (0, index))
        self.remarks[what] = count + 1, first

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
        self._wrong_kind(role, "a list of texts" if column_type in LISTS else "text", value, index)
        return None

    def _wrong_kind(self, role: str, wanted: str, value: Any, index: int) -> None:
        self._note(role, f"the column is not {wanted}", repr(value)[:LONGEST_VALUE], index, "name another column")

    def _note(self, role: str, what: str, found: str, index: int, fix: str = "", shown: int = 1) -> None:
        """Keeps a mistake of a row; raises InputError with all of them where there are too many of it."""
        self._is_wrong = True
        values = self._wrong.setdefault((role, what), ({}, fix, shown))[0]
        values.setdefault(found, index)
        if len(values) > MANY:
            self.check()


def _as_list(column: str | list[str]) -> list[str]:
    return [column] if isinstance(column, str) else column
