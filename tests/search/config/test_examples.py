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


@pytest.mark.parametrize("suite", ["xtreme", "xtreme-r"])
@pytest.mark.parametrize("file", ["search", "search-large", "reproduce"])
def test_a_search_over_a_benchmark_needs_nothing_but_the_hub(suite: str, file: str) -> None:
    search = search_file.load(EXAMPLES / suite / f"{file}.yaml")
    cards = [part for card in search.plan("store", "cache").cards() for part in card.parts or (card,)]
    assert len(cards) > 15
    assert not [card.name for card in cards if card.source.hub is None]


@pytest.mark.parametrize("suite", ["xtreme", "xtreme-r"])
def test_what_is_brought_by_hand_makes_the_benchmark_whole_and_takes_its_encoders_from_the_store(suite: str) -> None:
    search, rest = (search_file.load(EXAMPLES / suite / f"{name}.yaml") for name in ("search", "by-hand"))
    whole = search.catalogue.suites[suite].targets
    assert sorted([*search.targets, *rest.targets]) == sorted(whole)
    assert set(rest.tasks) - set(search.tasks) == {"ccg"}
    assert rest.config.model == search.config.model
    assert rest.config.stages.intermediate == search.config.stages.intermediate
    assert rest.config.evaluation == search.config.evaluation
    assert rest.config.halving == search.config.halving
    said = (EXAMPLES / suite / "by-hand.yaml").read_text()
    for name in (*rest.targets, "ccg"):
        assert f"taskmix convert {name} FROM /data/{name}" in said
        assert f"extends: {name}\n" in said


def test_without_hub_and_licensed_files_a_plan_says_what_it_did_not_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """ANLI+ is three data sets of the hub, CCG and BUCC are files that nobody may ship."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TASKMIX_HOME", "home")
    monkeypatch.setenv("TASKMIX_CACHE", "cache")
    assert main(["plan", str(EXAMPLES / "xtreme" / "by-hand.yaml"), "--offline"]) == 0
    out = capsys.readouterr().out
    found = re.search(r"not looked at (.*?) start ", " ".join(out.split()))
    assert found
    unreached = found[1].split(", ")
    assert {"facebook/anli", "stanfordnlp/snli", "ccg", "bucc2018", "xlm-roberta-base"} <= set(unreached)
    assert "GPU-hours" in out
