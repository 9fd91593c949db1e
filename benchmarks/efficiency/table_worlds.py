"""Worlds made of a table: an emulator between its rows, or the rows alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Set
from random import Random

import numpy as np

from benchmarks.efficiency.emulator import FOLDS, Emulator, fit
from benchmarks.efficiency.optimum import find_best
from benchmarks.efficiency.table import Table
from benchmarks.efficiency.world import PLAIN, Point, row
from spaces.digest import derive_seed
from spaces.errors import InputError, Problem
from spaces.mixture import Mixture
from spaces.recipe import Value

LEAST = 3 * FOLDS
"""Rows that an emulator needs."""


class _TableWorld(ABC):
    """What both have in common.

    Args:
        name: for people and for results.
        intermediate_examples: what a row at the full budget was trained on.
        target_examples: the same of each target's stage; 0: it is not trained.
    """

    has_target_shares = False  # what was measured was measured at the rung's share of both stages

    def __init__(self, name: str, table: Table, intermediate_examples: int, target_examples: Mapping[str, int]) -> None:
        self.name, self.tasks, self.targets, self.rungs = name, table.tasks, table.targets, table.rungs
        self.space, self.formats = table.space, dict.fromkeys(table.tasks, PLAIN)
        self.intermediate_examples = intermediate_examples
        self.target_examples = {target: target_examples[target] for target in table.targets}
        self._table, self._top = table, len(table.rungs) - 1
        self._optima: dict[str, Mixture] = {}

    @abstractmethod
    def truth(self, target: str, mixture: Mixture, hyperparameters: Mapping[str, Value]) -> float:
        """See `World.truth`."""

    def optimum(self, target: str) -> Point:
        return self._optima[target], {}

    def best(self, target: str) -> float:
        return self.truth(target, self._optima[target], {})

    def baseline(self, target: str) -> float:
        return self._table.baseline(self._top, target)


class EmulatedWorld(_TableWorld):
    """Any mixture has a score: that of an emulator for each target and rung, chosen by cross-validation.

    The noise of a measurement is that over seeds where the table has repeated rows, else the emulator's
    cross-validated error, which is more than noise.
    """

    def __init__(self, name: str, table: Table, intermediate_examples: int, target_examples: Mapping[str, int]) -> None:
        super().__init__(name, table, intermediate_examples, target_examples)
        self._emulators: dict[tuple[int, str], Emulator] = {}
        self._noise: dict[tuple[int, str], float] = {}
        self._told: dict[tuple[int, str, Mixture], float] = {}
        lines = []
        for rung, share in enumerate(table.rungs):
            for target in table.targets:
                weights, scores = table.rows(rung, target)
                if len(weights) < LEAST:
                    found = f"{len(weights)} rows of {target} at rung {share:g}"
                    raise InputError(Problem(f"an emulator needs {LEAST} rows", found=found, fix="--pool"))
                emulator, noise = fit(weights, scores), table.noise(rung, target)
                self._emulators[rung, target] = emulator
                self._noise[rung, target] = emulator.rmse if noise is None else noise
                lines.append(
                    f"  {target} at {share:g}: {len(weights)} rows, {emulator.name}, R2 {emulator.r2:.2f}, "
                    f"Spearman {emulator.spearman:.2f}, RMSE {emulator.rmse:.4f}; spread {scores.std():.4f}, noise "
                    f"{self._noise[rung, target]:.4f} ({'residuals' if noise is None else 'repeated seeds'})"
                )
        known = [mixture for mixture in table.runs if mixture]
        for target in table.targets:
            self._optima[target] = find_best(self.space, self._emulators[self._top, target].predict, known)
        self.described = "\n".join([f"{name}: emulators, cross-validated in {FOLDS} folds", *lines])

    def truth(self, target: str, mixture: Mixture, hyperparameters: Mapping[str, Value]) -> float:
        return self._emulated(self._top, target, mixture)

    def observe(
        self,
        target: str,
        mixture: Mixture,
        hyperparameters: Mapping[str, Value],
        rung: int,
        seed: int,
        target_share: float | None = None,
    ) -> float:
        luck = Random(derive_seed(self.name, target, mixture.weights, rung, seed)).gauss(0, 1)
        return self._emulated(rung, target, mixture) + luck * self._noise[rung, target]

    def nearest(self, mixture: Mixture, taken: Set[Mixture]) -> Mixture | None:
        return mixture

    def _emulated(self, rung: int, target: str, mixture: Mixture) -> float:
        if not mixture:
            return self._table.baseline(rung, target)
        place = rung, target, mixture
        if place not in self._told:
            weights = row(mixture, self.tasks)[None]
            self._told[place] = float(self._emulators[rung, target].predict(weights)[0])
        return self._told[place]


class PoolWorld(_TableWorld):
    """Only the mixtures of the table that were measured for every target at every rung.

    The truth is the mean over seeds, an observation one of them: where nothing was repeated, there is no noise.
    """

    def __init__(self, name: str, table: Table, intermediate_examples: int, target_examples: Mapping[str, int]) -> None:
        super().__init__(name, table, intermediate_examples, target_examples)
        self._pool = [
            mixture
            for mixture in table.runs
            if mixture and all(len(table.measured(mixture, rung, target)) for rung, target in self._places())
        ]
        if not self._pool:
            raise InputError(Problem("no mixture has a score for every target at every rung"))
        self._shares = np.sqrt(np.stack([row(mixture, self.tasks) for mixture in self._pool]))
        for target in table.targets:
            self._optima[target] = max(self._pool, key=lambda mixture: self.truth(target, mixture, {}))
        self.described = f"{name}: {len(self._pool)} mixtures of {len(table.runs)}, no emulator"

    def truth(self, target: str, mixture: Mixture, hyperparameters: Mapping[str, Value]) -> float:
        if not mixture:
            return self.baseline(target)
        return float(self._table.measured(mixture, self._top, target).mean())

    def observe(
        self,
        target: str,
        mixture: Mixture,
        hyperparameters: Mapping[str, Value],
        rung: int,
        seed: int,
        target_share: float | None = None,
    ) -> float:
        if not mixture:
            return self._table.baseline(rung, target)
        found = self._table.measured(mixture, rung, target)
        return float(found[seed % len(found)])

    def nearest(self, mixture: Mixture, taken: Set[Mixture]) -> Mixture | None:
        """By the Hellinger distance."""
        if not mixture:
            return mixture
        distance = ((self._shares - np.sqrt(row(mixture, self.tasks))) ** 2).sum(axis=1)
        free = (number for number in np.argsort(distance, kind="stable") if self._pool[number] not in taken)
        number = next(free, None)
        return None if number is None else self._pool[number]

    def _places(self) -> list[tuple[int, str]]:
        return [(rung, target) for rung in range(len(self.rungs)) for target in self.targets]
