"""Trainer: runs the stages of a work item, here or in the whole group, in memory that may not suffice."""

from __future__ import annotations

import copy
import gc
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from datasets import Dataset
from torch import nn
from transformers import PreTrainedModel

from trainables.data.card_data import Data
from trainables.encoders.checkpoint import Encoder
from trainables.store.store import Store
from trainables.training.engine import precision_of
from trainables.training.group import Group
from trainables.training.memory import Limit, halve
from trainables.training.process import hardware, most_memory
from trainables.training.stage import StageResult, StageSpec, state_size, train
from trainables.work.failures import Diverged, needed_for_any_batch
from trainables.work.item import WorkItem
from trainables.work.outcome import Progress, Report, Score
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings

T = TypeVar("T")

OFTEN = 2.0
"""Seconds between two reports of one activity."""


@dataclass
class RunningItem:
    """A work item that runs: what it has done so far, and how much it has to do.

    Args:
        batch_halvings: its stages begin with batches so many times halved.
        report: told its progress.
        started: when, by `time.monotonic`.
        total: training examples of all its stages.
        examples: of these, how many the stages that are over have seen.
        training_seconds: that these stages took.
        scores: by target, those from the store included.
        reused: what came from the store.
        micro_batches: phase -> the size that batches were cut to, to fit into memory.
    """

    item: WorkItem
    batch_halvings: int
    report: Report
    started: float = field(default_factory=time.monotonic)
    total: int = 0
    examples: int = 0
    training_seconds: float = 0.0
    scores: dict[str, Score] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)
    micro_batches: dict[str, int] = field(default_factory=dict)
    _phase: str = "start"
    _activity: str = ""
    _reported: float = 0.0

    def report_stage(self, phase: str, examples: int) -> None:
        """Report progress, with so many examples seen by the stage that trains."""
        self._phase = phase
        self.report(Progress(phase=phase, done=self._done(examples)))

    def report_activity(self, phase: str, activity: str) -> None:
        """Report what is done beside training; of activities that follow each other quickly not all."""
        now = time.monotonic()
        if activity.split()[0] != self._activity or now - self._reported >= OFTEN:
            self._activity, self._reported = activity.split()[0], now
            self._phase = phase
            self.report(Progress(phase=phase, done=self._done(0), activity=activity))

    def report_wait(self, text: str) -> None:
        """Report that the phase waits for something."""
        self.report(Progress(phase=self._phase, done=self._done(0), activity=text, is_waiting=True))

    def _done(self, examples: int) -> float:
        return min(1.0, (self.examples + examples) / max(1, self.total))

    def add(self, result: StageResult) -> None:
        """A stage is over."""
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
        """The features of the training rows of each task of a stage; raises what `Data.features` raises."""
        length = spec.settings.max_length
        return {
            task: self._data.features(card, "train", card.training_language, base.tokenizer, length)[1]
            for task, card in spec.cards.items()
        }

    def train(
        self,
        running: RunningItem,
        phase: str,
        base: Encoder,
        spec: StageSpec,
        model: PreTrainedModel,
        heads: Mapping[str, nn.Module] | None = None,
    ) -> tuple[PreTrainedModel, StageResult]:
        """Train one stage of a work item, here or in the whole group, on a copy of `model` and of `heads`.

        After lack of memory it begins again with smaller batches, on another copy.

        Args:
            phase: what the work item calls the stage.
            base: whose tokenizer made the features.
            model: the encoder to begin with, which stays as it is.
            heads: of every task of the stage; None: new ones.

        Returns:
            The trained encoder, and what else the stage left.

        Raises: as `stage.train`, `Group.train` and `Limit.halve_until_it_fits`.
        """
        running.report_activity(phase, "tokenizing")
        features = self.features(base, spec)

        def attempt(size: int) -> tuple[PreTrainedModel, StageResult]:
            with needed_for_any_batch(state_size(model, spec.settings.freeze_embeddings)):
                encoder, own_heads = copy.deepcopy((model, heads))
            smaller = spec.with_micro_batch(size)
            report = partial(running.report_stage, phase)
            own_part = partial(train, encoder, base.tokenizer, features, smaller, own_heads, report)
            return encoder, own_part() if self._group is None else self._group.train(smaller, own_part)

        settings, engine = spec.settings, spec.engine
        held = {"workers": self._plan.workers, "zero": engine.zero, "frozen": settings.freeze_embeddings}
        limit = self.limit("training", spec.model, settings, {**held, "precision": precision_of(engine)})
        wanted = settings.micro_batch_on(self._plan.workers)
        trained, result = self.run_fitting(running, phase, wanted, limit, attempt)
        running.add(result)
        return trained, result

    def prepare_part(self, base: Encoder, spec: StageSpec) -> Callable[[], None]:
        """As a peer: do all that can be done for a stage before it begins; what is returned trains, once."""
        # which weights does not matter, and new heads do for those that are handed on: rank 0's are trained
        parts = [partial(train, copy.deepcopy(base.model), base.tokenizer, self.features(base, spec), spec)]

        def train_part() -> None:
            with suppress(Diverged):  # rank 0 tells
                parts.pop()()  # popped: nothing else holds the encoder, so that it goes with its engine
            gc.collect()

        return train_part

    def limit(self, work: str, model: str, stage: StageSettings, held: dict[str, Any]) -> Limit:
        """What is known of the batches that fit: the same for equal work, model, length, hardware and `held`."""
        model = self._plan.model_version or model
        made_of = {"work": work, "model": model, "length": stage.max_length, **hardware(), **held}
        return Limit(self._store, made_of, most_memory())

    def run_fitting(
        self, running: RunningItem, phase: str, wanted: int, limit: Limit, attempt: Callable[[int], T]
    ) -> T:
        """What `attempt` returns with the largest batch that fits, at most `wanted`.

        Raises: as `Limit.halve_until_it_fits`.
        """
        begin, most = halve(wanted, running.batch_halvings), self._plan.max_batch_halvings
        size, result = limit.halve_until_it_fits(phase, begin, most, attempt)
        if size != wanted:
            running.micro_batches[phase] = size
        return result
