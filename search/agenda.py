"""The agenda: which work item is next. Everything it knows comes from the studies, so a restart changes nothing.

In this order: work items whose driver died; the baseline at every rung; promotions; new recipes while the budget
lasts; fresh seeds for the winners. New recipes are proposed by the targets in turn and measured on all of them.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import Protocol

from optuna.trial import TrialState

from search.config import Search
from search.halving import promotable
from search.samplers import propose
from search.studies import Kind, Record, Studies
from spaces.digest import derive_seed
from spaces.mixture import Mixture
from spaces.recipe import Recipe, Value
from trainables.item import WorkItem
from trainables.outcome import Outcome, Progress

FAILURES_BEFORE_STOP = 3
"""A search is never stopped for its failures before it has this many."""


class Listener(Protocol):
    """Who is told what happens: the terminal, MLflow."""

    def started(self, item: WorkItem, kind: Kind) -> None: ...
    def progressed(self, item: WorkItem, progress: Progress) -> None: ...
    def finished(self, item: WorkItem, outcome: Outcome) -> None: ...


class Agenda:
    """Gives out work items and takes outcomes; the only caller of the studies' writing methods."""

    def __init__(self, search: Search, studies: Studies, listeners: Sequence[Listener] = ()) -> None:
        self.search, self.studies, self.listeners = search, studies, listeners
        self.stop_reason: str | None = None
        self._config = search.config
        self._rungs = len(self._config.halving.rungs)
        self._lost = studies.running()
        self._in_flight: dict[WorkItem, Kind] = {}
        self._exhausted = False
        self._clock = time.monotonic()

    # --- what the driver calls

    def next(self) -> WorkItem | None:
        """The next work item to start, written to the studies; None when there is nothing to start right now."""
        if self.stop_reason:
            return None
        if self._lost:
            item = self._lost.pop(0)
            kind = next(record.kind for record in self.studies.owners() if record.item == item)
        else:
            found = next(self._candidates(), None)
            if found is None:
                return None
            item, kind, owner = found
            self.studies.begin(item, kind, owner)
        self._in_flight[item] = kind
        for listener in self.listeners:
            listener.started(item, kind)
        return item

    @property
    def over(self) -> bool:
        """Nothing is in flight and nothing is left to start."""
        if self._in_flight:
            return False
        return bool(self.stop_reason) or (not self._lost and next(self._candidates(), None) is None)

    def done(self, item: WorkItem, outcome: Outcome) -> None:
        """Take the outcome of a work item that `next` gave out."""
        del self._in_flight[item]
        if outcome.failure and outcome.failure.kind == "environment":
            # No fault of the recipe: the work item stays RUNNING in the studies, and the next launch does it again.
            self.stop_reason = outcome.failure.message
            return
        self.studies.finish(item, outcome)
        now = time.monotonic()
        self.studies.add_wall_seconds(now - self._clock)
        self._clock = now
        for listener in self.listeners:
            listener.finished(item, outcome)
        self._look_at_failures()

    def progress(self, item: WorkItem, progress: Progress) -> None:
        for listener in self.listeners:
            listener.progressed(item, progress)

    # --- what is next

    def _candidates(self) -> Iterator[tuple[WorkItem, Kind, str]]:
        """Work items that could be started now, the most urgent first, with the study that owns each."""
        if self._spent():
            return
        yield from self._baselines()
        yield from self._promotions()
        yield from self._proposals()
        if not self._searching:  # winners are known when everything else is in
            yield from self._confirmations()

    def _spent(self) -> bool:
        """Whether a limit other than the number of recipes is reached."""
        budget, owners = self._config.budget, self.studies.owners()
        gpu_seconds = sum(record.cost.gpu_seconds for record in owners if record.cost)
        wall_seconds = self.studies.wall_seconds + time.monotonic() - self._clock
        return (
            (budget.work_items is not None and len(owners) >= budget.work_items)
            or (budget.hours is not None and wall_seconds >= budget.hours * 3600)
            or (budget.gpu_hours is not None and gpu_seconds >= budget.gpu_hours * 3600)
        )

    def _baselines(self) -> Iterator[tuple[WorkItem, Kind, str]]:
        recipe = self._recipe(Mixture(), {})
        for rung in range(self._rungs):
            yield from self._missing(recipe, rung, self._config.targets, "baseline")

    def _promotions(self) -> Iterator[tuple[WorkItem, Kind, str]]:
        """The best of each rung that have not gone on; a work item carries every target that promotes its recipe."""
        wanted: dict[tuple[str, int], list[str]] = {}
        closing = self._closing() and not self._searching  # what is in flight may still be the best of its rung
        for target in self._config.targets:
            results: list[dict[str, float]] = [{} for _ in range(self._rungs)]
            for record in self._searched(target):
                if record.score:
                    results[record.rung][record.recipe.digest] = record.score.score
            started = self._started(target)
            for place in promotable(results, started, self._config.halving.eta, closing):
                wanted.setdefault(place, []).append(target)
        recipes = {record.recipe.digest: record.recipe for record in self.studies.all()}
        for (digest, rung), targets in sorted(
            wanted.items(), key=lambda entry: (-entry[0][1], -len(entry[1]), entry[0])
        ):
            yield WorkItem(recipes[digest], rung, tuple(targets)), "promotion", targets[0]

    def _proposals(self) -> Iterator[tuple[WorkItem, Kind, str]]:
        """A new recipe at the lowest rung, measured on all targets."""
        if self._closing():
            return
        target = min(self._config.targets, key=lambda name: (self._turns(name), self._config.targets.index(name)))
        kind: Kind = "start"
        recipe = next((recipe for recipe in self._start_recipes() if recipe.digest not in self._known()), None)
        if recipe is None:
            kind, recipe = "proposal", self._propose(target)
        if recipe is None:
            self._exhausted = True
        else:
            yield WorkItem(recipe, 0, tuple(self._config.targets)), kind, target

    def _confirmations(self) -> Iterator[tuple[WorkItem, Kind, str]]:
        """Fresh seeds, at the top rung, for the best recipes of each target and for the baseline."""
        confirm, top = self._config.confirm, self._rungs - 1
        for number in range(1, confirm.seeds):
            wanted: dict[Recipe, list[str]] = {}
            for target in self._config.targets:
                finished = [record for record in self._searched(target) if record.rung == top and record.score]
                finished.sort(key=lambda record: (-_score(record), record.recipe.digest))
                winners = [record.recipe for record in finished[: confirm.top]]
                if winners:
                    for recipe in (self._recipe(Mixture(), {}), *winners):
                        wanted.setdefault(recipe.with_seed(self._config.seed + number), []).append(target)
            for recipe, targets in wanted.items():
                yield from self._missing(recipe, top, targets, "confirm")

    def _missing(
        self, recipe: Recipe, rung: int, targets: Sequence[str], kind: Kind
    ) -> Iterator[tuple[WorkItem, Kind, str]]:
        """A work item for those targets that have not started the recipe at the rung."""
        left = tuple(target for target in targets if recipe.digest not in self._started(target)[rung])
        if left:
            yield WorkItem(recipe, rung, left), kind, left[0]

    # --- what is known

    @property
    def _searching(self) -> bool:
        """Something is in flight that may change who wins."""
        return any(kind != "confirm" for kind in self._in_flight.values())

    def _searched(self, target: str) -> list[Record]:
        """The target's records of recipes that the search tries: no baseline, no repeated seeds."""
        return [r for r in self.studies.records[target] if not r.recipe.is_baseline and r.kind != "confirm"]

    def _started(self, target: str) -> list[set[str]]:
        """Per rung, the digests that were started for the target, by its own study or by another's work item."""
        started: list[set[str]] = [set() for _ in range(self._rungs)]
        for record in self.studies.records[target]:
            if record.item is None or target in record.item.targets:
                started[record.rung].add(record.recipe.digest)
        for item in self.studies.running():
            if target in item.targets:
                started[item.rung].add(item.recipe.digest)
        return started

    def _known(self) -> set[str]:
        """Digests of every recipe that was started."""
        return {record.recipe.digest for record in self.studies.all()}

    def _closing(self) -> bool:
        """No new recipes will come: the budget of recipes is spent, or the space."""
        tried = {record.recipe.digest for target in self._config.targets for record in self._searched(target)}
        return self._exhausted or len(tried) >= self._config.budget.recipes

    def _turns(self, target: str) -> int:
        """How many recipes the target has brought in."""
        return sum(1 for r in self.studies.records[target] if r.item and r.kind in ("start", "proposal"))

    def _start_recipes(self) -> list[Recipe]:
        defaults = self.search.space.defaults
        return [self._recipe(mixture, defaults) for mixture in self.search.start_mixtures()]

    def _propose(self, target: str) -> Recipe | None:
        known = self._known()
        found = propose(
            self._config.sampler.name,
            self._config.sampler.startup,
            self.search.space,
            self.studies.records[target],
            derive_seed(self._config.seed, target, len(self.studies.records[target])),
            lambda mixture, values: self._recipe(mixture, values).digest in known,
        )
        return self._recipe(*found) if found else None

    def _recipe(self, mixture: Mixture, hyperparameters: dict[str, Value]) -> Recipe:
        return Recipe.of(mixture, hyperparameters, self._config.model, self._config.seed)

    def _look_at_failures(self) -> None:
        over = [record for record in self.studies.owners() if record.state.is_finished()]
        failed = [record for record in over if record.state is TrialState.FAIL]
        limit = self._config.failures.max_share
        if len(failed) >= FAILURES_BEFORE_STOP and len(failed) > limit * len(over):
            last = failed[-1].failure
            share = f"{len(failed)} of {len(over)} work items failed, more than failures.max_share {limit:g} allows."
            self.stop_reason = f"{share} The last one: {last.message}" if last else share


def _score(record: Record) -> float:
    return record.score.score if record.score else float("-inf")
