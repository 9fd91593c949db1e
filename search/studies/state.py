"""The state of a search: what its records add up to, kept up to date record by record.

Everything here follows from the records alone, in any order of arrival; nothing is ever counted through again, so that
the next work item is found as fast among ten thousand recipes as among ten.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from optuna.trial import TrialState

from search.studies.trial_record import Cost, Record
from spaces.recipe import Recipe
from trainables.work.item import WorkItem


@dataclass
class RungStanding:
    """One rung of one target.

    `started`: digests, whatever came of them. `ranked`: digests of the searched recipes with a score, best first; any
    order of equal scores will do, but it must be the same after a restart: that of the digests.
    """

    started: set[str] = field(default_factory=set)
    ranked: list[str] = field(default_factory=list)
    _keys: list[tuple[float, str]] = field(default_factory=list)

    def rank(self, digest: str, score: float) -> None:
        """Takes a score in; a second time nothing."""
        key = (-score, digest)
        position = bisect_left(self._keys, key)
        if position == len(self._keys) or self._keys[position] != key:
            self._keys.insert(position, key)
            self.ranked.insert(position, digest)

    def scores(self) -> list[tuple[str, float]]:
        """Digest and score, best first."""
        return [(digest, -negative) for negative, digest in self._keys]


class SearchState:
    """What is known about a search.

    Args:
        targets: of the search.
        rungs: how many there are; `top_rung` is the last of them, where a recipe gets all examples.
        records: all there are so far.
    """

    def __init__(self, targets: Sequence[str], rungs: int, records: Iterable[Record] = ()) -> None:
        self.top_rung = rungs - 1
        self.rungs = {target: [RungStanding() for _ in range(rungs)] for target in targets}
        self.recipes: dict[str, Recipe] = {}  # digest -> recipe, of all that was started, in the order of their start
        self.estimated: dict[str, Recipe] = {}  # the same of what was estimated, which is none of the others' business
        self.tried: set[str] = set()  # digests that count against the budget of recipes
        self.proposals_by_target: Counter[str] = Counter()  # target -> recipes that it has brought in
        self.cost = Cost()
        self.failures: list[Record] = []  # owners of work items that failed
        self._estimates: dict[str, dict[tuple[str, int], Record]] = defaultdict(dict)
        self._owners: dict[tuple[str, int], Record] = {}
        self._running: dict[tuple[str, int], Record] = {}
        self._of_recipe: dict[str, dict[tuple[str, int], Record]] = defaultdict(dict)
        self._baselines: dict[int, str] = {}  # seed -> digest of the baseline with that seed
        self._over = 0
        for record in sorted(records, key=_by_start):
            self.add(record)

    # --- reading

    def owners(self) -> list[Record]:
        """One record per work item, in the order in which they were started."""
        return list(self._owners.values())

    def running(self) -> list[Record]:
        """Owners of work items that were started and are not over: in flight, or lost with their driver."""
        return list(self._running.values())

    @property
    def items(self) -> int:
        """Work items that were started."""
        return len(self._owners)

    @property
    def over(self) -> int:
        """Work items that ended, well or not."""
        return self._over

    def owner(self, item: WorkItem) -> Record | None:
        """The owner of a work item that runs."""
        return next((record for record in self._running.values() if record.item == item), None)

    def of_recipe(self, digest: str) -> list[Record]:
        """The records of one recipe, on all targets and rungs, without estimates."""
        return list(self._of_recipe.get(digest, {}).values())

    def at(self, target: str, digest: str, rung: int, estimate: bool = False) -> Record | None:
        """The record of a recipe at a rung on a target, or its estimate there."""
        records = self._estimates if estimate else self._of_recipe
        return records.get(digest, {}).get((target, rung))

    def baseline(self, target: str, rung: int, seed: int) -> Record | None:
        """The record of the empty mixture with that seed; it may have no score (yet)."""
        digest = self._baselines.get(seed)
        return None if digest is None else self.at(target, digest, rung)

    def gain_of(self, record: Record) -> float | None:
        """The transfer gain: the record's score less that of the baseline with the same seed at the same rung.

        A share of 1, as scores are; 0 for the baseline itself; None while one of the two has no score.
        """
        baseline = self.baseline(record.target, record.rung, record.recipe.seed)
        if record.score is None or baseline is None or baseline.score is None:
            return None
        return record.score.score - baseline.score.score

    # --- writing

    def add(self, record: Record) -> None:
        """A trial that was written."""
        digest, owner_key = record.recipe.digest, (record.target, record.number)
        (self.estimated if record.is_estimate else self.recipes).setdefault(digest, record.recipe)
        if record.recipe.is_baseline:
            self._baselines[record.recipe.seed] = digest
        if record.is_searched:
            self.tried.add(digest)
        if record.item is not None:
            self._owners[owner_key] = record
            if record.purpose in ("start", "proposal"):
                self.proposals_by_target[record.target] += 1
            if record.state is TrialState.RUNNING:
                self._running[owner_key] = record
        for target in record.item.targets if record.item is not None else (record.target,):
            if target in self.rungs and not record.is_estimate:
                self.rungs[target][record.rung].started.add(digest)
        self._finish(record)

    def replace(self, record: Record) -> None:
        """An owner that ended."""
        owner_key = (record.target, record.number)
        self._owners[owner_key] = record
        self._running.pop(owner_key, None)
        self._finish(record)

    def _finish(self, record: Record) -> None:
        records = self._estimates if record.is_estimate else self._of_recipe
        records[record.recipe.digest][record.target, record.rung] = record
        if record.score is not None and record.is_searched and record.target in self.rungs:
            self.rungs[record.target][record.rung].rank(record.recipe.digest, record.score.score)
        if record.item is not None and record.state.is_finished():
            self._over += 1
            self.cost += record.cost or Cost()
            if record.state is TrialState.FAIL:
                self.failures.append(record)


def _by_start(record: Record) -> tuple[dt.datetime, str, int]:
    return record.started or dt.datetime.min, record.target, record.number
