"""A task is a card: where its rows come from, how they are read, and what may be done with them."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

FORMAT_ROLES: dict[str, tuple[str, ...]] = {
    "pair_classification": ("text_a", "text_b", "label"),
    "sentence_classification": ("text", "label"),
    "tagging": ("tokens", "tags"),
    "span_qa": ("id", "question", "context", "answers"),
    "multiple_choice": ("context", "choices", "label"),
    "retrieval": ("text_a", "text_b"),
    "masked_lm": ("text",),
}
"""What the columns of a format mean. `trainables/formats/` holds one module for each."""

LABELLED = frozenset({"pair_classification", "sentence_classification", "tagging"})
"""Formats whose cards list their labels."""

UNTRAINED = frozenset({"retrieval"})
"""Formats that are scored with the encoder as it is, without fine-tuning."""

METRICS: dict[str, tuple[str, ...]] = {
    "pair_classification": ("accuracy",),
    "sentence_classification": ("accuracy",),
    "tagging": ("f1",),
    "span_qa": ("qa",),
    "multiple_choice": ("accuracy",),
    "retrieval": ("accuracy",),
    "masked_lm": (),
}
"""The metrics that a format can be scored by. `qa` is the mean of exact match and F1."""


class Strict(BaseModel):
    """Unknown keys are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(Strict):
    """Where rows come from: exactly one of `hub` (a hub id), `suite` (built from packages) or `files`."""

    hub: str | None = None
    suite: str | None = None
    files: str | None = Field(None, description="a folder with a file per split: train.parquet, dev.jsonl, ...")
    path: str | None = Field(None, description="data set inside the suite")
    config: str | None = Field(None, description="configuration; {lang} stands for the language")
    configs: dict[str, str] = Field(default_factory=dict, description="language -> configuration, where irregular")
    revision: str | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Source:
        given = [kind for kind in ("hub", "suite", "files") if getattr(self, kind)]
        if len(given) != 1:
            raise ValueError(f"exactly one of hub, suite and files is needed, found {given or 'none'}")
        if (self.suite is None) != (self.path is None):
            raise ValueError("path goes with suite")
        return self

    @property
    def place(self) -> str:
        """For people: the hub id, suite/path, or folder."""
        return self.hub or (f"{self.suite}/{self.path}" if self.suite else str(self.files))

    def config_for(self, language: str) -> str | None:
        """The configuration that holds `language`."""
        if language in self.configs:
            return self.configs[language]
        return self.config.replace("{lang}", language) if self.config else None


class Splits(Strict):
    """Names of the splits at the source. `dev` drives the search, `test` never does."""

    train: str | None = "train"
    dev: str | None = "validation"
    test: str | None = None


class Card(Strict):
    """One intermediate task or one target task. `docs/add-a-task.md` explains the keys."""

    name: str
    kind: Literal["task", "target"] = Field(description="set by the folder that the card lies in")
    description: str
    format: str
    licence: str
    origin: str
    source: Source
    columns: dict[str, str | list[str]] = Field(
        default_factory=dict, description="role -> column, where they differ; dots reach into structs, a list collects"
    )
    labels: list[str] = Field(default_factory=list)
    splits: Splits = Splits()
    languages: list[str] = Field(min_length=1)
    train_language: str | None = None
    train_from: str | None = Field(None, description="a task card whose training rows this target is trained on")
    metric: str | None = None
    sizes: dict[str, int] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _consistent(self) -> Card:
        if self.format not in FORMAT_ROLES:
            raise ValueError(f"format: unknown format {self.format!r}; one of {', '.join(FORMAT_ROLES)}")
        unknown = sorted(set(self.columns) - set(FORMAT_ROLES[self.format]))
        if unknown:
            roles = ", ".join(FORMAT_ROLES[self.format])
            raise ValueError(f"columns: {unknown} are no roles of {self.format}; its roles are {roles}")
        if self.format in LABELLED and len(self.labels) < 2:
            raise ValueError(f"labels: a {self.format} card lists its labels, at least two")
        if len(set(self.labels)) != len(self.labels):
            raise ValueError("labels: a label stands twice")
        if self.kind == "target":
            self._check_target()
        else:
            self._check_task()
        return self

    def _check_target(self) -> None:
        if self.metric not in METRICS[self.format]:
            known = ", ".join(METRICS[self.format]) or "none: it cannot be a target"
            raise ValueError(f"metric: found {self.metric!r}; a {self.format} target is scored by {known}")
        if self.format in UNTRAINED:
            if self.train_language or self.train_from:
                raise ValueError(f"train_language: {self.format} targets are not trained")
        elif not self.train_language:
            raise ValueError("train_language: say which language the target is trained in, usually en")
        if self.splits.dev is None or self.splits.test is None:
            raise ValueError("splits: a target needs dev and test (they may name the same split where only one exists)")

    def _check_task(self) -> None:
        if self.format in UNTRAINED:
            raise ValueError(f"format: {self.format} cannot be trained, so it cannot be an intermediate task")
        if self.metric or self.train_language or self.train_from:
            raise ValueError("metric, train_language and train_from are for targets")
        if self.splits.train is None:
            raise ValueError("splits.train: an intermediate task needs training rows")

    @property
    def is_trained(self) -> bool:
        """Whether a target is fine-tuned before it is scored."""
        return self.format not in UNTRAINED

    @property
    def training_language(self) -> str:
        """The language of the training rows."""
        return self.train_language or self.languages[0]
