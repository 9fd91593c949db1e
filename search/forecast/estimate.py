"""Estimate: about how many work items a search takes, how much they train, and how long that lasts, here or on GPUs."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import fmean

from search.config.search import Search
from search.forecast.recipe_cost import TRAINING
from search.forecast.reduction import reduction_factors, shared_encoders
from search.forecast.throughput import Parameters, table
from spaces.card import Card
from trainables.store.shared_files import LARGE
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport, Sizes
from trainables.work.settings import EVIDENCE_ROWS, StageSettings, StoredType

OVERHEAD = 1.3
"""What a work item takes beside forward and backward passes (optimiser, loading, storing), as a factor."""

NEW_RECIPES = "new recipes"
"""What the work items of recipes at their first rung are called."""

WEIGHT_BYTES: dict[StoredType, int] = {"fp32": 4, "bf16": 2}
"""Of a weight of a stored encoder."""


@dataclass(frozen=True)
class Line:
    """Work items of one kind; everything but `items` is of one of them.

    Args:
        examples, steps: of training, in both stages.
        seconds: None where it cannot be known here.
        trained, scored: tokens.
        encoders: that it leaves in the store.
    """

    kind: str
    items: int
    examples: int
    seconds: float | None
    steps: int = 0
    trained: float = 0.0
    scored: float = 0.0
    encoders: int = 0

    @property
    def evaluation(self) -> float:
        """The share of its forward and backward passes that only evaluates."""
        passes = TRAINING * self.trained + self.scored
        return self.scored / passes if passes else 0.0


@dataclass(frozen=True)
class Estimate:
    """All work items of a search.

    Args:
        wall: the wall-clock in seconds where it was simulated.
        gpus: of a work item; 0 on CPUs.
        gpu_hours: GPU -> hours of the whole search by the table of `throughput.yaml`; empty where the model is unknown.
        disk: bytes of all encoders in the store; None where the model is unknown.
        assumed: cards whose sizes are assumed, because their data are not here.
        measured: where the speed was measured; None: it was not, or not on what the search runs on.
    """

    lines: list[Line]
    concurrency: int
    wall: float | None = None
    gpus: float = 0.0
    gpu_hours: dict[str, float] = field(default_factory=dict)
    disk: float | None = None
    assumed: list[str] = field(default_factory=list)
    measured: str | None = None

    @property
    def items(self) -> int:
        return sum(line.items for line in self.lines)

    @property
    def examples(self) -> int:
        return sum(line.items * line.examples for line in self.lines)

    @property
    def steps(self) -> int:
        return sum(line.items * line.steps for line in self.lines)

    @property
    def measured_gpu_hours(self) -> float | None:
        """As `gpu_hours`, by the speed that was measured."""
        if not self.gpus or any(line.seconds is None for line in self.lines):
            return None
        return self.gpus * sum(line.items * (line.seconds or 0.0) for line in self.lines) / 3600

    @property
    def seconds(self) -> float | None:
        """Wall-clock with `concurrency` work items at a time."""
        if any(line.seconds is None for line in self.lines):
            return None
        if self.wall is not None:
            return self.wall
        return sum(line.items * (line.seconds or 0.0) for line in self.lines) / self.concurrency


@dataclass(frozen=True)
class Expected:
    """Work items of one kind.

    Args:
        kind: for people.
        items: how many.
        rung: at which.
        grown: share of the intermediate budget that each of them trains.
        targets: how many each is measured on, in the mean.
        encoders: how many each stores: one for each rung that it trains.
        merged: their encoders are merged.
    """

    kind: str
    items: int
    rung: int
    grown: float
    targets: float
    encoders: int = 0
    merged: bool = False


def expected(search: Search) -> list[Expected]:
    """About the work items of a search. Targets often promote the same recipes: half of those beyond one's own."""
    config, count, shares = search.config, len(search.config.targets), search.config.halving.rungs
    found = [Expected("baseline", 1, rung, 0.0, count) for rung in range(len(shares))]
    factors, space = reduction_factors(search), search.space
    items = config.budget.recipes
    if not space.hyperparameters and space.size < items:  # then all go on: see `Remaining.factors`
        items, factors = space.size, (1,) * len(factors)
    going_on = items
    if config.sampler.estimates:
        found.append(Expected("estimates", config.sampler.estimates, 0, 0.0, count, merged=True))
    found.append(Expected(NEW_RECIPES, items, 0, shares[0], count, 1))
    for rung, factor in enumerate(factors, 1):
        going_on //= factor
        each = max(1, going_on)
        items = min(items, round(each * shared_encoders(count)))
        found.append(Expected("promotions", items, rung, shares[rung] - shares[rung - 1], each * count / items, 1))
    seeds, top = config.confirm.seeds - 1 if config.confirm.top else 0, len(shares) - 1
    if seeds:
        winners = min(items, config.confirm.top * count)
        # at most: rounds end where all is settled (search/scheduling/confirmation.py)
        references = round(config.confirm.top**0.5 * config.confirm.seeds) - 1
        found.append(Expected("baseline, more seeds", references, top, 0.0, count))
        each_on = config.confirm.top * count / winners
        found.append(Expected("winners, more seeds", seeds * winners, top, 1.0, each_on, len(shares)))
    return found


def estimate(search: Search, plan: Plan, findings: PreparationReport, concurrency: int) -> Estimate:
    """From the sizes of the data and the measured speed of this machine, else from the table."""
    work = Work.of(search, plan, findings)
    return work.estimate([work.line(items) for items in expected(search)], concurrency)


@dataclass(frozen=True)
class Work:
    """What a work item does, in examples and in tokens through the encoder.

    Args:
        frozen: no intermediate stage trains the embedding.
    """

    plan: Plan
    findings: PreparationReport
    model: str
    gpus: float
    frozen: bool

    @classmethod
    def of(cls, search: Search, plan: Plan, findings: PreparationReport) -> Work:
        asked = search.config.resources
        frozen = plan.intermediate.freeze_embeddings
        frozen &= "intermediate.freeze_embeddings" not in dict(search.space.hyperparameters)
        return cls(plan, findings, search.config.model, asked.gpus * asked.workers, frozen)

    def estimate(self, lines: list[Line], concurrency: int, wall: float | None = None) -> Estimate:
        """What the lines add up to."""
        trained, scored, steps, stored = (
            sum(line.items * value for line, value in zip(lines, values, strict=True))
            for values in zip(*((line.trained, line.scored, line.steps, line.encoders) for line in lines), strict=True)
        )
        parameters = table().parameters(self.model, self.findings)
        return Estimate(
            lines=lines,
            concurrency=concurrency,
            wall=wall,
            gpus=self.gpus,
            gpu_hours=table().gpu_hours(trained, scored, steps, parameters) if parameters and self.gpus else {},
            disk=self._disk(stored, parameters) if parameters else None,
            assumed=sorted({card.name for card in self.plan.cards()} - self.findings.sizes.keys()),
            measured=self.findings.device if self._is_measured else None,
        )

    def _disk(self, encoders: float, parameters: Parameters) -> float:
        """Bytes of so many encoders; an embedding that no intermediate stage trains is stored once."""
        each = WEIGHT_BYTES[self.plan.stored_dtype] * 1e6
        embedding = (parameters.all - parameters.body) * each
        once = embedding if self.frozen and encoders and embedding >= LARGE else 0.0
        return encoders * (parameters.all * each - once) + once

    def line(self, items: Expected) -> Line:
        """What work items of one kind train and take."""
        rung, share = items.rung, self.plan.rungs[items.rung]
        part = items.targets / len(self.plan.targets)
        stage = self.plan.intermediate
        examples = round(stage.examples * items.grown)
        steps = -(-examples // stage.batch_size)
        trained = examples * fmean(self._sizes(card, stage).tokens for card in self.plan.tasks.values())
        scored = 0.0
        for target in self.plan.targets:
            if self.plan.by_evidence(target, items.merged):
                scored += part * self._probed(target, self.plan.training_cards[target][-1])
                continue
            if (probed := self.plan.probed_card(target, rung)) is not None:
                scored += part * self._probed(target, probed)
            for card, settings in self.plan.target_stages(target, rung):
                examples += round(part * settings.examples)
                steps += round(part * -(-settings.examples // settings.batch_size))
                trained += part * settings.examples * self._sizes(card, settings).tokens
            scored += part * self._scored(target, top=rung == self.plan.top_rung)
        kind = f"{items.kind} at rung {rung} ({share:.0%})"
        seconds = self._seconds(trained, scored)
        return Line(kind, items.items, examples, seconds, steps, trained, scored, items.encoders)

    @property
    def _is_measured(self) -> bool:
        """Whether the measured speed is that of what the search runs on."""
        return self.findings.seconds_per_token is not None and (self.findings.device == "cpu") == (self.gpus == 0)

    def _seconds(self, trained: float, scored: float) -> float | None:
        speed, training = self.findings.seconds_per_token, self.findings.training_seconds_per_token
        if speed is None or not self._is_measured:
            return None
        if training is not None:
            return training * trained + OVERHEAD * speed * scored
        return OVERHEAD * speed * (TRAINING * trained + scored)

    def _sizes(self, card: Card, stage: StageSettings) -> Sizes:
        """As the data are, else as they are assumed to be."""
        found = self.findings.sizes.get(card.name)
        return found or table().sizes(card, stage.max_length, self.plan.evaluation.max_examples)

    def _probed(self, target: str, card: Card) -> float:
        """Tokens of the training rows that LogME, or a linear probe, looks at."""
        sizes = self._sizes(card, self.plan.target_stage(target))
        return min(EVIDENCE_ROWS, sizes.rows or EVIDENCE_ROWS) * sizes.tokens

    def _scored(self, target: str, top: bool) -> float:
        """Tokens that are scored; at the top rung on the test split, too, taken to be as large."""
        sizes = self._sizes(self.plan.targets[target], self.plan.target_stage(target))
        rows, most = sizes.evaluation_rows, self.plan.evaluation.at(top).max_examples
        if not top and most is not None:
            rows = min(rows, most * len(self.plan.dev_card(target).languages_of("dev")))
        return rows * sizes.evaluation_tokens * (2 if top else 1)
