"""Every key of a search file as Markdown: `python -m search.config.settings_document` writes docs/settings.md anew.

It is made from the models that read the file, so that page and code cannot differ.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from search.config.schema import FIXED, FREE, HyperparameterConfig, SearchConfig

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"

HEAD = """# Settings

Every key of a search file, in the order of its sections. `examples/mini/search.yaml` is a whole file;
`taskmix plan FILE` checks one without training and names every mistake with its line. Shares are numbers from 0 to 1.
A key without a default has to be there. What decides a score is fixed once a search was launched: *changes* says what
may have another value when it goes on. This page is generated: `python -m search.config.settings_document`.
"""

ROW = "| `{}` | {} | {} | {} | {} |"


def describe_settings() -> str:
    """The page."""
    lines = [HEAD]
    for title, text, rows in _sections():
        lines += [f"## {title}", "", text, "", "| key | takes | default | meaning | changes |", "|---|---|---|---|---|"]
        lines += [ROW.format(*row) for row in rows]
        lines.append("")
    return "\n".join(lines)


Row = tuple[str, str, str, str, str]


def _sections() -> Iterator[tuple[str, str, list[Row]]]:
    top = {name: field for name, field in SearchConfig.model_fields.items() if _model(field) is None}
    yield "The search", "At the top of the file.", [_row(name, name, field) for name, field in top.items()]
    for name, field in SearchConfig.model_fields.items():
        if (model := _model(field)) is not None:
            yield name, " ".join((model.__doc__ or "").split()), list(_rows(name, model))
    hyperparameter = "space.hyperparameters.{STAGE.KEY}"
    text = " ".join((HyperparameterConfig.__doc__ or "").split())
    yield "A hyperparameter", text, list(_rows(hyperparameter, HyperparameterConfig))


def _rows(prefix: str, model: type[BaseModel]) -> Iterator[Row]:
    for name, field in model.model_fields.items():
        key = f"{prefix}.{name}"
        below = _model(field)
        if below is None:
            yield _row(key, prefix.partition(".")[0], field)
        else:
            yield from _rows(key, below)


def _row(key: str, section: str, field: FieldInfo) -> Row:
    changes = "yes" if section in FREE and key not in FIXED else "grows" if section in ("tasks", "targets") else "no"
    meaning = (field.description or "").replace("|", "\\|")
    return key, _takes(field.annotation), _default(field), meaning, changes


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return ""
    value = field.get_default(call_default_factory=True)
    if value is None or value == [] or value == {}:
        return "none"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`".replace("'", "")


def _model(field: FieldInfo) -> type[BaseModel] | None:
    annotation = field.annotation
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def _takes(annotation: Any) -> str:
    """A type as one writes it in YAML."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        names = [_takes(argument) for argument in arguments if argument is not type(None)]
        return " or ".join(dict.fromkeys(names))
    if origin is Literal:
        return ", ".join(f"`{value}`" for value in arguments)
    if origin is list:
        return f"list of {_takes(arguments[0])}"
    if origin is dict:
        return "mapping"
    if hasattr(annotation, "__metadata__"):
        return _takes(arguments[0])
    return {int: "whole number", float: "number", str: "text", bool: "true or false"}.get(annotation, "mapping")


if __name__ == "__main__":
    PAGE.write_text(describe_settings(), encoding="utf-8")
