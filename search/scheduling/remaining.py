"""Remaining: the work items that follow from what is known, and whether a search has any left.

What follows: the baseline at every rung, promotions, repeated seeds for the winners. What does not is a sampler's to
propose (`agenda.py`). All of it is a function of the search file and the studies, so that anybody may ask.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

from search.config.search import Search
from search.forecast.reduction import reduction_factors
from search.scheduling.confirmation import certain, rounds
from search.scheduling.halving import promotable
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.work.item import WorkItem


@dataclass(frozen=True)
class Assignment:
    """A work item that could be started now, why, and the target whose study will own it."""

    item: WorkItem
    purpose: Purpose
    owner: str


RankOnTarget = Callable[[str, Sequence[str]], Sequence[str]]
"""Takes a target, and what `halving.Rank` takes."""


def _as_scored(target: str, digests: Sequence[str]) -> Sequence[str]:
    return digests


def is_over(studies: Studies) -> bool:
    """Whether nothing runs and nothing is left to start."""
    return not studies.running() and Remaining(studies).has_ended(studies.wall_seconds)


class Remaining:
    """What is left of a search, looked at anew at each call."""

    def __init__(self, studies: Studies) -> None:
        self._search, self._studies, self._config = studies.search, studies, studies.search.config

    def has_ended(self, wall_seconds: float) -> bool:
        """Whether nothing is left to start where nothing runs; `wall_seconds` as for `is_spent`.

        Whether a space that is not known to be exhausted still has something new, only a sampler finds out.
        """
        return self.is_spent(wall_seconds) or (self.is_closing and self.is_empty)

    def is_spent(self, wall_seconds: float) -> bool:
        """Whether a limit other than the number of recipes is reached.

        Args:
            wall_seconds: that drivers have spent until now.
        """
        budget, state = self._config.budget, self._studies.state
        return (
            (budget.work_items is not None and state.items >= budget.work_items)
            or (budget.hours is not None and wall_seconds >= budget.hours * 3600)
            or (budget.gpu_hours is not None and state.cost.gpu_seconds >= budget.gpu_hours * 3600)
        )

    @property
    def is_closing(self) -> bool:
        """No new recipes will come: the budget of recipes is spent, or the space, or more would bring too little."""
        budget, expected = self._config.budget, self._studies.expected_gain
        return (
            self._studies.exhausted
            or len(self._studies.state.tried) >= budget.recipes
            or (budget.least_gain is not None and expected is not None and expected < budget.least_gain)
        )

    @property
    def factors(self) -> tuple[int, ...]:
        """Of each rung but the top, one in how many of its results goes on.

        All go on where the space has fewer recipes than the budget: the rest of it has no better use.
        """
        if self._studies.exhausted and len(self._studies.state.tried) < self._config.budget.recipes:
            return (1,) * len(self._factors)
        return self._factors

    @cached_property
    def _factors(self) -> tuple[int, ...]:
        return reduction_factors(self._search)

    @property
    def is_empty(self) -> bool:
        """Nothing is left to start where nothing runs and no new recipe comes."""
        followers = self.baselines(), self.catching_up(), self.promotions(searching=False), self.confirmations()
        return all(next(assignments, None) is None for assignments in followers)

    def baselines(self) -> Iterator[Assignment]:
        """The empty mixture at each rung."""
        recipe = baseline_of(self._search)
        for rung in range(self._studies.state.top_rung + 1):
            yield from self._missing(recipe, rung, self._config.targets, "baseline")

    def catching_up(self) -> Iterator[Assignment]:
        """For a target that came later, what others have found: the recipes of the highest rung that one of them has.

        Their encoders are in the store, so that only the target's own stage is trained. Best first, by the mean of the
        other targets' ranks. Of lower rungs the sampler's model knows enough.
        """
        rungs, targets = self._studies.state.rungs, self._config.targets
        started = {target: set[str]().union(*(rung.started for rung in rungs[target])) for target in targets}
        behind: dict[tuple[str, int], list[str]] = {}
        for target in targets:
            others = [other for other in targets if other != target]
            missed = [other for other in others if (started[other] & self._studies.state.tried) - started[target]]
            top = max((at for one in missed for at, rung in enumerate(rungs[one]) if rung.ranked), default=None)
            if top is None:
                continue
            places: dict[str, list[int]] = {}
            for other in missed:
                for place, digest in enumerate(rungs[other][top].ranked):
                    places.setdefault(digest, []).append(place)
            for digest in sorted(places, key=lambda one: (sum(places[one]) / len(places[one]), one)):
                if digest not in started[target]:
                    behind.setdefault((digest, top), []).append(target)
        for (digest, rung), late in behind.items():
            recipe = self._studies.state.recipes[digest]
            yield Assignment(WorkItem(recipe, rung, tuple(late)), "catch_up", late[0])

    def promotions(self, searching: bool, rank: RankOnTarget = _as_scored) -> Iterator[Assignment]:
        """What is to go on from each rung; a work item carries every target that promotes its recipe.

        Args:
            searching: something runs that may still become the best of its rung.
            rank: says what is promising; whether anything is to go on does not depend on it.
        """
        state, closing = self._studies.state, self.is_closing and not searching
        wanted: dict[tuple[str, int], list[str]] = {}
        for target in self._config.targets:
            rungs = state.rungs[target]
            ranked, started = [rung.ranked for rung in rungs], [rung.started for rung in rungs]
            for promoted in promotable(ranked, started, self.factors, closing, partial(rank, target)):
                wanted.setdefault(promoted, []).append(target)
        for (digest, rung), targets in sorted(
            wanted.items(), key=lambda entry: (-entry[0][1], -len(entry[1]), entry[0])
        ):
            yield Assignment(WorkItem(state.recipes[digest], rung, tuple(targets)), "promotion", targets[0])

    def confirmations(self) -> Iterator[Assignment]:
        """Fresh seeds, at the top rung, for the best recipes of each target and for the baseline."""
        state = self._studies.state
        for wanted in rounds(self._search, state, baseline_of(self._search)):
            targets: dict[Recipe, list[str]] = {}
            for target, recipes in wanted.items():
                for recipe in recipes:
                    targets.setdefault(recipe, []).append(target)
            for recipe, on in targets.items():
                yield from self._missing(recipe, state.top_rung, on, "confirm")

    def certain_confirmations(self) -> Iterator[Assignment]:
        """Of the confirmations those that no result can change any more, while something runs that may still win."""
        state = self._studies.state
        for recipe in certain(self._search, state, baseline_of(self._search)) if self.is_closing else ():
            yield from self._missing(recipe, state.top_rung, self._config.targets, "confirm")

    def _missing(self, recipe: Recipe, rung: int, targets: Sequence[str], purpose: Purpose) -> Iterator[Assignment]:
        """A work item for those targets that have not started the recipe at the rung."""
        rungs = self._studies.state.rungs
        left = tuple(target for target in targets if recipe.digest not in rungs[target][rung].started)
        if left:
            yield Assignment(WorkItem(recipe, rung, left), purpose, left[0])


def baseline_of(search: Search) -> Recipe:
    """The recipe without intermediate training, with the search's own seed."""
    return Recipe.of(Mixture(), {}, search.config.model, search.config.seed)
