"""Tables of trained mixtures as worlds, small ones and wide ones."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from benchmarks.efficiency.replay import regret_curve, replay
from benchmarks.efficiency.results import budget_of
from benchmarks.efficiency.strategies import make_strategy
from benchmarks.efficiency.table import Table
from benchmarks.efficiency.table_worlds import EmulatedWorld, PoolWorld
from spaces.errors import InputError
from spaces.mixture import Mixture

pytestmark = pytest.mark.long

NOISE = 0.004


def written(
    folder: Path, tasks: int, targets: int, rows: int, rungs: tuple[float, ...] = (1.0,), repeats: int = 0
) -> tuple[Path, Path]:
    """A table whose first task helps every target; the first rows are the baseline, the last ones repeated."""
    draw = np.random.default_rng(tasks)
    mixed = np.zeros((rows, tasks))
    for weights in mixed[1:]:
        chosen = draw.choice(tasks, draw.integers(2, 4), replace=False)
        weights[chosen] = draw.dirichlet(np.ones(len(chosen))) * 0.7 + 0.3 / len(chosen)
    mixed = np.concatenate([mixed, *[mixed[-8:]] * repeats])
    effect = draw.normal(0, 0.01, (targets, tasks))
    effect[:, 0] = 0.06
    lines, told = [], []
    for number, (weights, rung) in enumerate((weights, rung) for rung in rungs for weights in mixed):
        lines.append([number, rung, *weights])
        scores = 0.5 + rung * (effect @ np.sqrt(weights)) + draw.normal(0, NOISE, targets)
        told.append([number, *scores])
    files = folder / "mixtures.csv", folder / "scores.csv"
    heads = ["index", "rung", *(f"t{n}" for n in range(tasks))], ["index", *(f"score{n}" for n in range(targets))]
    for file, head, content in zip(files, heads, (lines, told), strict=True):
        with file.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([head, *content])
    return files


def test_a_table_of_five_tasks_and_two_rungs(tmp_path: Path) -> None:
    table = Table.read(*written(tmp_path, 5, 2, 50, rungs=(0.25, 1.0), repeats=2))
    world = EmulatedWorld("five", table, 100, dict.fromkeys(table.targets, 50))
    assert world.rungs == (0.25, 1.0)
    assert len(world.targets) == 2
    draw = np.random.default_rng(1)
    for target in world.targets:
        assert world.optimum(target)[0].weights.get("t0", 0.0) >= 0.5
        for _ in range(200):
            params = {f"use.t{n}": bool(draw.random() < 0.5) for n in range(5)}
            params |= {f"ratio.t{n}": float(draw.normal(0, 0.5)) for n in range(5)}
            assert world.truth(target, world.space.decode(params)[0], {}) <= world.best(target) + 1e-9
        mixture = Mixture.of({"t0": 0.5, "t1": 0.5})
        high = [world.observe(target, mixture, {}, 1, seed) for seed in range(200)]
        assert np.std(high) == pytest.approx(NOISE, rel=0.5)  # of the repeated rows
        assert np.mean(high) == pytest.approx(world.truth(target, mixture, {}), abs=0.002)
        low = world.observe(target, mixture, {}, 0, 1) - world.baseline(target)
        assert low < world.truth(target, mixture, {}) - world.baseline(target)
    assert "t0" not in world.described and "repeated seeds" in world.described
    laboratory = replay(world, make_strategy("ours", "random"), 1, budget_of(world, 6))
    assert regret_curve(world, laboratory.measurements)[-1][1] < 0.02


def test_a_table_of_twenty_tasks_without_baseline_for_losses(tmp_path: Path) -> None:
    mixtures, scores = written(tmp_path, 20, 2, 60)
    for file in (mixtures, scores):  # without the row of zeros
        lines = file.read_text(encoding="utf-8").splitlines()
        file.write_text("\n".join([lines[0], *lines[2:]]) + "\n", encoding="utf-8")
    table = Table.read(mixtures, scores, minimize=True)
    world = EmulatedWorld("twenty", table, 100, dict.fromkeys(table.targets, 50))
    for target in world.targets:
        assert world.best(target) < 0
        assert world.baseline(target) == pytest.approx(np.median(table.rows(0, target)[1]))
        assert world.best(target) > world.baseline(target)
        assert world.optimum(target)[0].weights.get("t0", 0.0) == 0.0  # it raises the loss
    assert "residuals" in world.described


def test_a_pool_knows_its_rows_alone_and_uses_none_twice(tmp_path: Path) -> None:
    table = Table.read(*written(tmp_path, 6, 20, 30))
    world = PoolWorld("pool", table, 100, dict.fromkeys(table.targets, 50))
    rows = {mixture for mixture in table.runs if mixture}
    laboratory = replay(world, make_strategy("random", "tpe"), 1, budget_of(world, 100))
    for target in world.targets:
        used = [told.mixture for told in laboratory.measurements if told.target == target and told.mixture]
        assert len(used) == len(set(used))
        assert set(used) == rows  # until none is left
        assert world.best(target) == max(world.truth(target, mixture, {}) for mixture in rows)
    assert regret_curve(world, laboratory.measurements)[-1][1] == pytest.approx(0.0)
    some = next(iter(sorted(rows, key=str)))
    assert world.nearest(some, set()) == some
    assert world.nearest(some, {some}) not in (some, None)


@pytest.mark.parametrize(
    ("mixtures", "scores", "what"),
    [
        ("a,b\n0.5,0.5\n", "x\n1\n2\n", "differ in length"),
        ("a,b\n0.5,0.6\n", "x\n1\n", "sum to 1"),
        ("a,b\n0.5,half\n", "x\n1\n", "table of numbers"),
        ("a,b,rung\n0.5,0.5,0.3\n", "x\n1\n", "no rungs"),
        ("index,a,b\n1,0.5,0.5\n", "index,x\n2,1\n", "other rows"),
    ],
)
def test_a_wrong_table_is_told(tmp_path: Path, mixtures: str, scores: str, what: str) -> None:
    files = tmp_path / "mixtures.csv", tmp_path / "scores.csv"
    for file, text in zip(files, (mixtures, scores), strict=True):
        file.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=what):
        Table.read(*files)


def test_one_file_with_named_columns_is_both(tmp_path: Path) -> None:
    file = tmp_path / "made.csv"
    file.write_text(
        "mix:book,mix:ner,rung,seed,examples,dev:slots,test:slots\n"
        "0,0,0.5,1,10,0.1,\n0,0,1,1,20,0.2,0.9\n1,0,0.5,1,10,0.3,\n1,0,1,1,20,0.4,0.9\n0.5,0.5,1,1,20,0.5,0.9\n"
    )
    table = Table.read(file, file)
    assert (table.tasks, table.targets, table.rungs) == (("book", "ner"), ("slots",), (0.5, 1.0))
    assert table.baseline(1, "slots") == 0.2
    assert table.measured(Mixture.of({"book": 1.0}), 0, "slots").tolist() == [0.3]
    world = PoolWorld("made", table, 100, {"slots": 0})
    assert world.best("slots") == 0.4, "the other one has no lower rung"
