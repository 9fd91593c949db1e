"""Whatever stands at a key of a search file: it is read, and what was read is stored, or there are words about it."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from search.config import search_file
from spaces.errors import InputError
from tests.support.fuzz import VALUES, holds_for, keys, spoilt, written
from tests.support.searches import SEARCH

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


@pytest.mark.filterwarnings("ignore:The distribution is specified by")
@pytest.mark.parametrize("count", [150, pytest.param(None, marks=pytest.mark.slow)])
def test_any_value_at_any_key_is_read_or_a_problem(tmp_path: Path, count: int | None) -> None:
    cases = [(key, value) for key in keys(FILE) for value in VALUES]
    random.Random(1).shuffle(cases)
    read = sum(is_read(tmp_path, written(FILE, key, value)) for key, value in cases[:count])
    assert 0 < read < len(cases[:count]) / 2


@pytest.mark.filterwarnings("ignore:The distribution is specified by")
@pytest.mark.parametrize("count", [80, pytest.param(3000, marks=pytest.mark.slow)])
def test_any_file_is_read_or_a_problem(tmp_path: Path, count: int) -> None:
    @holds_for(count, spoilt(FILE))
    def holds(text: str) -> None:
        is_read(tmp_path, text)


def is_read(folder: Path, text: str) -> bool:
    """Whether a search file is read, and then kept as it was read; else there is a problem with it."""
    file, copied = folder / "search.yaml", folder / "copy.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        search = search_file.load(file)
    except InputError as error:
        for problem in error.problems:  # of a folder of cards that is not there, the folder is named
            assert problem.where.startswith(str(folder)) or (problem.what == "no cards here" and problem.where), text
        return False
    plan = search.plan("store", "cache")
    assert type(plan).model_validate_json(plan.model_dump_json()) == plan, text
    copied.write_text(search_file.dump(search.config, folder), encoding="utf-8")
    assert search_file.stored_config(copied) == search.config, text
    return True
