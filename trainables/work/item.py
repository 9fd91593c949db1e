"""Work item: a recipe, a rung, the targets it is measured on; and the keys of what it makes. No torch here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import Field, field_validator

from spaces.card import LABELLED, UNTRAINED, Card, Strict
from spaces.digest import digest
from spaces.mixture import Mixture
from spaces.recipe import Recipe

EVIDENCE_ROWS = 1000
"""Training rows that LogME looks at."""

VERSION = 3
"""Goes up when training or scoring computes something else: then nothing that was stored before is taken for it."""


class StageSettings(Strict):
    """How one fine-tuning stage trains. `examples` is the full budget; a rung takes its share of it."""

    examples: int = Field(gt=0, description="training examples at the top rung")
    batch_size: int = Field(32, gt=0, description="examples per optimiser step")
    micro_batch: int | None = Field(
        None, gt=0, description="most examples per forward pass, the rest is accumulated; changes dropout alone"
    )
    max_length: int = Field(128, ge=8, description="tokens")
    learning_rate: float = Field(1e-5, gt=0)
    head_learning_rate: float | None = Field(None, gt=0, description="of the new heads; default: as the encoder's")
    warmup: float = Field(0.1, ge=0, le=1, description="share of the steps")
    schedule: Literal["linear", "constant"] = "linear"
    weight_decay: float = Field(0.01, ge=0)
    clip: float = Field(1.0, gt=0, description="largest gradient norm")
    freeze_embeddings: bool = False

    def at(self, share: float) -> StageSettings:
        """The same stage with that share of the examples, at least one batch."""
        return self.model_copy(update={"examples": max(self.batch_size, round(self.examples * share))})

    def with_values(self, values: Mapping[str, Any]) -> StageSettings:
        """With some settings replaced; raises pydantic.ValidationError."""
        return StageSettings.model_validate({**self.model_dump(), **values})


class EngineSettings(Strict):
    """How DeepSpeed runs a stage; does not change what is computed beyond rounding."""

    zero: Literal[0, 1, 2, 3] = 0
    precision: Literal["auto", "fp32", "bf16", "fp16"] = "auto"


class EvaluationSettings(Strict):
    """How scores are taken."""

    batch_size: int = Field(64, gt=0)
    max_examples: int | None = Field(None, gt=0, description="rows per language and split; default: all")
    pooling: Literal["mean", "cls"] = Field("mean", description="a text's vector, for retrieval without fine-tuning")
    layer: int | Literal["auto"] | None = Field(
        None, description="its hidden state, 0 the embeddings; auto: the best on the dev split; default: the output"
    )

    @field_validator("layer")
    @classmethod
    def _counted(cls, layer: int | str | None) -> int | str | None:
        if isinstance(layer, int) and layer < 0:
            raise ValueError("layers are counted from 0, the embeddings; auto chooses one")
        return layer

    def of(self, card: Card) -> EvaluationSettings:
        """As they count for a target: what is fine-tuned for retrieval is compared by the vectors that were trained,
        and other formats look at neither."""
        return self if card.format in UNTRAINED and not card.is_trained else self.model_copy(update=_AS_TRAINED)


_AS_TRAINED = {"pooling": "mean", "layer": None}


Probe = Literal["stage", "logme"]
"""What tells how good a merged encoder is on a target that is fine-tuned and has labels: the target stage of the lowest
rung, or LogME."""


class Plan(Strict):
    """What all work items of a search share; sent to the workers with each of them.

    `rungs` are shares of the full example budget of both stages, rising, the last one 1.
    """

    tasks: dict[str, Card]
    targets: dict[str, Card]
    training_cards: dict[str, list[Card]] = Field(
        description="target -> the cards that it is fine-tuned on, one after the other"
    )
    dev_cards: dict[str, Card] = Field(
        default_factory=dict, description="target -> the card whose development rows it is scored on, where not its own"
    )
    rungs: list[float]
    intermediate: StageSettings
    target: StageSettings
    per_target: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="settings of single targets; `examples` may be a list, one for each card"
    )
    evaluation: EvaluationSettings = EvaluationSettings()
    engine: EngineSettings = EngineSettings()
    store: str = Field(description="fsspec path of the store")
    cache: str = Field(description="folder of tokenised data and built suites")
    mirror: str | None = None
    versions: dict[str, str] = Field(default_factory=dict, description="card -> digest of its data, where known")
    probe: Probe = Field("stage", description="how merged encoders are judged on targets with labels")
    workers: int = Field(1, ge=1, description="processes that train one work item together")
    halvings: int = Field(3, ge=0, description="how often a stage tries half the batch when memory does not suffice")

    def cards(self) -> list[Card]:
        """Every card whose rows are read, each once."""
        trained_on = [card for cards in self.training_cards.values() for card in cards]
        cards = [*self.tasks.values(), *self.targets.values(), *trained_on, *self.dev_cards.values()]
        return list({(card.kind, card.name): card for card in cards}.values())

    def dev_card(self, target: str) -> Card:
        """The card whose development rows a target is scored on."""
        return self.dev_cards.get(target, self.targets[target])

    def target_stage(self, target: str) -> StageSettings:
        """The target stage with the target's own settings; `examples` are those on all its training cards."""
        values = self.per_target.get(target, {})
        if isinstance(values.get("examples"), list):
            values = {**values, "examples": sum(values["examples"])}
        return self.target.with_values(values)

    def intermediate_for(self, recipe: Recipe) -> StageSettings:
        """The intermediate stage with the recipe's hyperparameters."""
        return self.intermediate.with_values(_of_stage(recipe, "intermediate"))

    def target_for(self, recipe: Recipe, target: str) -> StageSettings:
        """The target stage with the target's own settings, then the recipe's hyperparameters."""
        return self.target_stage(target).with_values(_of_stage(recipe, "target"))

    def target_stages(
        self, target: str, share: float, recipe: Recipe | None = None
    ) -> list[tuple[Card, StageSettings]]:
        """What a target is fine-tuned on, one after the other, and how; nothing where it is not.

        Its examples are shared out by the rows of the cards, as many epochs of each, unless they are given for each.

        Args:
            share: of the examples, that of a rung.
            recipe: whose hyperparameters count; None: without.
        """
        if not self.targets[target].is_trained:
            return []
        cards, examples = self.training_cards[target], self.per_target.get(target, {}).get("examples")
        stage = self.target_stage(target) if recipe is None else self.target_for(recipe, target)
        if not isinstance(examples, list):
            rows = [card.training_rows or 1 for card in cards]  # in a sequence, every card says how many
            examples = [max(1, round(stage.examples * count / sum(rows))) for count in rows]
        return [
            (card, stage.model_copy(update={"examples": count}).at(share))
            for card, count in zip(cards, examples, strict=True)
        ]

    def segments(self, recipe: Recipe, rung: int) -> list[int]:
        """Intermediate examples of each rung up to `rung`: a rung goes on from the encoder of the one below."""
        if recipe.is_baseline:
            return []
        seen = [self.intermediate_for(recipe).at(share).examples for share in self.rungs[: rung + 1]]
        return [upper - lower for lower, upper in zip([0, *seen], seen, strict=False)]

    def encoder_key(self, recipe: Recipe, rung: int) -> str:
        """The store's key of the encoder: digest of all that decides its weights."""
        cards = {task: self.tasks[task] for task in recipe.mixture.tasks}
        settings = self.intermediate_for(recipe).model_dump(exclude={"examples", "micro_batch"})
        return digest(
            {
                "version": VERSION,
                "model": recipe.model,
                "mixture": recipe.mixture.weights,
                "tasks": {task: self._identity(card) for task, card in cards.items()},
                "settings": settings,
                "negatives": self._negatives(self.intermediate_for(recipe), cards.values()),
                "segments": self.segments(recipe, rung),
                "seed": recipe.seed,
                "precision": self.engine.precision,
            },
            length=32,
        )

    def single_keys(self, recipe: Recipe, rung: int) -> dict[str, str]:
        """Task of the recipe's mixture -> the store's key of the encoder that was trained on it alone, else alike."""
        alone = {task: replace(recipe, mixture=Mixture.of({task: 1.0})) for task in recipe.mixture.tasks}
        return {task: self.encoder_key(single, rung) for task, single in alone.items()}

    def tests(self, item: WorkItem) -> bool:
        """Whether a work item is scored on the test split, too."""
        return item.rung == len(self.rungs) - 1 and not item.merged

    def by_evidence(self, target: str, merged: bool) -> bool:
        """Whether encoders, merged ones or not, are judged on a target by the evidence of its labels alone."""
        card = self.targets[target]
        return merged and self.probe == "logme" and card.is_trained and card.format in LABELLED

    def key_of(self, item: WorkItem, target: str) -> str:
        """The store's key of a score of a work item."""
        key = self.score_key(item.recipe, item.rung, target, item.rung if item.merged else None)
        return evidence_key(key) if self.by_evidence(target, item.merged) else key

    def score_key(self, recipe: Recipe, rung: int, target: str, merged: int | None = None) -> str:
        """The store's key of a score: the encoder's, and all that decides the target's stages and the evaluation.

        Args:
            merged: the encoder is merged from single-task encoders of this rung; None: it is trained on the mixture.
        """
        start: Any
        if recipe.is_baseline:
            start = ["base", recipe.model]
        elif merged is None:
            start = self.encoder_key(recipe, rung)
        else:
            start = ["merged", recipe.mixture.weights, self.single_keys(recipe, merged)]
        stages = [
            {
                "train": self._identity(card),
                "negatives": self._negatives(stage, [card]),
                "settings": stage.model_dump(exclude={"micro_batch"}),
            }
            for card, stage in self.target_stages(target, self.rungs[rung], recipe)
        ]
        untrained = {"max_length": self.target_for(recipe, target).max_length}
        *before, last = stages or [{"train": None, "negatives": None, "settings": untrained}]
        for stage in before:
            start = [start, stage]
        return digest(
            {
                "version": VERSION,
                "encoder": start,
                "target": self._identity(self.targets[target]),
                **last,
                "dev": self._identity(self.dev_card(target)),
                "evaluation": self.evaluation.of(self.targets[target]).model_dump(exclude={"batch_size"}),
                "tested": rung == len(self.rungs) - 1 and merged is None,
                "seed": recipe.seed,
                "precision": self.engine.precision,
            },
            length=32,
        )

    def _negatives(self, stage: StageSettings, cards: Iterable[Card]) -> int | None:
        """Pairs in a forward pass where a dual encoder is trained: it learns from them as negatives."""
        if not any(card.format == "retrieval" for card in cards):
            return None
        return min(stage.micro_batch or stage.batch_size, -(-stage.batch_size // self.workers))

    def _identity(self, card: Card) -> dict[str, Any]:
        """What decides which rows are read and how."""
        return {**card.identity, "data": self.versions.get(card.name)}


def evidence_key(score_key: str) -> str:
    """The store's key of LogME where a score would have the other one."""
    return digest(["logme", score_key], length=32)


@dataclass(frozen=True)
class WorkItem:
    """What Ray Tune schedules: train `recipe` up to `rung` (an index of `Plan.rungs`), measure it on `targets`.

    `merged`: nothing is trained on its mixture; the encoders of its tasks alone at that rung are merged instead.
    """

    recipe: Recipe
    rung: int
    targets: tuple[str, ...]
    merged: bool = False

    @property
    def key(self) -> str:
        """Equal for equal work; the order of the targets does not matter."""
        return digest([self.recipe.digest, self.rung, sorted(self.targets), *(["merged"] if self.merged else [])])

    def to_dict(self) -> dict[str, Any]:
        data = {"recipe": self.recipe.to_dict(), "rung": self.rung, "targets": list(self.targets)}
        return {**data, "merged": True} if self.merged else data

    @classmethod
    def from_dict(
        cls, data: Mapping[str, Any], recipe: Callable[[Mapping[str, Any]], Recipe] = Recipe.from_dict
    ) -> WorkItem:
        return cls(recipe(data["recipe"]), int(data["rung"]), tuple(data["targets"]), bool(data.get("merged", False)))


def _of_stage(recipe: Recipe, stage: str) -> dict[str, Any]:
    prefix = f"{stage}."
    return {name.removeprefix(prefix): value for name, value in recipe.hyperparameters if name.startswith(prefix)}
