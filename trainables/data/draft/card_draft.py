"""A first version of a card, from a look at the data: what was seen, and a comment where it was guessed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from datasets import Features

from spaces.card_files import chosen_splits
from spaces.errors import InputError, Problem
from spaces.formats import FORMATS
from spaces.parsing import to_yaml_line
from spaces.tag_schemes import labels_without_spans
from trainables.data.cells import parts_of
from trainables.data.draft.column_roles import Roles, guess_roles, labels_in
from trainables.data.draft.place import CODE, COMMON, DRAFT, Place, look_at, provisional
from trainables.data.files.reading import empty
from trainables.data.files.sources import sources_of
from trainables.data.paths import values_at
from trainables.hub.hub import Hub

Kind = Literal["task", "target"]

FIRST = 2000
"""Rows that a guess rests on; of the hub, also the labels."""

LANGUAGE_COLUMNS = ("lang", "language", "locale", "lang_code", "language_code")


@dataclass(frozen=True)
class Entry:
    """A key of a card, its value, and what a person should know of it."""

    key: str
    value: Any
    remark: str = ""


@dataclass(frozen=True)
class CardDraft:
    """A card that nobody has read yet."""

    name: str
    kind: Kind
    entries: Sequence[Entry]

    @property
    def text(self) -> str:
        """YAML, a comment above each key that was guessed."""
        lines = [f"# {entry.remark}\n{_line(entry)}" if entry.remark else _line(entry) for entry in self.entries]
        return "".join(lines)


def draft_card(kind: Kind, data: str, name: str | None, folder: Path, hub: Hub, config: str | None = None) -> CardDraft:
    """Look at data and write down what a card has to say of them.

    Args:
        data: a folder or a file; else an id of the hub.
        name: of the card; None: that of the data.
        folder: where the card will lie; the path of local files is relative to it.
        config: of a data set of the hub, or of folders.

    Raises:
        InputError: nothing there can be read as rows, or rows that are needed are not there.
        Failure: the hub cannot be reached.
    """
    path = Path(data).expanduser()
    try:
        seen = look_at(data, folder, hub, config)
        name = name or _name_of(path.stem if path.exists() else data.rpartition("/")[2])
        return CardDraft(name, kind, list(_entries(kind, name, seen, hub)))
    except InputError as error:  # a card that rows are read for is nothing that anybody knows
        problems = [replace(one, where=one.where.replace(f"{DRAFT}.yaml", data)) for one in error.problems]
        raise InputError(problems) from error


def _name_of(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9_-]+", "_", text).strip("_-").lower()


def _entries(kind: Kind, name: str, seen: Place, hub: Hub) -> list[Entry]:
    splits, about_splits = _splits(kind, seen)
    first = str(splits["train"] or splits["dev"])
    features, rows = _rows(seen, first, hub)
    _check_header(rows, first, seen)
    roles = guess_roles(features, {column: values[:FIRST] for column, values in rows.items()})
    if roles is None:
        found = ", ".join(f"{column} ({str(values[:1])[1:-1][:40]})" for column, values in rows.items())
        if "paragraphs" in str(rows.get("data", "")):
            fix = "write SQuAD's nested form as a row for each question: question, context and answers"
            raise InputError(Problem("questions lie in paragraphs, not in rows", name, found, fix))
        fix = "a column of texts, more than a third of them different, under a name of its own in the header"
        raise InputError(Problem("no column here holds texts", name, found, fix))
    spec = FORMATS[roles.format]
    spoken = _spoken(kind, seen, splits, roles, {first: rows}, hub)
    by_column = {"rows": {spoken.column: "{lang}"}} if spoken.column else {}
    source, reading = {**seen.source, **by_column}, {**seen.reading, **by_column}
    labels = labels_in(_feature(features, roles.label), _label_values(rows, roles)) if spec.is_labeled else []
    named = {role: column for role, column in roles.columns.items() if column != role}
    unused = [column for column in roles.ignored if column != spoken.column]
    ignored = f"; not used: {', '.join(unused)}" if unused else ""
    unstated = "space.licences of a search file can leave out tasks by it" if seen.license == "not stated" else ""
    entries = [
        Entry("description", seen.description, "say what the task is, for those who read the answer"),
        Entry("format", roles.format, f"guessed: {roles.reason}{'' if named else ignored}"),
        Entry("licence", seen.license, unstated),
        Entry("origin", seen.origin),
        Entry("source", source, "relative to this file" if seen.is_local else ""),
    ]
    if named:
        entries.append(Entry("columns", named, f"guessed: role: column{ignored}"))
    if spec.is_labeled:
        entries.append(Entry("labels", labels, _about_labels(labels, seen, rows)))
    entries.append(Entry("splits", splits, about_splits))
    languages = spoken.of["train" if kind == "task" else "test"]
    entries.append(Entry("languages", languages, spoken.remark))
    trained_in = "en" if "en" in spoken.of["train"] else spoken.of["train"][0]
    if kind == "target":
        if spoken.of["dev"] != languages:
            entries.append(Entry("dev_languages", spoken.of["dev"]))
        if not spec.metrics:
            fix = "a target has labels, answers or pairs to be scored by; masked_lm is for tasks"
            raise InputError(Problem("nothing here that a target could be scored by", name, roles.format, fix))
        unclear = spec.has("tags") and labels_without_spans(labels)
        metric = "accuracy" if unclear else next(iter(spec.metrics))
        entries.append(
            Entry("metric", metric, "f1 counts spans, and these labels do not say where one begins" if unclear else "")
        )
        if splits["train"]:
            entries.append(Entry("train_language", trained_in, "scored in all of `languages`, trained in this one"))
    counted = {**spoken.of, "train": [trained_in]} if kind == "target" else spoken.of
    sizes = _sizes(kind, reading, splits, counted, hub)
    if sizes:
        entries.append(Entry("sizes", sizes))
    return entries


@dataclass(frozen=True)
class _Spoken:
    """Which languages the rows are in.

    Args:
        of: split of the card -> its languages; of one that is not there, as of the others.
        column: that says it, if one does.
    """

    of: Mapping[str, list[str]]
    column: str | None = None
    remark: str = ""


def _spoken(
    kind: Kind,
    seen: Place,
    splits: Mapping[str, str | None],
    roles: Roles,
    known: Mapping[str, Mapping[str, Sequence[Any]]],
    hub: Hub,
) -> _Spoken:
    """By folders, by a column, as the data set says, as columns are called; else English.

    Args:
        known: splits whose rows were read already.
    """
    if seen.source.get("config") == "{lang}":
        return _Spoken({key: list(seen.splits[str(name)] if name else seen.languages) for key, name in splits.items()})
    names = {key: name for key, name in splits.items() if name and (kind == "target" or key == "train")}
    column = next((name for name in next(iter(known.values())) if name.casefold() in LANGUAGE_COLUMNS), None)
    if column:
        columns = {name: known[name] if name in known else _rows(seen, name, hub)[1] for name in names.values()}
        found = {key: sorted(set(map(str, columns[name].get(column, ())))) for key, name in names.items()}
        everywhere = sorted({language for languages in found.values() for language in languages})
        if everywhere and all(map(CODE.fullmatch, everywhere)) and all(found.values()):
            remark = "" if seen.is_local else f"those of the first {FIRST:,} rows"
            return _Spoken({key: found.get(key, everywhere) for key in splits}, column, remark)
    if seen.languages:
        # of a task they are those of its rows, which nothing here tells apart
        return _Spoken({key: list(seen.languages)[: 1 if kind == "task" else None] for key in splits})
    called = [each for each in roles.columns.values() if isinstance(each, str) and COMMON.fullmatch(each.casefold())]
    if called:
        language = next((each for each in called if each.casefold() != "en"), called[0]).casefold()
        return _Spoken(
            {key: [language] for key in splits}, remark=f"guessed: columns are called {' and '.join(called)}"
        )
    return _Spoken({key: ["en"] for key in splits}, remark="guessed: nothing here says which language the texts are in")


def _splits(kind: Kind, seen: Place) -> tuple[dict[str, str | None], str]:
    """The names of train, dev and test, and what was assumed."""
    usual: dict[str, str | None] = {"train": None, "dev": None, "test": None, **chosen_splits(seen.splits)}
    if kind == "task":
        if usual["train"] is None and len(seen.splits) != 1:
            raise InputError(Problem("no training rows", seen.origin, ", ".join(seen.splits), "call them train"))
        train = usual["train"] or next(iter(seen.splits))
        return {"train": train, "dev": usual["dev"], "test": None}, ""
    dev, test = usual["dev"], usual["test"]
    if dev is None and test is None:
        fix = "dev (drives the search) and test (never does), beside train: dev.csv and test.csv, for example"
        raise InputError(Problem("no rows that a target could be scored on", seen.origin, ", ".join(seen.splits), fix))
    remark = ""
    if dev is None or test is None:
        only = dev or test
        remark = f"one split for both: the search is driven by the rows that are reported; part {only} in two"
    return {"train": usual["train"], "dev": dev or test, "test": test or dev}, remark


def _rows(seen: Place, split: str, hub: Hub) -> tuple[Features, dict[str, list[Any]]]:
    """The columns of a split and its rows: of local files all, of the hub the first. English where there is some."""
    trained = list(seen.splits[split]) or list(seen.languages)
    card = provisional(seen.reading, "en" if "en" in trained or not trained else trained[0])
    card = card.model_copy(update={"splits": card.splits.model_copy(update={"train": split})})
    (source, *_) = sources_of(card, "train", card.languages[0], hub, None)
    with source.stream() as rows:
        features = rows.features or rows._resolve_features().features
        listed = list(islice(rows, None if seen.is_local else FIRST))
    if not listed:
        raise InputError(empty(source, "no rows"))
    return features, {column: [row[column] for row in listed] for column in features}


def _check_header(rows: Mapping[str, Sequence[Any]], split: str, seen: Place) -> None:
    """Raise InputError where the names of columns look like a row: a sentence, and a value of its own column."""
    if any(len(name.split()) > 2 for name in rows) and any(name in values for name, values in rows.items()):
        found, fix = ", ".join(rows), "put a line with the columns' names in front, as text,label"
        raise InputError(
            Problem("the first line holds no names of columns", f"{seen.reading['files']}: {split}", found, fix)
        )


def _feature(features: Features, column: str | None) -> Any:
    return features.get(column) if column else None


def _label_values(rows: Mapping[str, Sequence[Any]], roles: Roles) -> list[Any]:
    values = values_at(rows, roles.label) if roles.label else []
    return [_split(value) for value in values] if roles.format == "tagging" else values


def _split(value: Any) -> Any:
    return parts_of(value) if isinstance(value, str) else value


def _about_labels(labels: Sequence[str], seen: Place, rows: Mapping[str, Sequence[Any]]) -> str:
    where = "" if seen.is_local else f" of the first {FIRST:,} rows"
    numbers = " class numbers, in their order: names tell more" if labels and all(map(str.isdecimal, labels)) else ""
    count = max(map(len, rows.values()), default=0)
    return f"{len(labels)} labels{where or f' of {count:,} rows'}{';' + numbers if numbers else ''}"


def _sizes(
    kind: Kind,
    source: Mapping[str, Any],
    splits: Mapping[str, str | None],
    languages: Mapping[str, Sequence[str]],
    hub: Hub,
) -> dict[str, Any]:
    """Rows of each split, of each language where they differ; only what is known without reading a data set."""
    sizes: dict[str, Any] = {}
    for key in ("train", "dev", "test") if kind == "target" else ("train",):
        if splits[key] is None:
            continue
        card = provisional(source, languages[key][0])
        card = card.model_copy(update={"splits": card.splits.model_copy(update={"train": splits[key]})})
        counts = {one: sources_of(card, "train", one, hub, None)[0].count() for one in languages[key]}
        if all(count is not None for count in counts.values()):
            sizes[key] = counts if len(set(counts.values())) > 1 else next(iter(counts.values()))
    return sizes


def _line(entry: Entry) -> str:
    return to_yaml_line(entry.key, entry.value)
