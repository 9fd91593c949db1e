"""The catalogue: every card, checked, by name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from spaces.card import Card
from spaces.errors import InputError, Problem, nearest
from spaces.suite import Suite, load_suites

BUILT_IN = Path(__file__).parent

KINDS = {"tasks": "task", "targets": "target"}
"""Folder name -> kind of the cards below it."""


@dataclass(frozen=True)
class Catalogue:
    """Cards by name: intermediate tasks and targets; and suites, which are lists of targets."""

    tasks: Mapping[str, Card]
    targets: Mapping[str, Card]
    suites: Mapping[str, Suite]

    @classmethod
    def load(cls, folders: Iterable[Path] = ()) -> Catalogue:
        """Read the built-in cards and those below `folders`, each with `tasks/` and `targets/` in it.

        A card of a later folder replaces one of the same name, so a user can correct a built-in card.

        Raises:
            InputError: every card that cannot be read, each with file, key and reason.
        """
        problems: list[Problem] = []
        folders = list(folders)
        cards: dict[str, dict[str, Card]] = {"task": {}, "target": {}}
        for folder in (BUILT_IN, *folders):
            if not any((folder / sub).is_dir() for sub in KINDS):
                problems.append(
                    Problem(
                        "no cards here", where=str(folder), fix="a folder that holds tasks/ or targets/ with *.yaml"
                    )
                )
            for sub, kind in KINDS.items():
                files = {path.stem: path for path in sorted((folder / sub).rglob("*.yaml"))}
                for name, path in files.items():
                    try:
                        cards[kind][name] = _read_card(path, kind, files)
                    except InputError as error:
                        problems.extend(error.problems)
        if not problems:
            problems = _dangling(cards)
        if problems:
            raise InputError(problems)
        suites = load_suites((BUILT_IN, *folders), cards["target"])
        return cls(tasks=cards["task"], targets=cards["target"], suites=suites)

    def task(self, name: str, where: str = "") -> Card:
        """The intermediate task of that name; raises InputError with the nearest names."""
        return _find(self.tasks, name, "intermediate task", where)

    def target(self, name: str, where: str = "") -> Card:
        """The target task of that name; raises InputError with the nearest names."""
        return _find(self.targets, name, "target task", where)

    def suite(self, name: str, where: str = "") -> Suite:
        """The suite of that name; raises InputError with the nearest names."""
        if name not in self.suites:
            raise InputError(Problem("unknown suite", where=where, found=name, fix=nearest(name, self.suites)))
        return self.suites[name]

    def training_card(self, target: Card) -> Card:
        """The card whose training rows `target` is fine-tuned on: its own, or the one of `train_from`."""
        return self.tasks[target.train_from] if target.train_from else target


def _find(cards: Mapping[str, Card], name: str, noun: str, where: str) -> Card:
    if name not in cards:
        raise InputError(Problem(f"unknown {noun}", where=where, found=name, fix=nearest(name, cards)))
    return cards[name]


def _read_card(path: Path, kind: str, siblings: Mapping[str, Path]) -> Card:
    """Read, extend and validate one card; raises InputError."""
    data = _extended(path, siblings, seen=())
    data.pop("abstract", None)
    if data.get("name", path.stem) != path.stem:
        raise InputError(Problem("name differs from the file's", f"{path}: name", str(data["name"]), path.stem))
    try:
        return Card.model_validate({**data, "name": path.stem, "kind": kind})
    except ValidationError as error:
        raise InputError([problem_of(detail, str(path)) for detail in error.errors()]) from error


def _extended(path: Path, siblings: Mapping[str, Path], seen: tuple[str, ...]) -> dict[str, Any]:
    """The card's mapping laid over that of the card it `extends:` (top-level keys replace)."""
    data = read_yaml(path)
    base = data.pop("extends", None)
    if base is None:
        return data
    if base not in siblings or base in seen:
        what = "extends itself" if base in seen else "extends an unknown card"
        raise InputError(Problem(what, f"{path}: extends", str(base), nearest(str(base), siblings)))
    below = _extended(siblings[base], siblings, (*seen, path.stem))
    below.pop("name", None)
    return {**below, **data}


def _dangling(cards: Mapping[str, Mapping[str, Card]]) -> list[Problem]:
    """`train_from` that names no task, or one of another format."""
    problems = []
    for card in cards["target"].values():
        if card.train_from is None:
            continue
        where = f"{card.name}.yaml: train_from"
        if card.train_from not in cards["task"]:
            problems.append(Problem("unknown task", where, card.train_from, nearest(card.train_from, cards["task"])))
        elif cards["task"][card.train_from].format != card.format:
            found = f"{card.train_from} is {cards['task'][card.train_from].format}"
            problems.append(Problem(f"must be a {card.format} task", where, found))
        elif cards["task"][card.train_from].labels != card.labels:
            # the head learns the numbers of one list and would be scored by those of the other
            found = f"{card.train_from} has {cards['task'][card.train_from].labels}"
            problems.append(Problem(f"must have the target's labels in the same order: {card.labels}", where, found))
    return problems


def read_yaml(path: Path) -> dict[str, Any]:
    """A YAML mapping; raises InputError naming the line when it is none."""
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(Problem("no such file", where=str(path))) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem("cannot be read", where=str(path), found=str(error))) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f": line {mark.line + 1}" if mark else ""
        found = getattr(error, "problem", None) or str(error)
        raise InputError(Problem("is not YAML", where=f"{path}{line}", found=str(found))) from error
    if not isinstance(data, dict):
        raise InputError(Problem("must be a mapping of keys to values", str(path), type(data).__name__))
    return data


def problem_of(detail: Any, file: str) -> Problem:
    """A pydantic error as a Problem: where is `file: a.b.c`, found is the value that stands there."""
    key = ".".join(str(part) for part in detail["loc"])
    message = str(detail["msg"]).removeprefix("Value error, ")
    if detail["type"] == "extra_forbidden":
        return Problem(
            "unknown key", where=f"{file}: {key}", found=repr(detail["input"]), fix="remove it or mend its name"
        )
    if detail["type"] == "missing":
        return Problem("is missing", where=f"{file}: {key}", fix="add the key")
    found = repr(detail["input"]) if detail["type"] != "value_error" or not isinstance(detail["input"], dict) else ""
    return Problem(message, where=f"{file}: {key}" if key else file, found=found[:200])
