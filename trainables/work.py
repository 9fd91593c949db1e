"""Run a work item against the store: nearest stored encoder, the missing stages, the missing scores.

A `Worker` keeps the base encoder, the tokenizer and the data warm between the work items of one search.
"""

from __future__ import annotations

import copy
import errno
import gc
import time
import traceback
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from pydantic import ValidationError
from torch import nn
from transformers import PreTrainedModel

from spaces.errors import Failure
from spaces.mixture import Mixture
from trainables import encoders
from trainables.data import Data
from trainables.evaluate import evaluate, floors, mean_score
from trainables.item import Plan, WorkItem
from trainables.outcome import Failed, FailureKind, Outcome, Progress, Score
from trainables.prepare import build_suites
from trainables.stage import Diverged, StageResult, train
from trainables.store import Store


@dataclass
class _Tally:
    """What a running work item has done so far, and how much it has to do."""

    item: WorkItem
    started: float = field(default_factory=time.monotonic)
    total: int = 0
    examples: int = 0
    training_seconds: float = 0.0
    scores: dict[str, Score] = field(default_factory=dict)
    reused: list[str] = field(default_factory=list)

    def progress(self, phase: str, running: int = 0) -> Progress:
        return Progress(phase=phase, done=min(1.0, (self.examples + running) / max(1, self.total)))

    def add(self, result: StageResult) -> None:
        self.examples += result.examples
        self.training_seconds += result.seconds

    def outcome(self, failure: Failed | None = None) -> Outcome:
        seconds = time.monotonic() - self.started
        return Outcome(
            scores=self.scores,
            failure=failure,
            seconds=seconds,
            training_seconds=self.training_seconds,
            gpu_seconds=seconds if torch.cuda.is_available() else 0.0,
            examples=self.examples,
            reused=self.reused,
        )


class Worker:
    """Computes work items of one plan, one after the other."""

    def __init__(self, plan: Plan) -> None:
        cache = Path(plan.cache)
        self.plan = plan
        self.data = Data(cache=cache, mirror=plan.mirror)
        self.store = Store(plan.store, cache)
        self._base: dict[str, encoders.Encoder] = {}

    def run(self, item: WorkItem) -> Iterator[Progress | Outcome]:
        """Progress between the parts, and one Outcome last. Failures of the work are outcomes, not exceptions."""
        tally = _Tally(item)
        failure = None
        try:
            yield from self._run(tally)
        except Exception as error:
            failure = _failed(error)
        gc.collect()  # engines hold cycles; without this the next work item starts with this one's memory
        yield tally.outcome(failure)

    def _run(self, tally: _Tally) -> Generator[Progress, None, None]:
        item = tally.item
        missing = []
        for target in item.targets:
            stored = self._stored_score(item, target)
            if stored is None:
                missing.append(target)
            else:
                tally.scores[target] = stored
                tally.reused.append(target)
        if not missing:
            return
        base = self._load_base(item.recipe.model)
        tally.total = sum(self._target_examples(item, target) for target in missing)
        model = yield from self._encoder(tally, base)
        for target in missing:
            score = yield from self._score(tally, base, model, target)
            tally.scores[target] = score
            self.store.put_score(self.plan.score_key(item.recipe, item.rung, target), score.model_dump(mode="json"))

    def _load_base(self, model: str) -> encoders.Encoder:
        if model not in self._base:
            build_suites(self.plan, model, say=lambda _: None)  # on a node other than the driver's it may be missing
            self._base = {model: encoders.load_base(model, self.data.cache)}
        return self._base[model]

    # --- the intermediate stage

    def _encoder(self, tally: _Tally, base: encoders.Encoder) -> Generator[Progress, None, PreTrainedModel]:
        """The encoder of this recipe and rung: stored, or trained on from the highest stored rung below."""
        recipe, plan = tally.item.recipe, self.plan
        segments = plan.segments(recipe, tally.item.rung)
        model, have = self._nearest(tally.item, base, len(segments))
        if segments and have == len(segments):
            tally.reused.append("encoder")
        tally.total += sum(segments[have:])
        stage = plan.intermediate_for(recipe)
        cards = {task: plan.tasks[task] for task in recipe.mixture.tasks}
        for rung in range(have, len(segments)):
            features = {
                task: self.data.features(card, "train", card.training_language, base.tokenizer, stage.max_length)[1]
                for task, card in cards.items()
            }
            running = train(
                model,
                base.tokenizer,
                cards,
                features,
                recipe.mixture,
                segments[: rung + 1],
                stage,
                plan.engine,
                recipe.seed,
            )
            tally.add((yield from _reported(running, tally, "intermediate")))
            self._keep(model, base, tally.item, rung)
        return model

    def _nearest(self, item: WorkItem, base: encoders.Encoder, rungs: int) -> tuple[PreTrainedModel, int]:
        """The stored encoder of the highest rung below `rungs` and how many rungs it has behind it; else the base's."""
        for rung in reversed(range(rungs)):
            folder = self.store.encoder(self.plan.encoder_key(item.recipe, rung))
            if folder is not None:
                return encoders.load(folder).model, rung + 1
        return copy.deepcopy(base.model), 0

    def _keep(self, model: PreTrainedModel, base: encoders.Encoder, item: WorkItem, rung: int) -> None:
        """Put the encoder into the store; heads are dropped."""
        origin = {"recipe": item.recipe.to_dict(), "examples": sum(self.plan.segments(item.recipe, rung))}
        with TemporaryDirectory(prefix="taskmix-") as folder:
            encoders.save(model, base.tokenizer, Path(folder))
            self.store.put_encoder(self.plan.encoder_key(item.recipe, rung), Path(folder), origin)

    # --- the target stage

    def _stored_score(self, item: WorkItem, target: str) -> Score | None:
        stored = self.store.score(self.plan.score_key(item.recipe, item.rung, target))
        try:
            return Score.model_validate(stored) if stored is not None else None
        except ValidationError:  # from a version with other fields: compute it again
            return None

    def _target_examples(self, item: WorkItem, target: str) -> int:
        """Training examples of the target stage at this rung."""
        if not self.plan.targets[target].is_trained:
            return 0
        return self.plan.target_for(item.recipe, target).at(self.plan.rungs[item.rung]).examples

    def _score(
        self, tally: _Tally, base: encoders.Encoder, model: PreTrainedModel, target: str
    ) -> Generator[Progress, None, Score]:
        """Fine-tune a copy of the encoder on the target's training rows and score it in every language."""
        plan, item, started = self.plan, tally.item, time.monotonic()
        card, examples = plan.targets[target], self._target_examples(item, target)
        stage = plan.target_for(item.recipe, target)
        head: nn.Module | None = None
        if card.is_trained:
            model = copy.deepcopy(model)
            source = plan.training_cards[target]
            _, features = self.data.features(
                source, "train", source.training_language, base.tokenizer, stage.max_length
            )
            running = train(
                model,
                base.tokenizer,
                {target: source},
                {target: features},
                Mixture.of({target: 1.0}),
                [examples],
                stage,
                plan.engine,
                item.recipe.seed,
            )
            result = yield from _reported(running, tally, target)
            tally.add(result)
            head = result.heads[target]
        settings, top = plan.evaluation, item.rung == len(plan.rungs) - 1
        dev = evaluate(self.data, card, model, head, base.tokenizer, settings, stage.max_length, "dev")
        test = evaluate(self.data, card, model, head, base.tokenizer, settings, stage.max_length, "test") if top else {}
        floor = floors(self.data, card, plan.training_cards[target], settings, "dev")
        assert card.metric is not None  # every target card has one
        return Score(
            target=target,
            score=mean_score(dev, card.metric),
            dev=dev,
            floor=mean_score(floor, card.metric),
            floors=floor,
            test_score=mean_score(test, card.metric) if top else None,
            test=test,
            examples=examples,
            seconds=time.monotonic() - started,
        )


def _reported(
    running: Generator[int, None, StageResult], tally: _Tally, phase: str
) -> Generator[Progress, None, StageResult]:
    """A running stage, its examples told as progress of the whole work item."""
    try:
        while True:
            yield tally.progress(phase, running=next(running))
    except StopIteration as stop:
        result: StageResult = stop.value
        return result


def _failed(error: Exception) -> Failed:
    """An exception as an outcome: its kind, one line, and the traceback."""
    kind: FailureKind = "exception"
    if isinstance(error, Diverged):
        kind = "diverged"
    elif isinstance(error, torch.OutOfMemoryError | MemoryError):
        kind = "out_of_memory"
    elif isinstance(error, Failure) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES)):
        kind = "environment"
    text = " ".join(str(error).split()) or type(error).__name__
    message = f"{type(error).__name__}: {text}" if kind == "exception" else text
    return Failed(kind=kind, message=message[:500], details="".join(traceback.format_exception(error)))
