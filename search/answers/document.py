"""The fields of the answers as Markdown, for `docs/json.md`: `python -m search.answers.document` rewrites it.

What stands in that page between two marks is made here from the models, so that page and code cannot differ.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

from search.answers.answer import Answer
from search.answers.benchmark import BenchmarkTable
from search.answers.cards import CardList
from search.answers.comparison import Comparison
from search.answers.explanation import DistanceTables, Explanation, Recommendation
from search.answers.mixes import BestMixes
from search.answers.status import SearchList, SearchStatus

PAGE = Path(__file__).parents[2] / "docs" / "json.md"

BEGIN, END = "<!-- fields -->\n", "<!-- end of fields -->\n"

ANSWERS: dict[str, type[Answer]] = {
    "best NAME": BestMixes,
    "best NAME --suite S": BenchmarkTable,
    "compare NAME NAME": Comparison,
    "status NAME": SearchStatus,
    "status": SearchList,
    "tasks": CardList,
    "distances FILE": DistanceTables,
    "explain NAME": Explanation,
    "recommend CARD": Recommendation,
}
"""Command -> its answer."""


def describe_fields() -> str:
    """A section per command: a row per field, with its path, type and meaning."""
    lines = []
    for command, model in ANSWERS.items():
        lines += [f"## `{command} --format json`", "", (model.__doc__ or "").strip(), ""]
        lines += ["| field | type | meaning |", "|---|---|---|"]
        lines += [f"| `{path}` | {type_} | {meaning} |" for path, type_, meaning in _rows(model, "")]
        lines.append("")
    return "\n".join(lines)


def with_fields(page: str) -> str:
    """A page with what stands between the marks written anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{describe_fields()}\n{END}{after}"


def _rows(model: type[Answer], prefix: str) -> Iterator[tuple[str, str, str]]:
    for name, field in model.model_fields.items():
        path = f"{prefix}{field.alias or name}"
        below = [part for part in _parts(field.annotation) if isinstance(part, type) and issubclass(part, Answer)]
        meaning = field.description or (_summary(below[0]) if below else "")
        yield path, _type(field), meaning.replace("|", "\\|")
        for part in below:
            yield from _rows(part, f"{path}{_step(field.annotation)}.")


def _summary(model: type[Answer]) -> str:
    text = (model.__doc__ or "").strip().rstrip(".")
    return text[:1].lower() + text[1:]


def _parts(annotation: Any) -> list[Any]:
    """The types that an annotation is made of."""
    arguments = get_args(annotation)
    if not arguments or get_origin(annotation) is Literal:
        return [annotation]
    return [part for argument in arguments for part in _parts(argument)]


def _step(annotation: Any) -> str:
    """How a path goes on inside: by a key, by an index, or not at all."""
    if get_origin(annotation) in (Union, types.UnionType):
        (annotation,) = [part for part in get_args(annotation) if part is not type(None)][:1]
    return {dict: ".*", list: "[]"}.get(get_origin(annotation), "")


def _type(field: FieldInfo) -> str:
    return _named(field.annotation)


def _named(annotation: Any) -> str:
    """A type as JSON has it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        names = [_named(argument) for argument in arguments]
        return " or ".join(dict.fromkeys(name for name in sorted(names, key=lambda name: name == "null")))
    if origin is tuple:
        return f"list of {_named(arguments[0])}"
    if origin is list:
        return f"list of {_named(arguments[0])}"
    if origin is dict:
        return f"object of {_named(arguments[1])}"
    if origin is Literal:
        return "text"
    if isinstance(annotation, type) and issubclass(annotation, Answer):
        return "object"
    types_of_json: dict[Any, str] = {
        int: "integer",
        float: "number",
        str: "text",
        bool: "true or false",
        type(None): "null",
    }
    return types_of_json[annotation]


if __name__ == "__main__":
    PAGE.write_text(with_fields(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
