"""Outcome: what a work item gives back, as plain values that cross process borders as JSON. No torch here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from pydantic import Field

from spaces.parsing import Strict

PerLanguage = dict[str, dict[str, float]]
"""Language -> metric -> value between 0 and 1."""

FailureKind = Literal["exception", "diverged", "out_of_memory", "environment", "lost"]
"""`diverged`: the loss was not finite. `environment`: store, cache or hub failed (full disk,
permission, network), which is no fault of the recipe. `lost`: the worker died."""


class Score(Strict):
    """A target's scores with one recipe at one rung. `score` is what the search goes by."""

    target: str
    score: float = Field(
        description="mean of the card's metric over the evaluation languages, development split; of an "
        "estimate without `dev` LogME, in nats per row"
    )
    dev: PerLanguage
    floor: float = Field(description="the same mean for a predictor that learned nothing")
    floors: PerLanguage
    test_score: float | None = Field(None, description="the same mean on the test split; top rung only")
    test: PerLanguage = Field(default_factory=dict)
    tuned: PerLanguage = Field(default_factory=dict, description="language -> what was tuned on development rows")
    examples: int = Field(description="training examples of the target stage")
    seconds: float = Field(description="wall-clock of the target stage and its evaluation when it was computed")


class Failed(Strict):
    """Why a work item gave no scores."""

    kind: FailureKind
    message: str = Field(description="one line for people")
    details: str = Field("", description="traceback")


class Outcome(Strict):
    """What came of a work item: scores of its targets; where it failed on the way, of those before the failure."""

    scores: dict[str, Score] = Field(default_factory=dict)
    failure: Failed | None = None
    seconds: float = Field(0.0, description="wall-clock spent now; scores found in the store cost nothing")
    training_seconds: float = Field(0.0, description="of which inside optimiser steps")
    gpu_seconds: float = 0.0
    examples: int = Field(0, description="training examples seen now, both stages")
    reused: list[str] = Field(default_factory=list, description="what came from the store: 'encoder', target names")
    micro_batches: dict[str, int] = Field(
        default_factory=dict,
        description="batches made smaller to fit into memory: of 'intermediate', a target, '<target>/evaluation'",
    )
    notes: list[str] = Field(default_factory=list, description="what a person should hear of, such as a damaged store")


class Progress(Strict):
    """What a running work item reports, for the live view."""

    phase: str = Field(description="'intermediate', or the target being fine-tuned and scored")
    done: float = Field(ge=0, le=1, description="share of the training of the work item that is over, by examples")
    activity: str = Field("training", description="what is done in that phase, as 'evaluating de (3 of 7)'")
    node: str = Field("", description="name of the machine, where it is known")
    is_waiting: bool = Field(False, description="whether it waits for a store, the hub or its peers")

    def __str__(self) -> str:
        """For people, as 'genres 100%, evaluating de (3 of 7)'."""
        activity = "" if self.activity == "training" else f", {self.activity}"
        return f"{self.phase} {self.done:.0%}{activity}"


Report = Callable[[Progress], None]
"""Told the progress of a running work item, which waits until it returns."""
