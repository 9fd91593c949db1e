"""The project's own search as a strategy: its agenda, halving and sampler on studies in memory.

Nothing is replaced but the training: a work item is measured in the laboratory, where one trained encoder serves all
the targets of a search, and a promotion goes on from the encoder of the rung below.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from benchmarks.efficiency.replay import Laboratory, in_turns
from benchmarks.efficiency.world import PLAIN
from search.config.schema import (
    BudgetConfig,
    ConfirmConfig,
    HalvingConfig,
    SamplerConfig,
    SearchConfig,
    SpaceConfig,
    StagesConfig,
    StartConfig,
)
from search.config.search import Search
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from spaces.card import Card, Source, Splits
from spaces.catalogue import Catalogue
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Score
from trainables.work.settings import StageSettings

TARGET_SHARE = 1 / 3
"""Of a rung's share: what the target stages get there below the top."""

LOWEST = HalvingConfig().rungs[0]
"""Rungs of a world below the lowest one of a search file that says nothing are left alone."""


class Ours:
    """A search with everything, or without one of its parts.

    Args:
        sampler: its name in search.yaml.
        sharing: one search for all targets; else one for each, which share nothing.
        halving: over the rungs of the world from `LOWEST` on; else all recipes at the full budget.
        short: the target stages are shorter still at rungs below the top; a table has one length for each rung.
        start: the start recipes; those of a search file that says nothing are all tasks together, and each alone.
        costs: the search knows how long the examples of its tasks are; else it takes all to be alike.
    """

    def __init__(
        self,
        sampler: str,
        sharing: bool = True,
        halving: bool = True,
        short: bool = True,
        start: StartConfig | None = None,
        costs: bool = True,
    ) -> None:
        self._sampler, self._sharing, self._halving, self._costs = sampler, sharing, halving, costs
        self._short = short
        self._start = start or StartConfig()

    def __call__(self, laboratory: Laboratory, seed: int) -> None:
        if self._sharing:
            for _ in self._search(laboratory, laboratory.targets, "", seed):
                pass
        else:
            in_turns(
                laboratory,
                {target: self._search(laboratory, (target,), target, seed) for target in laboratory.targets},
            )

    def _search(
        self,
        laboratory: Laboratory,
        targets: tuple[str, ...],
        owner: str,
        seed: int,
        start: StartConfig | None = None,
    ) -> Iterator[None]:
        """One search; yields after each work item."""
        formats = laboratory.formats if self._costs else dict.fromkeys(laboratory.tasks, PLAIN)
        rungs = [share for share in laboratory.rungs if share >= LOWEST] if self._halving else [1.0]
        shares = rungs
        if self._short and laboratory.has_target_shares:
            shares = [*(TARGET_SHARE * share for share in rungs[:-1]), 1.0]
        halving = HalvingConfig(rungs=rungs, target_rungs=shares)
        search = make_search(laboratory, targets, seed, self._sampler, halving, start or self._start, formats)
        agenda = Agenda(search, Studies.in_memory(search), clock=lambda: 0.0)
        lowest = len(laboratory.rungs) - len(rungs)
        while (item := agenda.next()) is not None:
            run = owner, item.recipe.digest
            values, before = dict(item.recipe.hyperparameters), laboratory.spent
            rung, share = lowest + item.rung, shares[item.rung]
            scores = laboratory.measure(item.recipe.mixture, values, rung, item.targets, run, share)
            agenda.done(item, _outcome(item, scores, round(laboratory.spent - before)))
            yield


def make_search(
    laboratory: Laboratory,
    targets: tuple[str, ...],
    seed: int,
    sampler: str,
    halving: HalvingConfig,
    start: StartConfig,
    formats: Mapping[str, str],
) -> Search:
    """The search as its file would say it.

    The budget of recipes is one that the trained examples never reach: where they end, the search ends.
    """
    examples, examples_of_rung = laboratory.target_examples, laboratory.intermediate_examples * halving.rungs[0]
    space = laboratory.space
    config = SearchConfig(
        name="replay",
        model="none",
        tasks=list(laboratory.tasks),
        targets=list(targets),
        space=SpaceConfig(
            min_tasks=space.min_tasks,
            max_tasks=space.max_tasks,
            min_weight=space.min_weight,
            weight_step=space.step,
        ),
        stages=StagesConfig(
            intermediate=StageSettings(examples=laboratory.intermediate_examples, max_length=512),
            target=StageSettings(examples=max(1, *examples.values())),
            per_target={target: {"examples": max(1, examples[target])} for target in targets},
        ),
        halving=halving,
        budget=BudgetConfig(recipes=1 + round(laboratory.budget / examples_of_rung)),
        start=start,
        confirm=ConfirmConfig(top=0, seeds=1),
        sampler=SamplerConfig.model_validate({"name": sampler}),
        seed=seed,
    )
    tasks = {name: _card(name, "task", formats[name]) for name in laboratory.tasks}
    return Search(config, Catalogue(tasks, {name: _card(name, "target", PLAIN) for name in targets}, {}), space)


def _card(name: str, kind: Literal["task", "target"], format: str) -> Card:
    """A card of a task that is nowhere but in the world."""
    is_target = kind == "target"
    return Card(
        name=name,
        kind=kind,
        description="made up",
        format=format,
        license="none",
        origin="none",
        source=Source(files="nowhere"),
        labels=["yes", "no"],
        splits=Splits(test="test"),
        languages=["en"],
        metric="accuracy" if is_target else None,
        train_language="en" if is_target else None,
    )


def _outcome(item: WorkItem, scores: dict[str, float], examples: int) -> Outcome:
    found = {
        target: Score(
            target=target,
            score=score,
            dev={"en": {"accuracy": score}},
            floor=0.0,
            floors={"en": {"accuracy": 0.0}},
            examples=0,
            seconds=0.0,
        )
        for target, score in scores.items()
    }
    return Outcome(scores=found, seconds=float(examples), training_seconds=float(examples), examples=examples)
