"""The runs of the first search: no seed in common, and what counts as a convincing answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.first_search import is_sure, table, write_searches
from search.config.search_file import load
from search.config.workspace import Workspace
from search.results.ranking import rank
from search.studies.studies import Studies
from tests.support import searches


def test_runs_share_no_seed(tmp_path: Path) -> None:
    runs = [load(file) for file in write_searches(tmp_path, 3)]
    seeds = [set(range(one.config.seed, one.config.seed + one.config.confirm.seeds)) for one in runs]
    assert len(set.union(*seeds)) == sum(map(len, seeds))
    assert len({one.config.name for one in runs}) == 3


def test_only_a_claim_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    search = searches.load(tmp_path)
    workspace = Workspace.of(search)
    workspace.enter(tmp_path / "search.yaml")
    filler = searches.Filler(search, Studies.create(workspace))
    filler.run("none", 1, {"related": 0.5, "verses": 0.5}, "baseline")
    filler.run("paraphrase", 1, {"related": 0.6, "verses": 0.6})
    answer = rank(filler.studies)
    lines = list(table({"one": answer}))
    assert len(lines) == 2 + len(answer.targets) + 2
    sure = [is_sure(mixes) for mixes in answer.targets.values()]
    assert lines[-1] == f"at least two targets with a probability above 0.95 in {int(sum(sure) >= 2)} of 1 runs"
