"""A record: a trial of a study as this program sees it, and what a work item cost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from optuna.trial import TrialState

from spaces.recipe import Recipe
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Score

Purpose = Literal["baseline", "start", "estimate", "proposal", "promotion", "catch_up", "confirm"]
"""Why a work item exists: the empty mixture, a start recipe, an estimate of a mixture by a merged encoder, a sampler's
proposal, successive halving, a target that came later measured on what others have found, a fresh seed for a winner."""


@dataclass(frozen=True)
class Cost:
    """What a work item cost when it was computed; nothing where its parts came from the store."""

    seconds: float = 0.0
    training_seconds: float = 0.0
    gpu_seconds: float = 0.0
    examples: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.seconds + other.seconds,
            self.training_seconds + other.training_seconds,
            self.gpu_seconds + other.gpu_seconds,
            self.examples + other.examples,
        )


@dataclass(frozen=True)
class Record:
    """A trial: a recipe at a rung on a target. `item`, `cost` and `micro_batches` are the owner's alone.

    `micro_batches`: batches that were made smaller to fit into memory, see `Outcome`.
    """

    target: str
    number: int
    trial_id: int
    state: TrialState
    recipe: Recipe
    rung: int
    purpose: Purpose
    score: Score | None = None
    failure: Failed | None = None
    item: WorkItem | None = None
    cost: Cost | None = None
    micro_batches: Mapping[str, int] = field(default_factory=dict)
    started: dt.datetime | None = None
    finished: dt.datetime | None = None

    @property
    def key(self) -> tuple[str, int, bool]:
        """What exists at most once per study: recipe digest, rung, and whether it is an estimate."""
        return self.recipe.digest, self.rung, self.is_estimate

    @property
    def is_estimate(self) -> bool:
        """Nothing was trained on its mixture: its score is a guess, and no result."""
        return self.purpose == "estimate"

    @property
    def is_searched(self) -> bool:
        """Of a recipe that the search tries: no baseline, no repeated seed, no estimate."""
        return self.purpose not in ("confirm", "estimate") and not self.recipe.is_baseline
