"""The local files of a card: the folder that it names, and the splits that lie there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

ENDINGS = ("parquet", "jsonl", "json", "csv", "tsv", "conll", "conllu")
"""Of files that rows are read from, in the order in which they are looked for."""

SPLIT_NAMES = {
    "train": ("train", "training"),
    "dev": ("validation", "dev", "valid", "val", "development"),
    "test": ("test", "testing"),
}
"""Split of a card -> what its file is called, the first that is there."""


def resolved(files: str, card: Path) -> str:
    """The folder that `files` of a card means: relative to the card's own.

    Where nothing of that name lies there, it is left as it is: relative to the working folder, as it was once meant.
    """
    try:
        folder = Path(files).expanduser()
        beside = card.parent / folder
        if folder.is_absolute() or not beside.exists():
            return files
    except (OSError, RuntimeError):  # a name that no folder can have, or `~name`, and nobody is called so
        return files
    return str(beside.resolve())


def splits_in(folder: Path) -> list[str]:
    """The names that the files of a folder give splits, sorted: `train` for train.csv and for train-00000.csv."""
    try:
        names = [path.name for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")]
    except OSError:
        return []
    return sorted({_split_of(name) for name in names if _ending(name) in ENDINGS})


def chosen_splits(there: Iterable[str]) -> dict[str, str]:
    """Split of a card -> the name among `there` that is usually meant by it."""
    names = set(there)
    found = {split: next((name for name in usual if name in names), None) for split, usual in SPLIT_NAMES.items()}
    return {split: name for split, name in found.items() if name is not None}


def with_splits(card: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """The card's mapping with the splits that it does not name, as its files have them.

    A task's are filled in where `train` is not among its files: of the others nothing is trained, and what a card says
    of them is part of what was stored under its name.
    """
    data, source, named = dict(card), card.get("source"), card.get("splits", {})
    if not isinstance(source, Mapping) or not isinstance(source.get("files"), str) or not isinstance(named, Mapping):
        return data
    there = splits_in(_folder(source, card.get("languages")))
    usual = chosen_splits(there)
    if kind == "task":
        only = {"train": there[0]} if len(there) == 1 else {}
        usual = {} if "train" in there else {**only, **{key: usual[key] for key in usual if key == "train"}}
    if not card.get("train_language") and kind == "target":
        usual.pop("train", None)
    if "dev_from" in card:
        usual.pop("dev", None)
    if missing := {split: name for split, name in usual.items() if split not in named}:
        data["splits"] = {**named, **missing}
    return data


def _folder(source: Mapping[str, Any], languages: Any) -> Path:
    """Where the first language's files lie."""
    folder, config = Path(str(source["files"])).expanduser(), source.get("config")
    if not isinstance(config, str):
        return folder
    language = str(languages[0]) if isinstance(languages, list) and languages else ""
    names = source.get("names")
    name = str(names.get(language, language)) if isinstance(names, Mapping) else language
    return folder / config.replace("{lang}", language).replace("{name}", name)


def _split_of(name: str) -> str:
    """`train-00000-of-00002.parquet` is a part of `train`."""
    return name.rpartition(".")[0].partition("-")[0]


def _ending(name: str) -> str:
    return name.rpartition(".")[2]
