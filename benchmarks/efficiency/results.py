"""Results: replays that are over, a line each in a file, so that an interrupted measurement goes on where it was."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from statistics import fmean

from benchmarks.efficiency.replay import Curve, regret_curve, replay
from benchmarks.efficiency.strategies import OURS, make_strategy
from benchmarks.efficiency.world import World, prices

Worlds = Mapping[str, Callable[[int], World]]
"""Name -> the world of a seed: a family of landscapes draws one, a table is the same for all."""

ROOT = Path(__file__).parents[2]

CODE_OF_OURS = (
    "benchmarks/efficiency/ours.py",
    "search/config/search.py",
    "search/forecast/estimate.py",
    "search/forecast/recipe_cost.py",
    "search/forecast/reduction.py",
    "search/forecast/throughput.py",
    "search/forecast/throughput.yaml",
    "search/sampling/candidates.py",
    "search/sampling/fit.py",
    "search/sampling/mixture_proposer.py",
    "search/sampling/optuna_samplers.py",
    "search/sampling/proposer.py",
    "search/sampling/samplers.py",
    "search/sampling/thompson.py",
    "search/scheduling/agenda.py",
    "search/scheduling/halving.py",
    "search/scheduling/remaining.py",
    "search/statistics/noise.py",
    "search/studies/state.py",
    "search/studies/trial_record.py",
    "search/surrogate/features.py",
    "search/surrogate/fitting.py",
    "search/surrogate/gp.py",
    "search/surrogate/history.py",
    "search/surrogate/kernel.py",
    "search/surrogate/observations.py",
    "spaces/digest.py",
    "spaces/initial_design.py",
    "spaces/mixture.py",
    "spaces/recipe.py",
    "spaces/space.py",
    "trainables/work/plan.py",
)
"""What decides what our own search tries: when it changes, its replays are done again."""


@dataclass(frozen=True)
class Job:
    """One replay.

    Args:
        world: a name among the worlds; that of a table holds the digest of its files.
        recipes: the budget: so many recipes per target at the full budget of examples, each trained for itself.
        sampler, code: of our own search, and the digest of the code that decides; empty for the others.
    """

    world: str
    strategy: str
    seed: int
    recipes: float
    sampler: str = ""
    code: str = ""

    @classmethod
    def of(cls, world: str, strategy: str, seed: int, recipes: float, sampler: str) -> Job:
        """With what is known of our own search, if it is that."""
        if strategy not in OURS:
            return cls(world, strategy, seed, recipes)
        return cls(world, strategy, seed, recipes, sampler, code_digest())


@dataclass(frozen=True)
class Result:
    """What a strategy came to. `curve` is in trained examples and shares of 1; `budget` and `spent` in examples."""

    job: Job
    budget: float
    spent: float
    measurements: int
    seconds: float
    curve: Curve


def budget_of(world: World, recipes: float) -> float:
    """Trained examples of so many recipes for each target, every one trained for that target alone."""
    price = fmean(prices(world.formats).values())
    return recipes * sum(
        price * world.intermediate_examples + world.target_examples[target] for target in world.targets
    )


def run(job: Job, world: World) -> Result:
    """Do one replay."""
    started, budget = time.perf_counter(), budget_of(world, job.recipes)
    laboratory = replay(world, make_strategy(job.strategy, job.sampler), job.seed, budget)
    return Result(
        job,
        budget,
        laboratory.spent,
        len(laboratory.measurements),
        round(time.perf_counter() - started, 1),
        regret_curve(world, laboratory.measurements),
    )


def read_results(file: Path) -> dict[Job, Result]:
    """The results in a file; a last line that was cut off is passed over."""
    found = {}
    for line in file.read_text(encoding="utf-8").splitlines() if file.exists() else []:
        try:
            data = json.loads(line)
        except json.JSONDecodeError:
            continue
        job = Job(**data.pop("job"))
        curve = [(float(cost), float(regret)) for cost, regret in data.pop("curve")]
        found[job] = Result(job=job, curve=curve, **data)
    return found


def complete(file: Path, jobs: Sequence[Job], worlds: Worlds, workers: int) -> Iterator[Result]:
    """Does the jobs that have no result in the file; each result is kept there at once."""
    known = read_results(file)
    missing = [job for job in jobs if job not in known]
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # a process per core, not a pool of threads per process
    context = multiprocessing.get_context("spawn")
    with (
        file.open("a", encoding="utf-8") as out,
        ProcessPoolExecutor(workers, context, initializer=_start, initargs=(worlds,)) as pool,
    ):
        for done in as_completed([pool.submit(_run, job) for job in missing]):
            result = done.result()
            out.write(to_line(result) + "\n")
            out.flush()
            yield result


def to_line(result: Result) -> str:
    """A result as `read_results` reads it."""
    return json.dumps({**asdict(result), "curve": [[round(cost), round(regret, 6)] for cost, regret in result.curve]})


@cache
def code_digest(root: Path = ROOT) -> str:
    """Of the files that decide what our own search tries, in a checkout of the project.

    Raises:
        FileNotFoundError: one of them is not there. It would never change again.
    """
    digest = hashlib.sha256()
    for file in CODE_OF_OURS:
        digest.update((root / file).read_bytes())
    return digest.hexdigest()[:12]


_worlds: Worlds = {}


def _start(worlds: Worlds) -> None:
    """In a worker process."""
    global _worlds
    _worlds = worlds


def _run(job: Job) -> Result:
    return run(job, _worlds[job.world](job.seed))
