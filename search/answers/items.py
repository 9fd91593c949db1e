"""What was tried, one by one, as values: what the service lists beside the best; see `answer.py`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from search.answers.answer import Answer, Purpose, Value, flat
from search.answers.mixes import MixCost

MixPhase = Literal["running", "waiting", "stopped", "complete", "failed"]
ItemPhase = Literal["running", "interrupted", "done", "failed"]


class RungScore(Answer):
    """A mix on one target at one rung with one seed."""

    target: str
    rung: int
    seed: int
    score: float | None = Field(description="on the development split; null while there is none")
    gain: float | None = Field(description="over the baseline with the same seed at the same rung")


class RecipeLine(Answer):
    """A configuration, whatever its seed."""

    digest: str = Field(description="of the recipe with the search's own seed")
    mix: str
    mixture: dict[str, float] = Field(description="task -> share of the intermediate examples")
    hyperparameters: dict[str, Value] = Field(description="those that are searched")
    state: MixPhase = Field(description="as `status` counts them")
    purpose: Purpose = Field(description="why it was first started: a start recipe, or a proposal")
    proposed_for: str = Field(description="the target whose turn it was")
    scores: list[RungScore] = Field(description="by target, rung and seed")
    cost: MixCost


class RecipeList(Answer):
    """The configurations of a search in the order of their start."""

    search: str = Field(description="its name")
    recipes: list[RecipeLine]
    next: str | None = Field(description="`after` of the next page; null on the last one")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per configuration, target, rung and seed."""
        for line in self.recipes:
            head = flat(line.model_dump(mode="json", exclude={"scores", "mixture", "hyperparameters"}))
            for score in line.scores:
                weights = {f"weight.{task}": weight for task, weight in line.mixture.items()}
                values = {f"hp.{name}": value for name, value in line.hyperparameters.items()}
                yield {**head, **score.to_json(), **weights, **values}


class ItemFailure(Answer):
    """Why a work item gave no scores."""

    kind: str
    message: str


class WorkItemEntry(Answer):
    """A work item."""

    number: int = Field(description="from 0, in the order of their start")
    digest: str = Field(description="of its recipe")
    mix: str
    seed: int
    rung: int
    targets: list[str]
    purpose: Purpose = Field(description="why it exists")
    state: ItemPhase = Field(description="`interrupted`: its driver is gone; it is done again by `resume`")
    started: str | None = Field(description="ISO 8601 with the time zone")
    finished: str | None = Field(description="as `started`; null while it runs")
    seconds: float | None = Field(description="wall-clock; what came out of the store cost nothing; null while it runs")
    failure: ItemFailure | None = None


class WorkItemList(Answer):
    """The work items of a search in the order of their start."""

    search: str = Field(description="its name")
    work_items: list[WorkItemEntry]
    next: str | None = Field(description="`after` of the next page; null on the last one")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per work item."""
        return (flat(line.model_dump(mode="json")) for line in self.work_items)
