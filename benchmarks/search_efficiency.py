"""How much training a search needs: strategies replayed in worlds that answer like training would.

    python -m benchmarks.search_efficiency --results replays.jsonl
    python -m benchmarks.search_efficiency --results replays.jsonl --worlds --mixtures mixtures.csv --scores scores.csv

Run it where the project lies, after `pip install -r benchmarks/requirements.txt`. `docs/efficiency.md` says what is
measured and how. Replays that are over are kept in --results: an interrupted run goes on, and what is told is told of
all replays in that file that fit.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import platform
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any, get_args

from benchmarks.efficiency.figure import draw
from benchmarks.efficiency.landscapes import AIMED_AT, FAMILIES
from benchmarks.efficiency.results import Job, Worlds, complete, read_results
from benchmarks.efficiency.strategies import OURS, STRATEGIES
from benchmarks.efficiency.summary import COSTS, Line, Reach, summarize
from benchmarks.efficiency.table import Table
from benchmarks.efficiency.table_worlds import EmulatedWorld, PoolWorld
from benchmarks.efficiency.world import World
from search.config.schema import SamplerName
from spaces.errors import InputError, Problem, TaskmixError

SHOWN = (0.02, 0.05, 0.1, 0.25, 1.0)
"""Shares of the budget at which regrets are printed."""

USUAL = [name for name in (*STRATEGIES, *OURS) if name not in ("ours-no-costs", "ours-recommended")]
"""Without what was only tried, and what differs in the worlds of unequal costs alone."""


def main() -> None:
    options = _options()
    try:
        worlds = _worlds(options)
    except TaskmixError as error:
        sys.exit(f"{error}")
    jobs = [
        Job.of(world, strategy, seed, options.recipes, options.sampler)
        for seed in range(1, options.seeds + 1)
        for world in worlds
        for strategy in options.strategies
    ]
    missing, started = len(set(jobs) - set(read_results(options.results))), time.monotonic()
    print(f"{len(jobs)} replays, {len(jobs) - missing} of them are there", flush=True)
    for number, result in enumerate(complete(options.results, jobs, worlds, options.workers), 1):
        job = result.job
        passed = time.monotonic() - started
        told = f"{number} of {missing}: {job.world}, {job.strategy}, seed {job.seed}: {result.seconds:.0f} s"
        print(f"{told}; about {passed / number * (missing - number) / 60:.0f} min left", flush=True)
    fitting = {
        Job.of(world, strategy, seed, options.recipes, options.sampler)
        for world in worlds
        for strategy in (*STRATEGIES, *OURS)
        for seed in range(1, options.seeds + 1)
    }
    results = [result for job, result in read_results(options.results).items() if job in fitting]
    summary = {world: _ordered(lines) for world, lines in summarize(results).items()}
    for world, lines in summary.items():
        print(f"\n{world}: regret in points at shares of the budget, and the share at which it is as good as ...'s end")
        print(_table(lines))
    if options.json:
        options.json.write_text(json.dumps(_as_json(summary, options), indent=1) + "\n", encoding="utf-8")
    if options.figure:
        draw(summary, options.recipes, options.figure)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--worlds", nargs="*", default=list(AIMED_AT), choices=list(FAMILIES), metavar="WORLD")
    parser.add_argument("--strategies", nargs="+", default=USUAL, choices=[*STRATEGIES, *OURS])
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--recipes", type=float, default=50, help="the budget: full recipes for each target")
    parser.add_argument("--sampler", default="mixture", choices=get_args(SamplerName), help="of our own search")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--results", type=Path, required=True, help="replays that are over, a line each")
    parser.add_argument("--json", type=Path, help="write the curves and figures there")
    parser.add_argument("--figure", type=Path, help="draw the curves there, as .png or .svg")
    table = parser.add_argument_group("a table of trained mixtures")
    table.add_argument("--mixtures", type=Path, help="CSV: a row per run, a column of weights per task")
    table.add_argument("--scores", type=Path, help="CSV: the same rows, a column per target")
    table.add_argument("--minimize", action="store_true", help="the scores are losses")
    table.add_argument("--pool", action="store_true", help="the rows alone, no emulator between them")
    table.add_argument("--intermediate-examples", type=int, default=100_000, help="of a row at the full budget")
    table.add_argument(
        "--target-examples",
        type=_examples,
        default=[(None, 50_000)],
        metavar="N or TARGET=N,...",
        help="of each target's stage at the full budget; of those not named 0",
    )
    options = parser.parse_args()
    if (options.mixtures is None) != (options.scores is None):
        parser.error("--mixtures and --scores go together")
    if not options.worlds and options.mixtures is None:
        parser.error("no world: name some, or give --mixtures and --scores")
    return options


def _worlds(options: argparse.Namespace) -> Worlds:
    worlds: dict[str, Any] = {name: FAMILIES[name] for name in options.worlds}
    if options.mixtures is not None:
        table = Table.read(options.mixtures, options.scores, options.minimize)
        kind: type[EmulatedWorld] | type[PoolWorld] = PoolWorld if options.pool else EmulatedWorld
        examples = dict(options.target_examples)
        unknown = sorted(set(examples) - {None, *table.targets})
        if unknown:
            fix = f"one of {', '.join(table.targets)}"
            raise InputError(Problem("the table has no such target", "--target-examples", ", ".join(unknown), fix))
        everywhere = {target: examples.get(target, examples.get(None, 0)) for target in table.targets}
        made = kind(_name(options), table, options.intermediate_examples, everywhere)
        print(made.described, flush=True)
        worlds[made.name] = partial(_same, made)
    return worlds


def _examples(text: str) -> list[tuple[str | None, int]]:
    """Of targets by name; of all where there is no name."""
    if "=" not in text:
        return [(None, int(text))]
    pairs = [part.partition("=") for part in text.split(",")]
    return [(name, int(number)) for name, _, number in pairs]


def _name(options: argparse.Namespace) -> str:
    """Of a table's world: replays in another table, or at other costs, are others."""
    files = [file.read_bytes() for file in (options.mixtures, options.scores)]
    settings = options.minimize, options.intermediate_examples, options.target_examples
    digest = hashlib.sha256(b"".join([*files, repr(settings).encode()])).hexdigest()[:8]
    return f"{options.mixtures.stem}{'-pool' if options.pool else ''}-{digest}"


def _same(world: World, seed: int) -> World:
    """A table is the same world for every seed."""
    return world


def _ordered(lines: Mapping[str, Line]) -> dict[str, Line]:
    return {name: lines[name] for name in (*STRATEGIES, *OURS) if name in lines}


def _table(lines: Mapping[str, Line]) -> str:
    """For people."""
    ends = list(next(iter(lines.values())).reach)
    head = ["", "seeds", *(f"{100 * cost:g} %" for cost in SHOWN), *(f"as {end}" for end in ends), "over random"]
    rows = [head]
    for name, line in lines.items():
        regrets = [
            f"{regret:.2f}" + (f" ±{margin:.2f}" if line.seeds > 1 else "") for regret, margin in map(line.at, SHOWN)
        ]
        over = "" if line.worse_than_random is None else "{:.2f} at {:.1%}".format(*line.worse_than_random)
        rows.append([name, str(line.seeds), *regrets, *(_told(line.reach[end]) for end in ends), over])
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if not column else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def _told(reach: Reach) -> str:
    cost, low, high = ("never" if share is None else f"{share:.1%}" for share in (reach.cost, reach.low, reach.high))
    return f"{cost} ({low} to {high})"


def _as_json(summary: Mapping[str, Mapping[str, Line]], options: argparse.Namespace) -> dict[str, Any]:
    return {
        "machine": platform.platform(),
        "recipes_per_target": options.recipes,
        "sampler": options.sampler,
        "costs": [round(float(cost), 5) for cost in COSTS],
        "worlds": {
            world: {
                name: {
                    "seeds": line.seeds,
                    "spent": round(line.spent, 4),
                    "regret": [round(float(regret), 4) for regret in line.regret],
                    "margin": [round(float(margin), 4) for margin in line.margin] if line.seeds > 1 else None,
                    "reach": {end: vars(reach) for end, reach in line.reach.items()},
                    "worse_than_random": line.worse_than_random,
                }
                for name, line in lines.items()
            }
            for world, lines in summary.items()
        },
    }


if __name__ == "__main__":
    main()
