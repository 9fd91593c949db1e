"""Whatever stands at a key of a search file: it is read, and what was read is stored, or there are words about it."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.config import search_file
from spaces.errors import InputError
from tests.support.searches import SEARCH

VALUES = """
yes|no|1:30|010|1e-3|.inf|-.inf|.nan|-1|0|1|3|0.5|2.5|1e400|true|false|null|~|''|[]|{}|[1]|[a, b]|{a: 1}|text|[null]
[[a]]|{1: 2}|99999999999999999999|a:b|none|'a + b'|[true]|{low: 0, high: 1}|{choices: [1]}|[.inf, 1.0]|!!int x|*a|&a x
"""

HYPERPARAMETERS = {
    "intermediate.learning_rate": {"low": 1e-5, "high": 1e-4, "log": True, "default": 5e-5},
    "target.batch_size": {"low": 8, "high": 64, "step": 8, "log": False},
    "target.clip": {"choices": [1.0, 2.0]},
}

FILE: dict[str, Any] = {
    **SEARCH,
    "suite": "small",
    "space": {"max_tasks": 2, "min_weight": 0.1, "exclude": [["ner", "crossref"]], "hyperparameters": HYPERPARAMETERS},
    "stages": {
        "intermediate": {"examples": 640, "batch_size": 32, "learning_rate": 1e-5, "clip": 1.0, "schedule": "linear"},
        "target": {"examples": 320, "freeze_embeddings": False},
        "per_target": {"verses": {"examples": 320}},
    },
    "evaluation": {"batch_size": 8, "layer": 1},
    "engine": {"zero": 0},
    "start": {"mixtures": ["ner"], "all_tasks": True},
    "sampler": {"name": "auto", "startup": 8},
    "resources": {"cpus": 1, "workers": 1},
    "storage": {"max_gb": 5.0},
    "failures": {"max_share": 0.3},
    "seed": 1,
}


def keys(data: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    for key, below in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield (*above, key)
        yield from keys(below, (*above, key))


def written(key: tuple[Any, ...], value: str) -> str:
    data = copy.deepcopy(FILE)
    below: Any = data
    for part in key[:-1]:
        below = below[part]
    below[key[-1]] = "HERE"
    return yaml.safe_dump(data, sort_keys=False).replace("HERE", value)


@pytest.mark.filterwarnings("ignore:The distribution is specified by")
@pytest.mark.parametrize("count", [150, pytest.param(None, marks=pytest.mark.slow)])
def test_any_value_at_any_key_is_read_or_a_problem(tmp_path: Path, count: int | None) -> None:
    file, copied = tmp_path / "search.yaml", tmp_path / "copy.yaml"
    cases = [(key, value) for key in keys(FILE) for value in VALUES.replace("\n", "|").strip("|").split("|")]
    random.Random(1).shuffle(cases)
    read = 0
    for key, value in cases[:count]:
        file.write_text(written(key, value), encoding="utf-8")
        try:
            search = search_file.load(file)
        except InputError as error:
            assert all(problem.where.startswith(str(tmp_path)) for problem in error.problems), (key, value)
            continue
        read += 1
        plan = search.plan("store", "cache")
        assert type(plan).model_validate_json(plan.model_dump_json()) == plan, (key, value)
        copied.write_text(search_file.dump(search.config, tmp_path), encoding="utf-8")
        assert search_file.stored_config(copied) == search.config, (key, value)
    assert 0 < read < len(cases[:count]) / 2
