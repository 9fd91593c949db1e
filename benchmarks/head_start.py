"""What it is worth to begin a target's head with a linear probe (`stages.target.head_start`), and the probe alone.

    python -m benchmarks.head_start examples/mini/search.yaml --targets genres intents slots

Mixtures drawn from the search's space are trained up to its lowest and its top rung, in a store that is thrown away.
From each encoder every target's stage is run with several seeds: as the search file says, and begun with a probe,
where the head learns at the encoder's rate. For each target and way: the mean score on the development rows; its
standard deviation over the seeds of a target stage, and over the mixtures; processor seconds, evaluation included; and
Spearman's rank correlation, over the mixtures, of a seed's score with the mean of other seeds' at the top rung.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean, stdev, variance

from scipy.stats import spearmanr
from transformers import PreTrainedModel

from benchmarks.low_rung_rows import draw
from search.config import search_file, workspace
from spaces.recipe import Recipe
from trainables.encoders import checkpoint
from trainables.evaluation.evaluate import evaluate, mean_score
from trainables.evaluation.probe import fit_probe
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key
from trainables.work.plan import Plan
from trainables.worker import Worker


@dataclass(frozen=True, order=True)
class Way:
    """How a target is scored after an encoder.

    Args:
        name: "none" and "probe": the stage, with that head start; "alone": the probe, without a stage.
    """

    name: str
    is_top: bool


Scores = Mapping[Way, list[list[float]]]
"""For each mixture a score of each seed."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="search file")
    parser.add_argument("--targets", nargs="+", help="labelled targets; default: the search's own")
    parser.add_argument("--mixtures", type=int, default=9, help="how many are trained")
    parser.add_argument("--seeds", type=int, default=3, help="of each target stage")
    options = parser.parse_args()
    search = search_file.load(options.file)
    names = options.targets or search.config.targets
    search = replace(search, config=search.config.model_copy(update={"targets": names}))
    scores, seconds = (
        defaultdict[str, dict[Way, list[list[float]]]](dict),
        defaultdict[tuple[str, Way], list[float]](list),
    )
    with tempfile.TemporaryDirectory() as store:
        plan = search.plan(store, str(workspace.cache_folder(search.config.storage.cache)))
        started = plan.target.model_copy(update={"head_start": "probe", "head_learning_rate": None})
        workers = {"none": Worker(plan), "probe": Worker(plan.model_copy(update={"target": started}))}
        for recipe in draw(search, options.mixtures):
            for is_top in (False, True):
                encoder = train(workers["none"], recipe, plan.top_rung if is_top else 0)
                for target in names:
                    for way, found, taken in measure(workers, encoder, recipe, target, is_top, options.seeds):
                        scores[target].setdefault(way, []).append(found)
                        seconds[target, way].extend(taken)
            print(
                recipe.mixture or "baseline",
                {
                    t: {f"{w.name}{w.is_top:d}": [round(100 * s, 1) for s in v[-1]] for w, v in ways.items()}
                    for t, ways in scores.items()
                },
                flush=True,
            )
    print(
        f"{'target':<12}{'head start':<12}{'rung':<8}{'score':>6}{'seeds':>7}{'mixtures':>10}{'seconds':>9}  order, of none, of probe"
    )
    for target, ways in scores.items():
        for way in sorted(ways):
            print(describe(target, way, ways, seconds[target, way]))


def train(worker: Worker, recipe: Recipe, rung: int) -> PreTrainedModel:
    """The encoder of a recipe at a rung."""
    base = worker.load_base(recipe.model).model
    if recipe.is_baseline:
        return base
    worker.run(WorkItem(recipe, rung, tuple(worker.plan.targets)[:1]))
    folder = worker.store.encoder(encoder_key(worker.plan, recipe, rung))
    assert folder is not None, "it was not stored"
    return checkpoint.load(folder).model


def measure(
    workers: Mapping[str, Worker], encoder: PreTrainedModel, recipe: Recipe, target: str, is_top: bool, seeds: int
) -> Iterator[tuple[Way, list[float], list[float]]]:
    """Each way with its score and processor seconds for each seed; the probe alone has no seeds."""
    for name, worker in workers.items():
        found, taken = list[float](), list[float]()
        for seed in range(1, seeds + 1):
            began = time.process_time()
            item = WorkItem(replace(recipe, seed=seed), worker.plan.top_rung if is_top else 0, (target,))
            found.append(worker.score(encoder, item, target).score)
            taken.append(time.process_time() - began)
        yield Way(name, is_top), found, taken
    began = time.process_time()
    alone = score_probe(workers["probe"], encoder, recipe, target)
    yield Way("alone", is_top), [alone] * seeds, [time.process_time() - began]


def score_probe(worker: Worker, encoder: PreTrainedModel, recipe: Recipe, target: str) -> float:
    """The mean score on the development rows of an encoder as it is, with a probe as its head."""
    plan: Plan = worker.plan
    card, length = plan.targets[target], plan.target_for(recipe, target).max_length
    tokenizer, size = worker.load_base(recipe.model).tokenizer, plan.evaluation.batch_size
    head = fit_probe(encoder, plan.training_cards[target][0], worker.data, tokenizer, length, size)
    settings, dev = plan.evaluation_at(0), plan.dev_card(target)
    found = evaluate(worker.data, card, dev, encoder, head, tokenizer, settings, length, tested=False)
    assert card.metric is not None
    return mean_score(found.dev, card.metric)


def describe(target: str, way: Way, ways: Scores, seconds: list[float]) -> str:
    """A line of the table."""
    scores = ways[way]
    within = fmean(map(variance, scores)) ** 0.5
    between = stdev(map(fmean, scores))
    orders = [correlation(scores, ways[Way(name, True)]) for name in ("none", "probe")]
    means = f"{100 * fmean(map(fmean, scores)):>6.1f}{100 * within:>7.1f}{100 * between:>10.1f}{fmean(seconds):>9.1f}"
    rung = "top" if way.is_top else "lowest"
    return f"{target:<12}{way.name:<12}{rung:<8}{means}  {orders[0]:.2f} {orders[1]:.2f}"


def correlation(scores: list[list[float]], full: list[list[float]]) -> float:
    """Of a seed's scores with the means of the other seeds at full length, over the mixtures; the mean over seeds."""
    seeds = range(len(scores[0]))
    return fmean(
        spearmanr(
            [each[seed] for each in scores], [fmean(each[o] for o in seeds if o != seed) for each in full]
        ).statistic
        for seed in seeds
    )


if __name__ == "__main__":
    main()
