"""Where searches stand, as values: what `status` says; see `answer.py`."""

from __future__ import annotations

from collections.abc import Iterator
from operator import not_
from typing import Any, Literal

from pydantic import Field

from search.answers.answer import Answer, Purpose, flat
from search.answers.mixes import Worth


def _is_none(value: object) -> bool:
    return value is None


SearchPhase = Literal["running", "queued", "over", "unfinished", "interrupted", "unreadable"]


NodeState = Literal["works", "left_out", "lost"]


class RecipeCounts(Answer):
    """Recipes by state, as the budget counts them: without the baseline, repeated seeds counted once."""

    running: int
    waiting: int = Field(description="has scores of a lower rung and may be promoted")
    stopped: int = Field(description="the search is over and it was not promoted")
    complete: int = Field(description="measured at the top rung")
    failed: int = Field(description="its last work item gave no score")
    total: int


class WorkItemCounts(Answer):
    """Work items by state."""

    running: int
    interrupted: int = Field(description="started by a driver that is gone; done again by `resume`")
    done: int
    failed: int
    total: int


class Limit(Answer):
    """What a search has used of one of its budgets."""

    used: int | float
    total: int | float | None = Field(description="of the search file; null is no limit")


class Budget(Answer):
    """Totals of the search, over all its launches."""

    recipes: Limit
    work_items: Limit
    hours: Limit = Field(description="wall-clock while drivers ran")
    gpu_hours: Limit


class Seconds(Answer):
    """Where the time went."""

    wall: float = Field(description="wall-clock while drivers ran")
    work_items: float = Field(description="sum over work items")
    training: float = Field(description="of that in training stages")
    training_share: float | None = Field(description="the same as a share of the work items' seconds")
    left: float | None = Field(
        None, exclude_if=_is_none, description="until the search is over, as its driver expects; left out where unknown"
    )


class WorkItemLine(Answer):
    """A work item."""

    digest: str = Field(description="of its recipe")
    mix: str
    seed: int
    rung: int
    targets: list[str]
    purpose: Purpose = Field(description="why it exists")
    started: str | None = Field(description="ISO 8601 with the time zone")
    phase: str | None = Field(
        None, exclude_if=_is_none, description="what is done, of one that runs; left out where unknown, as what follows"
    )
    done: float | None = Field(None, exclude_if=_is_none, description="share of its training that is over")
    node: str | None = Field(None, exclude_if=_is_none, description="name of the machine that it runs on")


class NodeLine(Answer):
    """A machine of the cluster, as the driver of a search sees it."""

    name: str
    state: NodeState = Field(
        description="`works`; `left_out`: nothing is started there, because it does not do; `lost`: Ray has given it up"
    )
    why: str | None = Field(None, exclude_if=_is_none, description="it is left out or lost; left out where unknown")
    since: str = Field(description="when that began, or the search on it: ISO 8601 with the time zone")


class Driver(Answer):
    """Who drives a search."""

    host: str = Field(description="name of its machine")
    pid: int = Field(description="of its process")
    since: str = Field(description="ISO 8601 with the time zone")


class FailureLine(WorkItemLine):
    """A work item that failed."""

    kind: str = Field(
        description="`exception`, `diverged` (the loss was not finite), `out_of_memory`, `environment`, `lost` "
        "(the worker died)"
    )
    message: str
    finished: str | None = Field(description="ISO 8601 with the time zone")


class Failures(Answer):
    """What failed."""

    count: int = Field(description="of work items")
    by_kind: dict[str, int]
    last: list[FailureLine] = Field(description="five at most")
    tasks: dict[str, int] = Field(
        default_factory=dict,
        exclude_if=not_,
        description="of tasks that failed in every mixture: the work items that they were in; left out where empty",
    )


class SearchStatus(Answer):
    """What `status NAME` says."""

    search: str = Field(description="its name")
    state: SearchPhase = Field(
        description="`running`: a driver runs it; `queued`: a service will start its driver; `over`: nothing is "
        "left to do; `interrupted`: no driver, and something is left: `taskmix resume NAME`; `unfinished`: something "
        "is left, and nobody knows whether a driver runs it"
    )
    over: bool = Field(description="nothing is left to do")
    driver: Driver | None = Field(
        None, exclude_if=_is_none, description="of a search that runs; left out where there is none"
    )
    nodes: list[NodeLine] = Field(
        default_factory=list,
        exclude_if=not_,
        description="of a search that runs, by name; one that came back is there as it is now; left out where empty",
    )
    at_once: int | None = Field(
        None,
        exclude_if=_is_none,
        description="work items that find room on the nodes that work; 0: the search waits for a node; left out where "
        "unknown",
    )
    recipes: RecipeCounts
    work_items: WorkItemCounts
    budget: Budget
    seconds: Seconds
    examples: int = Field(description="training examples, both stages")
    failures: Failures
    running: list[WorkItemLine] = Field(description="work items that were started and are not over")
    unmeasured: list[str] = Field(
        default_factory=list,
        exclude_if=not_,
        description="of a search that is over: targets on which no mixture could be measured; left out where empty",
    )
    commits: dict[str, str] = Field(
        default_factory=dict,
        exclude_if=not_,
        description="data set or model of the hub -> commit that the search reads; left out where empty",
    )
    moved: dict[str, str] = Field(
        default_factory=dict,
        exclude_if=not_,
        description="those of them that had another commit when the search was last launched -> that one",
    )

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a single row."""
        yield flat(self.model_dump(mode="json", exclude={"running", "commits", "moved", "driver", "nodes", "at_once"}))


class BestLine(Answer):
    """The best mix of a target in a line."""

    mix: str = Field(description="the first of the ranking")
    best_mix: str | None = Field(None, description="as for `best NAME`: `none` where it does not beat the baseline")
    score: float | None
    gain: float | None
    worth: Worth | None = Field(None, description="what the gain is worth; null without a baseline beside it")


class SearchLine(Answer):
    """A search in a line. One that cannot be read has the state `unreadable` and a problem, and else nothing."""

    search: str = Field(description="its name")
    state: SearchPhase = Field(description="as for `status NAME`, or `unreadable`")
    recipes: Limit | None = None
    work_items: WorkItemCounts | None = None
    left: float | None = Field(None, exclude_if=_is_none, description="as `seconds.left` of `status NAME`")
    by: str | None = Field(
        None,
        exclude_if=_is_none,
        description="who launched it last by way of a service; left out where nobody did",
    )
    best: dict[str, BestLine] = Field(default_factory=dict, description="by target")
    problem: str | None = Field(None, description="why it cannot be read")


class SearchList(Answer):
    """What `status` says of all searches."""

    searches: list[SearchLine]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per search."""
        return (flat(line.model_dump(mode="json")) for line in self.searches)
