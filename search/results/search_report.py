"""A search, whole, from its studies: what pages and reports draw. Nothing in it depends on the clock."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from statistics import fmean
from typing import Any

from optuna.trial import TrialState

from search.answers.answer import Value
from search.answers.mixes import BestMixes, MixCost, Rung
from search.answers.report import (
    BestSoFar,
    MixLine,
    MixReport,
    RungScores,
    SearchReport,
    SeedScores,
    TargetCourse,
    WorkItemSpan,
)
from search.answers.status import SearchStatus
from search.results.ranking import mix_costs, rank_and_explain
from search.results.row_source import RowSource
from search.results.status import mix_states, summarize, work_item_line
from search.scheduling.remaining import is_over
from search.studies.studies import Studies
from search.studies.trial_record import Cost, Record
from spaces.errors import InputError, Problem
from trainables.work.keys import encoder_key

TOP = 3
"""Mixes per target that are estimated with their intervals, as `best` has them."""


def report_search(
    studies: Studies,
    status: SearchStatus | None = None,
    rows: RowSource | None = None,
    best: BestMixes | None = None,
) -> SearchReport:
    """Everything about a search.

    Args:
        status: where it stands, if more is known of that than the studies say.
        rows: as for `rank`.
        best: its best mixes, if they are known already.
    """
    search = studies.search
    config, top = search.config, search.config.halving.top_rung
    families = _by_family(studies)
    states, costs = mix_states(studies, is_over(studies)), mix_costs(studies)
    lines = [
        _mix_line(studies, records, states[family], costs.get(family, Cost()))
        for family, records in families.items()
        if family in states
    ]
    order = {line.digest: place for place, line in enumerate(lines)}

    def by_gain(line: MixLine) -> tuple[float, float, int]:
        rung = -1 if line.gain_rung is None else line.gain_rung
        return -rung, -(line.gain if line.gain is not None else float("-inf")), order[line.digest]

    return SearchReport(
        search=config.name,
        model=config.model,
        tasks=list(search.space.tasks),
        targets=list(config.targets),
        rungs=[Rung(index=index, share=share, top=index == top) for index, share in enumerate(config.halving.rungs)],
        status=summarize(studies) if status is None else status,
        best=rank_and_explain(studies, top=TOP, rows=rows) if best is None else best,
        mixes=sorted(lines, key=by_gain),
        courses={target: _course(studies, target, families) for target in config.targets},
        work_items=_spans(studies.owners(), _begin(studies)),
        settings=_dotted(config.fixed()),
    )


def report_mix(studies: Studies, digest: str) -> MixReport:
    """Everything about one mix.

    Args:
        digest: of the recipe with any of its seeds.

    Raises:
        InputError: the search has no such recipe.
    """
    recipe = studies.state.recipes.get(digest)
    if recipe is None:
        raise InputError(Problem("no recipe of that digest in this search", studies.search.config.name, digest[:80]))
    families = _by_family(studies)
    records, plan = families[recipe.family], studies.versioned(studies.search.plan("", ""))
    state = mix_states(studies, is_over(studies)).get(recipe.family, "complete")  # the baseline has none
    measurements: dict[str, list[SeedScores]] = {}
    for target in studies.search.config.targets:
        metric = studies.search.targets[target].metric or ""
        for record in sorted(records, key=lambda one: (one.rung, one.recipe.seed)):
            if record.target == target and record.score is not None:
                measurements.setdefault(target, []).append(
                    SeedScores(
                        rung=record.rung,
                        seed=record.recipe.seed,
                        purpose=record.purpose,
                        score=record.score.score,
                        gain=studies.state.gain_of(record),
                        languages=_of_metric(record.score.dev, metric),
                        test_score=record.score.test_score,
                        test_languages=_of_metric(record.score.test, metric),
                        encoder=encoder_key(plan, record.recipe, record.rung),
                    )
                )
    owners = [owner for owner in studies.owners() if owner.recipe.family == recipe.family and not owner.is_estimate]
    cost = mix_costs(studies).get(recipe.family, Cost())
    return MixReport(
        search=studies.search.config.name,
        line=_mix_line(studies, records, state, cost),
        measurements=measurements,
        work_items=_spans(owners, _begin(studies)),
    )


def _by_family(studies: Studies) -> dict[str, list[Record]]:
    """Mix (family digest) -> its records on all targets, rungs and seeds, in the order of their start."""
    found: dict[str, list[Record]] = {owner.recipe.family: [] for owner in studies.owners() if not owner.is_estimate}
    for records in studies.records.values():
        for record in records:
            found.setdefault(record.recipe.family, []).append(record)
    return found


def _mix_line(studies: Studies, records: Sequence[Record], state: Any, cost: Cost) -> MixLine:
    recipe, targets = records[0].recipe, studies.search.config.targets
    grouped: dict[str, dict[int, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for record in records:
        if record.score is not None:
            grouped[record.target][record.rung].append(record)
    scores = {
        target: [_rung_scores(studies, rung, grouped[target][rung]) for rung in sorted(grouped[target])]
        for target in targets
        if target in grouped
    }
    common = set.intersection(*({one.rung for one in scores.get(target, ())} for target in targets))
    rung = max(common, default=None)
    gains = [one.gain for line in scores.values() for one in line if one.rung == rung]
    known = [gain for gain in gains if gain is not None]
    first = min(records, key=lambda record: (record.rung, record.started or dt.datetime.max))
    return MixLine(
        digest=recipe.with_seed(studies.search.config.seed).digest,
        mixture=recipe.mixture.weights,
        mix=str(recipe.mixture),
        hyperparameters=dict(recipe.hyperparameters),
        state=state,
        purpose=first.purpose,
        scores=scores,
        gain=fmean(known) if known and len(known) == len(gains) else None,
        gain_rung=rung,
        cost=MixCost(**asdict(cost)),
    )


def _rung_scores(studies: Studies, rung: int, records: Iterable[Record]) -> RungScores:
    by_seed = sorted(records, key=lambda record: record.recipe.seed)
    seeds = [record.score.score for record in by_seed if record.score]
    gains = [gain for record in by_seed if (gain := studies.state.gain_of(record)) is not None]
    return RungScores(rung=rung, seeds=seeds, score=fmean(seeds), gain=fmean(gains) if gains else None)


def _course(studies: Studies, target: str, families: Mapping[str, Sequence[Record]]) -> TargetCourse:
    top = studies.search.config.halving.top_rung
    by_rung: dict[int, list[Record]] = defaultdict(list)
    for record in studies.records[target]:
        if record.recipe.is_baseline and record.score is not None:
            by_rung[record.rung].append(record)
    begun = [owner for owner in studies.owners() if owner.is_searched and owner.started]
    starts: dict[str, dt.datetime] = {}
    for owner in begun:
        starts.setdefault(owner.recipe.digest, owner.started or dt.datetime.max)
    times, place, best = sorted(starts.values()), 0, None
    rising: list[BestSoFar] = []
    measured = [one for one in studies.records[target] if one.rung == top and one.is_searched and one.finished]
    for record in sorted(measured, key=lambda one: (one.finished or dt.datetime.max, one.number)):
        gain = studies.state.gain_of(record)
        if gain is None or (best is not None and gain <= best):
            continue
        while place < len(times) and record.finished and times[place] <= record.finished:
            place += 1
        best = gain
        rising.append(BestSoFar(recipes=place, gain=gain))
    return TargetCourse(
        baseline=[_rung_scores(studies, rung, by_rung[rung]) for rung in sorted(by_rung)], best_so_far=rising
    )


def _begin(studies: Studies) -> dt.datetime | None:
    return min((owner.started for owner in studies.owners() if owner.started), default=None)


def _spans(owners: Sequence[Record], begin: dt.datetime | None) -> list[WorkItemSpan]:
    """What was begun; the owner's times are local ones, so only their differences say something."""
    spans = []
    for owner in owners:
        if owner.started is None or begin is None:
            continue
        state = "running" if owner.state is TrialState.RUNNING else "failed" if owner.failure else "done"
        spans.append(
            WorkItemSpan(
                **dict(work_item_line(owner)),
                state=state,
                begun=(owner.started - begin).total_seconds(),
                ended=(owner.finished - begin).total_seconds() if owner.finished else None,
                failure=f"{owner.failure.kind}: {owner.failure.message}" if owner.failure else None,
            )
        )
    return spans


def _of_metric(languages: Mapping[str, Mapping[str, float]], metric: str) -> dict[str, float]:
    return {language: values[metric] for language, values in languages.items() if metric in values}


def _dotted(values: Mapping[str, Any]) -> dict[str, Value | None]:
    return {
        key: ", ".join(map(str, value)) if isinstance(value, list) else str(value) if value is not None else None
        for key, value in values.items()
    }
