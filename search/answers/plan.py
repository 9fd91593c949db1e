"""What a search file asks for, as values: what `plan` says; see `answer.py`."""

from __future__ import annotations

from pydantic import Field

from search.answers.answer import Answer


class StartLine(Answer):
    """A mixture that is tried before the sampler is asked."""

    mix: str
    reason: str = Field(description="where it comes from")


class WorkItemsLine(Answer):
    """Work items of one purpose; everything but `items` is of one of them."""

    kind: str
    items: int
    examples: int = Field(description="of training, in both stages")
    steps: int = Field(description="of the optimizer, in both stages")
    seconds: float | None = Field(description="null where it cannot be known here")
    evaluation: float = Field(description="share of the forward and backward passes that only evaluates")


class PlannedSearch(Answer):
    """What `plan FILE` says: the space, what the search begins with, the work items and what they cost."""

    search: str = Field(description="its name")
    model: str
    tasks: list[str]
    targets: list[str]
    mixes: int = Field(description="how many the space has")
    hyperparameters: list[str] = Field(description="those that are searched")
    rungs: list[float] = Field(description="shares of the examples")
    factors: list[int] = Field(description="of each rung but the top, one in how many recipes goes on")
    sampler: str
    sampler_reason: str
    unreached: list[str] = Field(description="what was not looked at")
    notes: list[str] = Field(description="what is worth knowing of the data: rows left out, rows trained on and scored")
    target_steps: str = Field("", description="steps of the target stage of each target, at each rung")
    short_stages: list[str] = Field(default_factory=list, description="targets that will hardly leave the floor")
    starts: list[StartLine]
    recipes: int = Field(description="budget")
    work_items: list[WorkItemsLine]
    items: int = Field(description="work items in all, about")
    examples: int
    steps: int
    seconds: float | None = Field(description="wall-clock; null where it cannot be known here")
    concurrency: int = Field(description="work items at a time")
    simulated: bool = Field(description="played through on a made-up response surface")
    gpus: float = Field(description="of a work item")
    gpu_hours: dict[str, float] = Field(description="GPU -> hours, by a table of assumptions")
    measured_gpu_hours: float | None = Field(description="by the speed that was measured")
    measured_on: str | None = Field(description="the GPU that it was measured on")
    disk_bytes: float | None = Field(description="of all encoders in the store")
    max_gb: float | None = Field(description="what of the disk the search file allows")
    assumed: list[str] = Field(description="cards whose lengths and rows are assumed, because their data are not here")
