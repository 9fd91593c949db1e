"""A first version of a card, from a look at the data: what was seen, and a comment where it was guessed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal

import yaml
from datasets import Features

from spaces.card import Card
from spaces.card_files import ENDINGS, chosen_splits, splits_in
from spaces.errors import InputError, Problem
from spaces.formats import FORMATS
from spaces.parsing import to_yaml_line
from spaces.tag_schemes import labels_without_spans
from trainables.data.cells import parts_of
from trainables.data.draft.column_roles import Roles, guess_roles, labels_in
from trainables.data.files.layout import FRONT_MATTER, README
from trainables.data.files.sources import SourceSplit, sources_of
from trainables.data.paths import values_at
from trainables.hub.hub import Hub

Kind = Literal["task", "target"]

FIRST = 2000
"""Rows that a guess rests on; of the hub, also the labels."""

CODE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{2,4})?")
"""What a folder or a value is called that stands for a language."""

COMMON = re.compile(
    r"a[fmrz]|b[egns]|c[asy]|d[ae]|e[lnstu]|f[air]|g[alu]|h[aeirtuy]|i[dgst]|j[av]|k[akmnouy]|l[aotv]|m[klnrsy]|n[elo]|"
    r"p[alst]|qu|r[ouw]|s[dikloqrvw]|t[aeghlr]|u[krz]|vi|wo|xh|yo|z[hu]"
)
"""Languages by their two letters: what two folders are called is one of them only if it is here."""

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
    seen = _local(path, folder) if path.exists() else _on_hub(data, config, hub)
    name = (
        name
        or re.sub(r"[^A-Za-z0-9_-]+", "_", path.stem if path.exists() else data.rpartition("/")[2]).strip("_-").lower()
    )
    return CardDraft(name, kind, list(_entries(kind, name, seen, hub)))


@dataclass(frozen=True)
class _Seen:
    """Where rows lie.

    Args:
        source: as a card has it; `reading` with a path that does not depend on where the card will lie.
        splits: the names that are there -> the languages that have such rows, none where that is not known.
        languages: empty: nothing says which they are.
    """

    source: Mapping[str, Any]
    reading: Mapping[str, Any]
    splits: Mapping[str, Sequence[str]]
    languages: Sequence[str]
    description: str
    license: str
    origin: str

    @property
    def is_local(self) -> bool:
        return "files" in self.source


def _local(path: Path, folder: Path) -> _Seen:
    """Of a folder, of folders by language, or of a single file."""
    path = path.resolve()
    below = path if path.is_dir() else path.parent
    relative = Path(os.path.relpath(below, folder.resolve())).as_posix()
    about = {"description": f"rows of {path.name}", "license": "not stated", "origin": "own data"}
    if path.is_file():
        there = [path.stem] if path.stem.partition("-")[0] == path.stem else []
        if path.suffix.removeprefix(".") not in ENDINGS or not there:
            fix = f"a file *.{', *.'.join(ENDINGS)} whose name has no '-'; a CoNLL file ends in .conll"
            raise InputError(Problem("no file that rows are read from", str(path), path.name, fix))
        return _Seen({"files": relative}, {"files": str(below)}, {key: [] for key in there}, [], **about)
    by_language = sorted(
        one.name for one in path.iterdir() if one.is_dir() and _is_language(one.name) and splits_in(one)
    )
    if by_language:
        config = {"config": "{lang}"}
        has = {one: splits_in(path / one) for one in by_language}
        splits = {name: [one for one in by_language if name in has[one]] for name in sorted({*chain(*has.values())})}
        return _Seen({"files": relative, **config}, {"files": str(path), **config}, splits, by_language, **about)
    there = splits_in(path)
    if not there:
        found = ", ".join(sorted(one.name for one in path.iterdir())[:20]) or "nothing"
        files = f"*.{', *.'.join(ENDINGS)}"
        fix = f"a file for each split, as train.csv, or one folder for each language (de/train.csv); {files}"
        raise InputError(Problem("no files here that rows are read from", str(path), found, fix))
    _check_languages_in_names(path)
    return _Seen({"files": relative}, {"files": str(path)}, {key: [] for key in there}, [], **about)


def _check_languages_in_names(folder: Path) -> None:
    """train-de.csv beside train-en.csv would be read as two parts of one split."""
    names = sorted(one.name for one in folder.iterdir() if one.suffix.removeprefix(".") in ENDINGS)
    found = [
        (name, match[1], match[2])
        for name in names
        if (match := re.fullmatch(r"([A-Za-z]+)[._-]([a-z]{2})\.\w+", name)) and COMMON.fullmatch(match[2])
    ]
    if len({language for _, _, language in found}) > 1:
        name, split, language = found[0]
        fix = f"a folder for each language: {language}/{split}.{name.rpartition('.')[2]} for {name}"
        raise InputError(Problem("languages are named in the names of files", str(folder), ", ".join(names), fix))


def _on_hub(data: str, config: str | None, hub: Hub) -> _Seen:
    if data.count("/") != 1:
        fix = "a folder, a file, or an id of the hub: OWNER/NAME"
        raise InputError(Problem("no such folder, and no id of the hub", data, fix=fix))
    source = {"hub": data, **({"config": config} if config else {})}
    card = _provisional(source, "en")
    (split,) = sources_of(card, "train", "en", hub, None)
    layout = split.layout  # type: ignore[union-attr]
    readme = (
        hub.fetch(card.repositories[0], [README])[0].read_text() if README in hub.files(card.repositories[0]) else ""
    )
    match = FRONT_MATTER.match(readme.replace("\r\n", "\n"))
    about = yaml.safe_load(match[1]) if match else {}
    about = about if isinstance(about, dict) else {}
    languages = about.get("language") or []
    languages = [languages] if isinstance(languages, str) else [str(one) for one in languages]
    license_ = about.get("license") or "not stated"
    license_ = license_[0] if isinstance(license_, list) else license_
    return _Seen(
        source,
        source,
        {key: [] for key in layout.files},
        languages,
        description=str(about.get("pretty_name") or f"rows of {data}"),
        license=str(license_),
        origin=f"{data} on the hub",
    )


def _entries(kind: Kind, name: str, seen: _Seen, hub: Hub) -> list[Entry]:
    splits, about_splits = _splits(kind, seen)
    train = splits["train"] or splits["dev"]
    trained = list(seen.splits[str(train)]) or list(seen.languages)
    language = "en" if "en" in trained or not trained else trained[0]
    features, rows = _rows(_source(seen, str(train), language, hub), None if seen.is_local else FIRST)
    roles = guess_roles(features, {column: values[:FIRST] for column, values in rows.items()})
    if roles is None:
        found = ", ".join(f"{column} ({str(values[:1])[1:-1][:40]})" for column, values in rows.items())
        raise InputError(
            Problem("no column here holds texts", name, found, "a column with a text, with a header of its own")
        )
    spec = FORMATS[roles.format]
    scored = splits["train"] if kind == "task" else splits["test"]
    languages, by_column = list(seen.splits[str(scored)] or seen.languages), None
    if not languages:
        by_column = next((column for column in rows if column.casefold() in LANGUAGE_COLUMNS), None)
        languages = sorted({str(value) for value in rows[by_column]}) if by_column else []
        languages = languages if all(map(CODE.fullmatch, languages)) else []
        by_column = by_column if languages else None
    guessed_language = not languages
    languages = languages or ["en"]
    source = {**seen.source, **({"rows": {by_column: "{lang}"}} if by_column else {})}
    reading = {**seen.reading, **({"rows": {by_column: "{lang}"}} if by_column else {})}
    labels = labels_in(_feature(features, roles.label), _label_values(rows, roles)) if spec.is_labeled else []
    trained = trained or languages
    trained_in = "en" if "en" in trained else trained[0]
    ignored = f"; not used: {', '.join(roles.ignored)}" if roles.ignored else ""
    named = {role: column for role, column in roles.columns.items() if column != role}
    entries = [
        Entry("description", seen.description, "say what the task is, for those who read the answer"),
        Entry("format", roles.format, f"guessed: {roles.reason}"),
        Entry(
            "licence",
            seen.license,
            "space.licences of a search file can leave out tasks by it" if seen.license == "not stated" else "",
        ),
        Entry("origin", seen.origin),
        Entry("source", source, "relative to this file" if seen.is_local else ""),
    ]
    if named or ignored:
        entries.append(Entry("columns", named, f"guessed: role: column{ignored}"))
    if spec.is_labeled:
        entries.append(Entry("labels", labels, _about_labels(labels, seen, rows)))
    entries.append(Entry("splits", splits, about_splits))
    if kind == "task" and not source.get("config") and not by_column:
        languages = languages[:1]  # of a task they are those of its rows, which nothing here tells apart
    entries.append(
        Entry(
            "languages",
            languages,
            "guessed: nothing here says which language the texts are in" if guessed_language else "",
        )
    )
    developed = list(seen.splits[str(splits["dev"])]) if splits["dev"] else []
    if kind == "target" and developed and developed != languages:
        entries.append(Entry("dev_languages", developed))
    if kind == "target":
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
    spoken = {
        "train": [trained_in] if kind == "target" else languages,
        "dev": developed or languages,
        "test": languages,
    }
    sizes = _sizes(kind, reading, splits, spoken, hub)
    if sizes:
        entries.append(Entry("sizes", sizes))
    return entries


def _splits(kind: Kind, seen: _Seen) -> tuple[dict[str, str | None], str]:
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


def _provisional(source: Mapping[str, Any], language: str) -> Card:
    """A card that rows are read for before it is known what they are."""
    return Card(
        name="draft",
        kind="task",
        description="",
        format="masked_lm",
        license="",
        origin="",
        source=source,
        languages=[language],
    )


def _source(seen: _Seen, split: str, language: str, hub: Hub) -> SourceSplit:
    card = _provisional(seen.reading, language)
    card = card.model_copy(update={"splits": card.splits.model_copy(update={"train": split})})
    return sources_of(card, "train", language, hub, None)[0]


def _rows(source: SourceSplit, most: int | None) -> tuple[Features, dict[str, list[Any]]]:
    """The columns and the rows, the first `most` or all."""
    with source.stream() as rows:
        features = rows.features or rows._resolve_features().features
        listed = list(islice(rows, most))
    return features, {column: [row[column] for row in listed] for column in features}


def _feature(features: Features, column: str | None) -> Any:
    return features.get(column) if column else None


def _label_values(rows: Mapping[str, Sequence[Any]], roles: Roles) -> list[Any]:
    values = values_at(rows, roles.label) if roles.label else []
    return [_split(value) for value in values] if roles.format == "tagging" else values


def _split(value: Any) -> Any:
    return parts_of(value) if isinstance(value, str) else value


def _about_labels(labels: Sequence[str], seen: _Seen, rows: Mapping[str, Sequence[Any]]) -> str:
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
        card = _provisional(source, languages[key][0])
        card = card.model_copy(update={"splits": card.splits.model_copy(update={"train": splits[key]})})
        counts = {one: sources_of(card, "train", one, hub, None)[0].count() for one in languages[key]}
        if all(count is not None for count in counts.values()):
            sizes[key] = counts if len(set(counts.values())) > 1 else next(iter(counts.values()))
    return sizes


def _is_language(name: str) -> bool:
    return bool(CODE.fullmatch(name)) and (bool(COMMON.fullmatch(name[:2])) or len(name) == 3)


def _line(entry: Entry) -> str:
    return to_yaml_line(entry.key, entry.value)
