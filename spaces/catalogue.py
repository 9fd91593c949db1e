"""The catalogue: every card, checked, by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from spaces.card import Card, RetrievalPool, Source, Splits
from spaces.card_files import resolved, with_splits
from spaces.errors import InputError, Problem, nearest
from spaces.formats import FORMATS
from spaces.mixture import Mixture
from spaces.parsing import Misleading, Strict, find_yaml, lines_named, problems_of, read_yaml
from spaces.suite import FOLDER as SUITES
from spaces.suite import Suite, load_suites

BUILT_IN = Path(__file__).parent

KINDS = {"tasks": "task", "targets": "target"}
"""Folder name -> kind of the cards below it."""

LONGEST_NAME = 120
"""Bytes of the name of a card or a language: MLflow bears 250 letters, and calls metrics TARGET/LANGUAGE/METRIC."""

NAME_FIX = f"letters, digits, '_' and '-', first a letter or a digit; at most {LONGEST_NAME} bytes, and not none"

TARGETS_ONLY = frozenset({"metric", "train_language", "train_from", "dev_languages", "dev_from"})
"""Keys that a task does not take over from the target that it extends."""


@dataclass(frozen=True)
class Catalogue:
    """Cards by name: intermediate tasks and targets; and suites, which are lists of targets."""

    tasks: Mapping[str, Card]
    targets: Mapping[str, Card]
    suites: Mapping[str, Suite]

    @classmethod
    def load(cls, folders: Iterable[Path] = ()) -> Catalogue:
        """Read the built-in cards and those below `folders`, each with `tasks/` and `targets/` in it.

        A card of a later folder replaces one of the same name, so a user can correct a built-in card. As long as no
        file changes, a process reads the same folders once.

        Raises:
            InputError: every card that cannot be read, each with file, key and reason.
        """
        every = _every(folders)
        return _loaded(every, tuple(map(_contents, every)))

    def task(self, name: str, where: str = "") -> Card:
        """The intermediate task of that name; `xnli.de` is the German part of `xnli`.

        Raises:
            InputError: there is none, with the nearest names.
        """
        whole, _, language = name.partition(".")
        if language and whole in self.tasks:
            parts = {part.name: part for part in self.tasks[whole].parts if part.name.startswith(f"{whole}.")}
            return _find(parts, name, f"part of {whole}", where)
        return _find(self.tasks, name, "intermediate task", where)

    def target(self, name: str, where: str = "") -> Card:
        """The target task of that name; raises InputError with the nearest names."""
        return _find(self.targets, name, "target task", where)

    def suite(self, name: str, where: str = "") -> Suite:
        """The suite of that name; raises InputError with the nearest names."""
        if name not in self.suites:
            raise InputError(Problem("unknown suite", where=where, found=name, fix=nearest(name, self.suites)))
        return self.suites[name]

    def only(self, names: Sequence[str]) -> Catalogue:
        """The tasks and targets of these names; raises InputError if there is no card of a name."""
        tasks, targets = {}, {name: self.targets[name] for name in names if name in self.targets}
        for name in names:
            if name not in targets or name in self.tasks:
                tasks[name] = self.task(name)
        return Catalogue(tasks, targets, suites={})

    def of(self, folders: Iterable[Path]) -> Catalogue:
        """The tasks and targets whose cards lie in these folders."""
        names = {sub: {path.stem for folder in folders for path in find_yaml(folder / sub)[0]} for sub in KINDS}
        return Catalogue(
            tasks={name: card for name, card in self.tasks.items() if name in names["tasks"]},
            targets={name: card for name, card in self.targets.items() if name in names["targets"]},
            suites={},
        )

    def training_cards(self, target: Card) -> list[Card]:
        """The cards that `target` is fine-tuned on, one after the other: those of `train_from`, or itself."""
        return [self.task(name) for name in target.trained_on] or [target]

    def dev_card(self, target: Card) -> Card:
        """The card whose development rows drive the search for `target`: its own, or the one of `dev_from`."""
        return self.targets[target.dev_from] if target.dev_from else target


def load_readable(folders: Iterable[Path]) -> tuple[Catalogue, set[str], list[Problem]]:
    """As `Catalogue.load`, of the cards that can be read; no suites.

    Returns:
        The catalogue, the names of the cards that it lacks, and what is wrong with them.

    Raises:
        InputError: a folder cannot be looked into.
    """
    cards, unread, problems = _read_cards(_every(folders))
    return Catalogue(tasks=cards["task"], targets=cards["target"], suites={}), unread, problems


def _every(folders: Iterable[Path]) -> tuple[Path, ...]:
    """The folders of cards, ours first; raises InputError if one cannot be looked into."""
    every = (BUILT_IN, *folders)
    unreadable = [problem for folder in every for problem in _unreadable(folder)]
    if unreadable:
        raise InputError(unreadable)
    return every


def _unreadable(folder: Path) -> Iterator[Problem]:
    """What keeps the system from looking into a folder; that it is not there is told elsewhere."""
    try:
        for sub in (*KINDS, SUITES):
            (folder / sub).is_dir()
    except OSError as error:  # a name that no file can have, a folder of others
        yield Problem("the cards cannot be read", str(folder), error.strerror or str(error))


def _contents(folder: Path) -> tuple[object, ...]:
    """Changes when a file of the catalogue is added to a folder, changed, or removed."""
    contents: list[object] = []
    for path in sorted(path for sub in (*KINDS, SUITES) for path in (folder / sub).rglob("*")):
        with suppress(OSError):  # whoever reads it says so
            stat = path.stat()
            contents.append((path, stat.st_dev, stat.st_ino, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size))
    return tuple(contents)


@lru_cache(maxsize=16)
def _loaded(folders: tuple[Path, ...], contents: object) -> Catalogue:
    """As `Catalogue.load`; `contents` are what the folders hold, by `_contents`."""
    cards, _, problems = _read_cards(folders)
    if problems:
        raise InputError(problems)
    return Catalogue(tasks=cards["task"], targets=cards["target"], suites=load_suites(folders, cards["target"]))


def _read_cards(folders: Iterable[Path]) -> tuple[dict[str, dict[str, Card]], set[str], list[Problem]]:
    """Kind -> name -> card; the names of those that cannot be read, and what is wrong with them, or between cards."""
    problems: list[Problem] = []
    cards: dict[str, dict[str, Card]] = {"task": {}, "target": {}}
    files: dict[str, list[Path]] = {}
    wrong: dict[Path, Sequence[Problem]] = {}
    for folder in folders:
        if not any((folder / sub).is_dir() for sub in KINDS):
            problems.append(
                Problem("no cards here", where=str(folder), fix="a folder that holds tasks/ or targets/ with *.yaml")
            )
        paths: dict[str, list[Path]] = {}
        for sub in KINDS:
            paths[sub], alike = find_yaml(folder / sub)
            problems.extend(alike)
        for sub, listed in paths.items():
            for path in listed:
                files.setdefault(f"{sub}/{path.stem}", []).append(path)
        for sub, kind in KINDS.items():
            for path in paths[sub]:
                try:
                    cards[kind][path.stem] = _read_card(path, kind, files)
                except InputError as error:
                    wrong[path] = error.problems
                    cards[kind].pop(path.stem, None)  # it was to replace that one
    problems += _their_own(wrong)
    problems += [problem for path in wrong for problem in _unknown_cards(path, files)]
    unread = {path.stem for path in wrong}
    between = [problem for name, problem in _dangling(cards) if name not in unread]  # else it follows from that
    tasks = cards["task"]
    for name, card in list(tasks.items()):
        misfits = any(problem.where.startswith(f"{name}.yaml: source.tasks") for problem in between)
        if misfits or not tasks.keys() >= set(card.source.tasks):
            del tasks[name]
            unread.add(name)
    cards["task"] = {name: _with_parts(card, tasks) for name, card in tasks.items()}
    return cards, unread, problems + between


def read_card(path: Path) -> Card:
    """The card of a file alone, in `tasks/` or `targets/`, which extends no other; raises InputError."""
    card = _read_card(path, KINDS[path.parent.name], {})
    return _with_parts(card, {})


def _find(cards: Mapping[str, Card], name: str, noun: str, where: str) -> Card:
    if name not in cards:
        raise InputError(Problem(f"unknown {noun}", where=where, found=name, fix=nearest(name, cards)))
    return cards[name]


def _read_card(path: Path, kind: str, files: Mapping[str, Sequence[Path]]) -> Card:
    """Read, extend and validate one card; raises InputError.

    Args:
        files: `tasks/<name>` or `targets/<name>` -> the files of that name, in the order in which they were found.
    """
    misleading: list[Problem] = []
    data = _extended(path, kind, files, misleading)
    data.pop("abstract", None)
    with lines_named(path):
        problems = list(misleading)
        if data.get("name", path.stem) != path.stem:
            problems.append(Problem("name differs from the file's", f"{path}: name", str(data["name"]), path.stem))
        if "parts" in data:
            data.pop("parts")
            problems.append(Problem("unknown key", f"{path}: parts", fix="name the tasks in source.tasks"))
        data = with_splits({**data, "name": path.stem, "kind": kind}, kind)
        try:
            card = Card.model_validate(data)
            problems += _unspeakable(card, path)
        except ValidationError as error:
            twice = tuple(f"{path}: {problem.where.rpartition(': ')[2]}" for problem in misleading)
            problems += [one for one in _every_problem(error, data, path) if not one.where.startswith(twice)]
        if problems:
            raise InputError(problems)
    return card


def _unknown_cards(path: Path, files: Mapping[str, Sequence[Path]]) -> Iterator[Problem]:
    """Cards that a card names which cannot be read itself: there are none of these names."""
    data = _mapping(path)
    source = data.get("source")
    named = {"train_from": ("tasks", data.get("train_from")), "dev_from": ("targets", data.get("dev_from"))}
    if isinstance(source, dict):
        named["source.tasks"] = ("tasks", source.get("tasks"))
    for key, (sub, value) in named.items():
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and f"{sub}/{name.partition('.')[0]}" not in files:
                known = [one.removeprefix(f"{sub}/") for one in files if one.startswith(f"{sub}/")]
                yield Problem("unknown task", f"{path}: {key}", name, nearest(name, known))


def _their_own(wrong: Mapping[Path, Sequence[Problem]]) -> Iterator[Problem]:
    """The problems of cards, without those that a card has taken over from one that it extends."""
    seen = set()
    for path, problems in sorted(wrong.items(), key=lambda one: "extends" in _keys_of(one[0])):
        for problem in problems:
            key = problem.where.removeprefix(f"{path}: ").rpartition(": ")[2]
            is_inherited = "extends" in _keys_of(path) and key.partition(".")[0] not in _keys_of(path)
            if problem not in seen and not (is_inherited and (key, problem.what, problem.found) in seen):
                yield problem
            seen |= {problem, (key, problem.what, problem.found)}


def _keys_of(path: Path) -> set[str]:
    return set(_mapping(path))


def _mapping(path: Path) -> dict[str, Any]:
    """What a card's file says itself; nothing if it is no YAML."""
    try:
        return read_yaml(path)
    except Misleading as error:
        return error.data
    except InputError:
        return {}


PLACEHOLDERS = {
    "description": "?",
    "license": "?",
    "origin": "?",
    "languages": ["en"],
    "source": {"hub": "owner/name"},
}
"""Stand in for keys that are missing or wrong, so that the others are looked at, too."""


def _every_problem(error: ValidationError, data: Mapping[str, Any], path: Path) -> list[Problem]:
    """What is wrong with single keys, and what is wrong with those that are right where they are put together."""
    problems = [_with_hint(problem, str(path)) for problem in problems_of(error, data, str(path))]
    wrong = {str(detail["loc"][0]) for detail in error.errors() if detail["loc"]} - {"format"}
    wrong |= {"license", "licence"} if wrong & {"license", "licence"} else set()  # one key in two spellings
    if not wrong:
        return problems
    rest = {key: value for key, value in data.items() if key not in wrong}
    rest |= {key: value for key, value in PLACEHOLDERS.items() if key in wrong}
    try:
        Card.model_validate(rest)
    except ValidationError as second:
        where = tuple(f"{path}: {key}" for key in wrong)
        others = problems_of(second, rest, str(path))
        problems += [one for one in others if not one.where.startswith(where) and one not in problems]
    return problems


def _with_hint(problem: Problem, file: str) -> Problem:
    """Of an unknown key, the keys there that it may have been meant for."""
    above, _, key = problem.where.removeprefix(f"{file}: ").rpartition(".")
    models: dict[str, type[Strict]] = {"": Card, "source": Source, "splits": Splits, "pool": RetrievalPool}
    model = models.get(above)
    if problem.what != "unknown key" or model is None:
        return problem
    ours = {"kind", "parts", "name"} if model is Card else set()
    return replace(problem, fix=nearest(key, model.model_fields.keys() - ours))


def _unspeakable(card: Card, path: Path) -> Iterator[Problem]:
    """Names that a mixture's notation cannot carry, or files and MLflow, which name things after them."""
    if "." in card.name:
        yield Problem("is no name of a card", str(path), card.name, "no dots: xnli.de is the German part of xnli")
    elif not is_name(card.name):
        yield Problem("is no name of a card", str(path), card.name, NAME_FIX)
    for key in ("languages", "dev_languages"):
        for number, language in enumerate(getattr(card, key)):
            if not is_name(language):
                yield Problem("is no name of a language", f"{path}: {key}.{number}", language, NAME_FIX)


@lru_cache(maxsize=1024)
def is_name(text: str) -> bool:
    """Whether a mixture can name such a task, and files and MLflow bear it together with what they add."""
    try:
        return len(text.encode()) <= LONGEST_NAME and Mixture.parse(text).tasks == (text,)
    except InputError:
        return False


def _extended(
    path: Path, kind: str, files: Mapping[str, Sequence[Path]], misleading: list[Problem], seen: tuple[Path, ...] = ()
) -> dict[str, Any]:
    """The card's mapping laid over that of the card it `extends:` (top-level keys replace).

    `extends: targets/xnli` in a task takes over a target's card without what only targets have. A card may extend one
    of its own name in an earlier folder. What is read otherwise than it seems is added to `misleading`.
    """
    try:
        data = read_yaml(path)
    except Misleading as error:
        data = error.data
        misleading += error.problems
    source = data.get("source")
    if isinstance(source, dict) and isinstance(source.get("files"), str):
        source["files"] = resolved(source["files"], path)
    if "license" in data and "licence" not in data:  # one spelling, so that the card replaces what it extends
        data["licence"] = data.pop("license")
    base = data.pop("extends", None)
    if base is None:
        return data
    sub = next(sub for sub, each in KINDS.items() if each == kind)
    key = str(base) if "/" in str(base) else f"{sub}/{base}"
    seen = (*seen, path)
    bases = [file for file in files.get(key, []) if file not in seen]
    if not bases:
        what = "extends itself" if key in files else "extends an unknown card"
        known = [name.removeprefix(f"{sub}/") for name in files]
        raise InputError(Problem(what, f"{path}: extends", str(base), nearest(str(base), known)))
    below = _extended(bases[-1], KINDS[key.partition("/")[0]], files, misleading, seen)
    below.pop("name", None)
    if kind == "task":
        below = {name: value for name, value in below.items() if name not in TARGETS_ONLY}
    return {**below, **data}


def _with_parts(card: Card, tasks: Mapping[str, Card]) -> Card:
    """A task card with its parts: the tasks it names, or itself in each of its languages."""
    if card.source.tasks:
        return card.model_copy(update={"parts": tuple(_with_parts(tasks[name], tasks) for name in card.source.tasks)})
    if card.source.by_language and len(card.languages) > 1:
        parts = [
            card.model_copy(update={"name": f"{card.name}.{language}", "languages": [language]})
            for language in card.languages
        ]
        return card.model_copy(update={"parts": tuple(parts)})
    return card


def _dangling(cards: Mapping[str, Mapping[str, Card]]) -> Iterator[tuple[str, Problem]]:
    """Cards that name a card which is not there or does not fit (`train_from`, `dev_from`, `source.tasks`), with it."""
    for card in cards["target"].values():
        for number, name in enumerate(card.trained_on):
            key = "train_from" if len(card.trained_on) == 1 else f"train_from.{number}"
            for problem in _unfit_for_training(card, key, name, cards["task"]):
                yield name.partition(".")[0], problem
        if card.dev_from is not None:
            for problem in _unfit_for_dev(card, card.dev_from, cards["target"]):
                yield card.dev_from, problem
    for card in cards["task"].values():
        for number, name in enumerate(card.source.tasks):
            where = f"source.tasks.{number}"
            for problem in _misfit(card, where, name, cards["task"], card.format):
                yield name, problem
            if name in cards["task"] and cards["task"][name].source.tasks:
                fix = "name its tasks instead"
                yield name, Problem("is put together itself", f"{card.name}.yaml: {where}", name, fix)


def _unfit_for_dev(target: Card, name: str, targets: Mapping[str, Card]) -> Iterator[Problem]:
    """What is wrong with taking the development rows of the target `name`."""
    where = f"{target.name}.yaml: dev_from"
    yield from _misfit(target, "dev_from", name, targets, target.format)
    if name in targets and targets[name].dev_from is not None:
        yield Problem("must have a dev split", where, f"{name} has none of its own")
    elif name in targets and (unscored := target.unscored(targets[name].languages_of("dev"))):
        what = f"has development rows in which {target.metric} is not defined"
        fix = f"metric: {' or '.join(FORMATS[target.format].metrics_everywhere)}"
        yield Problem(what, where, f"{name}: {', '.join(unscored)}", fix)


def _unfit_for_training(target: Card, key: str, name: str, tasks: Mapping[str, Card]) -> list[Problem]:
    """What is wrong with training `target` on the task `name`, which may be a part of a card."""
    whole, _, language = name.partition(".")
    # of a sequence, each card goes on with the head of the one before: all have to fit the target's
    problems = _misfit(target, key, whole, tasks, FORMATS[target.format].trained_as or target.format)
    if problems or len(target.trained_on) == 1:
        return problems
    if tasks[whole].size_of("train", language or tasks[whole].training_language) is None:
        what, fix = "does not say how many rows it has: examples are shared out by them", "sizes: {train: ...} there"
        return [Problem(what, f"{target.name}.yaml: {key}", name, fix)]
    return []


def _misfit(card: Card, key: str, name: str, cards: Mapping[str, Card], form: str) -> list[Problem]:
    """What is wrong with the card `name` that `key` names: it is unknown, or of another format or other labels."""
    where = f"{card.name}.yaml: {key}"
    if name not in cards:
        return [Problem("unknown task", where, name, nearest(name, cards))]
    other = cards[name]
    if other.format != form:
        return [Problem(f"must be a {form} task", where, f"{name} is {other.format}")]
    if FORMATS[form].is_labeled and other.labels != card.labels:
        # the head learns the numbers of one list and would be scored by those of the other
        found = f"{name} has {other.labels}"
        return [Problem(f"must have the same labels in the same order: {card.labels}", where, found)]
    return []
