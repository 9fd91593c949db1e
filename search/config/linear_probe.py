"""Linear probes in a search file: mistakes that take more than one key to see, and where they change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from search.config.search import Search
from spaces.errors import Problem
from spaces.formats import FORMATS
from trainables.work.settings import StageSettings

OFF = {"head_start": "none", "low_rung": "stage"}
"""Settings that may be `probe` -> what they are else."""


def probe_problems(search: Search, file: str) -> Iterator[Problem]:
    """A probe where there is nothing to probe, or as a head that is no linear layer."""
    stages, labeled = search.config.stages, list(_labeled(search))
    for key, off in OFF.items():
        fix = f"{key}: {off}"
        if "probe" in _values(search, stages.intermediate, f"intermediate.{key}"):
            what = "probes are of targets: the tasks of an intermediate stage have none"
            yield Problem(
                what, f"{file}: {_where(search, f'intermediate.{key}')}", "probe", f"stages.target.{key}, or none"
            )
        for target, settings in stages.per_target.items():
            if settings.get(key) == "probe" and target in search.config.targets and target not in labeled:
                what, where = (
                    "is not trained on labels, so there is nothing to probe",
                    f"stages.per_target.{target}.{key}",
                )
                yield Problem(what, f"{file}: {where}", "probe", fix)
        if "probe" in _values(search, stages.target, f"target.{key}") and not labeled:
            what = "no target of this search is trained on labels: there is nothing to probe"
            yield Problem(what, f"{file}: {_where(search, f'target.{key}')}", "probe", fix)
    for target in labeled:
        stage = search.plan("", "").target_stage(target)
        starts, heads = (_values(search, stage, f"target.{key}") for key in ("head_start", "head"))
        if "probe" in starts and "native" in heads:
            what, found = "a probe is a linear layer, and a native head is more", f"{target}: head: native"
            where = _where(search, "target.head_start")
            yield Problem(what, f"{file}: {where}", found, "head: mean, or head_start: none")


def without_labels(search: Search) -> Iterator[str]:
    """A line for each target that is trained without labels, where others are probed."""
    labeled, plan = set(_labeled(search)), search.plan("", "")
    for target, card in search.targets.items():
        stage = plan.target_stage(target)
        asked = ", ".join(f"{key}: probe" for key in OFF if getattr(stage, key) == "probe")
        if card.is_trained and target not in labeled and asked:
            yield f"{target}: {card.format} has no labels, so nothing is probed there, in spite of {asked}"


def _labeled(search: Search) -> Iterator[str]:
    """Targets that are trained on rows with labels."""
    for target, card in search.targets.items():
        if card.is_trained and FORMATS[card.format].is_labeled:
            yield target


def _values(search: Search, stage: StageSettings, name: str) -> set[object]:
    """What a setting of a stage may be in this search.

    Args:
        name: as it is searched, STAGE.KEY.
    """
    searched = search.config.space.hyperparameters.get(name)
    return {getattr(stage, name.partition(".")[2])} if searched is None else {*(searched.choices or [])}


def _where(search: Search, name: str) -> str:
    """The key that says what a setting of a stage may be."""
    return f"space.hyperparameters.{name}" if name in search.config.space.hyperparameters else f"stages.{name}"
