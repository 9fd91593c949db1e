"""Dotted paths into the structs of a data set: `choices.text` is the field of each, lists are seen through."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from datasets import Features, Json, LargeList, List


def root_of(features: Features, path: str) -> str:
    """The column that a path begins in: names may have dots of their own."""
    return path if path in features else path.split(".")[0]


def feature_at(features: Features, path: str) -> Any:
    """The type at a dotted path, or None if there is none. Lists are seen through; in a `Json` may be anything."""
    root = root_of(features, path)
    feature: Any = features.get(root)
    for key in path[len(root) + 1 :].split(".") if path != root else ():
        while isinstance(feature, List | LargeList):
            feature = feature.feature
        if isinstance(feature, Json):
            return feature
        feature = feature.get(key) if isinstance(feature, dict) else None
    return feature


def paths_in(features: Mapping[str, Any], above: str = "") -> list[str]:
    """All columns, and the fields inside structs, as paths."""
    paths = []
    for name, feature in features.items():
        paths.append(above + name)
        while isinstance(feature, List | LargeList):
            feature = feature.feature
        if isinstance(feature, dict):
            paths.extend(paths_in(feature, f"{above}{name}."))
    return paths


def values_at(batch: Mapping[str, Sequence[Any]], path: str) -> list[Any]:
    """The values at a dotted path, one per row."""
    root = path if path in batch else path.split(".")[0]
    values: Any = list(batch[root])
    for key in path[len(root) + 1 :].split(".") if path != root else ():
        values = _fields(values, key)
    return list(values)


def _fields(value: Any, key: str) -> Any:
    if isinstance(value, list):
        return [_fields(item, key) for item in value]
    return value.get(key) if isinstance(value, dict) else None
