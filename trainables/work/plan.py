"""Plan: what all work items of a search share."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from spaces.card import Card
from spaces.formats import FORMATS
from spaces.parsing import Strict
from spaces.recipe import Recipe
from trainables.work.item import WorkItem
from trainables.work.settings import EngineSettings, EvaluationSettings, Probe, StageSettings, StoredType


class Plan(Strict):
    """What all work items of a search share; sent to the workers with each of them.

    `rungs` are shares of the full example budgets, rising, the last one 1.
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
    target_rungs: list[float] | None = Field(None, description="those of the target stages; default: `rungs`")
    intermediate: StageSettings
    target: StageSettings
    per_target: dict[str, dict[str, Any]] = Field(
        default_factory=dict, description="settings of single targets; `examples` may be a list, one for each card"
    )
    evaluation: EvaluationSettings = EvaluationSettings()
    engine: EngineSettings = EngineSettings()
    store: str = Field(description="fsspec path of the store")
    stored_dtype: StoredType = Field("fp32", description="of encoders there; what follows begins with them as they are")
    cache: str = Field(description="folder of tokenised data and built suites")
    mirror: str | None = None
    versions: dict[str, str] = Field(
        default_factory=dict, description="card, by `version_name` -> digest of its data, where known"
    )
    commits: dict[str, str] = Field(
        default_factory=dict,
        description="data set or model of the hub, as `str(Repository)` -> commit that the search reads, where settled",
    )
    model_version: str | None = Field(
        None, description="what the model's name stands for; None: the search was begun when that was not asked"
    )
    probe: Probe = Field("stage", description="how merged encoders are judged on targets with labels")
    workers: int = Field(1, ge=1, description="processes that train one work item together")
    kept_seed: int | None = Field(
        None, description="the seed whose target models of the top rung are stored beside their scores; None: of none"
    )
    patience: float = Field(600.0, ge=0, description="seconds for which a store that is away is waited for")
    max_batch_halvings: int = Field(
        3, ge=0, description="how often a stage tries half the batch when memory does not suffice"
    )

    @property
    def top_rung(self) -> int:
        """The index of the rung with the full budget."""
        return len(self.rungs) - 1

    def evaluation_at(self, rung: int) -> EvaluationSettings:
        """How scores of a rung are taken."""
        return self.evaluation.at(rung == self.top_rung)

    def cards(self) -> list[Card]:
        """Every card whose rows are read, each once."""
        trained_on = [card for cards in self.training_cards.values() for card in cards]
        cards = [*self.tasks.values(), *self.targets.values(), *trained_on, *self.dev_cards.values()]
        return list({(card.kind, card.name): card for card in cards}.values())

    def deciding(self) -> dict[str, dict[str, Any]]:
        """What of each card decides rows, labels, training or score, by kind and name; parts that are cards are, too.

        Where files lie, and at which revision, is left out: `versions` say what is in them. Sizes count where a target
        is trained on several cards: its examples are shared out by them, unless the search file does.
        """
        cards, deciding = self.cards(), dict[str, dict[str, Any]]()
        while cards:
            card = cards.pop(0)
            identity = card.identity
            identity["source"].pop("files")
            identity["source"].pop("revision")
            identity.pop("parts")
            deciding[f"{card.kind}s/{card.name}"] = identity
            cards += [part for part in card.parts if part.name in card.source.tasks]
        for target, trained_on in self.training_cards.items():
            if len(trained_on) > 1 and not isinstance(self.per_target.get(target, {}).get("examples"), list):
                for card in trained_on:
                    deciding[f"{card.kind}s/{card.name}"]["sizes"] = {"train": card.training_rows}
        return deciding

    def is_pinned(self, card: Card) -> bool:
        """Whether the commit is settled that the card's rows are read at."""
        return any(str(repository) in self.commits for repository in card.repositories)

    def version_name(self, card: Card) -> str:
        """A card's key in `versions`: its name, or kind and name where a later card has the same name."""
        last = {each.name: each.kind for each in self.cards()}.get(card.name, card.kind)
        return card.name if last == card.kind else f"{card.kind}/{card.name}"

    def version_of(self, card: Card) -> str | None:
        """Digest of a card's data, where known.

        Before cards of one name were told apart, the later one's digest stood for both.
        """
        return self.versions.get(self.version_name(card), self.versions.get(card.name)) if self.versions else None

    def dev_card(self, target: str) -> Card:
        """The card whose development rows a target is scored on."""
        return self.dev_cards.get(target, self.targets[target])

    def cards_of(self, target: str) -> list[Card]:
        """The cards whose rows decide a target's score: its own, those that it is fine-tuned on, its dev card."""
        return [self.targets[target], *self.training_cards[target], self.dev_card(target)]

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

    def target_stages(self, target: str, rung: int, recipe: Recipe | None = None) -> list[tuple[Card, StageSettings]]:
        """What a target is fine-tuned on, one after the other, and how; nothing where it is not.

        Its examples are shared out by the rows of the cards, as many epochs of each, unless they are given for each.

        Args:
            recipe: whose hyperparameters count; None: without.
        """
        if not self.targets[target].is_trained or self.by_probe(target, rung, recipe):
            return []
        cards, examples = self.training_cards[target], self.per_target.get(target, {}).get("examples")
        stage = self.target_stage(target) if recipe is None else self.target_for(recipe, target)
        if not isinstance(examples, list):
            rows = [card.training_rows or 1 for card in cards]  # in a sequence, every card says how many
            examples = [max(1, round(stage.examples * count / sum(rows))) for count in rows]
        share = (self.target_rungs or self.rungs)[rung]
        return [
            (card, stage.model_copy(update={"examples": count}).at(share))
            for card, count in zip(cards, examples, strict=True)
        ]

    def by_probe(self, target: str, rung: int, recipe: Recipe | None = None) -> bool:
        """Whether a target is scored with a linear probe alone at this rung, instead of after its stages."""
        stage = self.target_stage(target) if recipe is None else self.target_for(recipe, target)
        card = self.targets[target]
        asked = stage.low_rung == "probe" and rung < self.top_rung
        return asked and card.is_trained and FORMATS[card.format].is_labeled

    def probed_card(self, target: str, rung: int, recipe: Recipe | None = None) -> Card | None:
        """The card to whose training rows a linear probe is fitted as the target's head; None: its head is drawn.

        It is the one that the first stage trains on; without a stage the last one, whose labels are the target's own.
        """
        cards = self.training_cards[target]
        if self.by_probe(target, rung, recipe):
            return cards[-1]
        stages = self.target_stages(target, rung, recipe)
        return cards[0] if stages and stages[0][1].begins_with_probe(cards[0]) else None

    def segments(self, recipe: Recipe, rung: int) -> list[int]:
        """Intermediate examples of each rung up to `rung`: a rung goes on from the encoder of the one below."""
        if recipe.is_baseline:
            return []
        seen = [self.intermediate_for(recipe).at(share).examples for share in self.rungs[: rung + 1]]
        return [upper - lower for lower, upper in zip([0, *seen], seen, strict=False)]

    def tests(self, item: WorkItem) -> bool:
        """Whether a work item is scored on the test split, too."""
        return item.rung == self.top_rung and not item.merged

    def by_evidence(self, target: str, merged: bool) -> bool:
        """Whether encoders, merged ones or not, are judged on a target by the evidence of its labels alone."""
        card = self.targets[target]
        return merged and self.probe == "logme" and card.is_trained and FORMATS[card.format].is_labeled


def _of_stage(recipe: Recipe, stage: str) -> dict[str, Any]:
    prefix = f"{stage}."
    return {name.removeprefix(prefix): value for name, value in recipe.hyperparameters if name.startswith(prefix)}
