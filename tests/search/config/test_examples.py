"""The search files of the benchmarks: they can be planned anywhere, and cost what they say."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from search.cli import main
from search.config import search_file
from search.forecast.estimate import Estimate, estimate
from search.scheduling.simulation import simulate
from trainables.work.preparation import PreparationReport

pytestmark = pytest.mark.long

EXAMPLES = Path(__file__).parents[3] / "examples"


def planned(file: Path, played: bool) -> Estimate:
    """As `plan --offline`, with `--simulate` where it is `played`, says it where no data are."""
    search = search_file.load(file)
    return (simulate if played else estimate)(search, search.plan("store", "cache"), PreparationReport(), 1)


@pytest.mark.parametrize("suite", ["xtreme", "xtreme-r"])
def test_a_search_costs_at_most_a_tenth_of_the_grid(suite: str) -> None:
    grid = planned(EXAMPLES / suite / "reproduce.yaml", played=False)  # nothing is promoted: the formula is exact
    search = planned(EXAMPLES / suite / "search-large.yaml", played=True)
    assert search.examples <= grid.examples / 10
    assert search.gpu_hours.keys() == grid.gpu_hours.keys() >= {"A100", "H100"}
    assert all(hours <= grid.gpu_hours[gpu] / 10 for gpu, hours in search.gpu_hours.items())


def test_without_hub_and_licensed_files_a_plan_says_what_it_did_not_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """ANLI+ is three data sets of the hub, CCG and BUCC are files that nobody may ship."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TASKMIX_HOME", "home")
    monkeypatch.setenv("TASKMIX_CACHE", "cache")
    assert main(["plan", str(EXAMPLES / "xtreme" / "reproduce.yaml"), "--offline"]) == 0
    out = capsys.readouterr().out
    found = re.search(r"not looked at (.*?) start ", " ".join(out.split()))
    assert found
    unreached = found[1].split(", ")
    assert {"facebook/anli", "stanfordnlp/snli", "ccg", "bucc2018", "xlm-roberta-large"} <= set(unreached)
    assert "GPU-hours" in out
