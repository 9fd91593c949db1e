"""Preparation: what is known of data, model and machine before a search begins. No torch here."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import Field

from spaces.errors import Problem
from spaces.parsing import Strict

Say = Callable[[str], None]
"""Tells people, in a line, what is going on."""


class Sizes(Strict):
    """How many rows of a card are trained on and scored, and how long they are."""

    rows: int = Field(0, description="training rows; 0 where it is not trained")
    tokens: float = Field(0.0, description="mean tokens of a training example")
    evaluation_rows: int = Field(0, description="development rows that are scored, all languages")
    evaluation_tokens: float = Field(0.0, description="mean tokens of a scored row")


class PreparationReport(Strict):
    """What `trainables.prepare` learned. Cards whose data are out of reach are missing from `sizes`."""

    sizes: dict[str, Sizes] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict, description="as `Plan.versions`")
    commits: dict[str, str] = Field(default_factory=dict, description="as `Plan.commits`")
    hub_bytes: int = Field(0, description="of all files that are read from the hub")
    moved: dict[str, str] | None = Field(
        None, description="those of the plan's commits whose revision is at another one by now -> that; None: not asked"
    )
    model_version: str | None = Field(None, description="as `Plan.model_version`; None: the model was not loaded")
    vocabulary: str | None = Field(None, description="digest of the tokenizer's pieces; None: it was not loaded")
    seconds_per_token: float | None = Field(None, description="of a forward pass with one work item's CPUs or GPU")
    training_seconds_per_token: float | None = Field(None, description="of training steps, where asked to measure it")
    device: str = Field("cpu", description="what the speeds are of: cpu, or the GPU's name")
    parameters: int | None = Field(None, description="of the encoder, embeddings included; None: it was not loaded")
    embeddings: int | None = Field(None, description="how many of them are input embeddings")
    unreached: list[str] = Field(default_factory=list, description="what was not looked at because it is not here")
    notes: list[str] = Field(
        default_factory=list, description="rows that were mended or left out, and rows that are trained on and scored"
    )
    problems: dict[str, list[Problem]] = Field(default_factory=dict, description="card -> what is wrong with it")
    model_problems: list[Problem] = Field(default_factory=list)
    away: bool = Field(False, description="the model could not be fetched, which is nobody's mistake")
