"""From kept replays to the figures: what is done again, what is told."""

from __future__ import annotations

import ast
import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import search_efficiency
from benchmarks.efficiency.landscapes import Hyperparameters
from benchmarks.efficiency.results import (
    CODE_OF_OURS,
    ROOT,
    Job,
    Result,
    code_digest,
    complete,
    read_results,
    run,
    to_line,
)
from benchmarks.efficiency.summary import summarize


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
    lines = summarize(found())["hyperparameters"]
    assert lines["ours"].reach["tpe"].cost == pytest.approx(0.125, rel=0.015)
    assert lines["tpe"].reach["tpe"].cost == pytest.approx(1.0, rel=0.015)
    assert lines["random"].reach["tpe"].cost is None
    assert "tune" not in lines["ours"].reach  # it was not run
    assert lines["ours"].worse_than_random == (pytest.approx(1.0), pytest.approx(0.02, rel=0.015))
    assert [lines["ours"].at(cost)[0] for cost in (0.01, 0.06, 1.0)] == pytest.approx([6.0, 5.0, 1.5])


def test_strategies_are_compared_over_the_seeds_that_both_have() -> None:
    easy = result("tpe", 3, [(0.0, 0.05), (500.0, 0.001)])
    lines = summarize([*found(), easy])["hyperparameters"]
    assert lines["tpe"].seeds == 3
    assert lines["ours"].reach["tpe"].cost == pytest.approx(0.125, rel=0.015)


@pytest.mark.long
def test_what_was_done_is_kept_and_only_the_rest_is_done(tmp_path: Path) -> None:
    file = tmp_path / "replays.jsonl"
    worlds = {"hyperparameters": Hyperparameters}
    jobs = [Job.of("hyperparameters", name, 1, 2, "tpe") for name in ("all-tasks", "best-single")]
    first = run(jobs[0], Hyperparameters(1))
    file.write_text(to_line(first) + "\n" + to_line(first)[:40] + "\n", encoding="utf-8")  # the second was cut off
    assert [done.job for done in complete(file, jobs, worlds, workers=1)] == jobs[1:]
    assert list(complete(file, jobs, worlds, workers=1)) == []
    there = read_results(file)
    assert set(there) == set(jobs)
    assert replace(there[jobs[1]], seconds=0.0, curve=[]) == replace(
        run(jobs[1], Hyperparameters(1)), seconds=0.0, curve=[]
    )


def test_our_own_replays_belong_to_a_sampler_and_to_the_code() -> None:
    def job(strategy: str, sampler: str) -> Job:
        return Job.of("sparse", strategy, 1, 50, sampler)

    assert job("tpe", "tpe") == job("tpe", "random")
    assert job("ours", "tpe") != job("ours", "random")
    assert job("tpe", "tpe").code == "" and job("ours", "tpe").code == code_digest()


def test_each_file_of_the_code_counts(tmp_path: Path) -> None:
    def copy(name: str) -> Path:
        for file in CODE_OF_OURS:
            (tmp_path / name / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / file).write_bytes((ROOT / file).read_bytes())
        return tmp_path / name

    assert code_digest(copy("same")) == code_digest()
    digests = set()
    for number, file in enumerate(CODE_OF_OURS):
        changed = copy(str(number))
        (changed / file).write_bytes(b"# changed")
        digests.add(code_digest(changed))
    assert len(digests | {code_digest()}) == 1 + len(CODE_OF_OURS)
    missing = copy("missing")
    (missing / CODE_OF_OURS[-1]).unlink()
    with pytest.raises(FileNotFoundError):
        code_digest(missing)


def test_what_proposals_rest_on_is_in_the_code_that_counts() -> None:
    """All that sampling and surrogate hold and import, but for what no replay asks: plain Optuna, and the insights."""
    asked_by_people = {"search/sampling/mixture_sampler.py", "search/sampling/insights.py"}
    rooms = [file for room in ("sampling", "surrogate") for file in (ROOT / "search" / room).glob("[!_]*.py")]
    deciding = [file for file in rooms if file.relative_to(ROOT).as_posix() not in asked_by_people]
    assert len(deciding) > 8
    wanted = {file.relative_to(ROOT).as_posix() for file in deciding}
    for file in deciding:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            module = node.module or "" if isinstance(node, ast.ImportFrom) else ""
            if module.split(".")[0] in ("search", "spaces", "trainables", "cluster"):
                wanted.add(module.replace(".", "/") + ".py")
    assert wanted <= set(CODE_OF_OURS)


def test_the_command_tells_of_what_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file, told, figure = (tmp_path / name for name in ("replays.jsonl", "told.json", "curves.png"))
    file.write_text("".join(to_line(made) + "\n" for made in found()), encoding="utf-8")
    arguments = ["--worlds", "hyperparameters", "--strategies", "tpe", "ours", "--seeds", "2", "--sampler", "tpe"]
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
