"""Where the rows lie that a card is drafted of: a folder, folders by language, a file, or a data set of the hub."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import yaml

from spaces.card import Card
from spaces.card_files import ENDINGS, splits_in
from spaces.errors import InputError, Problem
from trainables.data.files.layout import FRONT_MATTER, README
from trainables.data.files.sources import sources_of
from trainables.hub.hub import Hub

DRAFT = "draft"
"""The name of a card that is made up to read rows."""

CODE = re.compile(r"[a-z]{2,3}([-_][A-Za-z]{2,4})?")
"""What a folder or a value is called that stands for a language."""

COMMON = re.compile(
    r"a[fmrz]|b[egns]|c[asy]|d[ae]|e[lnstu]|f[air]|g[alu]|h[aeirtuy]|i[dgst]|j[av]|k[akmnouy]|l[aotv]|m[klnrsy]|n[elo]|"
    r"p[alst]|qu|r[ouw]|s[dikloqrvw]|t[aeghlr]|u[krz]|vi|wo|xh|yo|z[hu]"
)
"""Languages by their two letters: what two folders are called is one of them only if it is here."""


@dataclass(frozen=True)
class Place:
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


def look_at(data: str, folder: Path, hub: Hub, config: str | None) -> Place:
    """Where the rows of `data` lie; raises InputError where nothing there can be read, Failure without the hub.

    Args:
        folder: where the card will lie.
    """
    path = Path(data).expanduser()
    return _local(path, folder) if path.exists() else _on_hub(data, config, hub)


def _local(path: Path, folder: Path) -> Place:
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
        return Place({"files": relative}, {"files": str(below)}, {key: [] for key in there}, [], **about)
    by_language = sorted(
        one.name for one in path.iterdir() if one.is_dir() and is_language(one.name) and splits_in(one)
    )
    if by_language:
        config = {"config": "{lang}"}
        has = {one: splits_in(path / one) for one in by_language}
        splits = {name: [one for one in by_language if name in has[one]] for name in sorted({*chain(*has.values())})}
        return Place({"files": relative, **config}, {"files": str(path), **config}, splits, by_language, **about)
    there = splits_in(path)
    if not there:
        found = ", ".join(sorted(one.name for one in path.iterdir())[:20]) or "nothing"
        raise InputError(Problem("no files here that rows are read from", str(path), found, _fix_of_folder(path)))
    _check_languages_in_names(path)
    return Place({"files": relative}, {"files": str(path)}, {key: [] for key in there}, [], **about)


def _fix_of_folder(path: Path) -> str:
    """What to do with a folder that no rows are read from."""
    files = f"*.{', *.'.join(ENDINGS)}"
    below = sorted(one for one in path.iterdir() if one.is_dir() and splits_in(one))
    if len(below) == 1:
        return f"give that folder instead: {below[0]}"
    if below:
        return (
            f"if these are languages, call each folder by the language's code: de, en, pt-BR; else give one: {below[0]}"
        )
    texts = [one for one in path.iterdir() if one.suffix == ".txt"]
    conll = f"; if {texts[0].name} is a CoNLL file, call it {texts[0].stem}.conll" if texts else ""
    return f"a file for each split, as train.csv, or one folder for each language (de/train.csv); {files}{conll}"


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


def _on_hub(data: str, config: str | None, hub: Hub) -> Place:
    if data.count("/") != 1:
        fix = "a folder, a file, or an id of the hub: OWNER/NAME"
        raise InputError(Problem("no such folder, and no id of the hub", data, fix=fix))
    source = {"hub": data, **({"config": config} if config else {})}
    card = provisional(source, "en")
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
    return Place(
        source,
        source,
        {key: [] for key in layout.files},
        languages,
        description=str(about.get("pretty_name") or f"rows of {data}"),
        license=str(license_),
        origin=f"{data} on the hub",
    )


def provisional(source: Mapping[str, Any], language: str) -> Card:
    """A card that rows are read for before it is known what they are."""
    return Card(
        name=DRAFT,
        kind="task",
        description="",
        format="masked_lm",
        license="",
        origin="",
        source=source,
        languages=[language],
    )


def is_language(name: str) -> bool:
    return bool(CODE.fullmatch(name)) and (bool(COMMON.fullmatch(name[:2])) or len(name) == 3)
