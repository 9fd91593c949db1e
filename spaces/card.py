"""A task is a card: where its rows come from, how they are read, and what may be done with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, Field, field_validator, model_validator

from spaces.digest import canonical_json
from spaces.errors import nearest
from spaces.formats import FORMATS
from spaces.parsing import Mistake, Mistakes, Strict
from spaces.repository import Repository
from spaces.tag_schemes import labels_without_spans

Split = Literal["train", "dev", "test"]

Columns = str | Annotated[list[str], Field(min_length=1)]
"""The column of a role, or several that are put together."""


class Source(Strict):
    """Where rows come from: exactly one of `hub` (a hub id), `suite` (built from packages), `files` and `tasks`."""

    hub: str | None = None
    suite: str | None = None
    files: str | None = Field(None, description="a folder with a file per split: train.parquet, dev.jsonl, ...")
    tasks: list[str] = Field(default_factory=list, description="task cards whose training rows are put together")
    path: str | None = Field(None, description="data set inside the suite")
    config: str | None = Field(None, description="configuration; {lang} is the language, {name} its name in `names`")
    names: dict[str, str] = Field(default_factory=dict, description="language -> what {name} stands for, else the code")
    rows: dict[str, str] = Field(
        default_factory=dict,
        description="column -> pattern (fnmatch) of the rows that count; {lang} and {name} as above",
    )
    revision: str | None = None
    supply: str | None = Field(None, description="how to come by the files, where nobody may ship them")

    @model_validator(mode="after")
    def _one_kind(self) -> Source:
        given = [kind for kind in ("hub", "suite", "files", "tasks") if getattr(self, kind)]
        if len(given) != 1:
            raise ValueError(f"exactly one of hub, suite, files and tasks is needed, found {given or 'none'}")
        if (self.suite is None) != (self.path is None):
            raise ValueError("path goes with suite")
        return self

    @property
    def location(self) -> str:
        """For people: the hub id, suite/path, folder, or the tasks."""
        return self.hub or self.files or (f"{self.suite}/{self.path}" if self.suite else " + ".join(self.tasks))

    @property
    def by_language(self) -> bool:
        """Whether other languages are other rows."""
        return any("{lang}" in text or "{name}" in text for text in (self.config or "", *self.rows.values()))

    def config_for(self, language: str) -> str | None:
        """The configuration that holds `language`."""
        return self._filled(self.config, language) if self.config else None

    def rows_for(self, language: str) -> dict[str, str]:
        """Column -> pattern of the rows of `language`."""
        return {column: self._filled(pattern, language) for column, pattern in self.rows.items()}

    def _filled(self, text: str, language: str) -> str:
        return text.replace("{lang}", language).replace("{name}", self.names.get(language, language))


class Splits(Strict):
    """Names of the splits at the source. `dev` drives the search, `test` never does."""

    train: str | list[str] | None = "train"
    dev: str | list[str] | None = "validation"
    test: str | list[str] | None = None

    def names(self, split: Split) -> list[str]:
        """The names that make up a split; none where there is no such split."""
        names = getattr(self, split)
        return [names] if isinstance(names, str) else list(names or [])


class RetrievalPool(Strict):
    """The candidates of a target: rows with `id` and `text` in the card's own source."""

    config: str | None = Field(None, description="configuration; {lang} and {name} as in the source's")
    split: str | None = Field(None, description="its name at the source, where all splits share it")
    columns: dict[Literal["id", "text"], Columns] = Field(default_factory=dict, description="role -> column")
    distractors: int | None = Field(
        None, ge=0, description="candidates beside the right ones, a sample; default: all, and comparable"
    )


class Card(Strict):
    """One intermediate task or one target task. `docs/add-a-task.md` explains the keys."""

    name: str
    kind: Literal["task", "target"] = Field(description="set by the folder that the card lies in")
    description: str
    format: str
    license: str = Field(validation_alias=AliasChoices("licence", "license"))
    origin: str
    source: Source
    columns: dict[str, Columns] = Field(
        default_factory=dict, description="role -> column, where they differ; dots reach into structs, a list collects"
    )
    values: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="column -> value -> text: words for a column's codes"
    )
    labels: list[str] = Field(default_factory=list, description="in the order of their numbers; or how many there are")
    splits: Splits = Splits()
    pool: RetrievalPool | None = Field(None, description="where the candidates are, for formats that have a pool")
    languages: list[str] = Field(min_length=1)
    dev_languages: list[str] = Field(default_factory=list, description="of the dev split, where they are others")
    dev_from: str | None = Field(None, description="a target card whose dev rows stand in for this target's")
    train_language: str | None = None
    train_from: str | list[str] | None = Field(
        None, description="the task card whose training rows this target is trained on; several: one after the other"
    )
    metric: str | None = None
    unanswerable: bool = Field(False, description="of questions with answers: some have none")
    sizes: dict[Split, int | dict[str, int]] = Field(
        default_factory=dict, description="rows of the splits at the source, of each language or language -> rows"
    )
    unverified: str | None = Field(None, description="what nobody has checked against the source")
    parts: tuple[Card, ...] = Field((), description="set by the catalogue: the cards whose rows this one puts together")

    @field_validator("labels", mode="before")
    @classmethod
    def _numbered(cls, labels: Any) -> Any:
        return [str(number) for number in range(labels)] if isinstance(labels, int) else labels

    @model_validator(mode="after")
    def _consistent(self) -> Card:
        if self.format not in FORMATS:
            raise Mistakes([("format", f"unknown format {self.format!r}; {nearest(self.format, FORMATS)}")])
        about_kind = self._mistakes_of_a_target() if self.kind == "target" else self._mistakes_of_a_task()
        mistakes = [*self._mistakes(), *about_kind]
        if mistakes:
            raise Mistakes(mistakes)
        return self

    def _mistakes(self) -> Iterator[Mistake]:
        spec = FORMATS[self.format]
        unknown = sorted(set(self.columns) - set(spec.columns))
        if unknown:
            roles = ", ".join(spec.columns)
            yield "columns", f"{unknown} are no roles of {self.format}; its roles are {roles}"
        if spec.is_labeled and len(self.labels) < 2:
            yield "labels", f"a {self.format} card lists its labels, at least two"
        if len(set(self.labels)) != len(self.labels):
            yield "labels", "a label stands twice"
        if any(label != label.strip() or not label for label in self.labels):
            yield "labels", "a label is empty, or has blanks around it, which the data are read without"
        if self.unanswerable and not spec.has("answers"):
            answering = ", ".join(name for name, each in FORMATS.items() if each.has("answers"))
            yield "unanswerable", f"only {answering} has questions without an answer"
        if (self.pool is None) == spec.has_pool:
            needs = "needs" if self.pool is None else "has no"
            yield "pool", f"a {self.format} card {needs} pool"

    def _mistakes_of_a_target(self) -> Iterator[Mistake]:
        spec = FORMATS[self.format]
        if self.metric not in spec.metrics:
            known = ", ".join(spec.metrics) or "none: it cannot be a target"
            yield "metric", f"found {self.metric!r}; a {self.format} target is scored by {known}"
        unclear = labels_without_spans(self.labels) if spec.has("tags") and self.metric == "f1" else []
        if unclear:
            fix = "write B-PER, I-PER (or S-PER, E-PER) and O, with values: {COLUMN: {OLD: NEW}} where data have others"
            found = ", ".join(map(repr, unclear[:5]))
            yield "labels", f"f1 counts spans, and {found} does not say where one begins; {fix}"
        unscored = self.unscored([*self.languages, *self.dev_languages])
        if unscored:
            others = "".join(f"; {metric} is, in every language" for metric in spec.metrics_everywhere)
            yield "metric", f"{self.metric} is not defined in {', '.join(unscored)}{others}"
        if self.source.tasks:
            yield "source.tasks", "only training rows are put together; name such a task in train_from"
        if self.train_from == []:
            yield "train_from", "name at least one task card, or leave it out"
        if not spec.scored_untrained and not self.train_language:
            yield "train_language", "say which language the target is trained in, usually en"
        if self.dev_from is not None and (self.splits.dev is not None or self.dev_languages):
            yield "dev_from", "then splits.dev is null and there are no dev_languages"
        if (self.splits.dev is None and self.dev_from is None) or self.splits.test is None:
            yield "splits", "a target needs dev and test (they may name the same split where only one exists)"

    def _mistakes_of_a_task(self) -> Iterator[Mistake]:
        training = FORMATS[self.format].trained_as
        if training is not None:
            yield "format", f"{self.format} is for targets; the task that trains for it is a {training} card"
        for key in ("metric", "train_language", "train_from", "dev_from", "dev_languages"):
            if getattr(self, key):
                fix = "metric, train_language, train_from, dev_from and dev_languages are for targets"
                yield key, fix
        if self.splits.train is None:
            yield "splits.train", "an intermediate task needs training rows"

    @property
    def is_trained(self) -> bool:
        """Whether it is fine-tuned: every task is, a target where it has training rows."""
        return self.kind == "task" or bool(self.train_language or self.train_from)

    @property
    def trained_on(self) -> list[str]:
        """The task cards that it is fine-tuned on, in order; none where its own rows serve, or it is not trained."""
        return [self.train_from] if isinstance(self.train_from, str) else self.train_from or []

    @property
    def pool_card(self) -> Card:
        """This card with the pool's rows for its own."""
        assert self.pool is not None, "only cards of formats with a pool are asked"
        source = self.source.model_copy(update={"config": self.pool.config, "rows": {}})
        splits = Splits(train=None, dev=self.pool.split, test=self.pool.split) if self.pool.split else self.splits
        return self.model_copy(update={"source": source, "columns": dict(self.pool.columns), "splits": splits})

    def where(self, key: str) -> str:
        """For people: the file and the key of it that a mistake is in; of a part the whole card's.

        Args:
            key: `columns.text`, `splits.dev`, `source`: of a pool's rows, what says so of the pool.
        """
        pool = self.pool
        of_pool = pool is not None and (self.source.config, self.columns) == (pool.config, pool.columns)
        if of_pool and pool is not None and (pool.split is None or self.splits.names("dev") == [pool.split]):
            head, _, rest = key.partition(".")
            own = {"columns": "pool.columns", "splits": "pool.split" if pool.split else "pool.config"}
            key = ".".join(filter(None, (own.get(head, "pool"), rest if head == "columns" else "")))
        return f"{self.name.partition('.')[0]}.yaml: {key}"

    def pool_language(self, language: str) -> str:
        """The language to ask for the pool: the first where one pool serves all, so that it is read and kept once."""
        return language if self.pool_card.source.by_language else self.languages[0]

    @property
    def training_language(self) -> str:
        """The language of the training rows; of a card with parts, the first."""
        return self.train_language or self.languages[0]

    @property
    def repositories(self) -> list[Repository]:
        """The data sets of the hub that its rows come from; those of its parts, where it has any."""
        sources = [card.source for card in self.parts or (self,)]
        return [Repository("dataset", source.hub, source.revision) for source in sources if source.hub]

    def languages_of(self, split: Split) -> list[str]:
        """The languages that a split has rows for."""
        if split == "train":
            return [self.training_language]
        return self.dev_languages if split == "dev" and self.dev_languages else self.languages

    def unscored(self, languages: Iterable[str]) -> list[str]:
        """Those of `languages` in which the card's metric is not defined."""
        known = FORMATS[self.format].metrics.get(self.metric or "")
        return [] if known is None else sorted(set(languages) - known)

    def locations_of(self, split: Split) -> set[str]:
        """Where the rows of a split lie, each language's apart: what two cards have in common, they share."""
        if self.parts:
            return set().union(*(part.locations_of(split) for part in self.parts))
        source = self.source
        return {
            canonical_json(
                [source.location, source.config_for(language), source.revision, name, source.rows_for(language)]
            )
            for language in self.languages_of(split)
            for name in self.splits.names(split)
        }

    @property
    def training_rows(self) -> int | None:
        """Rows that it trains on, as the card says; None where it does not."""
        return self.size_of("train", self.training_language)

    def size_of(self, split: Split, language: str) -> int | None:
        """Rows of a split at its source; None where the card does not say."""
        size = self.sizes.get(split)
        return size.get(language) if isinstance(size, Mapping) else size

    @property
    def identity(self) -> dict[str, Any]:
        """What decides which rows are read and how; texts for people do not."""
        texts = dict.fromkeys(("description", "license", "origin", "sizes", "unverified", "parts"), True)
        described = self.model_dump(exclude={**texts, "source": {"supply"}})
        return {**described, "parts": [part.identity for part in self.parts]}
