"""`head_start` in a search file: mistakes that take more than its own key to see, and where it changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from search.config.search import Search
from spaces.errors import Problem
from spaces.formats import FORMATS
from trainables.work.settings import StageSettings

FIX = "head_start: none"


def head_start_problems(search: Search, file: str) -> Iterator[Problem]:
    """A head start where there is nothing to start, or that is no linear layer."""
    stages, searched = search.config.stages, search.config.space.hyperparameters
    intermediate = _values(search, stages.intermediate, "intermediate", "head_start")
    if "probe" in intermediate:
        where = "space.hyperparameters" if "intermediate.head_start" in searched else "stages"
        what = "heads of the intermediate stage are drawn"
        yield Problem(what, f"{file}: {where}.intermediate.head_start", "probe", "stages.target.head_start, or none")
    labeled = list(_labeled(search))
    for target, settings in stages.per_target.items():
        if settings.get("head_start") == "probe" and target in search.config.targets and target not in labeled:
            where = f"{file}: stages.per_target.{target}.head_start"
            yield Problem("has no labels, or is not trained: no head to start", where, "probe", FIX)
    if "probe" in _values(search, stages.target, "target", "head_start") and not labeled:
        what = "no target of this search is trained on labels: no head to start"
        yield Problem(what, f"{file}: stages.target.head_start", "probe", FIX)
    for target in labeled:
        stage = search.plan("", "").target_stage(target)
        starts, heads = (_values(search, stage, "target", key) for key in ("head_start", "head"))
        if "probe" in starts and "native" in heads:
            what, found = "a probe is a linear layer, and a native head is more", f"{target}: head: native"
            yield Problem(what, f"{file}: stages.target.head_start", found, f"head: mean, or {FIX}")


def drawn_heads(search: Search) -> Iterator[str]:
    """A line for each target that is trained without labels, so that its head is drawn though others start from a probe."""
    labeled, plan = set(_labeled(search)), search.plan("", "")
    for target, card in search.targets.items():
        if card.is_trained and target not in labeled and plan.target_stage(target).head_start == "probe":
            yield f"{target}: {card.format} has no labels, so its head is drawn, in spite of head_start: probe"


def _labeled(search: Search) -> Iterator[str]:
    """Targets that are trained on rows with labels."""
    for target, card in search.targets.items():
        if card.is_trained and FORMATS[card.format].is_labeled:
            yield target


def _values(search: Search, stage: StageSettings, name: str, key: str) -> set[object]:
    """What a setting of a stage may be in this search."""
    searched = search.config.space.hyperparameters.get(f"{name}.{key}")
    return {getattr(stage, key)} if searched is None else {*(searched.choices or [])}
