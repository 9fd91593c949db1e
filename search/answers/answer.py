"""What all answers have in common: typed values, their JSON, and the scores that most of them have.

JSON is a dump of these models, CSV their `rows`, `docs/json.md` has their descriptions (`document.py`). A field is
added, and never renamed or removed, in a minor version. The modules of this room import pydantic alone, so that a
client needs no more.

Scores are shares of 1, gains are differences of scores, times are seconds; None: there is no such value (yet).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

ByLanguage = dict[str, float]
Value = int | float | str | bool
"""Of a hyperparameter."""

Purpose = Literal["baseline", "start", "estimate", "proposal", "promotion", "catch_up", "confirm"]


class Answer(BaseModel):
    """What all answers have in common."""

    model_config = ConfigDict(frozen=True, from_attributes=True, populate_by_name=True)

    def to_json(self) -> dict[str, Any]:
        """As it is printed."""
        return self.model_dump(mode="json", by_alias=True)


class Measurement(Answer):
    """Scores of one mix on one split, over its seeds."""

    score: float | None = Field(description="mean over seeds of the mean over languages")
    spread: float | None = Field(description="sample standard deviation over seeds (divisor n - 1); null with one seed")
    languages: ByLanguage = Field(description="mean over seeds of the target's metric in each language")
    seeds: list[float] = Field(description="a score per seed, by rising seed")


class GainedMeasurement(Measurement):
    """The same beside the baseline's with the same seeds."""

    gain: float | None = Field(
        description="mean over seeds of the score minus the baseline's with the same seed at the same rung"
    )
    gain_spread: float | None = Field(description="of the gains, as `spread`")
    gain_languages: ByLanguage = Field(description="mean over seeds of the gain in each language")
    gain_seeds: list[float] = Field(description="a gain per seed that the baseline has too, by rising seed")


class Interval(Answer):
    """A gain with an interval that holds it in 95 % of all searches."""

    mean: float
    low: float | None = Field(description="null where nothing was repeated with another seed")
    high: float | None = Field(description="as `low`")


def flat(values: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Dotted keys; lists of texts joined by blanks, other lists left out."""
    row: dict[str, Any] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            row |= flat(value, f"{prefix}{key}.")
        elif not isinstance(value, list):
            row[f"{prefix}{key}"] = value
        elif all(isinstance(entry, str) for entry in value):
            row[f"{prefix}{key}"] = " ".join(value)
    return row
