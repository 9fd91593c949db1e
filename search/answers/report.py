"""Everything that a page or a report shows of a search, as one value, and of one mix; see `answer.py`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from search.answers.answer import Answer, ByLanguage, Purpose, Value
from search.answers.mixes import BestMixes, Mix, MixCost, Rung
from search.answers.status import SearchStatus, WorkItemLine

MixState = Literal["running", "waiting", "stopped", "complete", "failed"]


class RungScores(Answer):
    """What one mix, or the baseline, scored on one target at one rung, on the development split."""

    rung: int
    seeds: list[float] = Field(description="a score per seed, by rising seed")
    score: float = Field(description="their mean")
    gain: float | None = Field(description="mean over seeds of the score minus the baseline's with the same seed")


class MixLine(Mix):
    """A mix on all targets."""

    state: MixState = Field(description="as `recipes` of `status NAME` counts it")
    purpose: Purpose = Field(description="of its first work item: how it came into the search")
    scores: dict[str, list[RungScores]] = Field(description="target -> by rising rung, where there are any")
    gain: float | None = Field(
        description="mean over the targets of the gain at the highest rung that all of them have; null where one has "
        "none there"
    )
    gain_rung: int | None = Field(description="that rung")
    cost: MixCost

    def at(self, target: str, rung: int) -> RungScores | None:
        """What it scored there, if anything."""
        return next((scores for scores in self.scores.get(target, ()) if scores.rung == rung), None)


class WorkItemSpan(WorkItemLine):
    """A work item and when it ran, in seconds since the first one began."""

    state: Literal["running", "done", "failed"]
    begun: float
    ended: float | None = Field(description="null while it runs")
    failure: str | None = Field(None, description="its kind and its message")


class BestSoFar(Answer):
    """The best gain that was known when a share of the budget was used."""

    recipes: int = Field(description="started by then")
    gain: float = Field(description="the best of a single seed at the top rung, on the development split")


class TargetCourse(Answer):
    """How a target's results came about."""

    baseline: list[RungScores] = Field(description="by rising rung")
    best_so_far: list[BestSoFar] = Field(description="one for each time that it rose")


class SearchReport(Answer):
    """A search, whole: what `report NAME` draws."""

    search: str = Field(description="its name")
    model: str
    tasks: list[str] = Field(description="the pool")
    targets: list[str]
    rungs: list[Rung]
    status: SearchStatus
    best: BestMixes
    mixes: list[MixLine] = Field(description="by falling rung and gain, then by start")
    courses: dict[str, TargetCourse] = Field(description="by target")
    work_items: list[WorkItemSpan] = Field(description="in the order of their start")
    settings: dict[str, Value | None] = Field(description="of the search file, those that cannot change; dotted keys")


class SeedScores(Answer):
    """One measurement: one seed at one rung on one target."""

    rung: int
    seed: int
    purpose: Purpose
    score: float
    gain: float | None = Field(description="over the baseline with the same seed at the same rung")
    languages: ByLanguage
    test_score: float | None
    test_languages: ByLanguage
    encoder: str = Field(description="the store's key of its encoder")


class MixReport(Answer):
    """One mix, whole."""

    search: str = Field(description="name of the search")
    line: MixLine
    measurements: dict[str, list[SeedScores]] = Field(description="target -> by rung and seed")
    work_items: list[WorkItemSpan]
