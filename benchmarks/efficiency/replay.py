"""Replay: a strategy spends a budget of trained examples in a world; what it would recommend on the way is its curve.

The recommendation follows one rule for all: for each target the best score that was measured at the highest rung at
which any mixture was measured for it, the baseline included where it was measured at that rung; before that, the
baseline. A strategy is handed a `Laboratory`, which trains and counts, and knows no truth to tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from statistics import fmean

from benchmarks.efficiency.world import Point, World, prices
from spaces.digest import derive_seed
from spaces.mixture import Mixture
from spaces.recipe import Value

Run = tuple[str, str]
"""Whose training run it is, and its name: a later measurement of the same run goes on from its encoder."""


class Over(Exception):
    """The budget does not suffice for what was asked, or a table has no unused row left."""


@dataclass(frozen=True)
class Measurement:
    """A score. `spent`: trained examples of the whole search when it came in."""

    target: str
    mixture: Mixture
    hyperparameters: dict[str, Value]
    rung: int
    score: float
    spent: float


class Laboratory:
    """A world as a strategy sees it: it may train and measure, and pays in trained examples.

    Args:
        world: whose truth stays hidden.
        budget: trained examples of both stages, over all targets.
        seed: of the noise.
    """

    def __init__(self, world: World, budget: float, seed: int) -> None:
        self.tasks, self.targets, self.rungs, self.space = world.tasks, world.targets, world.rungs, world.space
        self.formats, self._prices = world.formats, prices(world.formats)
        self.intermediate_examples, self.target_examples = world.intermediate_examples, world.target_examples
        self.has_target_shares = world.has_target_shares
        self.budget, self.seed = budget, seed
        self.spent = 0.0
        self.spent_on: dict[str, float] = dict.fromkeys(world.targets, 0.0)
        self.measurements: list[Measurement] = []
        self._observe, self._nearest = world.observe, world.nearest
        self._trained: dict[Run, float] = {}  # share of the intermediate stage
        self._measured: dict[Run, Mixture] = {}  # what stands for the mixture of a run
        self._taken: dict[str, set[Mixture]] = {}

    @property
    def top(self) -> int:
        return len(self.rungs) - 1

    def measure(
        self,
        mixture: Mixture,
        hyperparameters: Mapping[str, Value],
        rung: int,
        targets: Sequence[str],
        run: Run,
        target_share: float | None = None,
    ) -> dict[str, float]:
        """Train up to a rung (from where `run` stands), fine-tune on the targets, score.

        Args:
            target_share: of the target stages' examples; None: the rung's. Others only where the world has them.

        Raises:
            Over: it would cost more than is left, or there is nothing to measure any more; nothing was spent.
        """
        share, cost = self.rungs[rung], self.cost(mixture, rung, targets, run, target_share)
        if self.spent + cost > self.budget:
            raise Over
        measured = self._stand_in(run, mixture)
        self.spent += cost
        self._trained[run] = max(share, self._trained.get(run, 0.0))
        seed = derive_seed(self.seed, *run)
        scores = {}
        for target in targets:
            self.spent_on[target] += cost / len(targets)
            scores[target] = self._observe(target, measured, hyperparameters, rung, seed, target_share)
            told = Measurement(target, measured, dict(hyperparameters), rung, scores[target], self.spent)
            self.measurements.append(told)
        return scores

    def cost(
        self, mixture: Mixture, rung: int, targets: Sequence[str], run: Run, target_share: float | None = None
    ) -> float:
        """Trained examples, as long as those of the targets, that `measure` would take."""
        share = self.rungs[rung]
        left = max(0.0, share - self._trained.get(run, 0.0))
        price = sum(weight * self._prices[task] for task, weight in mixture.weights.items())  # 0 of the empty mixture
        stages = sum(self.target_examples[target] for target in targets)
        return left * price * self.intermediate_examples + (target_share or share) * stages

    def observe(
        self, target: str, mixture: Mixture, hyperparameters: Mapping[str, Value], rung: int, seed: int
    ) -> float:
        """What somebody else has measured before, which costs this search nothing."""
        return self._observe(target, mixture, hyperparameters, rung, seed)

    def measure_baseline(self) -> None:
        """The empty mixture at the full budget, on all targets: everybody wants to know it first."""
        self.measure(Mixture(), {}, self.top, self.targets, ("", "baseline"))

    def _stand_in(self, run: Run, mixture: Mixture) -> Mixture:
        """The mixture itself, or in a table without emulator the nearest row that the same search has not used."""
        if run not in self._measured:
            taken = self._taken.setdefault(run[0], set())
            found = self._nearest(mixture, taken)
            if found is None:
                raise Over
            taken.add(found)
            self._measured[run] = found
        return self._measured[run]


Strategy = Callable[[Laboratory, int], None]
"""Searches in a laboratory, with a seed, until it is done or the laboratory says `Over`."""


def replay(world: World, strategy: Strategy, seed: int, budget: float) -> Laboratory:
    """The laboratory after a strategy has spent its budget."""
    laboratory = Laboratory(world, budget, seed)
    with suppress(Over):
        strategy(laboratory, seed)
    return laboratory


@dataclass
class _Recommendation:
    """What would be recommended for a target, by the rule above. `best`: rung -> best score there, and its point."""

    rung: int = -1
    best: dict[int, tuple[float, Point]] = field(default_factory=dict)

    def update(self, told: Measurement) -> None:
        point = told.mixture, told.hyperparameters
        if told.mixture:
            self.rung = max(self.rung, told.rung)
        if told.rung not in self.best or told.score > self.best[told.rung][0]:
            self.best[told.rung] = told.score, point

    @property
    def point(self) -> Point:
        return self.best[self.rung][1] if self.rung >= 0 else (Mixture(), {})


Curve = list[tuple[float, float]]
"""(trained examples, regret from there on): a step function that begins at 0 examples."""


def regret_curve(world: World, measurements: Sequence[Measurement]) -> Curve:
    """Regret of what would be recommended, in the mean over the targets: best truth less that of the recommendation."""
    recommendations = {target: _Recommendation() for target in world.targets}
    best = {target: world.best(target) for target in world.targets}
    regrets = {target: best[target] - world.baseline(target) for target in world.targets}
    curve = [(0.0, fmean(regrets.values()))]
    for told in measurements:
        before = recommendations[told.target].point
        recommendations[told.target].update(told)
        now = recommendations[told.target].point
        if now == before:
            continue
        regrets[told.target] = best[told.target] - world.truth(told.target, *now)
        step = told.spent, fmean(regrets.values())
        if curve[-1][0] == told.spent:  # the same work item, another target
            curve[-1] = step
        else:
            curve.append(step)
    return curve


def in_turns(laboratory: Laboratory, searches: Mapping[str, Iterator[None]]) -> None:
    """Runs them to their end, always the one whose target has spent least: each gets the same share of the budget.

    Args:
        searches: by target; each yields after every measurement.
    """
    going = dict(searches)
    while going:
        target = min(going, key=lambda name: laboratory.spent_on[name])
        try:
            next(going[target])
        except StopIteration:
            del going[target]
