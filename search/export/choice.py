"""Which of a target's trials is taken home: one definition for predictions, encoders and models."""

from __future__ import annotations

from pathlib import Path

from search.config.search import Search
from search.results.ranking import mix_costs, rank_target
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.errors import Problem
from spaces.mixture import Mixture


def choose_record(
    search: Search, studies: Studies, target: str, mixture: Mixture | None, top_only: bool
) -> Record | Problem:
    """The trial of the best mix by `taskmix best`, or of one mix: of its seeds the search's own if there is one.

    Args:
        mixture: the empty one for the baseline; None: the best.
        top_only: at the top rung, where the test split was scored; else at the highest rung that has scores.
    """
    if target not in search.config.targets:
        return Problem("no target of this search", target, fix="name the others with --target")
    scored = [record for record in studies.records[target] if record.score]
    if mixture is not None and not mixture:
        rung = max((record.rung for record in scored if record.recipe.is_baseline), default=0)
        digests = {record.recipe.digest for record in scored if record.recipe.is_baseline}
    else:
        mixes = rank_target(studies, mix_costs(studies), target, 1, lambda recipe: mixture in (None, recipe.mixture))
        rung, family = mixes.rung.index, mixes.best[0].digest if mixes.best else None
        seed = search.config.seed
        digests = {record.recipe.digest for record in scored if record.recipe.with_seed(seed).digest == family}
    chosen = [record for record in scored if record.recipe.digest in digests and record.rung == rung]
    if top_only:
        chosen = [record for record in chosen if record.rung == search.config.halving.top_rung]
    if not chosen:
        found = "no mix" if mixture is None else str(mixture)
        if top_only:
            return Problem("nothing was measured on the test split", target, found, "it is at the top rung alone")
        return Problem("nothing was measured", target, found, f"see what was: taskmix best {search.config.name}")
    return min(chosen, key=lambda record: (record.recipe.seed != search.config.seed, record.recipe.seed))


def check_new(folder: Path) -> list[Problem]:
    """What is wrong with a folder that is to be written: something lies in it."""
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        return [Problem("the folder is not empty", "--out", str(folder), "name a new one")]
    return []
