"""The agenda: which work item is next. Everything it knows comes from the studies, so a restart changes nothing.

In this order: work items whose driver died; the baseline at every rung; for targets that came later what others have
found; promotions; new recipes while the budget lasts; fresh seeds for the winners, where the baseline's need not wait
for them. New recipes are proposed by the targets in turn and measured on all of them. Where estimates are asked for
they come between the start recipes and the first proposal.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from typing import Protocol

from search.config.search import Search
from search.forecast.recipe_cost import Costs
from search.sampling.proposer import Proposer
from search.sampling.samplers import make_proposer
from search.scheduling.proxies import Merges
from search.scheduling.remaining import Assignment, Remaining
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

    def started(self, item: WorkItem, purpose: Purpose) -> None: ...
    def progressed(self, item: WorkItem, progress: Progress) -> None: ...
    def finished(self, item: WorkItem, outcome: Outcome) -> None: ...


class Agenda:
    """Gives out work items and takes outcomes; the only caller of the studies' writing methods.

    Args:
        search, studies: what is searched, and what is known about it.
        listeners: told what happens.
        clock: seconds that have passed, by any zero.
        turn: entered while the studies change, so that another thread may read them in between.
    """

    def __init__(
        self,
        search: Search,
        studies: Studies,
        listeners: Sequence[Listener] = (),
        clock: Callable[[], float] = time.monotonic,
        turn: AbstractContextManager[None] | None = None,
    ) -> None:
        self.search, self.studies, self.listeners = search, studies, listeners
        self.stop_reason: str | None = None
        self._config, self._clock, self._turn = search.config, clock, turn or nullcontext()
        self._remaining = Remaining(studies)
        self._lost = studies.running()
        self._in_flight: dict[WorkItem, Purpose] = {}
        begin = search.starts(studies.earlier or (), studies.recommended or ())
        self._start_recipes = [self._recipe(start.mixture, search.space.defaults) for start in begin]
        self._costs = Costs(search)
        self._looked_up: tuple[tuple[int, ...], Assignment | None] | None = None
        self._told_at = clock()
        self._expected_at = 0

    # --- what the driver calls

    def next(self) -> WorkItem | None:
        """The next work item to start, written to the studies; None when there is nothing to start right now."""
        with self._turn:
            return self._begin_next()

    def _begin_next(self) -> WorkItem | None:
        if self.stop_reason:
            return None
        if self._lost:
            item = self._lost.pop(0)
            owner = self._state.owner(item)
            assert owner is not None
            purpose = owner.purpose
        else:
            assignment = self._assignment()
            if assignment is None:
                return None
            item, purpose = assignment.item, assignment.purpose
            try:
                self.studies.begin(item, purpose, assignment.owner)
            except Failure as error:  # the database is away for good, or is another driver's now
                self.stop_reason = str(error.problems[0])
                return None
        self._in_flight[item] = purpose
        for listener in self.listeners:
            listener.started(item, purpose)
        return item

    @property
    def over(self) -> bool:
        """Nothing is in flight and nothing is left to start."""
        if self._in_flight:
            return False
        if self.stop_reason:
            return True
        return not self._lost and self._remaining.has_ended(self._wall_seconds)

    def done(self, item: WorkItem, outcome: Outcome) -> None:
        """Take the outcome of a work item that `next` gave out."""
        with self._turn:
            self._take(item, outcome)

    def _take(self, item: WorkItem, outcome: Outcome) -> None:
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

    @property
    def _wall_seconds(self) -> float:
        return self.studies.wall_seconds + self._clock() - self._told_at

    def _assignment(self) -> Assignment | None:
        """The most urgent work item that could be started now. It is looked for once per change of what is known."""
        if self._remaining.is_spent(self._wall_seconds):
            return None
        now = self._state.items, self._state.over, len(self._in_flight)
        if self._looked_up is None or self._looked_up[0] != now:
            self._looked_up = now, next(filter(self._is_apart, self._assignments()), None)
        return self._looked_up[1]

    def _is_apart(self, assignment: Assignment) -> bool:
        """Whether nothing in flight trains the same encoder for other targets: it will soon lie in the store."""
        item = assignment.item
        training = item.recipe, item.rung, item.merged
        return item.recipe.is_baseline or all(
            (other.recipe, other.rung, other.merged) != training for other in self._in_flight
        )

    def _assignments(self) -> Iterator[Assignment]:
        remaining = self._remaining
        yield from remaining.baselines()
        yield from remaining.catching_up()
        yield from remaining.promotions(self._searching, self._rank)
        if not remaining.is_closing:
            yield from self._estimates()
            yield from self._proposals()
            if remaining.is_closing:  # the space turned out to be exhausted
                yield from remaining.promotions(self._searching, self._rank)
        if not self._searching:  # winners are known when everything else is in
            yield from remaining.confirmations()
        else:  # places that would stand idle
            yield from remaining.certain_confirmations()

    def _estimates(self) -> Iterator[Assignment]:
        """The next mixture that a merged encoder is scored for. While tasks alone still run, proposals go on."""
        merges, targets = Merges(self.search, self._state), self._config.targets
        if len(self._state.estimated) < self._config.sampler.estimates and not merges.is_early:
            for recipe in merges.left[:1]:
                yield Assignment(WorkItem(recipe, 0, tuple(targets), merged=True), "estimate", targets[0])

    def _proposals(self) -> Iterator[Assignment]:
        """A new recipe at the lowest rung, measured on all targets."""
        targets, proposals_by_target = self._config.targets, self._state.proposals_by_target
        target = min(targets, key=lambda name: (proposals_by_target[name], targets.index(name)))
        purpose: Purpose = "start"
        recipe = next((recipe for recipe in self._start_recipes if not self._is_known(recipe)), None)
        if recipe is None:
            self._look_ahead()
            if self._remaining.is_closing:
                return
            purpose, recipe = "proposal", self._propose(target)
        if recipe is None:
            self.studies.note_exhausted()
        else:
            yield Assignment(WorkItem(recipe, 0, tuple(targets)), purpose, target)

    # --- what is known

    @property
    def _searching(self) -> bool:
        """Something is in flight that may change who wins."""
        return any(purpose not in ("confirm", "estimate") for purpose in self._in_flight.values())

    def _is_known(self, recipe: Recipe) -> bool:
        return recipe.digest in self._state.recipes

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

    @cached_property
    def _proposers(self) -> dict[str, Proposer]:
        """Made when the first recipe is asked for: who only wants to know whether a search is over needs none."""
        name, startup = self.search.sampler.name, self._config.sampler.startup
        return {target: make_proposer(name, self.search.space, target, startup) for target in self._config.targets}

    def _propose(self, target: str) -> Recipe | None:
        # By the number of proposals, not of results: what comes in between does not change what a sampler draws.
        seed = derive_seed(self._config.seed, target, self._state.proposals_by_target[target])
        left = 1 - len(self._state.tried) / self._config.budget.recipes
        proposed = self._proposers[target].propose(
            self._state,
            seed,
            lambda mixture, values: self._is_known(self._recipe(mixture, values)),
            self._costs.cooled(left),
        )
        return self._recipe(*proposed) if proposed else None

    def _rank(self, target: str, digests: Sequence[str]) -> Sequence[str]:
        return self._proposers[target].rank(self._state, digests)

    def _recipe(self, mixture: Mixture, hyperparameters: dict[str, Value]) -> Recipe:
        return Recipe.of(mixture, hyperparameters, self._config.model, self._config.seed)

    def _look_at_failures(self) -> None:
        failed, over = self._state.failures, self._state.over
        limit = self._config.failures.max_share
        if len(failed) >= FAILURES_BEFORE_STOP and len(failed) > limit * over:
            last = failed[-1].failure
            share = f"{len(failed)} of {over} work items failed, more than failures.max_share {limit:g} allows."
            self.stop_reason = f"{share} The last one: {last.message}" if last else share
