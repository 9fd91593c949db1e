"""From kept replays to the figures: what is done again, what is told."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import search_efficiency
from benchmarks.efficiency import results
from benchmarks.efficiency.landscapes import Hyperparameters
from benchmarks.efficiency.results import Job, Result, complete, kept, line_of, run
from benchmarks.efficiency.summary import summarise


def result(strategy: str, seed: int, curve: list[tuple[float, float]]) -> Result:
    job = Job.of("hyperparameters", strategy, seed, 50, "tpe")
    return Result(job, budget=1000.0, spent=900.0, measurements=1, seconds=1.0, curve=curve)


def found() -> list[Result]:
    """Regrets in shares of 1: tpe ends at 2 points, ours is there at a tenth but for a relapse until an eighth."""
    curve = [(0.0, 0.06), (20.0, 0.07), (40.0, 0.05), (100.0, 0.01), (110.0, 0.03), (125.0, 0.015)]
    return [
        made
        for seed in (1, 2)
        for made in (
            result("random", seed, [(0.0, 0.06), (500.0, 0.04)]),
            result("tpe", seed, [(0.0, 0.06), (400.0, 0.03), (1000.0, 0.02)]),
            result("ours", seed, curve),
        )
    ]


def test_the_cost_is_told_from_which_on_a_strategy_stays_as_good() -> None:
    lines = summarise(found())["hyperparameters"]
    assert lines["ours"].reach["tpe"].cost == pytest.approx(0.125, rel=0.015)
    assert lines["tpe"].reach["tpe"].cost == pytest.approx(1.0, rel=0.015)
    assert lines["random"].reach["tpe"].cost is None
    assert "tune" not in lines["ours"].reach  # it was not run
    assert lines["ours"].worse_than_random == (pytest.approx(1.0), pytest.approx(0.02, rel=0.015))
    assert [lines["ours"].at(cost)[0] for cost in (0.01, 0.06, 1.0)] == pytest.approx([6.0, 5.0, 1.5])


def test_strategies_are_compared_over_the_seeds_that_both_have() -> None:
    easy = result("tpe", 3, [(0.0, 0.05), (500.0, 0.001)])
    lines = summarise([*found(), easy])["hyperparameters"]
    assert lines["tpe"].seeds == 3
    assert lines["ours"].reach["tpe"].cost == pytest.approx(0.125, rel=0.015)


def test_what_was_done_is_kept_and_only_the_rest_is_done(tmp_path: Path) -> None:
    file = tmp_path / "replays.jsonl"
    worlds = {"hyperparameters": Hyperparameters}
    jobs = [Job.of("hyperparameters", name, 1, 2, "tpe") for name in ("all-tasks", "best-single")]
    first = run(jobs[0], Hyperparameters(1))
    file.write_text(line_of(first) + "\n" + line_of(first)[:40] + "\n", encoding="utf-8")  # the second was cut off
    assert [done.job for done in complete(file, jobs, worlds, workers=1)] == jobs[1:]
    assert list(complete(file, jobs, worlds, workers=1)) == []
    there = kept(file)
    assert set(there) == set(jobs)
    assert replace(there[jobs[1]], seconds=0.0, curve=[]) == replace(
        run(jobs[1], Hyperparameters(1)), seconds=0.0, curve=[]
    )


def test_our_own_replays_belong_to_a_sampler_and_to_the_code(monkeypatch: pytest.MonkeyPatch) -> None:
    def job(strategy: str, sampler: str) -> Job:
        return Job.of("sparse", strategy, 1, 50, sampler)

    before = job("ours", "tpe")
    assert job("tpe", "tpe") == job("tpe", "random")
    assert before != job("ours", "random")
    monkeypatch.setattr(results, "_code", lambda: "another")
    assert before != job("ours", "tpe")


def test_the_command_tells_of_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, told, figure = (tmp_path / name for name in ("replays.jsonl", "told.json", "curves.png"))
    file.write_text("".join(line_of(made) + "\n" for made in found()), encoding="utf-8")
    arguments = ["--worlds", "hyperparameters", "--strategies", "tpe", "ours", "--seeds", "2"]
    paths = ["--results", str(file), "--json", str(told), "--figure", str(figure)]
    monkeypatch.setattr(sys, "argv", ["search_efficiency", *arguments, *paths])
    search_efficiency.main()
    out = capsys.readouterr().out
    assert "4 replays, 4 of them are there" in out
    assert "12.7% (12.7% to 12.7%)" in out
    lines = json.loads(told.read_text(encoding="utf-8"))["worlds"]["hyperparameters"]
    assert set(lines) == {"random", "tpe", "ours"}
    assert lines["ours"]["reach"]["tpe"]["cost"] == pytest.approx(0.125, rel=0.015)
    assert figure.stat().st_size > 10_000
