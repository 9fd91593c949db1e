"""Parsing: YAML files into strict models, every mistake with its place."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError, ValidationInfo, field_validator

from spaces.errors import InputError, Problem

try:  # libyaml's takes a tenth of the time; an installation may lack it
    from yaml import CSafeLoader as SafeLoader
except ImportError:
    from yaml import SafeLoader  # type: ignore[assignment]

PLAIN = {
    "null": ("~nN\0", r"~|null|Null|NULL|"),
    "bool": ("tTfF", r"true|True|TRUE|false|False|FALSE"),
    "int": ("-+0123456789", r"[-+]?(?:0|[1-9][0-9_]*)|0x[0-9a-fA-F]+"),
    "float": (
        "-+.0123456789",
        r"[-+]?(?:\.[0-9]+|(?:0|[1-9][0-9_]*)(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)",
    ),
    "merge": ("<", r"<<"),
}
"""What a scalar without quotes is: first characters and form, by the core schema of YAML 1.2; all else is text.

PyYAML's own table is that of YAML 1.1, in which `no` is false, `1:30` is 90, `010` is 8 and `1e-3` a text. Beyond 1.2:
`<<` and digits apart (`10_000`) are read as before, and zeros before a number leave it a text (`01` may be a label),
which is a number again where one is needed.
"""

LARGEST = 256 << 10
"""Bytes of a YAML file."""

LARGEST_WITH_ALIASES = 1 << 20
"""Letters and values of a file with each alias written out."""

DEEPEST = 20
"""Lists and mappings in each other."""

MERGE = "tag:yaml.org,2002:merge"

UNREADABLE = (yaml.YAMLError, ValueError, TypeError, AttributeError, RecursionError)
"""What PyYAML raises: beside its own, errors of the conversions that tags ask for."""


def _add_plain(schema: Any) -> None:
    for name, (first, form) in PLAIN.items():
        characters = ["" if character == "\0" else character for character in first]
        schema.add_implicit_resolver(f"tag:yaml.org,2002:{name}", re.compile(rf"(?:{form})\Z"), characters)


class _Loader(SafeLoader):
    """Safe, and YAML 1.2."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


class _Dumper(yaml.SafeDumper):
    """Puts into quotes what is no text in YAML 1.1 or in 1.2."""


_add_plain(_Loader)
_add_plain(_Dumper)


Mistake = tuple[str, str]
"""A key of a mapping, and what is wrong with it."""


class Mistakes(ValueError):
    """Several mistakes that one validator has found: pydantic takes a single error of each."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(dict.fromkeys(mistakes))
        super().__init__("; ".join(f"{key}: {what}" for key, what in self.mistakes))


def _none_if_infinite(value: Any) -> Any:
    return None if value == math.inf else value


Limit = Annotated[float | None, BeforeValidator(_none_if_infinite)]
"""A limit; infinity is none, as None is. JSON, which settings travel and are compared in, has no infinity."""


class Strict(BaseModel):
    """Unknown keys are mistakes, and so are infinities, and truth values where numbers are meant."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        if _has_truth(value) and _is_number(cls.model_fields[str(info.field_name)].annotation):
            raise ValueError("a number is needed, not true or false")
        return value


def _has_truth(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return any(map(_has_truth, value))
    if isinstance(value, dict):
        return any(map(_has_truth, value.values()))
    return isinstance(value, bool)


def _is_number(annotation: Any) -> bool:
    """Whether a field takes numbers, or lists or mappings of them, and no truth values."""
    leaves = set(_leaves(annotation))
    return bool(leaves & {int, float}) and not leaves & {bool, Any}


def _leaves(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Literal:
        yield from map(type, get_args(annotation))
    elif parts := get_args(annotation):
        for part in parts:
            yield from _leaves(part)
    else:
        yield annotation


class Misleading(InputError):
    """A YAML file of which a part would be read otherwise than it seems.

    Args:
        data: what is read of it all the same.
    """

    def __init__(self, problems: Problem | Iterable[Problem], data: dict[str, Any] | None = None) -> None:
        super().__init__(problems)
        self.data = data or {}


def yaml_files(folder: Path) -> list[Path]:
    """The YAML files below a folder, sorted; what an editor or a notebook server hides there is none of them.

    Raises:
        InputError: two in the folder are called alike, and would both give the same name.
    """
    files, problems = find_yaml(folder)
    if problems:
        raise InputError(problems)
    return files


def find_yaml(folder: Path) -> tuple[list[Path], list[Problem]]:
    """As `yaml_files`: of two that are called alike the second one, and what is wrong with them."""
    files: dict[str, Path] = {}
    problems = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or path.suffix.lower() not in (".yaml", ".yml") or not path.is_file():
            continue
        if path.stem in files:
            fix = "give one of the two another name, or delete it"
            problems.append(Problem("two files of one name", str(path), str(files[path.stem]), fix))
        files[path.stem] = path
    return sorted(files.values()), problems


def read_yaml(path: Path, stored: bool = False) -> dict[str, Any]:
    """A YAML mapping, as YAML 1.2 reads it.

    Args:
        stored: `to_yaml` has written it, now or in a version that knew YAML 1.1 alone: read as that, what was kept as
            a text stays one.

    Raises:
        InputError: it is none; `Misleading`, where a key stands twice, with the line.
    """
    try:
        with path.open(encoding="utf-8") as file:
            content = file.read(LARGEST + 1)
        _check_size(content, path)
        loader = (SafeLoader if stored else _Loader)(content)
    except FileNotFoundError as error:
        raise InputError(Problem("no such file", where=str(path))) from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem("cannot be read", where=str(path), found=str(error)[:200])) from error
    except yaml.YAMLError as error:
        raise InputError(_no_yaml(path, error)) from error
    wrong: list[Problem] = []
    try:
        node = loader.get_single_node()
        wrong = [] if node is None else list(_misleading(node, path))
        data = None if node is None else loader.construct_document(node)
    except UNREADABLE as error:
        raise InputError(wrong or _no_yaml(path, error)) from error
    finally:
        loader.dispose()
    if wrong:
        raise Misleading(wrong, data if isinstance(data, dict) else None)
    if not isinstance(data, dict):
        raise InputError(Problem("must be a mapping of keys to values", str(path), type(data).__name__))
    return data


def to_yaml(data: Mapping[str, Any]) -> str:
    """YAML in the order of the keys, which YAML 1.1 and 1.2 read alike."""
    return str(yaml.dump(data, Dumper=_Dumper, sort_keys=False, allow_unicode=True))


def to_yaml_line(key: str, value: Any) -> str:
    """A key with its value behind it, as people write short ones: `source: {files: data}`."""
    mapping = yaml.dump(
        {key: value}, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=True, width=120
    )
    return str(mapping).strip()[1:-1] + "\n"


def _no_yaml(path: Path, error: BaseException) -> Problem:
    mark = getattr(error, "problem_mark", None)
    line = f": line {mark.line + 1}" if mark else ""
    found = getattr(error, "problem", None) or str(error)
    return Problem("is not YAML", where=f"{path}{line}", found=str(found)[:200])


def _check_size(content: str, path: Path) -> None:
    """Refuse what would take more time and memory than any file of ours, before anything is made of it."""
    if len(content) > LARGEST or len(content.encode()) > LARGEST:
        raise InputError(Problem("is too large for a YAML file", str(path), fix=f"at most {LARGEST} bytes"))
    sizes: dict[str, int] = {}  # of what has an anchor, aliases in it written out
    open_: list[tuple[str | None, int]] = []  # anchor, and the size when it began
    total = 0
    for event in yaml.parse(content, SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            open_.append((event.anchor, total))
            total += 1
            if len(open_) > DEEPEST:
                where = f"{path}{_line(event.start_mark)}"
                raise InputError(
                    Problem("lists and mappings lie too deep in each other", where, fix=f"at most {DEEPEST}")
                )
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = open_.pop()
            if anchor is not None:
                sizes[anchor] = total - before
        elif isinstance(event, yaml.ScalarEvent):
            total += 1 + len(event.value)
            if event.anchor is not None:
                sizes[event.anchor] = 1 + len(event.value)
        elif isinstance(event, yaml.AliasEvent):
            where = f"{path}{_line(event.start_mark)}"
            if any(anchor == event.anchor for anchor, _ in open_):
                raise InputError(Problem("an alias lies in what it stands for", where, f"*{event.anchor}"[:200]))
            total += sizes.get(event.anchor or "", 1)
            if total > LARGEST_WITH_ALIASES:
                fix = "write fewer aliases"
                raise InputError(Problem("aliases make the file too large", where, f"*{event.anchor}"[:200], fix))


def _line(mark: Any) -> str:
    return f": line {mark.line + 1}" if mark else ""


def _misleading(root: yaml.Node, path: Path) -> Iterator[Problem]:
    """Keys that stand twice in one mapping, of which the last would count, and nobody would know; texts with a NUL."""
    todo, seen = [root], set[int]()
    while todo:
        node = todo.pop()
        if id(node) in seen:  # by an alias
            continue
        seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            lines: dict[tuple[str, str], int] = {}
            for key, value in node.value:
                todo.append(value)
                if isinstance(key, yaml.ScalarNode):
                    line, first = key.start_mark.line + 1, lines.get((key.tag, key.value))
                    if first is not None:
                        where, found = f"{path}: line {line}: {key.value}", f"it stands in line {first} already"
                        yield Problem("stands twice", where, found, "keep one of the two")
                    lines[key.tag, key.value] = line
                    if key.tag == MERGE and any(map(_merges, [value, *value.value])):
                        # of these PyYAML 6.0.4 takes the value that was to be replaced
                        fix = "write out what the inner << brings"
                        yield Problem("merges what is merged itself", f"{path}: line {line}: <<", fix=fix)
        elif isinstance(node, yaml.SequenceNode):
            todo.extend(node.value)
        elif "\0" in node.value:  # the system takes it for the end of a path
            where = f"{path}: line {node.start_mark.line + 1}"
            yield Problem("holds a NUL, which no name and no path can", where, repr(node.value), "leave it out")


def _merges(node: Any) -> bool:
    return isinstance(node, yaml.MappingNode) and any(key.tag == MERGE for key, _ in node.value)


def problems_of(error: ValidationError, data: Any, file: str) -> list[Problem]:
    """What pydantic complains of: where is `file: a.b.c`, found is the value that stands there.

    Args:
        data: what was validated.
        file: its name; empty: where is the key alone.
    """
    problems: dict[str, Problem] = {}
    several: list[Problem] = []
    for detail in error.errors():
        mistakes = detail.get("ctx", {}).get("error")
        if isinstance(mistakes, Mistakes):
            above = [file, *map(str, _in_data(detail, data))]
            several += [Problem(what, ": ".join(filter(None, [*above, key]))) for key, what in mistakes.mistakes]
            continue
        key = ".".join(str(part) for part in _in_data(detail, data))
        problem = _problem_of(detail, ": ".join(filter(None, (file, key))))
        if key in problems and detail["type"] not in ("extra_forbidden", "missing"):
            # of a value that may be of several types pydantic says for each why it is none
            before = problems[key]
            if problem.what not in before.what:
                problem = Problem(f"{before.what}; or: {problem.what}", before.where, before.found, before.fix)
            else:
                problem = before
        problems[key] = problem
    return [*problems.values(), *several]


def _in_data(detail: Any, data: Any) -> list[int | str]:
    """The place of an error, without the types that pydantic puts behind it."""
    place: list[int | str] = []
    for part in detail["loc"]:
        try:
            data = data[part]
        except (KeyError, IndexError, TypeError):
            return [*place, part] if detail["type"] == "missing" else place
        place.append(part)
    return place


def _problem_of(detail: Any, where: str) -> Problem:
    message, given = str(detail["msg"]).removeprefix("Value error, "), detail["input"]
    found = "" if detail["type"] == "value_error" and isinstance(given, dict) else repr(given)[:200]
    match detail["type"]:
        case "extra_forbidden":
            return Problem("unknown key", where, found, "remove it or mend its name")
        case "missing":
            return Problem("is missing", where, fix="add the key")
        case "string_type" if isinstance(given, bool | int | float):
            return Problem(message, where, found, "put it into quotes")
        case "int_parsing" | "int_from_float" | "int_type":
            return Problem(message, where, found, "a whole number, for example 10")
        case "float_parsing" | "float_type":
            return Problem(message, where, found, "a number, for example 1.5")
        case "list_type" if isinstance(given, str | int | float):
            return Problem(message, where, found, f"a list: [{given}]"[:200])
        case "bool_parsing" | "bool_type":
            return Problem(message, where, found, "true or false")
    return Problem(message, where, found)


@contextmanager
def lines_named(path: Path) -> Iterator[None]:
    """Problems about keys of a file say the key's line, too: `search.yaml: line 7: budget.hours`."""
    try:
        yield
    except InputError as error:
        raise InputError(_with_lines(error.problems, path)) from error


def _with_lines(problems: Iterable[Problem], path: Path) -> list[Problem]:
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=SafeLoader)
    except (OSError, UnicodeDecodeError, *UNREADABLE):
        return list(problems)
    named = []
    for problem in problems:
        file, _, key = problem.where.partition(f"{path}: ")
        line = None if file or not key else _line_of(root, key.split("."))
        where = f"{path}: line {line}: {key}" if line else problem.where
        named.append(Problem(problem.what, where, problem.found, problem.fix))
    return named


def _line_of(node: yaml.Node | None, key: Sequence[str]) -> int | None:
    """The line of a key, whose parts may hold dots themselves; None where the file does not have it."""
    if isinstance(node, yaml.SequenceNode) and key[0].isdigit() and int(key[0]) < len(node.value):
        below = node.value[int(key[0])]
        return _line_of(below, key[1:]) if key[1:] else below.start_mark.line + 1
    for name, below in node.value if isinstance(node, yaml.MappingNode) else ():
        parts = str(name.value).split(".")
        if list(key) == parts:
            return int(name.start_mark.line) + 1
        if list(key[: len(parts)]) == parts and (line := _line_of(below, key[len(parts) :])):
            return line
    return None
