"""Run a work item against the store: nearest stored encoder, the missing stages, the missing scores.

A `Worker` keeps the base encoder, the tokenizer and the data warm between the work items of one search.
"""

from __future__ import annotations

import errno
import gc
import time
import traceback
from collections.abc import Callable, Generator, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from pydantic import ValidationError
from torch import nn
from transformers import PreTrainedModel

from spaces.card import Card
from spaces.errors import Failure, InputError, Problem
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.data.card_data import Data
from trainables.data.mini.build import build_suites
from trainables.evaluation import logme
from trainables.evaluation.evaluate import Evaluation, evaluate, floors, mean_score
from trainables.store.store import Store
from trainables.training import encoders
from trainables.training.engine import autocast
from trainables.training.group import Group
from trainables.training.merging import merged
from trainables.training.process import device
from trainables.training.stage import Diverged, StageSpec
from trainables.training.trainer import Tally, Trainer
from trainables.work.failures import OutOfMemory, is_out_of_memory
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key, key_of, single_keys
from trainables.work.outcome import Failed, FailureKind, Outcome, Progress, Score
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings


class Worker:
    """Computes work items of one plan, one after the other.

    Args:
        group: the peers that take part in its stages; None: it trains alone, or is a peer itself.
    """

    def __init__(self, plan: Plan, group: Group | None = None) -> None:
        cache = Path(plan.cache)
        self.plan = plan
        self.data = Data(cache=cache, mirror=plan.mirror)
        self.store = Store(plan.store, cache)
        self._trainer = Trainer(plan, self.data, self.store, group)
        self._base: dict[str, encoders.Encoder] = {}
        self._group = group

    def run(self, item: WorkItem, halvings: int = 0) -> Iterator[Progress | Outcome]:
        """Progress between the parts, and one Outcome last. Failures of the work are outcomes, not exceptions.

        Args:
            halvings: begin with batches so many times halved, because a worker was ended for lack of memory.

        Raises:
            OutOfMemory: this process cannot go on, another one may, and will begin with a smaller batch.
            Exception: what broke the group. This process has to end: see `trainables.group`.
        """
        tally = Tally(item, halvings)
        failure = None
        try:
            yield from self._run(tally)
        except Exception as error:
            if isinstance(error, OutOfMemory) or (self._group is not None and self._group.broken):
                raise
            failure = _failed(error)
        gc.collect()  # engines hold cycles; without this the next work item starts with this one's memory
        yield self._outcome(tally, failure)

    def score(self, encoder: PreTrainedModel, item: WorkItem, target: str) -> Score:
        """The score of any encoder, taken as the work item's own would be; nothing is stored.

        Raises: as `Trainer.train` and `evaluate`.
        """
        running = self._score(Tally(item, 0), self.base(item.recipe.model), encoder, target)
        try:
            while True:
                next(running)
        except StopIteration as stop:
            score: Score = stop.value[0]
            return score

    def merged(self, recipe: Recipe, rung: int) -> PreTrainedModel:
        """The weighted mean of the stored encoders of the mixture's tasks, each trained alone up to the rung.

        Raises:
            InputError: some are not in the store.
        """
        weights, folders = recipe.mixture.weights, self.single_encoders(recipe, rung)
        return merged((encoders.load(folder).model, weights[task]) for task, folder in folders.items())

    def single_encoders(self, recipe: Recipe, rung: int) -> dict[str, Path]:
        """Task -> the stored encoder that was trained on it alone, else as the recipe says; raises as `merged`."""
        found = {task: self.store.encoder(key) for task, key in single_keys(self.plan, recipe, rung).items()}
        missing = [task for task, folder in found.items() if folder is None]
        if missing:
            what, fix = "single-task encoders are not in the store", "train each task alone, and keep the encoder"
            raise InputError(Problem(what, f"{self.plan.store}, rung {rung}", ", ".join(missing), fix))
        return {task: folder for task, folder in found.items() if folder is not None}

    def part(self, spec: StageSpec) -> Callable[[], None]:
        """As a peer: all that can be done for a stage before it begins; what is returned trains."""
        return self._trainer.part(self.base(spec.model), spec)

    def _outcome(self, tally: Tally, failure: Failed | None) -> Outcome:
        seconds = time.monotonic() - tally.started
        notes = [*self.store.complaints]
        self.store.complaints.clear()
        return Outcome(
            scores=tally.scores,
            failure=failure,
            seconds=seconds,
            training_seconds=tally.training_seconds,
            gpu_seconds=seconds * self.plan.workers if torch.cuda.is_available() else 0.0,
            examples=tally.examples,
            reused=tally.reused,
            micro_batches=tally.micro_batches,
            notes=notes,
        )

    def _run(self, tally: Tally) -> Generator[Progress, None, None]:
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
        base = self.base(item.recipe.model)
        self._check_lengths(item.recipe, missing, base)
        untrained = {target for target in missing if self.plan.by_evidence(target, item.merged)}
        tally.total = sum(self._target_examples(item, target) for target in missing if target not in untrained)
        model = yield from self._encoder(tally, base)
        for target in missing:
            key = key_of(self.plan, item, target)
            if target in untrained:
                score = self._evidence(model, item, target)
            else:
                score, predictions = yield from self._score(tally, base, model, target)
                if predictions:
                    self.store.put_predictions(key, predictions)  # before the score, which says that all is there
            tally.scores[target] = score
            self.store.put_score(key, score.model_dump(mode="json"))

    def base(self, model: str) -> encoders.Encoder:
        """The pretrained encoder, kept for the next call. Raises what `encoders.load_base` and `build_suites` raise."""
        if model not in self._base:
            build_suites(self.plan, model, say=lambda _: None)  # on a node other than the driver's it may be missing
            self._base = {model: encoders.load_base(model, self.data.cache)}
        return self._base[model]

    def _check_lengths(self, recipe: Recipe, targets: list[str], base: encoders.Encoder) -> None:
        """Raise InputError if a stage of this recipe asks for more tokens than the model can read."""
        if not recipe.is_baseline:
            base.check_length(self.plan.intermediate_for(recipe).max_length, "intermediate.max_length")
        for target in targets:
            base.check_length(self.plan.target_for(recipe, target).max_length, f"target.max_length, for {target}")

    def _spec(
        self, item: WorkItem, cards: Mapping[str, Card], mixture: Mixture, segments: list[int], stage: StageSettings
    ) -> StageSpec:
        recipe = item.recipe
        return StageSpec(recipe.model, cards, mixture, tuple(segments), stage, self.plan.engine, recipe.seed)

    # --- the intermediate stage

    def _encoder(self, tally: Tally, base: encoders.Encoder) -> Generator[Progress, None, PreTrainedModel]:
        """The encoder of this recipe and rung: merged; stored; or trained on from the highest stored rung below."""
        item, recipe, plan = tally.item, tally.item.recipe, self.plan
        if item.merged:
            return self.merged(recipe, item.rung)
        segments = plan.segments(recipe, item.rung)
        model, have = self._nearest(item, base, len(segments))
        if segments and have == len(segments):
            tally.reused.append("encoder")
        tally.total += sum(segments[have:])
        cards = {task: plan.tasks[task] for task in recipe.mixture.tasks}
        stage = plan.intermediate_for(recipe)
        for rung in range(have, len(segments)):
            spec = self._spec(item, cards, recipe.mixture, segments[: rung + 1], stage)
            model, _ = yield from self._trainer.train(tally, "intermediate", base, spec, model)
            model.cpu()  # where the stages to come copy it from
            self._keep(model, base, tally, rung)
        return model

    def _nearest(self, item: WorkItem, base: encoders.Encoder, rungs: int) -> tuple[PreTrainedModel, int]:
        """The stored encoder of the highest rung below `rungs` and how many rungs it has behind it; else the base."""
        for rung in reversed(range(rungs)):
            folder = self.store.encoder(encoder_key(self.plan, item.recipe, rung))
            if folder is not None:
                return encoders.load(folder).model, rung + 1
        return base.model, 0

    def _keep(self, model: PreTrainedModel, base: encoders.Encoder, tally: Tally, rung: int) -> None:
        """Put the encoder into the store; heads are dropped."""
        recipe = tally.item.recipe
        origin = {"recipe": recipe.to_dict(), "examples": sum(self.plan.segments(recipe, rung))}
        if "intermediate" in tally.micro_batches:
            origin["micro_batch"] = tally.micro_batches["intermediate"]
        with TemporaryDirectory(prefix="taskmix-") as folder:
            encoders.save(model, base.tokenizer, Path(folder))
            self.store.put_encoder(encoder_key(self.plan, recipe, rung), Path(folder), origin)

    # --- the target stage

    def _stored_score(self, item: WorkItem, target: str) -> Score | None:
        """A stored score; at the top rung only with its predictions, which an export could not make again."""
        key = key_of(self.plan, item, target)
        stored = self.store.score(key)
        if self.plan.tests(item) and stored is not None and self.store.predictions(key) is None:
            return None
        try:
            return Score.model_validate(stored) if stored is not None else None
        except ValidationError:  # from a version with other fields: compute it again
            return None

    def _target_examples(self, item: WorkItem, target: str) -> int:
        """Training examples of the target's stages at this rung."""
        stages = self.plan.target_stages(target, self.plan.rungs[item.rung], item.recipe)
        return sum(stage.examples for _, stage in stages)

    def log_evidence(self, encoder: PreTrainedModel, item: WorkItem, target: str) -> float:
        """LogME on the training rows of the card that the target's fine-tuning ends with, whose labels are its own."""
        plan, tokenizer = self.plan, self.base(item.recipe.model).tokenizer
        card, length = plan.training_cards[target][-1], plan.target_for(item.recipe, target).max_length
        return logme.on_card(encoder, card, self.data, tokenizer, length, plan.evaluation.batch_size)

    def _evidence(self, encoder: PreTrainedModel, item: WorkItem, target: str) -> Score:
        """As a score, which it is not: it says something beside other estimates on the same target alone."""
        started = time.monotonic()
        found = self.log_evidence(encoder, item, target)
        encoder.cpu()
        seconds = time.monotonic() - started
        return Score(target=target, score=found, dev={}, floor=0.0, floors={}, examples=0, seconds=seconds)

    def _score(
        self, tally: Tally, base: encoders.Encoder, model: PreTrainedModel, target: str
    ) -> Generator[Progress, None, tuple[Score, dict[str, list[Any]]]]:
        """Fine-tune a copy of the encoder on the target's training rows and score it in every language; with the
        predictions on the test split, top rung only."""
        plan, item, started = self.plan, tally.item, time.monotonic()
        card, dev_card, stage = plan.targets[target], plan.dev_card(target), plan.target_for(item.recipe, target)
        encoder, head = yield from self._fine_tuned(tally, base, model, target)
        tested = plan.tests(item)

        encoder.to(device())  # type: ignore[arg-type]
        if head is not None:
            head.to(device())

        def attempt(size: int) -> Generator[Progress, None, Evaluation]:
            yield from ()
            settings = plan.evaluation.model_copy(update={"batch_size": size})
            with autocast(plan.engine):
                return evaluate(
                    self.data, card, dev_card, encoder, head, base.tokenizer, settings, stage.max_length, tested=tested
                )

        limit = self._trainer.limit("evaluation", item.recipe.model, stage, {})
        wanted = plan.evaluation.batch_size
        found = yield from self._trainer.fitting(tally, f"{target}/evaluation", wanted, limit, attempt)
        encoder.cpu()
        floor = floors(self.data, card, dev_card, plan.training_cards[target][-1], plan.evaluation)
        assert card.metric is not None  # every target card has one
        score = Score(
            target=target,
            score=mean_score(found.dev, card.metric),
            dev=found.dev,
            floor=mean_score(floor, card.metric),
            floors=floor,
            test_score=mean_score(found.test, card.metric) if tested else None,
            test=found.test,
            tuned=found.tuned,
            examples=self._target_examples(item, target),
            seconds=time.monotonic() - started,
        )
        return score, found.predictions

    def _fine_tuned(
        self, tally: Tally, base: encoders.Encoder, model: PreTrainedModel, target: str
    ) -> Generator[Progress, None, tuple[PreTrainedModel, nn.Module | None]]:
        """A copy of the encoder after the target's stages, and its head; where there are none, the encoder itself.

        Each stage goes on with the encoder and the head of the one before, with a new optimiser and schedule.
        """
        item, heads = tally.item, dict[str, nn.Module]()
        for card, stage in self.plan.target_stages(target, self.plan.rungs[item.rung], item.recipe):
            spec = self._spec(item, {target: card}, Mixture.of({target: 1.0}), [stage.examples], stage)
            model, result = yield from self._trainer.train(tally, target, base, spec, model, heads)
            model.cpu()  # where a stage to come copies them from
            heads = {target: result.heads[target].cpu()}
        return model, heads.get(target)


def _failed(error: Exception) -> Failed:
    """An exception as an outcome: its kind, one line, and the traceback."""
    kind: FailureKind = "exception"
    if isinstance(error, Diverged):
        kind = "diverged"
    elif is_out_of_memory(error):
        kind = "out_of_memory"
    elif isinstance(error, Failure) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES)):
        kind = "environment"
    text = " ".join(str(error).split()) or type(error).__name__
    message = f"{type(error).__name__}: {text}" if kind == "exception" else text
    return Failed(kind=kind, message=message[:500], details="".join(traceback.format_exception(error)))
