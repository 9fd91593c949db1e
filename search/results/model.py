"""The answers of a search as values: what `best`, `status`, `tasks` and `plan` say.

JSON is a dump of these models, CSV their `rows`, `docs/json.md` has their descriptions (`model_document.py`). A
benchmark's table is in `benchmark_model.py`. A field is added, and never renamed or removed, in a minor version.
Imports pydantic alone, so that a client needs no more.

Scores are shares of 1, gains are differences of scores, times are seconds; None: there is no such value (yet).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from operator import not_
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

ByLanguage = dict[str, float]
Value = int | float | str | bool
"""Of a hyperparameter."""

SearchPhase = Literal["running", "over", "unfinished", "interrupted", "unreadable"]
Purpose = Literal["baseline", "start", "estimate", "proposal", "promotion", "confirm"]


class Answer(BaseModel):
    """What all answers have in common."""

    model_config = ConfigDict(frozen=True, from_attributes=True, populate_by_name=True)

    def to_json(self) -> dict[str, Any]:
        """As it is printed."""
        return self.model_dump(mode="json", by_alias=True)


# --- `best`


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


class MixCost(Answer):
    """What the work items of a mix cost: all rungs, all seeds, all targets they were measured on."""

    seconds: float = Field(description="wall-clock; what came out of the store cost nothing")
    training_seconds: float = Field(description="of which in training stages")
    gpu_seconds: float = Field(description="wall-clock times GPUs")
    examples: int = Field(description="training examples, both stages")


class Mix(Answer):
    """A mixture with its hyperparameters, whatever the seed."""

    digest: str = Field(description="of the recipe with the search's own seed: the key in MLflow's tag `recipe.digest`")
    mixture: dict[str, float] = Field(description="task -> share of the intermediate examples")
    mix: str = Field(description="the same as text")
    hyperparameters: dict[str, Value] = Field(description="those that are searched")


class MixResult(GainedMeasurement, Mix):
    """A mix on one target, on the development split."""

    confirmed: bool = Field(description="whether all `confirm.seeds` were measured")
    encoder: str | None = Field(
        None,
        description="the store's key of its encoder at this rung, of the search's own seed where that was measured; "
        "not with `--format csv`",
    )
    test: GainedMeasurement | None = Field(description="on the test split; null below the top rung")
    cost: MixCost


class Baseline(Measurement):
    """No intermediate training, on the development split."""

    test: Measurement | None = Field(description="on the test split; null below the top rung")


class Floor(Answer):
    """What a predictor that learned nothing gets, on the development split."""

    score: float = Field(description="mean over languages")
    languages: ByLanguage = Field(description="in each language")


class Rung(Answer):
    """A share of the full budget of training examples."""

    index: int = Field(description="from 0")
    share: float = Field(description="of the example budgets")
    top: bool = Field(description="whether it is the top one")


class TaskEffect(Answer):
    """What the model of all results makes of a task; deviations are those of its posterior."""

    alone: float = Field(description="gain of the task alone")
    alone_deviation: float = Field(description="of it")
    added: float = Field(description="gain of adding it to a mix with an equal share, in the mean over drawn mixes")
    added_deviation: float = Field(description="of it")


class PairEffect(Answer):
    """Two tasks whose half-and-half mix is worth more, or less, than the mean of both alone."""

    tasks: list[str] = Field(description="two")
    effect: float = Field(description="difference of gains; named beyond 1.64 deviations, surest first")
    deviation: float = Field(description="of it")


class PredictedMix(Answer):
    """The mix with the best predicted gain, measured or not."""

    mix: str = Field(description="as text")
    mixture: dict[str, float] = Field(description="task -> share of the intermediate examples")
    hyperparameters: dict[str, Value] = Field(description="those that are searched")
    gain: float = Field(description="predicted")
    deviation: float = Field(description="of it")


class MoreRecipes(Answer):
    """What more recipes would bring."""

    expected: float = Field(description="gain of the best mix beyond the best known one")
    deviation: float = Field(description="of it")
    best_known: str = Field(alias="from", description="the best known mix")


class Insights(Answer):
    """What the model of docs/search.md makes of all results, about one target."""

    noise: float = Field(description="standard deviation of one measurement at the top rung, as the model sees it")
    tasks: dict[str, TaskEffect] = Field(description="by task of the pool")
    pairs: list[PairEffect]
    predicted: PredictedMix
    more: MoreRecipes


class TargetMixes(Answer):
    """The best mixes of one target."""

    metric: str | None = Field(description="of the target's card")
    languages: list[str] = Field(description="that are scored on the development split")
    rung: Rung = Field(description="the highest one that has scores")
    baseline: Baseline | None = Field(description="at this rung; null until it was measured there")
    floor: Floor | None = Field(description="null as long as nothing was measured")
    beats_baseline: bool | None = Field(
        description="whether the gain of the first mix is above 0; null while it is not known"
    )
    candidates: int = Field(description="how many mixes were ranked; `best` holds the first `--top` of them")
    best: list[MixResult] = Field(description="best first")
    learned: Insights | None = Field(
        None, description="null with fewer than four recipes on the target; not with `--format csv`"
    )


class BestMixes(Answer):
    """What `best NAME` says."""

    search: str = Field(description="its name")
    targets: dict[str, TargetMixes] = Field(description="by target")

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per target and rank."""
        for target, answer in self.targets.items():
            for rank, entry in enumerate(answer.best, 1):
                yield {
                    "target": target,
                    "rank": rank,
                    "digest": entry.digest,
                    "mix": entry.mix,
                    "score": entry.score,
                    "spread": entry.spread,
                    "gain": entry.gain,
                    "gain_spread": entry.gain_spread,
                    "confirmed": entry.confirmed,
                    "baseline": answer.baseline.score if answer.baseline else None,
                    "floor": answer.floor.score if answer.floor else None,
                    "test_score": entry.test.score if entry.test else None,
                    "test_gain": entry.test.gain if entry.test else None,
                    "metric": answer.metric,
                    "rung": answer.rung.index,
                    "seeds": len(entry.seeds),
                    "seconds": entry.cost.seconds,
                    "examples": entry.cost.examples,
                    **_prefixed("weight", entry.mixture),
                    **_prefixed("hp", entry.hyperparameters),
                    **_prefixed("score", entry.languages),
                }


# --- `status`


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


class WorkItemLine(Answer):
    """A work item."""

    digest: str = Field(description="of its recipe")
    mix: str
    seed: int
    rung: int
    targets: list[str]
    purpose: Purpose = Field(description="why it exists")
    started: str | None = Field(description="ISO 8601 with the time zone")


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
        description="`running`: a driver runs it; `over`: nothing is left to do; `interrupted`: no driver, and "
        "something is left: `taskmix resume NAME`; `unfinished`: something is left, and nobody knows whether a "
        "driver runs it"
    )
    over: bool = Field(description="nothing is left to do")
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
        yield flat(self.model_dump(mode="json", exclude={"running", "commits", "moved"}))


class BestLine(Answer):
    """The best mix of a target in a line."""

    mix: str
    score: float | None
    gain: float | None


class SearchLine(Answer):
    """A search in a line. One that cannot be read has the state `unreadable` and a problem, and else nothing."""

    search: str = Field(description="its name")
    state: SearchPhase = Field(description="as for `status NAME`, or `unreadable`")
    recipes: Limit | None = None
    work_items: WorkItemCounts | None = None
    best: dict[str, BestLine] = Field(default_factory=dict, description="by target")
    problem: str | None = Field(None, description="why it cannot be read")


class SearchList(Answer):
    """What `status` says of all searches."""

    searches: list[SearchLine]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per search."""
        return (flat(line.model_dump(mode="json")) for line in self.searches)


# --- `tasks`


class CardLine(Answer):
    """A task or a target."""

    name: str
    description: str
    format: str
    metric: str | None = Field(description="null for intermediate tasks")
    languages: list[str]
    training_language: str | None = Field(description="null for targets that are not trained")
    sizes: dict[str, int | dict[str, int]] = Field(
        description="split -> rows of each language, or language -> rows; in CSV their sums"
    )
    unverified: str | None = Field(description="what nobody has checked")
    license: str = Field(alias="licence")
    source: str = Field(description="hub id, suite/data set, folder, or tasks")
    origin: str = Field(description="where the data come from, for people")


class CardList(Answer):
    """What `tasks` says, by name."""

    tasks: list[CardLine]
    targets: list[CardLine]

    def rows(self) -> Iterator[dict[str, Any]]:
        """Of the CSV: a row per card."""
        for kind, cards in (("task", self.tasks), ("target", self.targets)):
            for card in cards:
                sizes = {
                    split: sum(rows.values()) if isinstance(rows, dict) else rows for split, rows in card.sizes.items()
                }
                yield {"kind": kind, **flat({**card.to_json(), "sizes": sizes})}


# --- `plan`


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


class PlannedSearch(Answer):
    """What `plan FILE` says: the space, what the search begins with, the work items and what they cost."""

    search: str = Field(description="its name")
    model: str
    tasks: list[str]
    targets: list[str]
    mixes: int = Field(description="how many the space has")
    hyperparameters: list[str] = Field(description="those that are searched")
    rungs: list[float] = Field(description="shares of the examples")
    eta: int = Field(description="the best 1/eta of each rung go on")
    sampler: str
    sampler_reason: str
    unreached: list[str] = Field(description="what was not looked at")
    notes: list[str] = Field(description="what is worth knowing of the data: rows left out, rows trained on and scored")
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


# --- CSV


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


def _prefixed(prefix: str, values: Mapping[str, T]) -> dict[str, T]:
    return {f"{prefix}.{name}": value for name, value in values.items()}
