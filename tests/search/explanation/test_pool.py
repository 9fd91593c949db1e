"""From searches that are over to answers: commands, several searches together, and what a search begins with."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from search.checks import recommended
from search.cli import main
from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace
from search.distances.profiles import requests_of
from search.explanation.pool import open_pool
from search.studies.studies import Studies
from spaces.errors import InputError
from tests.support.searches import SEARCH, Filler
from trainables.work.profile import Profile

PLACES = {"book": 0.0, "commands": 3.0, "combination": 2.6, "crossref": 0.4, "ner": 1.5}
"""Where the texts of a card lie, along one direction; tasks, then targets."""

TARGETS = {"genres": 0.1, "intents": 2.8, "slots": 3.1, "requests": 2.5, "verses": 0.3, "sequels": 0.2}


def begun(folder: Path, name: str, targets: list[str], **changes: Any) -> Workspace:
    """A search in $TASKMIX_HOME, its profiles stored, so that nothing has to be computed."""
    content = {**SEARCH, "name": name, "tasks": sorted(PLACES), "targets": targets, "halving": {"rungs": [1.0]}}
    file = folder / f"{name}.yaml"
    file.write_text(yaml.safe_dump({**content, **changes}), encoding="utf-8")
    workspace = Workspace.of(search_file.load(file))
    workspace.enter(file)
    for request in requests_of(workspace.plan, targets):
        vectors = np.random.default_rng(len(request.language)).normal(size=(30, 4))
        vectors[:, 0] += {**PLACES, **TARGETS}.get(request.card.name, 0.0)
        profile = Profile(vectors.astype(np.float32), {1: 2, 2: 1})
        workspace.store.put_profile(request.key(workspace.plan, workspace.config.model), profile.pack())
    return workspace


def fill(workspace: Workspace, seed: int = 1) -> Studies:
    """Single tasks whose gain is -4 points per unit between their place and the target's."""
    search: Search = workspace.search
    studies = Studies.create(workspace)
    studies.remember(search.config)
    filler = Filler(search, studies)
    filler.run("none", 0, dict.fromkeys(search.config.targets, 0.5), "baseline", seed=seed)
    for task, place in PLACES.items():
        scores = {target: 0.5 - 0.04 * abs(place - TARGETS[target]) for target in search.config.targets}
        filler.run(task, 0, scores, seed=seed)
    return studies


@pytest.fixture
def measured(home: Path, tmp_path: Path) -> Workspace:
    workspace = begun(tmp_path, "measured", sorted(TARGETS))
    fill(workspace)
    return workspace


def test_explain_in_each_format(measured: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["explain", "measured"]) == 0
    table = capsys.readouterr().out
    assert "distance of the domain" in table and "too little" in table and "all tasks are in English" in table
    assert main(["explain", "measured", "--format", "json", "--figure", str(tmp_path / "made" / "figure.svg")]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["rows"] == 5 * (3 + 3 + 3 + 3 + 4 + 4)
    assert answer["effects"]["domain"]["per_unit"] < 0 and answer["effects"]["typology"]["verdict"] == "too little"
    assert answer["contrasts"][0]["from"] == "measured" and answer["contrasts"][0]["mean"] > 0
    assert "<svg" in (tmp_path / "made" / "figure.svg").read_text()
    assert main(["explain", "measured", "--format", "csv", "--split", "test"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [row["effect"] for row in rows] == ["domain", "typology", "format"]
    assert main(["explain", "measured", "--scale", "units"]) == 0
    assert "gains in units" in (table := capsys.readouterr().out) and "points" not in table


def test_distances_of_a_search(measured: Workspace, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["distances", "measured", "--figure", str(tmp_path / "map.svg")]) == 0
    assert "book" in capsys.readouterr().out
    assert "<svg" in (tmp_path / "map.svg").read_text()
    assert main(["distances", "measured", "--format", "json"]) == 0
    domain = json.loads(capsys.readouterr().out)["domain"]
    assert domain["book"]["genres"] < domain["ner"]["genres"] < domain["commands"]["genres"]


def test_recommend_for_a_measured_target(measured: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recommend", "genres", "--from", "measured", "--format", "json", "--top", "3"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert len(answer["configurations"]) == 3
    assert answer["configurations"][0]["mixture"].keys() & {"book", "crossref"}
    assert answer["rules"]["mixed model"]["targets"] == 5
    assert main(["recommend", "genres"]) == 0
    assert "What to try on genres" in capsys.readouterr().out


def test_searches_together(measured: Workspace, tmp_path: Path) -> None:
    fill(begun(tmp_path, "further", ["requests", "verses"]))
    pool = open_pool(["measured", "further"])
    assert set(pool.plan.targets) == set(TARGETS)
    with pytest.raises(InputError, match="different models"):
        begun(tmp_path, "other", ["verses"], model="another/encoder")
        Studies.create(Workspace.of(search_file.load(tmp_path / "other.yaml")))
        open_pool(["measured", "other"])


def test_a_search_begins_with_what_is_recommended(measured: Workspace, tmp_path: Path) -> None:
    workspace = begun(tmp_path, "next", ["requests"], start={"priors": ["recommended"], "all_tasks": False})
    said: list[str] = []
    found = recommended.starts(workspace, workspace.plan, said.append)
    (start,) = found
    assert set(start.mixture.tasks) & {"combination", "commands"} and "expected on requests" in start.reason
    studies = Studies.create(workspace)
    assert studies.recommended is None
    studies.remember_recommended(found)
    assert Studies.open(workspace).recommended == found
    assert [one.mixture for one in workspace.search.starts((), found)] == [start.mixture]


def test_without_an_earlier_search_nothing_is_recommended(home: Path, tmp_path: Path) -> None:
    workspace = begun(tmp_path, "first", ["requests"], start={"priors": ["recommended"]})
    said: list[str] = []
    assert recommended.starts(workspace, workspace.plan, said.append) == []
    assert "no earlier search" in said[0]


def test_with_two_measured_targets_nothing_is_recommended(home: Path, tmp_path: Path) -> None:
    fill(begun(tmp_path, "small", ["genres", "slots"]))
    workspace = begun(tmp_path, "next", ["requests"], start={"priors": ["recommended"]})
    said: list[str] = []
    assert recommended.starts(workspace, workspace.plan, said.append) == []
    assert "nothing is recommended for requests: too few measured targets" in said[0]
