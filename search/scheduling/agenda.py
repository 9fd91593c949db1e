"""The agenda: which work item is next. Everything it knows comes from the studies, so a restart changes nothing.

In this order: work items whose driver died; the baseline at every rung; promotions; new recipes while the budget
lasts; fresh seeds for the winners. New recipes are proposed by the targets in turn and measured on all of them. Where
estimates are asked for they come between the start recipes and the first proposal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from search.config.search import Search, chosen
from search.forecast.recipe_cost import Costs
from search.sampling.proposer import Proposer
from search.scheduling.halving import promotable
from search.scheduling.proxies import Merges
from search.studies.state import SearchState
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from spaces.digest import derive_seed
from spaces.errors import Failure
from spaces.mixture import Mixture
from spaces.recipe import Recipe, Value
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress

FAILURES_BEFORE_STOP = 3
"""A search is never stopped for its failures before it has this many."""


class Listener(Protocol):
    """Who is told what happens: the terminal, MLflow."""

    def started(self, item: WorkItem, kind: Purpose) -> None: ...
    def progressed(self, item: WorkItem, progress: Progress) -> None: ...
    def finished(self, item: WorkItem, outcome: Outcome) -> None: ...


Candidate = tuple[WorkItem, Purpose, str]
"""A work item that could be started now, why, and the target whose study will own it."""


class Agenda:
    """Gives out work items and takes outcomes; the only caller of the studies' writing methods.

    Args:
        search, studies: what is searched, and what is known about it.
        listeners: told what happens.
        clock: seconds that have passed, by any zero.
    """

    def __init__(
        self,
        search: Search,
        studies: Studies,
        listeners: Sequence[Listener] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.search, self.studies, self.listeners = search, studies, listeners
        self.stop_reason: str | None = None
        self._config, self._clock = search.config, clock
        self._rungs = len(self._config.halving.rungs)
        self._lost = studies.running()
        self._in_flight: dict[WorkItem, Purpose] = {}
        begin = search.starts(studies.earlier or ())
        self._start_recipes = [self._recipe(start.mixture, search.space.defaults) for start in begin]
        sampler, startup = chosen(search).name, self._config.sampler.startup
        self._proposers = {target: Proposer(sampler, startup, search.space, target) for target in self._config.targets}
        self._costs = Costs(search)
        self._found: tuple[tuple[int, ...], Candidate | None] | None = None
        self._told_at = clock()
        self._expected_at = 0

    # --- what the driver calls

    def next(self) -> WorkItem | None:
        """The next work item to start, written to the studies; None when there is nothing to start right now."""
        if self.stop_reason:
            return None
        if self._lost:
            item = self._lost.pop(0)
            owner = self._state.owner(item)
            assert owner is not None
            kind = owner.kind
        else:
            candidate = self._candidate()
            if candidate is None:
                return None
            item, kind, target = candidate
            try:
                self.studies.begin(item, kind, target)
            except Failure as error:  # the database is away for good, or is another driver's now
                self.stop_reason = str(error.problems[0])
                return None
        self._in_flight[item] = kind
        for listener in self.listeners:
            listener.started(item, kind)
        return item

    @property
    def over(self) -> bool:
        """Nothing is in flight and nothing is left to start."""
        if self._in_flight:
            return False
        if self.stop_reason:
            return True
        # Whether a space that is not known to be exhausted still has something new, only `next` finds out.
        return not self._lost and (self._spent() or (self._closing() and next(self._candidates(), None) is None))

    def done(self, item: WorkItem, outcome: Outcome) -> None:
        """Take the outcome of a work item that `next` gave out."""
        del self._in_flight[item]
        if outcome.failure and outcome.failure.kind == "environment":
            # No fault of the recipe: the work item stays RUNNING in the studies, and the next launch does it again.
            self.stop_reason = outcome.failure.message
            return
        now = self._clock()
        try:
            self.studies.finish(item, outcome)
            self.studies.add_wall_seconds(now - self._told_at)
        except Failure as error:  # its scores are in the store: the next launch finds them there
            self.stop_reason = str(error.problems[0])
            return
        self._told_at = now
        for listener in self.listeners:
            listener.finished(item, outcome)
        self._look_at_failures()

    def progress(self, item: WorkItem, progress: Progress) -> None:
        for listener in self.listeners:
            listener.progressed(item, progress)

    # --- what is next

    @property
    def _state(self) -> SearchState:
        return self.studies.state

    def _candidate(self) -> Candidate | None:
        """The most urgent work item that could be started now. It is looked for once per change of what is known."""
        if self._spent():
            return None
        now = self._state.items, self._state.over, len(self._in_flight)
        if self._found is None or self._found[0] != now:
            self._found = now, next(filter(self._is_apart, self._candidates()), None)
        return self._found[1]

    def _is_apart(self, candidate: Candidate) -> bool:
        """Whether nothing in flight trains the same encoder for other targets: it will soon lie in the store."""
        item = candidate[0]
        training = item.recipe, item.rung, item.merged
        return item.recipe.is_baseline or all(
            (other.recipe, other.rung, other.merged) != training for other in self._in_flight
        )

    def _spent(self) -> bool:
        """Whether a limit other than the number of recipes is reached."""
        budget, cost = self._config.budget, self._state.cost
        wall_seconds = self.studies.wall_seconds + self._clock() - self._told_at
        return (
            (budget.work_items is not None and self._state.items >= budget.work_items)
            or (budget.hours is not None and wall_seconds >= budget.hours * 3600)
            or (budget.gpu_hours is not None and cost.gpu_seconds >= budget.gpu_hours * 3600)
        )

    def _candidates(self) -> Iterator[Candidate]:
        yield from self._baselines()
        yield from self._promotions()
        if not self._closing():
            yield from self._estimates()
            yield from self._proposals()
            if self._closing():  # the space turned out to be exhausted
                yield from self._promotions()
        if not self._searching:  # winners are known when everything else is in
            yield from self._confirmations()

    def _baselines(self) -> Iterator[Candidate]:
        recipe = self._recipe(Mixture(), {})
        for rung in range(self._rungs):
            yield from self._missing(recipe, rung, self._config.targets, "baseline")

    def _promotions(self) -> Iterator[Candidate]:
        """The best of each rung that have not gone on; a work item carries every target that promotes its recipe."""
        wanted: dict[tuple[str, int], list[str]] = {}
        closing = self._closing() and not self._searching  # what is in flight may still be the best of its rung
        for target in self._config.targets:
            rungs = self._state.rungs[target]
            ranked, started = [rung.ranked for rung in rungs], [rung.started for rung in rungs]
            for promoted in promotable(ranked, started, self._config.halving.eta, closing):
                wanted.setdefault(promoted, []).append(target)
        recipes = self._state.recipes
        for (digest, rung), targets in sorted(
            wanted.items(), key=lambda entry: (-entry[0][1], -len(entry[1]), entry[0])
        ):
            yield WorkItem(recipes[digest], rung, tuple(targets)), "promotion", targets[0]

    def _estimates(self) -> Iterator[Candidate]:
        """The next mixture that a merged encoder is scored for. While tasks alone still run, proposals go on."""
        merges, targets = Merges(self.search, self._state), self._config.targets
        if len(self._state.estimated) < self._config.sampler.estimates and not merges.is_early:
            for recipe in merges.left[:1]:
                yield WorkItem(recipe, 0, tuple(targets), merged=True), "estimate", targets[0]

    def _proposals(self) -> Iterator[Candidate]:
        """A new recipe at the lowest rung, measured on all targets."""
        targets, proposals_by_target = self._config.targets, self._state.proposals_by_target
        target = min(targets, key=lambda name: (proposals_by_target[name], targets.index(name)))
        kind: Purpose = "start"
        recipe = next((recipe for recipe in self._start_recipes if not self._is_known(recipe)), None)
        if recipe is None:
            self._look_ahead()
            if self._closing():
                return
            kind, recipe = "proposal", self._propose(target)
        if recipe is None:
            self.studies.note_exhausted()
        else:
            yield WorkItem(recipe, 0, tuple(targets)), kind, target

    def _confirmations(self) -> Iterator[Candidate]:
        """Fresh seeds, at the top rung, for the best recipes of each target and for the baseline."""
        confirm, top = self._config.confirm, self._rungs - 1
        for number in range(1, confirm.seeds):
            wanted: dict[Recipe, list[str]] = {}
            for target in self._config.targets:
                winners = self._state.rungs[target][top].ranked[: confirm.top]
                if winners:
                    for recipe in (self._recipe(Mixture(), {}), *map(self._state.recipes.__getitem__, winners)):
                        wanted.setdefault(recipe.with_seed(self._config.seed + number), []).append(target)
            for recipe, targets in wanted.items():
                yield from self._missing(recipe, top, targets, "confirm")

    def _missing(self, recipe: Recipe, rung: int, targets: Sequence[str], kind: Purpose) -> Iterator[Candidate]:
        """A work item for those targets that have not started the recipe at the rung."""
        rungs = self._state.rungs
        left = tuple(target for target in targets if recipe.digest not in rungs[target][rung].started)
        if left:
            yield WorkItem(recipe, rung, left), kind, left[0]

    # --- what is known

    @property
    def _searching(self) -> bool:
        """Something is in flight that may change who wins."""
        return any(kind not in ("confirm", "estimate") for kind in self._in_flight.values())

    def _is_known(self, recipe: Recipe) -> bool:
        return recipe.digest in self._state.recipes

    def _closing(self) -> bool:
        """No new recipes will come: the budget of recipes is spent, or the space, or more would bring too little."""
        budget, expected = self._config.budget, self.studies.expected_gain
        return (
            self.studies.exhausted
            or len(self._state.tried) >= budget.recipes
            or (budget.least_gain is not None and expected is not None and expected < budget.least_gain)
        )

    def _look_ahead(self) -> None:
        """Once in a round of the targets, where `budget.until` asks for it: what more recipes would bring."""
        tried, targets = len(self._state.tried), self._config.targets
        if self._config.budget.least_gain is None or tried < self._expected_at + len(targets):
            return
        from search.sampling.insights import expected_gain  # brings scipy, which few agendas need

        self._expected_at = tried
        expected = expected_gain(self._state, self.search.space, derive_seed(self._config.seed, "ahead", tried))
        if expected is not None:
            self.studies.note_expected_gain(expected)

    def _propose(self, target: str) -> Recipe | None:
        # By the number of proposals, not of results: what comes in between does not change what a sampler draws.
        seed = derive_seed(self._config.seed, target, self._state.proposals_by_target[target])
        left = 1 - len(self._state.tried) / self._config.budget.recipes
        found = self._proposers[target].propose(
            self._state,
            seed,
            lambda mixture, values: self._is_known(self._recipe(mixture, values)),
            self._costs.cooled(left),
        )
        return self._recipe(*found) if found else None

    def _recipe(self, mixture: Mixture, hyperparameters: dict[str, Value]) -> Recipe:
        return Recipe.of(mixture, hyperparameters, self._config.model, self._config.seed)

    def _look_at_failures(self) -> None:
        failed, over = self._state.failures, self._state.over
        limit = self._config.failures.max_share
        if len(failed) >= FAILURES_BEFORE_STOP and len(failed) > limit * over:
            last = failed[-1].failure
            share = f"{len(failed)} of {over} work items failed, more than failures.max_share {limit:g} allows."
            self.stop_reason = f"{share} The last one: {last.message}" if last else share
