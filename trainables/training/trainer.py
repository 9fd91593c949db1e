"""Trainer: runs the stages of a work item, here or in the whole group, in memory that may not suffice."""

from __future__ import annotations

import copy
import gc
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from datasets import Dataset
from torch import nn
from transformers import PreTrainedModel

from trainables.data.card_data import Data
from trainables.store.store import Store
from trainables.training.encoders import Encoder
from trainables.training.engine import precision_of
from trainables.training.group import Group
from trainables.training.memory import Limit, halved
from trainables.training.process import hardware
from trainables.training.stage import Diverged, StageResult, StageSpec, micro_batch, train
from trainables.work.item import WorkItem
from trainables.work.outcome import Progress, Score
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings

T = TypeVar("T")


@dataclass
class Tally:
    """What a running work item has done so far, and how much it has to do."""

    item: WorkItem
    halvings: int
    started: float = field(default_factory=time.monotonic)
    total: int = 0
    examples: int = 0
    training_seconds: float = 0.0
    scores: dict[str, Score] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)
    micro_batches: dict[str, int] = field(default_factory=dict)

    def progress(self, phase: str, running: int = 0) -> Progress:
        return Progress(phase=phase, done=min(1.0, (self.examples + running) / max(1, self.total)))

    def add(self, result: StageResult) -> None:
        self.examples += result.examples
        self.training_seconds += result.seconds


class Trainer:
    """Runs stages of one plan.

    Args:
        store: remembers which batches fit.
        group: the peers that take part; None: none do.
    """

    def __init__(self, plan: Plan, data: Data, store: Store, group: Group | None) -> None:
        self._plan, self._data, self._store, self._group = plan, data, store, group

    def features(self, base: Encoder, spec: StageSpec) -> dict[str, Dataset]:
        """The training rows of each task of a stage."""
        length = spec.settings.max_length
        return {
            task: self._data.features(card, "train", card.training_language, base.tokenizer, length)[1]
            for task, card in spec.cards.items()
        }

    def train(
        self,
        tally: Tally,
        phase: str,
        base: Encoder,
        spec: StageSpec,
        model: PreTrainedModel,
        heads: Mapping[str, nn.Module] | None = None,
    ) -> Generator[Progress, None, tuple[PreTrainedModel, StageResult]]:
        """Train a copy of `model` and of its `heads`, or new ones, here or in the whole group; after lack of memory,
        another copy."""
        features = self.features(base, spec)

        def attempt(size: int) -> Generator[Progress, None, tuple[PreTrainedModel, StageResult]]:
            (trained, begun), smaller = copy.deepcopy((model, heads)), spec.with_micro_batch(size)
            running = train(trained, base.tokenizer, features, smaller, begun)
            if self._group is not None:
                running = self._group.train(smaller, running)
            return trained, (yield from _reported(running, tally, phase))

        settings, engine = spec.settings, spec.engine
        held = {"workers": self._plan.workers, "zero": engine.zero, "frozen": settings.freeze_embeddings}
        limit = self.limit("training", spec.model, settings, {**held, "precision": precision_of(engine)})
        wanted = micro_batch(settings, self._plan.workers)
        trained, result = yield from self.fitting(tally, phase, wanted, limit, attempt)
        tally.add(result)
        return trained, result

    def part(self, base: Encoder, spec: StageSpec) -> Callable[[], None]:
        """As a peer: all that can be done for a stage before it begins; what is returned trains."""
        # which weights does not matter, and new heads do for those that are handed on: rank 0's are trained
        running = train(copy.deepcopy(base.model), base.tokenizer, self.features(base, spec), spec)

        def trained() -> None:
            with suppress(Diverged):  # rank 0 tells
                for _ in running:
                    pass
            gc.collect()

        return trained

    def limit(self, work: str, model: str, stage: StageSettings, held: dict[str, Any]) -> Limit:
        """What is known of the batches that fit: the same for equal work, model, length, hardware and `held`."""
        return Limit(self._store, {"work": work, "model": model, "length": stage.max_length, **hardware(), **held})

    def fitting(
        self,
        tally: Tally,
        phase: str,
        wanted: int,
        limit: Limit,
        attempt: Callable[[int], Generator[Progress, None, T]],
    ) -> Generator[Progress, None, T]:
        """`attempt` with the largest batch that fits, at most `wanted`; raises as `Limit.fitting`."""
        halvings = self._plan.halvings
        size, result = yield from limit.fitting(phase, halved(wanted, tally.halvings), halvings, attempt)
        if size != wanted:
            tally.micro_batches[phase] = size
        return result


def _reported(
    running: Generator[int, None, StageResult], tally: Tally, phase: str
) -> Generator[Progress, None, StageResult]:
    """A running stage, its examples told as progress of the whole work item."""
    try:
        while True:
            yield tally.progress(phase, running=next(running))
    except StopIteration as stop:
        result: StageResult = stop.value
        return result
