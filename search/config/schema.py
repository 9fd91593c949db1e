"""search.yaml as strict models: one error per mistake, each with file, key, what was found and the fix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, Literal, get_args

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from pydantic import Field, field_validator, model_validator

from spaces.errors import nearest
from spaces.initial_design import Prior
from spaces.parsing import Limit, Strict
from spaces.recipe import Value
from spaces.repository import Repository
from trainables.work.settings import EngineSettings, EvaluationSettings, Probe, StageSettings, StoredType

RESERVED = frozenset({"store"})
"""Folders of $TASKMIX_HOME that are no searches."""

NAME = r"[A-Za-z0-9][\w.-]*"
"""What a search's name is made of; one that ends like a YAML file is taken for its path."""

LONGEST_NAME = 240
"""Bytes of a search's name: its folder may have 255, and MLflow's experiment and the lease as many letters."""

_UNTIL = re.compile(r"expected gain\s*<\s*([0-9]*\.?[0-9]+)")

SamplerName = Literal["auto", "mixture", "random", "tpe"]
"""`auto`, and the names of the table in `search/sampling/samplers.py`; a test holds the two together."""

RemovedSampler = Literal["gp"]
"""Names that stand in search files of earlier versions: these are read, so that their results are, but not launched."""


FREE = frozenset(
    {"budget", "resources", "failures", "confirm", "start", "sampler", "storage", "cards", "suite", "halving"}
)
"""Sections that may have other values when a search goes on, but for `FIXED`."""

FIXED = frozenset({"sampler.probe", "storage.dtype", "halving.rungs", "halving.target_rungs"})
"""Keys of these sections that decide what is measured."""


def is_name(text: str) -> bool:
    """Whether a search may be called so, as long as that is not too long."""
    return bool(re.fullmatch(NAME, text)) and text not in RESERVED and not text.endswith((".yaml", ".yml"))


class HyperparameterConfig(Strict):
    """A range (`low`, `high`, optionally `log` or `step`; whole numbers make an integer) or a list of `choices`."""

    low: float | int | None = Field(None, description="least value")
    high: float | int | None = Field(None, description="largest value")
    log: bool = Field(False, description="even on a logarithmic scale")
    step: float | int | None = Field(None, description="between values of the range; default: any")
    choices: list[Value] | None = Field(None, description="the values, instead of a range")
    default: Value | None = Field(None, description="what start recipes use; default: the stage's own value")

    @property
    def is_whole(self) -> bool:
        """Whether it is a range of whole numbers."""
        return isinstance(self.low, int) and isinstance(self.high, int)

    @property
    def distribution(self) -> BaseDistribution:
        """As Optuna knows it, which takes what `check_hyperparameters` finds nothing wrong with."""
        if self.choices is not None:
            return CategoricalDistribution(tuple(self.choices))
        assert self.low is not None and self.high is not None
        if isinstance(self.low, int) and isinstance(self.high, int):
            return IntDistribution(self.low, self.high, log=self.log, step=int(self.step or 1))
        return FloatDistribution(self.low, self.high, log=self.log, step=self.step)


class SpaceConfig(Strict):
    """Which mixtures may be proposed, and the hyperparameters that are searched with them."""

    min_tasks: int = Field(1, description="tasks of a mixture, at least")
    max_tasks: int = Field(4, description="tasks of a mixture, at most")
    min_weight: float = Field(0.1, description="least share of the intermediate examples that a task of a mixture has")
    weight_step: float = Field(0.05, description="weights are multiples of it")
    exclude: list[list[str]] = Field(default_factory=list, description="pairs of tasks that must not be mixed")
    licences: list[str] | None = Field(None, description="tasks under other licences are left out of the pool")
    hyperparameters: dict[str, HyperparameterConfig] = Field(
        default_factory=dict, description="STAGE.KEY, as intermediate.learning_rate, with a range or choices"
    )


class StagesConfig(Strict):
    """The two fine-tuning stages at the full budget."""

    intermediate: StageSettings
    target: StageSettings
    per_target: dict[str, dict[str, Any]] = Field(
        default_factory=dict,
        description="settings of single targets; `examples` may be a list where a target is trained on several cards",
    )


class HalvingConfig(Strict):
    """Asynchronous successive halving: the best 1/eta of each rung go on to the next, for each target."""

    rungs: list[float] = Field(default=[0.25, 1.0], description="rising shares of the example budgets, the last is 1")
    target_rungs: list[float] | None = Field(
        None, description="the same of the target stages, which nobody shares; default: as `rungs`"
    )
    eta: int | None = Field(
        None, ge=1, description="1: everything goes on; default: by rung, so that each takes as much training"
    )

    @property
    def top_rung(self) -> int:
        """The index of the rung with the full budget."""
        return len(self.rungs) - 1

    @property
    def shares_of_targets(self) -> list[float]:
        """Of the target stages' examples, by rung."""
        return self.target_rungs or self.rungs

    @model_validator(mode="after")
    def _rising(self) -> HalvingConfig:
        for name, shares in (("rungs", self.rungs), ("target_rungs", self.shares_of_targets)):
            rising = all(lower < upper for lower, upper in pairwise(shares))
            if not shares or shares[0] <= 0 or shares[-1] != 1 or not rising:
                raise ValueError(f"{name} rise from above 0 to exactly 1, for example [0.25, 1.0]")
        if len(self.shares_of_targets) != len(self.rungs):
            raise ValueError(f"target_rungs has a share for each rung: {len(self.rungs)}")
        return self


class BudgetConfig(Strict):
    """Totals of the search, not additions: launching again spends what is left."""

    recipes: int = Field(gt=0, description="distinct recipes, without baseline and repeated seeds")
    work_items: int | None = Field(None, gt=0, description="runs of a recipe at a rung, of every purpose")
    hours: Limit = Field(None, gt=0, description="wall-clock while a driver runs")
    gpu_hours: Limit = Field(None, gt=0, description="hours of work items times their GPUs")
    until: str | None = Field(None, description='no new recipes once more would bring little: "expected gain < 0.2"')

    @field_validator("until")
    @classmethod
    def _readable(cls, until: str | None) -> str | None:
        if until is not None and _least_gain(until) is None:
            raise ValueError('written as "expected gain < 0.2", in points')
        return until

    @property
    def least_gain(self) -> float | None:
        """What more recipes are expected to gain at least, as a share of 1, on some target; None: no matter."""
        return _least_gain(self.until) if self.until is not None else None


def _least_gain(until: str) -> float | None:
    """The gain in "expected gain < 0.2", as a share of 1; None where it is written otherwise."""
    match = _UNTIL.fullmatch(until.strip())
    return float(match[1]) / 100 if match else None


class StartConfig(Strict):
    """Recipes that are tried before the sampler is asked, in this order."""

    mixtures: list[str] = Field(default_factory=list, description='as "mnli:0.6 + squad_v1:0.4"')
    # Not `earlier`: the same file begins alike wherever it is launched.
    priors: list[Prior] = Field(default=["published"], description="see docs/priors.md")
    all_tasks: bool = Field(True, description="all tasks together (the max_tasks largest), equal weights")
    single_tasks: bool | None = Field(
        None, description="each task alone; default: where they are no more than a third of `budget.recipes`"
    )


class ConfirmConfig(Strict):
    """The best `top` recipes of each target, and the baseline, are measured with further seeds, in rounds, until it is
    settled which is the best and whether it beats the baseline, or a recipe has this many seeds."""

    top: int = Field(1, ge=0, description="recipes of each target")
    seeds: int = Field(3, ge=1, description="of a recipe, at most, the search's own among them")


class SamplerConfig(Strict):
    """How the next recipe is proposed once the start recipes are through."""

    name: SamplerName | RemovedSampler = Field("auto", description="auto: mixture where there are tasks to mix")
    startup: int = Field(8, ge=1, description="results on a rung before a stock sampler models it")
    estimates: int = Field(
        0,
        ge=0,
        description="mixtures that merged single-task encoders are scored for first; makes each task alone a start",
    )
    probe: Probe = Field(
        "stage", description="of estimates, on targets with labels: the lowest rung's target stage, or logme, untrained"
    )

    @field_validator("name", mode="before")
    @classmethod
    def _exists(cls, name: object) -> object:
        names = get_args(SamplerName)
        if name not in (*names, *get_args(RemovedSampler)):
            raise ValueError("no sampler of that name; " + nearest(str(name), names))
        return name


class ResourcesConfig(Strict):
    """Of one work item. `concurrency` is how many run at once; default: as many as fit on the nodes that are there."""

    cpus: float = Field(1, gt=0, description="of each worker")
    gpus: float = Field(0, ge=0, description="of each worker")
    workers: int = Field(1, ge=1, description="processes that train a work item together, each on its own GPU")
    concurrency: int | None = Field(None, gt=0, description="work items at a time; default: as many as fit")


class StorageConfig(Strict):
    """Where things are kept; the defaults lie under $TASKMIX_HOME and ~/.cache/taskmix."""

    studies: str | None = Field(None, description="SQLAlchemy URL of Optuna's storage")
    mlflow: str | None = Field(None, description="MLflow tracking URI")
    store: str | None = Field(None, description="folder or fsspec URL of encoders and scores")
    dtype: StoredType = Field(
        "fp32",
        description="of encoders in the store. bf16 takes half the space; what follows an intermediate stage begins "
        "with the rounded weights, so the two are different searches",
    )
    max_gb: Limit = Field(
        None, gt=0, description="gigabytes that this search's encoders and predictions may take in the store"
    )
    keep_models: bool = Field(
        False,
        description="whether the target models of the first fresh seed of confirmed mixes and baselines are kept, "
        "so that an export with --fine-tuned trains nothing",
    )
    cache: str | None = Field(None, description="folder of tokenised data and built suites")
    mirror: str | None = Field(None, description="folder or fsspec URL laid out like the hub; then it is not asked")

    @model_validator(mode="after")
    def _apart(self) -> StorageConfig:
        if self.studies is not None and self.studies == self.mlflow:
            raise ValueError("studies and mlflow need a database each: their tables have names in common")
        return self


class FailuresConfig(Strict):
    """What a search bears."""

    max_share: float = Field(0.3, ge=0, le=1, description="of the finished work items; more stop the search")
    retries: int = Field(3, ge=0, description="of a work item whose worker died")
    patience: float = Field(600.0, ge=0, description="seconds for which a store or a database is waited for")
    halvings: int = Field(3, ge=0, description="of a batch that does not fit into memory; the rest is accumulated")


class SearchConfig(Strict):
    """A search file."""

    name: str = Field(description="of the search: its folder, studies and runs are called so")
    model: str = Field(description="a pretrained encoder: a folder, or an id of the hub, ID@REVISION")
    tasks: list[str] = Field(min_length=1, description="the pool of intermediate tasks: names of cards; may grow")
    targets: list[str] = Field(min_length=1, description="names of cards; more may come behind them")
    suite: str | None = Field(None, description="a benchmark, whose tasks are targets beside those named")
    cards: list[str] = Field(default_factory=list, description="folders with further cards")
    space: SpaceConfig = SpaceConfig()
    stages: StagesConfig
    evaluation: EvaluationSettings = EvaluationSettings()
    engine: EngineSettings = EngineSettings()
    halving: HalvingConfig = HalvingConfig()
    budget: BudgetConfig
    start: StartConfig = StartConfig()
    confirm: ConfirmConfig = ConfirmConfig()
    sampler: SamplerConfig = SamplerConfig()
    seed: int = Field(1, description="of all that is drawn at random")
    resources: ResourcesConfig = ResourcesConfig()
    storage: StorageConfig = StorageConfig()
    failures: FailuresConfig = FailuresConfig()

    @field_validator("model", mode="before")
    @classmethod
    def _with_revision(cls, model: Any) -> Any:
        """`{id: ..., revision: ...}` is another way to write `id@revision`."""
        if not isinstance(model, dict):
            return model
        if set(model) != {"id", "revision"} or not all(isinstance(part, str) for part in model.values()):
            raise ValueError("a name, or {id: ..., revision: ...} of a model of the hub")
        return f"{model['id']}@{model['revision']}"

    def fixed(self) -> dict[str, Any]:
        """What must not change while a search goes on, flat: dotted key -> value.

        Budgets, resources, failures, how many go on and how often winners are measured may; they do not change what a
        score means.
        What judges an estimate decides its unit, and how encoders are stored, what follows them. A model's revision
        is where its files are from; what they are is compared by `Plan.model_version`.
        """
        of_hub = Repository.of_model(self.model)
        fixed = dict(flat(self.model_dump(mode="json", exclude=set(FREE))))
        fixed |= {key: value for key, value in flat(self.model_dump(mode="json", include=set(FREE))) if key in FIXED}
        return fixed | ({"model": of_hub.id} if of_hub else {})


def flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted key -> value of nested mappings."""
    for key, below in value.items():
        if isinstance(below, Mapping) and below:
            yield from flat(below, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", below
