"""What was tried, one by one."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection
from dataclasses import asdict
from itertools import islice

from optuna.trial import TrialState

from search.answers.items import (
    ItemFailure,
    ItemPhase,
    RecipeLine,
    RecipeList,
    RungScore,
    WorkItemEntry,
    WorkItemList,
)
from search.answers.mixes import MixCost
from search.results.ranking import mix_costs
from search.results.status import state_of
from search.scheduling.remaining import is_over
from search.studies.studies import Studies
from search.studies.trial_record import Cost, Record
from spaces.errors import InputError, Problem, nearest


def list_recipes(
    studies: Studies, target: str | None = None, after: str | None = None, limit: int = 1000
) -> RecipeList:
    """The configurations of a search in the order of their start; without the baseline and estimates.

    Args:
        target: scores on this one alone; None: on all.
        after: digest of the configuration after which the list begins.
        limit: how many at most.

    Raises:
        InputError: the search has no such target, or no such configuration.
    """
    search = studies.search
    if target is not None and target not in search.config.targets:
        raise InputError(Problem("no target of this search", "target", target, nearest(target, search.config.targets)))
    families: dict[str, list[Record]] = defaultdict(list)
    for record in (*studies.owners(), *studies.all()):
        if not record.recipe.is_baseline and not record.is_estimate:
            families[record.recipe.family].append(record)
    begin = 0
    if after is not None:
        recipe = studies.state.recipes.get(after)
        if recipe is None or recipe.family not in families:
            raise InputError(Problem("no configuration of this search", "after", after[:200]))
        begin = list(families).index(recipe.family) + 1
    shown = list(islice(families, begin, begin + limit))
    # of those alone: a digest takes longer than everything else that is known of a configuration
    digests = {family: families[family][0].recipe.with_seed(search.config.seed).digest for family in shown}
    costs, over, top = mix_costs(studies), is_over(studies), studies.state.top_rung
    return RecipeList(
        search=search.config.name,
        recipes=[
            _recipe(studies, families[family], digests[family], target, costs.get(family, Cost()), top, over)
            for family in shown
        ],
        next=digests[shown[-1]] if shown and begin + limit < len(families) else None,
    )


def list_work_items(
    studies: Studies,
    driven: bool | None = None,
    states: Collection[ItemPhase] = (),
    after: int | None = None,
    limit: int = 1000,
) -> WorkItemList:
    """The work items of a search in the order of their start.

    Args:
        driven: whether a driver runs it now; None: not known.
        states: those in one of these alone; none: all.
        after: number of the work item after which the list begins.
        limit: how many at most.
    """
    entries = (_item(number, record, driven) for number, record in enumerate(studies.owners()))
    asked = (one for one in entries if (not states or one.state in states) and (after is None or one.number > after))
    found = list(islice(asked, limit + 1))
    return WorkItemList(
        search=studies.search.config.name,
        work_items=found[:limit],
        next=str(found[limit - 1].number) if len(found) > limit else None,
    )


def _recipe(
    studies: Studies, records: list[Record], digest: str, target: str | None, cost: Cost, top: int, over: bool
) -> RecipeLine:
    first = records[0]
    known = {(record.target, record.rung, record.recipe.seed): record for record in records}
    return RecipeLine(
        digest=digest,
        mix=str(first.recipe.mixture),
        mixture=first.recipe.mixture.weights,
        hyperparameters=dict(first.recipe.hyperparameters),
        state=state_of(records, top, over),
        purpose=first.purpose,
        proposed_for=first.target,
        scores=[
            RungScore(
                target=record.target,
                rung=record.rung,
                seed=record.recipe.seed,
                score=record.score.score if record.score else None,
                gain=studies.state.gain_of(record),
            )
            for _, record in sorted(known.items())
            if target in (None, record.target)
        ],
        cost=MixCost(**asdict(cost)),
    )


def _item(number: int, record: Record, driven: bool | None) -> WorkItemEntry:
    failure = record.failure
    return WorkItemEntry(
        number=number,
        digest=record.recipe.digest,
        mix=str(record.recipe.mixture),
        seed=record.recipe.seed,
        rung=record.rung,
        targets=list(record.item.targets) if record.item else [record.target],
        purpose=record.purpose,
        state=_state(record, driven),
        started=_time(record.started),
        finished=_time(record.finished),
        seconds=record.cost.seconds if record.cost else None,
        failure=ItemFailure(kind=failure.kind, message=failure.message) if failure else None,
    )


def _state(record: Record, driven: bool | None) -> ItemPhase:
    if record.state is TrialState.RUNNING:
        return "interrupted" if driven is False else "running"
    return "failed" if record.state is TrialState.FAIL else "done"


def _time(time: dt.datetime | None) -> str | None:
    return time.astimezone().isoformat(timespec="seconds") if time else None
