"""What a service says when it is asked to do something, as values; see `answer.py`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, Json

from search.answers.answer import Answer
from search.answers.explanation import Scale
from search.answers.items import WorkItemEntry
from search.answers.status import SearchStatus, WorkItemLine

LaunchPhase = Literal["queued", "starting", "running", "stopping", "stopped"]


class Launched(Answer):
    """What became of a request to launch, resume or stop a search."""

    search: str = Field(description="its name")
    state: LaunchPhase = Field(description="`starting`: its driver was started and does not run the search yet")
    by: str = Field(description="whose request it was that made it so")


class Progress(Answer):
    """What changes all the time while a search runs."""

    left: float | None = Field(description="seconds until the search is over, as its driver expects")
    running: list[WorkItemLine]


class LogPart(Answer):
    """What the driver printed since."""

    text: str
    end: int = Field(description="byte of the log at which it goes on")


EventName = Literal["status", "finished", "progress", "log"]


class StreamEvent(Answer):
    """A server-sent event."""

    event: EventName
    data: Json[SearchStatus | WorkItemEntry | Progress | LogPart] = Field(
        description="of `status`, of `finished` (a work item), of `progress`, of `log`"
    )
    id: str = Field(description="with which, as `Last-Event-ID`, a stream goes on after it")


class Wish(Answer):
    """What a body may say: nothing else, and each value as its type is."""

    model_config = ConfigDict(extra="forbid", strict=True)


def _whole(value: object) -> object:
    """20.0 is a whole number in JSON."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Count = Annotated[int, Field(gt=0, le=10**9), BeforeValidator(_whole)]


class BudgetChange(Wish):
    """What a search may use from now on; what is left out stays as it is."""

    recipes: Count | None = None
    work_items: Count | None = None
    hours: float | None = Field(None, gt=0, le=10**9)
    gpu_hours: float | None = Field(None, gt=0, le=10**9)


class StopWish(Wish):
    """How a search is to stop."""

    hard: bool = Field(False, description="within seconds, without putting anything away")


class PromotionWish(Wish):
    """Whose model is to be registered."""

    target: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][\w.-]*$")
    mixture: str | None = Field(None, max_length=1000, description='"none": the baseline; default: the best mix')
    alias: str = Field("champion", min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][\w-]*$")


MeasureName = Literal["centroid", "mmd", "js", "pad"]
TypologyFeatures = Literal["syntax", "inventory", "phonology", "family", "geography", "observed"]
SplitName = Literal["dev", "test"]


class ExplanationWish(Wish):
    """How a search is to be explained."""

    names: list[str] = Field(
        [], max_length=20, description="further searches on the same model, taken together with it"
    )
    split: SplitName = "dev"
    measure: MeasureName = Field("centroid", description="of the distance between domains")
    typology: TypologyFeatures = Field("syntax", description="of the distance between languages")
    scale: Scale = Field("points", description="of gains")


class RecommendationWish(Wish):
    """What mixtures are to be recommended for."""

    target: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9][\w.-]*$", description="name of a card")
    names: list[str] = Field([], max_length=20, description="searches to learn from; default: all, of one model")
    top: Annotated[int, Field(ge=1, le=1000, description="mixtures"), BeforeValidator(_whole)] = 10
    split: SplitName = "dev"
    measure: MeasureName = "centroid"
    typology: TypologyFeatures = "syntax"


class Promotion(Answer):
    """A model that was registered with MLflow."""

    model: str = Field(description="its name there")
    version: int
    uri: str = Field(description="with which MLflow loads it")
    alias: str
    moved: bool = Field(description="whether the alias means this version now")
    reason: str = Field(description="why it moved, or did not")
