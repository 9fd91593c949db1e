"""What is lost when fewer rows are scored at a low rung (`evaluation.low_rung_examples`), and what it saves.

    python -m benchmarks.low_rung_rows examples/mini/search.yaml --rows 50 100 200

Mixtures drawn from the search's space are trained up to its lowest rung, in a store that is thrown away, and each
target model is scored on all development rows and on the samples that a search would take. For each target and number
of rows: Spearman's rank correlation with the scores on all rows, over the mixtures, and the processor time of a pass.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from random import Random

from scipy.stats import spearmanr

from search.config import search_file, workspace
from search.config.search import Search
from search.sampling.candidates import draw_candidates
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.evaluation.evaluate import evaluate, mean_score
from trainables.fine_tuning import FineTuned
from trainables.work.item import WorkItem
from trainables.work.plan import Plan
from trainables.worker import Worker


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="search file")
    parser.add_argument("--rows", type=int, nargs="+", default=[50, 100, 200], help="rows per language")
    parser.add_argument("--mixtures", type=int, default=12, help="how many are trained")
    options = parser.parse_args()
    search = search_file.load(options.file)
    with tempfile.TemporaryDirectory() as store:
        worker = Worker(search.plan(store, str(workspace.cache_folder(search.config.storage.cache))))
        scores, seconds = measure(worker, draw(search, options.mixtures), [*options.rows, None])
    print(f"{'target':<16}{'rows':>6}{'rank correlation':>18}{'seconds':>9}")
    for target, rows in scores:
        correlation = spearmanr(scores[target, rows], scores[target, None]).statistic
        passed = sum(seconds[target, rows]) / len(seconds[target, rows])
        print(f"{target:<16}{rows or 'all':>6}{correlation:>18.2f}{passed:>9.2f}")


def draw(search: Search, count: int) -> list[Recipe]:
    """Candidates of the space as a search draws them at random; the baseline first."""
    drawn = draw_candidates(search.space, Random(search.config.seed), count - 1)
    rest = search.config.model, search.config.seed
    return [Recipe.of(mixture, values, *rest) for mixture, values in [(Mixture.of({}), {}), *drawn]]


def measure(
    worker: Worker, recipes: list[Recipe], limits: list[int | None]
) -> tuple[dict[tuple[str, int | None], list[float]], dict[tuple[str, int | None], list[float]]]:
    """Target and number of rows -> a score per recipe, and the processor seconds of the pass."""
    scores = defaultdict[tuple[str, int | None], list[float]](list)
    seconds = defaultdict[tuple[str, int | None], list[float]](list)
    for recipe in recipes:
        for target in worker.plan.targets:
            made = worker.fine_tune(WorkItem(recipe, 0, (target,)), target)
            for limit in limits:
                began = time.process_time()
                scores[target, limit].append(score(worker, made, target, limit))
                seconds[target, limit].append(time.process_time() - began)
        print(recipe.mixture or "baseline", flush=True)
    return scores, seconds


def score(worker: Worker, made: FineTuned, target: str, limit: int | None) -> float:
    """On so many development rows per language."""
    plan: Plan = worker.plan
    card, metric = plan.targets[target], plan.targets[target].metric
    settings, length = plan.evaluation.model_copy(update={"max_examples": limit}), plan.target_stage(target).max_length
    assert metric is not None
    dev = plan.dev_card(target)
    found = evaluate(worker.data, card, dev, made.encoder, made.head, made.tokenizer, settings, length, tested=False)
    return mean_score(found.dev, metric)


if __name__ == "__main__":
    main()
