"""benchmarks/priors.py on a search that really trained, and its statistics against scipy's."""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from scipy.stats import spearmanr

from benchmarks import priors as benchmark
from search.config.search_file import load
from search.config.workspace import Workspace
from search.studies.studies import Studies
from spaces.mixture import Mixture
from tests.support.tiny import write_cards, write_data
from trainables.work.item import WorkItem
from trainables.worker import Worker

TASKS = {"tags": "tagging", "words": "masked_lm", "kinds": "sentence_classification"}
TARGETS = {"pairs": "pair_classification", "texts": "retrieval"}
SEARCH: dict[str, Any] = {
    "name": "tiny",
    "cards": ["cards"],
    "tasks": list(TASKS),
    "targets": list(TARGETS),
    "space": {"max_tasks": 3, "min_weight": 0.2, "weight_step": 0.2},
    "stages": {
        "intermediate": {"examples": 16, "batch_size": 4, "max_length": 32, "learning_rate": 1e-3},
        "target": {"examples": 16, "batch_size": 4, "max_length": 32, "learning_rate": 1e-3},
    },
    "halving": {"rungs": [0.5, 1.0], "eta": 2},
    "budget": {"recipes": 7},
}
MIXES = [
    *TASKS,
    "tags + words",
    "tags:0.2 + kinds:0.8",
    "words + kinds",
    "tags + words + kinds",
]


@pytest.fixture(scope="module")
def launched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose $TASKMIX_HOME has a search in it that measured every mix at both rungs."""
    folder = tmp_path_factory.mktemp("launched")
    write_cards(folder, TASKS, TARGETS)
    write_data(folder, TASKS, TARGETS)
    (folder / "search.yaml").write_text(yaml.safe_dump({**SEARCH, "model": str(folder / "model")}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TASKMIX_HOME", str(folder / "home"))
        patch.setenv("TASKMIX_CACHE", str(folder / "cache"))
        search = load(folder / "search.yaml")
        workspace = Workspace.of(search)
        workspace.enter(folder / "search.yaml")
        studies = Studies.create(workspace)
        worker = Worker(workspace.plan)
        for mix, rung in product(["none", *MIXES], (0, 1)):
            item = WorkItem(benchmark.recipe(search, Mixture.parse(mix)), rung, tuple(TARGETS))
            studies.begin(item, "proposal", "pairs")
            outcome = worker.run(item)
            assert outcome.failure is None
            studies.finish(item, outcome)
    return folder


@pytest.fixture
def correlations(launched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """Runs the program with --json; gives what it prints."""
    monkeypatch.setenv("TASKMIX_HOME", str(launched / "home"))
    monkeypatch.setenv("TASKMIX_CACHE", str(launched / "cache"))

    def run(*arguments: str) -> dict[str, Any]:
        monkeypatch.setattr(sys, "argv", ["priors.py", "tiny", *arguments])
        benchmark.main()
        printed: str = capsys.readouterr().out
        return {"text": printed} if "--json" not in arguments else json.loads(printed)

    return run


@pytest.mark.slow
def test_every_estimate_is_compared_on_every_target(correlations: Any) -> None:
    found = correlations("--json")
    seen = {(one["target"], one["estimate"], one["among"]): one for one in found["correlations"]}
    names = {"merged encoder", "gain at rung 0", "number of tasks"}
    for target in TARGETS:
        of_target = {name for where, name, _ in seen if where == target}
        assert of_target == names | {"gains of single tasks"} | ({"LogME"} if target == "pairs" else set())
    assert {one["mixtures"] for one in seen.values() if one["among"] == "single"} == {3}
    assert {one["mixtures"] for one in seen.values() if one["among"] == "several"} == {4}
    # of one task the merged encoder is its own, and retrieval is not trained: this is the very score that was measured
    assert seen["texts", "merged encoder", "single"]["rho"] in (None, 1.0)
    assert seen["texts", "number of tasks", "single"]["rho"] is None  # a constant
    for one in seen.values():
        if one["rho"] is not None:
            assert one["low"] <= one["rho"] + 1e-9 and one["rho"] <= one["high"] + 1e-9
    merged = [one for one in found["values"] if (one["target"], one["estimate"]) == ("texts", "merged encoder")]
    assert {one["mixture"] for one in merged} == {str(Mixture.parse(mix)) for mix in MIXES}
    singles = [start for start in found["starts"] if start["reason"] == "a single task"]
    assert len(singles) == 2 * 3
    assert all(1 <= start["rank"] <= start["of"] == 7 for start in found["starts"])


@pytest.mark.slow
def test_the_tables_and_a_draw(correlations: Any) -> None:
    text = correlations("--most", "3", "--rung", "0")["text"]
    assert "merged encoder" in text and "a single task" in text
    drawn = {one["mixtures"] for one in correlations("--json", "--most", "3")["correlations"]}
    assert drawn == {3}


def test_rank_correlations_are_scipys() -> None:
    random = np.random.default_rng(0)
    for _ in range(20):
        pairs = random.integers(0, 5, size=(12, 2)).astype(float)  # with ties
        rho, low, high = benchmark.spearman(pairs)
        assert rho == pytest.approx(spearmanr(pairs).statistic)
        assert low is not None and high is not None and low <= rho <= high
    assert benchmark.spearman(np.array([[1.0, 1], [1, 2], [1, 3]])) == (None, None, None)
    assert benchmark.spearman(np.array([[1.0, 1], [2, 2]])) == (None, None, None)


def test_the_interval_covers_as_often_as_it_says() -> None:
    """95 of 100 samples of a population with a known rank correlation; percentile intervals cover a little less."""
    random = np.random.default_rng(3)
    truth = 6 / np.pi * np.arcsin(0.5 / 2)  # Spearman's of a Gaussian with Pearson's 0.5
    covered = 0
    for _ in range(100):
        pairs = random.multivariate_normal([0, 0], [[1, 0.5], [0.5, 1]], size=40)
        _, low, high = benchmark.spearman(pairs)
        assert low is not None and high is not None
        covered += low <= truth <= high
    assert 87 <= covered <= 100
