"""Families of simulated worlds; three of them were fixed before any sampler was tuned on them.

A seed draws a world of a family, so that a measurement over 20 seeds is one over 20 worlds. What the families have in
common is as it is seen in training, or as in the literature:

* What counts of a task is its *exposure*: its weight times the square root of the rung's share of the examples (the
  first examples teach most). So a task that is learned fast looks better at a low rung than one that needs many
  examples, and harm shows late.
* Returns diminish, by 1 - exp(-rate * exposure), a Hill function or a power: on purpose no linear function of square
  roots of weights and their products, which would flatter a linear surrogate; some tasks do nothing below a threshold.
* What a task does on one target says something about the next, not all: effects are a common one times one of the
  target's own (log-normal, a factor of about 1.5 either way), and some tasks help a few targets only.
* A low rung has a bias that depends on the tasks, beyond that of exposure; with fewer labels of the target the
  intermediate stage gains more, and the score is lower.
* The best gain over the baseline is 3 to 8 points, the noise of one measurement 0.3 to 1 point at the full budget (as
  over seeds on mid-sized targets) and more below it; two fifths of its variance is luck of the trained encoder, which
  all targets share.
* A full intermediate stage has 100,000 examples, a target stage 20,000 to 80,000; one target is not trained at all,
  as retrieval is.

`Sparse`: few tasks matter. Of 12 tasks two or three help a target, mostly from five that help many, four hurt most
targets, the rest does next to nothing. This is what the transfer literature sees most (Pruksachatkun et al. 2020).

`Interacting`: pairs decide. Tasks that do nothing alone help together; tasks that help alone spoil each other; tasks
crowd each other out, so that a weak one needs more weight. Optima have three or four tasks of unequal weights. One
task after the other does not find them.

`Hyperparameters`: learning rate, batch size, the number of frozen layers and a schedule whose warm-up counts for one
of its two values decide most of the gain, which task it is little. The best learning rate depends on batch size,
tasks and rung, and above it training breaks down.

`Unequal`, a fourth one, came later, for the question whether costs should be weighed: sparse worlds whose tasks have
examples between 25 and 280 tokens, those of the targets 25.

`Mixed`, a fifth: single tasks are nearly the best there is, as in the tables of real training (docs/efficiency.md).
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Set
from functools import cache, cached_property
from random import Random
from typing import Any

import numpy as np
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from benchmarks.efficiency.world import PLAIN, Array, Point, grid, mixture_of, row
from spaces.digest import derive_seed
from spaces.mixture import Mixture
from spaces.recipe import Value
from spaces.space import Hyperparameter, Space

RUNGS = (1 / 9, 1 / 3, 1.0)


class Landscape(ABC):
    """A world drawn from a seed; its families say what a mixture is worth, in units that are scaled afterwards.

    `noise`: standard deviation of a measurement at the full budget, by target, shape (targets,).
    """

    name: str
    family_tasks: int
    family_targets: int
    rungs: tuple[float, ...] = RUNGS
    has_target_shares = True
    intermediate_examples = 100_000

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.tasks = tuple(f"task{number:02d}" for number in range(self.family_tasks))
        self.targets = tuple(f"target{number}" for number in range(self.family_targets))
        draw = np.random.default_rng(derive_seed("landscape", self.name, seed))
        count = len(self.targets)
        self._level = draw.uniform(0.45, 0.7, count)
        self._gain = draw.uniform(0.03, 0.08, count)
        self.noise = draw.uniform(0.003, 0.01, count)
        self._unlearned = draw.uniform(0.05, 0.2, count)  # what the target stage at a vanishing rung would lack
        self._boost = draw.uniform(0.0, 0.6, count)  # how much more the mixture gains with few labels of the target
        self._bias = draw.normal(0.0, 0.006, (count, len(self.tasks)))  # of a low rung, by task
        examples = 1000 * draw.integers(20, 81, count)
        examples[draw.integers(count)] = 0
        self.target_examples: Mapping[str, int] = dict(zip(self.targets, map(int, examples), strict=True))
        self.formats: Mapping[str, str] = dict.fromkeys(self.tasks, PLAIN)
        self._draw(draw)
        self.space = Space(self.tasks, hyperparameters=self._hyperparameters())
        self._optima = {target: self._find_optimum(index) for index, target in enumerate(self.targets)}
        self._scale = np.ones(count)
        for index, (mixture, values) in enumerate(self._optima.values()):
            self._scale[index] = self._gain[index] / self._value(index, mixture, 1.0, values)

    # --- what a family says

    @abstractmethod
    def _draw(self, draw: np.random.Generator) -> None:
        """The parameters."""

    @abstractmethod
    def _worth(self, target: int, weights: Array, share: float, hyperparameters: Mapping[str, Any]) -> Array:
        """Worth of mixtures, of shape (mixtures, tasks), at a share of the budget; 0 is that of the empty one."""

    def _hyperparameters(self) -> tuple[tuple[str, Hyperparameter], ...]:
        return ()

    def _find_optimum(self, target: int) -> Point:
        """The best point: every mixture of the grid is looked at."""
        mixtures = self._grid
        return mixture_of(mixtures[int(np.argmax(self._worth(target, mixtures, 1.0, {})))], self.tasks), {}

    # --- the world

    def truth(self, target: str, mixture: Mixture, hyperparameters: Mapping[str, Value]) -> float:
        index = self.targets.index(target)
        return float(self._level[index] + self._scale[index] * self._value(index, mixture, 1.0, hyperparameters))

    def truths(self, target: str, weights: Array, hyperparameters: Mapping[str, Value]) -> Array:
        """The same of many mixtures, of shape (mixtures, tasks), which may lie off the grid of the space."""
        index, values = self.targets.index(target), {**self.space.defaults, **hyperparameters}
        return np.asarray(self._level[index] + self._scale[index] * self._worth(index, weights, 1.0, values))

    def observe(
        self,
        target: str,
        mixture: Mixture,
        hyperparameters: Mapping[str, Value],
        rung: int,
        seed: int,
        target_share: float | None = None,
    ) -> float:
        index, share = self.targets.index(target), self.rungs[rung]
        labels = share if target_share is None else target_share
        gain = self._scale[index] * self._value(index, mixture, share, hyperparameters)
        gain += (1 - share) * float(self._bias[index] @ row(mixture, self.tasks))
        learned = self._level[index] - self._unlearned[index] * (math.exp(-4 * labels) - math.exp(-4))
        run = self.name, self.seed, mixture.weights, dict(hyperparameters), rung, seed
        luck = math.sqrt(0.4) * _normal(*run) / share**0.25 + math.sqrt(0.6) * _normal(*run, target) / labels**0.25
        return float(learned + gain * (1 + self._boost[index] * (1 - labels)) + luck * self.noise[index])

    def nearest(self, mixture: Mixture, taken: Set[Mixture]) -> Mixture | None:
        return mixture

    def optimum(self, target: str) -> Point:
        return self._optima[target]

    def best(self, target: str) -> float:
        return self.truth(target, *self._optima[target])

    def baseline(self, target: str) -> float:
        return self.truth(target, Mixture(), {})

    def _value(self, target: int, mixture: Mixture, share: float, hyperparameters: Mapping[str, Value]) -> float:
        if not mixture:
            return 0.0
        values = {**self.space.defaults, **hyperparameters}
        return float(self._worth(target, row(mixture, self.tasks)[None], share, values)[0])

    @cached_property
    def _grid(self) -> Array:
        return _grid(self.space.tasks, self.space.max_tasks)


class Sparse(Landscape):
    """Two or three tasks help a target, some hurt."""

    name, family_tasks, family_targets = "sparse", 12, 6

    def _draw(self, draw: np.random.Generator) -> None:
        tasks, targets = len(self.tasks), len(self.targets)
        order = draw.permutation(tasks)
        popular, harmful = order[:5], order[5:9]
        common = _lognormal(draw, 0.3, tasks)
        self._help = 0.05 * np.abs(draw.normal(0, 1, (targets, tasks)))
        self._harm = np.zeros((targets, tasks))
        for target in range(targets):
            helpers = list(draw.choice(popular, draw.integers(2, 4), replace=False))
            if draw.random() < 0.5:  # one that no other target knows of
                helpers[0] = draw.integers(tasks)
            self._help[target, helpers] = common[helpers] * _lognormal(draw, 0.4, len(helpers))
            hurt = [task for task in harmful if task not in helpers and draw.random() < 0.8]
            self._harm[target, hurt] = 1.2 * common[hurt] * _lognormal(draw, 0.4, len(hurt))
        self._rate = 8.0 * _lognormal(draw, 0.5, tasks) * _lognormal(draw, 0.2, (targets, tasks))
        self._threshold = np.where(draw.random(tasks) < 0.3, draw.uniform(0.02, 0.1, tasks), 0.0)
        self._cap = self._help.sum(axis=1) * draw.uniform(0.7, 1.5, targets)

    def _worth(self, target: int, weights: Array, share: float, hyperparameters: Mapping[str, Any]) -> Array:
        exposure = weights * math.sqrt(share)
        above = np.maximum(exposure - self._threshold, 0.0)
        helped = (self._help[target] * (1 - np.exp(-self._rate[target] * above))).sum(axis=1)
        cap = self._cap[target]  # helpers teach in part the same
        worth: Array = cap * (1 - np.exp(-helped / cap)) - (self._harm[target] * exposure**1.5).sum(axis=1)
        return worth


FORMATS: tuple[str, ...] = ("sentence_classification", "pair_classification", "tagging", "span_qa", "multiple_choice")


class Unequal(Sparse):
    """The same, and some tasks have ten times as long examples as others."""

    name = "unequal"

    def _draw(self, draw: np.random.Generator) -> None:
        super()._draw(draw)
        self.formats = {task: FORMATS[draw.integers(len(FORMATS))] for task in self.tasks}


class Interacting(Landscape):
    """Pairs of tasks decide."""

    name, family_tasks, family_targets = "interacting", 10, 6

    def _draw(self, draw: np.random.Generator) -> None:
        tasks, targets = len(self.tasks), len(self.targets)
        order = draw.permutation(tasks)
        a, b, c, d, e, f = order[:6]
        self._allies = np.array([(a, b), (b, c), (a, c), (c, d), (e, f)])
        self._together = _lognormal(draw, 0.3, 5) * _lognormal(draw, 0.4, (targets, 5))
        self._together *= draw.random((targets, 5)) < 0.8
        self._together[:, 0] = np.maximum(self._together[:, 0], 0.5)
        g, h, i, j = order[6:]
        self._rivals = np.array([(g, h), (h, i), (i, g), (j, a)])
        self._spoil = 4.0 * _lognormal(draw, 0.3, 4) * _lognormal(draw, 0.3, (targets, 4))
        self._alone = draw.normal(-0.15, 0.1, (targets, tasks))
        self._alone[:, [g, h, i]] = 0.7 * _lognormal(draw, 0.3, 3) * _lognormal(draw, 0.3, (targets, 3))
        self._rate = 8.0 * _lognormal(draw, 0.4, tasks)
        self._half = draw.uniform(0.08, 0.2, tasks)  # exposure at which a task is half learned
        self._pull = draw.normal(0, 0.4, tasks) + draw.normal(0, 0.2, (targets, tasks))

    def _worth(self, target: int, weights: Array, share: float, hyperparameters: Mapping[str, Any]) -> Array:
        pull = np.exp(self._pull[target])
        exposure = math.sqrt(share) * weights * pull / (weights @ pull)[:, None]
        learned = exposure**2 / (exposure**2 + self._half**2)
        one, other = self._allies.T
        worth = (self._together[target] * learned[:, one] * learned[:, other]).sum(axis=1)
        worth += (self._alone[target] * (1 - np.exp(-self._rate * exposure))).sum(axis=1)
        one, other = self._rivals.T
        both = exposure[:, one] * exposure[:, other] / (exposure[:, one] + exposure[:, other] + 0.05)
        spoiled: Array = worth - (self._spoil[target] * both).sum(axis=1)
        return spoiled


RATE, BATCH, FROZEN, SCHEDULE, WARMUP = (
    f"intermediate.{name}" for name in ("learning_rate", "batch_size", "frozen_layers", "schedule", "warmup")
)
BATCHES = (8, 16, 32, 64, 128)


class Hyperparameters(Landscape):
    """How the tasks are trained decides more than which they are."""

    name, family_tasks, family_targets = "hyperparameters", 8, 5

    def _hyperparameters(self) -> tuple[tuple[str, Hyperparameter], ...]:
        return (
            (RATE, Hyperparameter(FloatDistribution(1e-6, 1e-3, log=True), 2e-5)),
            (BATCH, Hyperparameter(CategoricalDistribution(BATCHES), 32)),
            (FROZEN, Hyperparameter(IntDistribution(0, 8), 0)),
            (SCHEDULE, Hyperparameter(CategoricalDistribution(("linear", "constant")), "linear")),
            (WARMUP, Hyperparameter(FloatDistribution(0.0, 0.3), 0.1)),
        )

    def _draw(self, draw: np.random.Generator) -> None:
        tasks, targets = len(self.tasks), len(self.targets)
        self._centre = math.log(3e-5) + draw.normal(0, 0.7) + draw.normal(0, 0.25, targets)
        self._shift = draw.normal(0, 0.4, tasks)
        self._tasks = draw.normal(0, 0.35, tasks) + draw.normal(0, 0.2, (targets, tasks))
        self._rate = 8.0 * _lognormal(draw, 0.4, tasks)
        self._batch = draw.normal(0, 0.3, len(BATCHES)) + draw.normal(0, 0.1, (targets, len(BATCHES)))
        self._frozen = np.clip(draw.integers(0, 9) + draw.integers(-1, 2, targets), 0, 8)
        self._warmup = np.clip(draw.uniform(0.03, 0.25) + draw.normal(0, 0.02, targets), 0, 0.3)
        self._linear = draw.uniform(0.75, 0.95)

    def _worth(self, target: int, weights: Array, share: float, hyperparameters: Mapping[str, Any]) -> Array:
        centre = self._best_rate(target, weights, share, hyperparameters[BATCH])
        off = math.log(hyperparameters[RATE]) - centre
        fit = np.exp(-0.5 * (off / np.where(off > 0, 0.6, 1.0)) ** 2)
        broken = np.maximum(off - 1.0, 0.0) ** 2
        frozen = 0.5 + 0.5 * math.exp(-(((hyperparameters[FROZEN] - self._frozen[target]) / 2.5) ** 2))
        schedule = self._linear
        if hyperparameters[SCHEDULE] == "constant":
            schedule = 0.6 + 0.4 * math.exp(-(((hyperparameters[WARMUP] - self._warmup[target]) / 0.08) ** 2))
        learned = 1 - np.exp(-self._rate * weights * math.sqrt(share))
        worth = (
            2.0 * (1 - math.exp(-4 * share))
            + self._batch[target, BATCHES.index(hyperparameters[BATCH])]
            + learned @ self._tasks[target]
        )
        return np.asarray(fit * frozen * schedule * worth - 0.5 * np.minimum(broken, 4.0))

    def _best_rate(self, target: int, weights: Array, share: float, batch: int) -> Array:
        """Logarithm of the learning rate that fits mixtures best: higher for large batches and few steps."""
        centre = self._centre[target] + 0.5 * math.log(batch / 32) - 0.2 * math.log(share)
        return np.asarray(centre + weights @ self._shift)

    def _find_optimum(self, target: int) -> Point:
        # At the mixture's best learning rate the worth is a product of positive factors and a sum of two terms, so each
        # part has its best value by itself; the rate lies within its range for all but absurd draws (see the tests).
        batch = BATCHES[int(np.argmax(self._batch[target]))]
        learned = 1 - np.exp(-self._rate * self._grid)
        weights = self._grid[int(np.argmax(learned @ self._tasks[target]))]
        rate = math.exp(self._best_rate(target, weights[None], 1.0, batch)[0])
        return mixture_of(weights, self.tasks), {
            RATE: rate,
            BATCH: batch,
            FROZEN: int(self._frozen[target]),
            SCHEDULE: "constant",
            WARMUP: float(self._warmup[target]),
        }


class Mixed(Landscape):
    """Single tasks say most of it, as in the tables of real training; pairs some of the rest."""

    name, family_tasks, family_targets = "mixed", 10, 6

    def _draw(self, draw: np.random.Generator) -> None:
        tasks, targets = len(self.tasks), len(self.targets)
        self._alone = draw.normal(-0.4, 1.0, tasks) + draw.normal(0, 0.5, (targets, tasks))
        self._rate = 0.6 * _lognormal(draw, 0.4, tasks)
        together = draw.normal(0, 0.8, (tasks, tasks)) + draw.normal(0, 0.4, (targets, tasks, tasks))
        self._together = np.triu(together, 1)

    def _worth(self, target: int, weights: Array, share: float, hyperparameters: Mapping[str, Any]) -> Array:
        exposure = weights * math.sqrt(share)
        learned = (1 - np.exp(-self._rate * exposure)) / (1 - np.exp(-self._rate))
        worth = learned @ self._alone[target]
        return np.asarray(worth + np.einsum("mi,ij,mj->m", learned, self._together[target], learned))


AIMED_AT = ("sparse", "interacting", "hyperparameters")
"""The three."""

FAMILIES: dict[str, type[Landscape]] = {
    family.name: family for family in (Sparse, Interacting, Hyperparameters, Unequal, Mixed)
}


@cache
def _grid(tasks: tuple[str, ...], max_tasks: int) -> Array:
    return grid(Space(tasks, max_tasks=max_tasks))


def _normal(*parts: Any) -> float:
    return Random(derive_seed(*parts)).gauss(0, 1)


def _lognormal(draw: np.random.Generator, sigma: float, shape: int | tuple[int, ...]) -> Array:
    return np.exp(draw.normal(0, sigma, shape))
