"""What a linear probe is worth where a target has labels: as the start of its head, and alone at a low rung.

    python -m benchmarks.head_start examples/mini/search.yaml --targets genres intents slots

Mixtures drawn from the search's space are trained up to its lowest and its top rung, in a store that is thrown away.
From each encoder every target is scored with several seeds: with a head that is drawn and learns at a rate of .01,
with one that begins as a probe and learns at the encoder's rate, and at the lowest rung with the probe
alone. For each: the mean score on the development rows; its standard deviation over the seeds of the target stage, and
over the mixtures; processor seconds, evaluation included; and Spearman's rank correlation, over the mixtures, of one
seed's scores with the mean of the other seeds' at the top rung, in the mean over the seeds.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean, stdev, variance
from typing import Any

from scipy.stats import spearmanr
from transformers import PreTrainedModel

from benchmarks.low_rung_rows import draw
from search.config import search_file, workspace
from search.config.search import Search
from spaces.recipe import Recipe
from trainables.encoders import checkpoint
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key
from trainables.worker import Worker

DRAWN, BEGUN, ALONE = "drawn", "begun as a probe", "a probe alone"

WAYS: dict[str, dict[str, Any]] = {
    DRAWN: {"head_start": "none", "low_rung": "stage", "head_learning_rate": 1e-2},
    BEGUN: {"head_start": "probe", "low_rung": "stage", "head_learning_rate": None},
    ALONE: {"low_rung": "probe"},
}
"""How a target is scored -> settings of its stage."""


@dataclass
class Measured:
    """Of one target, way and rung: for each mixture a score of each seed, and processor seconds of each."""

    scores: list[list[float]] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


Table = Mapping[tuple[str, str, bool], Measured]
"""Target, way, whether it is the top rung -> what was measured."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="search file")
    parser.add_argument("--targets", nargs="+", help="with labels; default: those of the search")
    parser.add_argument("--mixtures", type=int, default=9, help="how many are trained, the baseline among them")
    parser.add_argument("--seeds", type=int, default=3, help="of each target stage")
    options = parser.parse_args()
    search = search_file.load(options.file)
    targets = options.targets or search.config.targets
    search = replace(search, config=search.config.model_copy(update={"targets": targets}))
    with tempfile.TemporaryDirectory() as store:
        table = measure(search, store, options.mixtures, range(1, options.seeds + 1))
    print(
        f"{'target':<10}{'head':<18}{'rung':<8}{'score':>6}{'seeds':>7}{'mixtures':>10}{'seconds':>9}"
        + f"{'order: drawn, begun':>21}"
    )
    for target, way, is_top in sorted(table):
        print(describe(table, target, way, is_top))


def measure(search: Search, store: str, mixtures: int, seeds: Sequence[int]) -> Table:
    """Train and score everything."""
    plan = search.plan(store, str(workspace.cache_folder(search.config.storage.cache)))
    workers = {
        way: Worker(plan.model_copy(update={"target": plan.target.with_values(settings)}))
        for way, settings in WAYS.items()
    }
    table = defaultdict[tuple[str, str, bool], Measured](Measured)
    for recipe in draw(search, mixtures):
        for rung in (0, plan.top_rung):
            encoder = train(workers[DRAWN], recipe, rung)
            for target in plan.targets:
                for way, worker in workers.items():
                    if way != ALONE or rung == 0:
                        measured = table[target, way, rung > 0]
                        measured.scores.append([])
                        for seed in seeds:
                            began = time.process_time()
                            item = WorkItem(recipe.with_seed(seed), rung, (target,))
                            measured.scores[-1].append(worker.score(encoder, item, target).score)
                            measured.seconds.append(time.process_time() - began)
        print(recipe.mixture or "baseline", flush=True)
    return table


def train(worker: Worker, recipe: Recipe, rung: int) -> PreTrainedModel:
    """The encoder of a recipe at a rung."""
    if recipe.is_baseline:
        return worker.load_base(recipe.model).model
    worker.run(WorkItem(recipe, rung, tuple(worker.plan.targets)[:1]))
    folder = worker.store.encoder(encoder_key(worker.plan, recipe, rung))
    assert folder is not None, "it was not stored"
    return checkpoint.load(folder).model


def describe(table: Table, target: str, way: str, is_top: bool) -> str:
    """A line of the table."""
    measured = table[target, way, is_top]
    score, between = fmean(map(fmean, measured.scores)), stdev(map(fmean, measured.scores))
    within, seconds = fmean(map(variance, measured.scores)) ** 0.5, fmean(measured.seconds)
    orders = (correlation(measured.scores, table[target, full, True].scores) for full in (DRAWN, BEGUN))
    figures = f"{100 * score:>6.1f}{100 * within:>7.1f}{100 * between:>10.1f}{seconds:>9.1f}"
    rung = "top" if is_top else "lowest"
    return f"{target:<10}{way:<18}{rung:<8}{figures}{'  '.join(f'{order:.2f}' for order in orders):>21}"


def correlation(scores: list[list[float]], full: list[list[float]]) -> float:
    """Of each seed's scores with the means of the other seeds' at full length, over the mixtures; the mean of these."""
    numbers = range(len(scores[0]))
    return fmean(
        spearmanr(
            [each[number] for each in scores],
            [fmean(each[other] for other in numbers if other != number) for each in full],
        ).statistic
        for number in numbers
    )


if __name__ == "__main__":
    main()
