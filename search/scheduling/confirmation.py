"""Confirmation: fresh seeds where a decision hangs on them, in rounds, until it is settled.

The first round gives the best `confirm.top` mixes of each target, and its baseline, a fresh seed: what chose a mix does
not say what it is worth. Each further round goes on where that still decides something: with mixes that may yet be
better than the first, and with the first and the baseline while it is open whether it beats it. The baseline gets
about the square root of the number of mixes times as many seeds as each of them (Dunnett 1955): it is half of every
difference.

What the first round wants of the baseline is known before the winners are, so it fills places that would stand idle.

Rounds follow from the results of the rounds before alone, so a search that goes on after a crash wants the same. What
decides is the development split, and of its errors the seeds': no seed makes the rows' smaller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean

from search.config.search import Search
from search.statistics.gain import LEVEL, estimate_gain
from search.statistics.noise import Noise, pool
from search.studies.state import SearchState
from spaces.recipe import Recipe

Wanted = dict[str, list[Recipe]]
"""Target -> recipes to measure at the top rung."""


def rounds(search: Search, state: SearchState, baseline: Recipe) -> Iterator[Wanted]:
    """What each round wants, as far as it is known: the last one may still be running.

    Args:
        baseline: with the search's own seed.
    """
    confirm, own = search.config.confirm, search.config.seed
    standings = []
    for target in search.config.targets:
        winners = state.rungs[target][state.top_rung].ranked[: confirm.top]
        if winners:
            standings.append(_Standing(state, target, [state.recipes[digest] for digest in winners], baseline, own))
    for number in range(1, confirm.seeds):
        if number > 1:
            noise = pool({one.target: one.repeated for one in standings})
            for one in standings:
                one.decide(noise.get(one.target))
        wanted = {one.target: one.wanted(number) for one in standings if one.is_open}
        if wanted:
            yield wanted
        if not all(one.has_ended for one in standings):
            return


def certain(search: Search, state: SearchState, baseline: Recipe) -> list[Recipe]:
    """The baseline's seeds that the first round will want on every target, whoever wins.

    None while a target has no mix at the top rung: it may never get one, and then nothing of it is confirmed.
    """
    confirm, own = search.config.confirm, search.config.seed
    ranked = min(len(state.rungs[target][state.top_rung].ranked) for target in search.config.targets)
    count = _seeds_of_baseline(min(ranked, confirm.top), 1) if ranked and confirm.top and confirm.seeds > 1 else 1
    return [baseline.with_seed(seed) for seed in range(own + 1, own + count)]


def _seeds_of_baseline(mixes: int, number: int) -> int:
    """With how many seeds the baseline has been measured after a round, its own among them."""
    return round(mixes**0.5 * (number + 1))


class _Standing:
    """A target between two rounds: its scores with the seeds of the rounds before, and what they leave open."""

    def __init__(self, state: SearchState, target: str, mixes: Sequence[Recipe], baseline: Recipe, own: int) -> None:
        self.target = target
        self._state, self._all, self._baseline, self._own = state, mixes, baseline, own
        self._mixes = list(mixes)  # the first, and those that may be better
        self._asked: dict[Recipe, int] = dict.fromkeys((baseline, *mixes), 1)  # how many seeds
        self._beats: float | None = None

    @property
    def is_open(self) -> bool:
        return len(self._mixes) > 1 or self._is_close

    @property
    def _is_close(self) -> bool:
        """Whether it is open if the first mix beats the baseline."""
        return self._beats is None or 1 - LEVEL < self._beats < LEVEL

    @property
    def repeated(self) -> list[list[float]]:
        return [self._scores(recipe) for recipe in self._asked]

    @property
    def has_ended(self) -> bool:
        """Whether all that was wanted so far is over, well or not."""
        records = (
            self._state.at(self.target, recipe.with_seed(seed).digest, self._state.top_rung)
            for recipe, count in self._asked.items()
            for seed in range(self._own + 1, self._own + count)
        )
        return all(record is not None and record.state.is_finished() for record in records)

    def decide(self, noise: Noise | None) -> None:
        """Look at what the rounds before have brought."""
        scores = {mix: self._scores(mix) for mix in self._mixes}
        first = max(self._mixes, key=lambda mix: fmean(scores[mix]))
        ahead = {mix: estimate_gain(scores[first], scores[mix], noise, None).probability for mix in self._mixes}
        self._mixes = [first, *(mix for mix in self._mixes if mix != first and (ahead[mix] or 0) < LEVEL)]
        reference = self._scores(self._baseline)
        self._beats = estimate_gain(scores[first], reference, noise, None).probability if reference else 0.0

    def wanted(self, number: int) -> list[Recipe]:
        """The recipes of a round, the baseline first."""
        recipes = []
        if self._is_close:
            before = self._asked[self._baseline]
            self._asked[self._baseline] = max(before, _seeds_of_baseline(len(self._all), number))
            seeds = range(self._own + before, self._own + self._asked[self._baseline])
            recipes += [self._baseline.with_seed(seed) for seed in seeds]
        for mix in self._mixes:
            self._asked[mix] = number + 1
            recipes.append(mix.with_seed(self._own + number))
        return recipes

    def _scores(self, recipe: Recipe) -> list[float]:
        """On the development split, of the seeds that were asked for and have one."""
        seeds = range(self._own, self._own + self._asked[recipe])
        records = [self._state.at(self.target, recipe.with_seed(seed).digest, self._state.top_rung) for seed in seeds]
        return [record.score.score for record in records if record is not None and record.score is not None]
