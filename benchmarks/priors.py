"""Priors: how well what costs little ranks the mixtures that a finished search has measured.

    python benchmarks/priors.py NAME [--rung R] [--most N] [--json]

NAME is a search in $TASKMIX_HOME, or its file, that measured many mixtures at the top rung, and whose store still
holds the encoders of the single tasks. For each target and estimate: Spearman's rank correlation with the measured
gain over the baseline, with a 95 % interval (percentiles of 2,000 bootstrap samples of the mixtures), among the single
tasks and among the mixes of several. What the estimates compute goes into the store, so a run that was broken off goes
on. Then the start recipes that were measured, with their place among all measured mixtures.

Beside the estimates of `benchmarks/merged_proxies.py` stand what a search has anyway, to be beaten: the number of
tasks, the weighted mean of the gains of the single tasks, and the gain at each lower rung.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean
from typing import get_args

import numpy as np
from rich.console import Console
from rich.table import Table
from scipy.stats import rankdata

sys.path.insert(0, str(Path(__file__).parent.parent))

from benchmarks.merged_proxies import Estimator
from search.config import workspace
from search.config.search import Search
from search.studies.studies import Studies
from spaces import initial_design
from spaces.formats import FORMATS
from spaces.initial_design import Prior
from spaces.mixture import Mixture
from spaces.recipe import Recipe

RESAMPLES, SEED = 2000, 1

Gains = Mapping[Mixture, float]
Estimate = Callable[[Mixture], float | None]
"""Higher is better; None where it says nothing about a mixture."""


@dataclass(frozen=True)
class Value:
    """What an estimate says of a mixture on a target, beside the measured gain."""

    target: str
    estimate: str
    mixture: str
    value: float
    gain: float


@dataclass(frozen=True)
class Correlation:
    """Of one estimate with the gains on one target.

    Args:
        among: "single" tasks or mixes of "several".
        mixtures: how many.
        rho: Spearman's; None where one of the two is constant or there are fewer than three mixtures.
        low, high: its 95 % interval.
    """

    target: str
    estimate: str
    among: str
    mixtures: int
    rho: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Place:
    """Where a start recipe stands: `rank` 1 is the best of `of` measured mixtures."""

    target: str
    mixture: str
    reason: str
    gain: float
    rank: int
    of: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name")
    parser.add_argument("--rung", type=int, help="of the single-task encoders, counted from 0; default: the top one")
    parser.add_argument("--most", type=int, help="mixes of several tasks that are looked at, drawn; default: all")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = workspace.find(options.name)
    search, studies = found.search, Studies.open(found)
    top = search.config.halving.top_rung
    plan = studies.versioned(found.plan)
    gains = {target: measured(search, studies, target, top) for target in search.config.targets}
    singles = {task: recipe(search, Mixture.of({task: 1.0})) for task in search.space.tasks}
    estimator = Estimator(plan, singles, top if options.rung is None else options.rung)
    values, found = list[Value](), list[Correlation]()
    for target, of_target in gains.items():
        chosen = drawn(of_target, options.most)
        for name, estimate in estimates(search, studies, estimator, target).items():
            print(f"{target}: {name}", file=sys.stderr)
            guesses = {mixture: guess for mixture in chosen if (guess := estimate(mixture)) is not None}
            values += [Value(target, name, str(mixture), guess, chosen[mixture]) for mixture, guess in guesses.items()]
            found += correlations(target, name, guesses, chosen)
    starts = [one for target, of_target in gains.items() for one in places(search, target, of_target)]
    if options.json:
        lists = {"correlations": found, "starts": starts, "values": values}
        data = {name: [asdict(one) for one in entries] for name, entries in lists.items()}
        print(json.dumps({"search": search.config.name, **data}, indent=2))
    else:
        show(found, starts)


def recipe(search: Search, mixture: Mixture) -> Recipe:
    """The mixture with the default hyperparameters and the search's seed."""
    return Recipe.of(mixture, search.space.defaults, search.config.model, search.config.seed)


def measured(search: Search, studies: Studies, target: str, rung: int) -> Gains:
    """Mixture -> mean over seeds of its gain at a rung, with the default hyperparameters; no baseline."""
    scores: dict[tuple[Mixture, int], float] = {}
    defaults = recipe(search, Mixture.of({search.space.tasks[0]: 1.0})).hyperparameters
    for record in studies.records[target]:
        if (
            record.rung == rung
            and record.score
            and (record.recipe.is_baseline or record.recipe.hyperparameters == defaults)
        ):
            scores[record.recipe.mixture, record.recipe.seed] = record.score.score
    by_mixture: dict[Mixture, list[float]] = {}
    for (mixture, seed), score in scores.items():
        if mixture and (Mixture(), seed) in scores:
            by_mixture.setdefault(mixture, []).append(score - scores[Mixture(), seed])
    return {mixture: fmean(found) for mixture, found in by_mixture.items()}


def drawn(gains: Gains, most: int | None) -> Gains:
    """All single tasks, and at most so many mixes of several, the same ones each time."""
    several = sorted((mixture for mixture in gains if len(mixture) > 1), key=str)
    if most is not None and most < len(several):
        several = [several[at] for at in np.random.default_rng(SEED).choice(len(several), most, replace=False)]
    kept = {*several, *(mixture for mixture in gains if len(mixture) == 1)}
    return {mixture: gains[mixture] for mixture in sorted(kept, key=str)}


def estimates(search: Search, studies: Studies, estimator: Estimator, target: str) -> dict[str, Estimate]:
    """What is compared, by name."""
    top = search.config.halving.top_rung
    gains = measured(search, studies, target, top)

    def additive(mixture: Mixture) -> float | None:
        alone = {task: gains.get(Mixture.of({task: 1.0})) for task in mixture.tasks}
        known = [weight * gain for task, weight in mixture.weights.items() if (gain := alone[task]) is not None]
        return sum(known) if len(mixture) > 1 and len(known) == len(mixture) else None

    found: dict[str, Estimate] = {
        "merged encoder": lambda mixture: estimator.merged_score(mixture, target),
        "gains of single tasks": additive,
        "number of tasks": lambda mixture: float(len(mixture)),
    }
    if FORMATS[search.targets[target].format].is_labeled:
        found["LogME"] = lambda mixture: estimator.log_evidence(mixture, target)
    for rung in range(top):
        found[f"gain at rung {rung}"] = measured(search, studies, target, rung).get
    return found


def correlations(target: str, estimate: str, guesses: Gains, gains: Gains) -> Iterator[Correlation]:
    """One among the single tasks and one among the mixes of several, as far as the estimate speaks of them."""
    for among, is_one in (("single", True), ("several", False)):
        pairs = [(guess, gains[mixture]) for mixture, guess in guesses.items() if (len(mixture) == 1) == is_one]
        if pairs:
            yield Correlation(target, estimate, among, len(pairs), *spearman(np.array(pairs)))


def spearman(pairs: np.ndarray) -> tuple[float | None, float | None, float | None]:
    """Rank correlation of two columns, (n, 2), and its 95 % interval over bootstrap samples of the rows.

    Samples in which a column is constant have no correlation and are left out.
    """
    count = len(pairs)
    whole = _rank_correlations(pairs[None])[0]
    if count < 3 or np.isnan(whole):
        return None, None, None
    rows = np.random.default_rng(SEED).integers(count, size=(RESAMPLES, count))
    low, high = np.nanpercentile(_rank_correlations(pairs[rows]), [2.5, 97.5])
    return float(whole), float(low), float(high)


def _rank_correlations(samples: np.ndarray) -> np.ndarray:
    """Of each sample, (samples, n, 2); NaN where a column is constant. Ties share their mean rank."""
    ranks = rankdata(samples, axis=1)
    ranks -= ranks.mean(axis=1, keepdims=True)
    products, squares = ranks.prod(axis=2).sum(axis=1), (ranks**2).sum(axis=1).prod(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(squares > 0, products / np.sqrt(squares), np.nan))


def places(search: Search, target: str, gains: Gains) -> Iterator[Place]:
    """The starts that any prior would have given and that were measured; the best one of equals."""
    pool = search.pool
    names: list[Prior] = [name for name in get_args(Prior) if name != "earlier"]
    order = sorted(gains.values(), reverse=True)
    seen: Mapping[tuple[Mixture, str], None] = dict.fromkeys(
        (start.mixture, start.reason) for start in (*initial_design.starts(names, pool), *initial_design.single(pool))
    )
    for mixture, reason in seen:
        if mixture in gains:
            gain = gains[mixture]
            yield Place(target, str(mixture), reason, gain, 1 + order.index(gain), len(order))


def show(found: list[Correlation], starts: list[Place]) -> None:
    """Two tables for people."""
    console = Console(soft_wrap=True)
    table = Table("target", "estimate", "among", "mixtures", "rho", "95 %", box=None)
    for one in found:
        interval = "" if one.low is None else f"{one.low:+.2f} to {one.high:+.2f}"
        rho = "none" if one.rho is None else f"{one.rho:+.2f}"
        table.add_row(one.target, one.estimate, one.among, str(one.mixtures), rho, interval)
    console.print(table)
    table = Table("target", "start", "gain", "rank", "where from", box=None)
    for place in starts:
        table.add_row(
            place.target, place.mixture, f"{100 * place.gain:+.1f}", f"{place.rank} of {place.of}", place.reason
        )
    console.print(table)


if __name__ == "__main__":
    main()
