"""Which format a table's columns look like, and which column plays which role: a guess, with what it rests on."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datasets import ClassLabel, Features, LargeList, List

from trainables.data.cells import as_text, is_missing, parts_of
from trainables.data.paths import values_at

LABELS = ("label", "labels", "gold_label", "class", "category", "intent", "sentiment", "topic", "target", "answer")
LABELS_OF_CHOICES = ("label", "answer", "correct", "gold", "answerkey", "correct_answer")
TEXTS = ("text", "sentence", "review", "content", "body", "utterance", "comment", "tweet", "document")
PAIRS = (
    ("premise", "hypothesis"),
    ("sentence1", "sentence2"),
    ("sentence_1", "sentence_2"),
    ("text_a", "text_b"),
    ("text1", "text2"),
    ("question1", "question2"),
    ("question", "passage"),
    ("question", "sentence"),
    ("question", "context"),
    ("query", "document"),
    ("query", "passage"),
    ("source", "target"),
    ("anchor", "positive"),
)
WORDS = ("tokens", "words")
TAGS = ("tags", "ner_tags", "labels", "label", "upos", "pos_tags", "slots")
CONTEXTS = ("context", "premise", "passage", "article", "question", "stem", "query", "sent1")
CHOICES = ("choices.text", "choices", "options", "endings", "candidates")
CHOICE = re.compile(r"(choice|option|ending|answer|solution|opa?)[ _.-]?([0-9]|[a-e])|[A-E]", re.IGNORECASE)
"""A column for one of several choices."""

MOST_LABELS = 200
"""Beyond it a column holds texts or numbers, not classes."""


@dataclass(frozen=True)
class Roles:
    """What a table looks like.

    Args:
        columns: role -> column, or several.
        label: the column with the labels, or the tags; None where the format has none.
        reason: why, for people.
        ignored: columns that no role was found for.
    """

    format: str
    columns: Mapping[str, str | list[str]]
    label: str | None = None
    reason: str = ""
    ignored: Sequence[str] = field(default=())


def guess_roles(features: Features, rows: Mapping[str, Sequence[Any]]) -> Roles | None:
    """The likeliest format of a table; None where no column holds texts.

    Args:
        rows: the first ones, by column.
    """
    table = _Table(features, rows)
    for guess in (_tagging, _span_qa, _multiple_choice, _classification, _texts_alone):
        roles = guess(table)
        if roles is not None:
            used = {
                path for column in roles.columns.values() for path in ([column] if isinstance(column, str) else column)
            }
            ignored = [
                name
                for name in features
                if name not in used
                and not any(path.startswith(f"{name}.") for path in used)
                and not (name.startswith("field_") and any(rows[name] == rows.get(path) for path in used))  # of CoNLL
            ]
            return Roles(roles.format, roles.columns, roles.label, roles.reason, ignored)
    return None


def labels_in(feature: Any, values: Sequence[Any]) -> list[str]:
    """The labels of a column in their order: the data set's own, else sorted, numbers as numbers.

    Args:
        values: of all rows; lists are looked into.
    """
    while isinstance(feature, List | LargeList):
        feature = feature.feature
    if isinstance(feature, ClassLabel):
        return [str(name) for name in feature.names]
    found = {
        as_text(one)
        for value in values
        for one in (value if isinstance(value, list) else [value])
        if not is_missing(one)
    }
    if all(map(_is_number, found - {""})):
        found = {re.sub(r"\.0+$", "", text) for text in found}  # a CSV column that has gaps
    found -= {"", "-1"}  # what is not given
    return sorted(found, key=lambda text: (0, float(text), text) if _is_number(text) else (1, 0.0, text))


class _Table:
    """The first rows of a data set, and what their columns look like."""

    def __init__(self, features: Features, rows: Mapping[str, Sequence[Any]]) -> None:
        self.features = features
        self.rows = rows
        self.names = list(features)
        self.texts = [name for name in self.names if self._is_text(name)]
        self.labels = [name for name in self.names if self._is_label(name)]

    def named(self, wanted: Sequence[str], among: Sequence[str]) -> str | None:
        """The first of `wanted` that is a column among these, in whatever case."""
        by_name = {name.casefold(): name for name in among}
        return next((by_name[name] for name in wanted if name in by_name), None)

    def values(self, name: str) -> list[Any]:
        return [value for value in self.rows[name] if not is_missing(value) and value != ""]

    def is_list(self, name: str) -> bool:
        return any(isinstance(value, list) for value in self.values(name))

    def has(self, path: str) -> bool:
        """Whether something stands there: of a list of plain texts, a field of each is nothing."""
        if path.partition(".")[0] not in self.features:
            return False
        values = values_at(self.rows, path)
        return any(not is_missing(one) for value in values for one in (value if isinstance(value, list) else [value]))

    def _is_text(self, name: str) -> bool:
        values = self.values(name)
        if not values or not all(isinstance(value, str) for value in values) or self._is_id(name):
            return False
        words = sum(len(value.split()) for value in values) / len(values)
        several = len(set(values)) > len(values) / 3
        return not all(map(_is_number, values)) and (several or words > 3)

    def _is_id(self, name: str) -> bool:
        return bool(
            re.fullmatch(
                r"(.*[_-])?(id|idx|index|guid|uuid|url|uri|date|time|lang|language|locale)", name, re.IGNORECASE
            )
        )

    def _is_label(self, name: str) -> bool:
        if isinstance(self.features[name], ClassLabel):
            return True
        values = self.values(name)
        if not values or self._is_id(name) or not all(isinstance(value, str | int | float) for value in values):
            return False
        if any(isinstance(value, float) and not value.is_integer() for value in values):
            return False
        distinct = len(set(values))
        few = distinct <= MOST_LABELS and (distinct <= len(values) / 2 or name.casefold() in LABELS)
        return distinct > 1 and few and sum(len(str(value).split()) for value in values) <= 4 * len(values)


def _tagging(table: _Table) -> Roles | None:
    """Lists, or texts in which as many words stand, of which one column has few different ones."""
    lists = {
        name: [
            parts_of(value) if isinstance(value, str) else value for value in table.rows[name] if not is_missing(value)
        ]
        for name in table.names
        if table.is_list(name)
        or name in table.texts
        or name in table.labels
        or name.casefold() in (*WORDS, *TAGS)  # also where they look like classes
    }
    lists = {name: rows for name, rows in lists.items() if rows and all(isinstance(row, list) for row in rows)}
    tokens = table.named(("tokens", "words", "sentence", "text"), [*lists]) or next(iter(lists), None)
    if tokens is None or not any(len(row) > 1 for row in lists[tokens]) or not _are_texts(lists[tokens]):
        return None
    lengths = [len(row) for row in lists[tokens]]
    tags = [name for name, rows in lists.items() if name != tokens and _are_tags(name, rows, tokens, lists[tokens])]
    if not tags or (len(lengths) < 2 and not table.is_list(tokens)):
        return None
    label = table.named(TAGS, tags) or next((name for name in tags if "tag" in name.casefold()), tags[-1])
    others = [name for name in tags if table.rows[name] != table.rows[label]]
    also = f"; other columns of as many: {', '.join(others)}" if others else ""
    return Roles("tagging", {"tokens": tokens, "tags": label}, label, f"as many items in each row{also}")


def _are_tags(name: str, rows: Sequence[Sequence[Any]], tokens: str, words: Sequence[Sequence[Any]]) -> bool:
    """As many as words, of fewer kinds; where both columns are called so, a row may be wrong: the check names it."""
    if _vocabulary(rows) < 2:
        return False
    fitting = sum(len(row) == len(word) for row, word in zip(rows, words, strict=False))
    if tokens.casefold() in WORDS and name.casefold() in TAGS:
        return fitting > len(words) / 2
    return fitting == len(words) == len(rows) and _vocabulary(rows) < _vocabulary(words)


def _span_qa(table: _Table) -> Roles | None:
    context = table.named(("context", "passage", "paragraph", "document"), table.names)
    question = table.named(("question", "query"), table.names)
    answers = next(
        (name for name in table.names if name.casefold() in ("answers", "answer") and _has_offsets(table, name)), None
    )
    if context is None or question is None or answers is None:
        return None
    found = {"question": question, "context": context, "answers": answers}
    name = table.named(("id",), table.names)
    return Roles("span_qa", {**({"id": name} if name else {}), **found}, None, "answers with their offsets in a text")


def _multiple_choice(table: _Table) -> Roles | None:
    one = next(
        (path for path in CHOICES if table.has(path) and all(isinstance(v, list) for v in values_at(table.rows, path))),
        None,
    )
    several = [name for name in table.names if CHOICE.fullmatch(name) and name not in table.labels]
    label = table.named(LABELS_OF_CHOICES, [name for name in table.names if name not in several])
    if label is None or (one is None and len(several) < 2):
        return None
    context = [name for name in table.texts if name.casefold() in CONTEXTS and name not in several]
    context = context or [name for name in table.texts if name not in several][:1]
    if not context:
        return None
    columns = {"context": context[0] if len(context) == 1 else context, "choices": one or several, "label": label}
    return Roles("multiple_choice", columns, None, "several choices, and which is right")


def _classification(table: _Table) -> Roles | None:
    label = table.named(LABELS, table.labels) or next((name for name in table.labels if name not in table.texts), None)
    texts = [name for name in table.texts if name != label]
    if label is None or not texts:
        return None
    names = {name.casefold(): name for name in texts}
    pair = next(((names[a], names[b]) for a, b in PAIRS if a in names and b in names), None)
    text = table.named(TEXTS, texts)
    if pair is None and len(texts) == 2 and text is None:
        pair = (texts[0], texts[1])
    if pair is not None:
        return Roles(
            "pair_classification",
            {"text_a": pair[0], "text_b": pair[1], "label": label},
            label,
            f"two texts and a class; {texts_joined(pair)}",
        )
    return Roles("sentence_classification", {"text": text or texts[0], "label": label}, label, "a text and a class")


def texts_joined(pair: Sequence[str]) -> str:
    """What to write where two columns are one text."""
    return f"if both are one text: format: sentence_classification, columns: {{text: [{', '.join(pair)}]}}"


def _texts_alone(table: _Table) -> Roles | None:
    if not table.texts:
        return None
    names = {name.casefold(): name for name in table.texts}
    pair = next(((names[a], names[b]) for a, b in PAIRS if a in names and b in names), None)
    if pair is None and len(table.texts) == 2:
        pair = (table.texts[0], table.texts[1])
    if pair is not None:
        return Roles(
            "retrieval", {"text_a": pair[0], "text_b": pair[1]}, None, "two texts that belong together, no class"
        )
    return Roles("masked_lm", {"text": table.named(TEXTS, table.texts) or table.texts[0]}, None, "texts, no class")


def _has_offsets(table: _Table, name: str) -> bool:
    feature = table.features[name]
    while isinstance(feature, List | LargeList):
        feature = feature.feature
    return isinstance(feature, dict) and {"text", "answer_start"} <= feature.keys()


def _are_texts(rows: Sequence[Sequence[Any]]) -> bool:
    return all(isinstance(item, str) for row in rows for item in row)


def _vocabulary(rows: Sequence[Sequence[Any]]) -> int:
    return len({str(item) for row in rows for item in row})


def _is_number(text: str) -> bool:
    return bool(re.fullmatch(r"[+-]?\d+(\.\d+)?", text.strip()))
