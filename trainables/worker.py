"""Run a work item against the store: nearest stored encoder, the missing stages, the missing scores.

A `Worker` keeps the base encoder, the tokenizer and the data warm between the work items of one search.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from pydantic import ValidationError
from transformers import PreTrainedModel

from spaces.errors import Failure, InputError, Problem
from spaces.recipe import Recipe
from trainables.data.card_data import Data
from trainables.data.mini.build import build_suites
from trainables.encoders import checkpoint, kept_model
from trainables.encoders.frozen_embedding import SharedWith
from trainables.encoders.merging import merge_stored
from trainables.encoders.model_files import model_version
from trainables.fine_tuning import FineTuned, FineTuner
from trainables.formats.vectors import KnownTexts
from trainables.store.store import Store
from trainables.store.write_behind import WriteBehind
from trainables.training.garbage import collecting_what_is_new
from trainables.training.group import Group
from trainables.training.stage import StageSpec
from trainables.training.trainer import RunningItem, Trainer
from trainables.work.failures import OutOfMemory, describe
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key, key_of, model_key
from trainables.work.outcome import Failed, Outcome, Report, Score
from trainables.work.plan import Plan


class Worker:
    """Computes work items of one plan, one after the other.

    Args:
        plan: what the work items share.
        group: the peers that take part in its stages; None: it trains alone, or is a peer itself.
    """

    def __init__(self, plan: Plan, group: Group | None = None) -> None:
        cache = Path(plan.cache)
        self.plan = plan
        self.data = Data(cache, plan.mirror, plan.commits)
        self.store = Store(plan.store, cache)
        self.store.patience.seconds = plan.patience
        self.trainer = Trainer(plan, self.data, self.store, group)
        self.fine_tuner = FineTuner(plan, self.data, self.trainer)
        self._base: dict[str, checkpoint.Encoder] = {}
        self._group = group

    def run(self, item: WorkItem, report: Report = lambda progress: None, batch_halvings: int = 0) -> Outcome:
        """Compute a work item. What goes wrong in it is told in the outcome, beside the scores of before.

        Args:
            report: told its progress every few seconds while it trains.
            batch_halvings: begin with batches so many times halved, because a worker was ended for lack of memory.

        Raises:
            OutOfMemory: this process cannot go on, another one may, and will begin with a smaller batch.
            Exception: what broke the group. This process has to end: see `trainables.training.group`.
        """
        running = RunningItem(item, batch_halvings, report)
        self.store.patience.say = self.data.hub.say = running.report_wait
        if self._group is not None:
            self._group.say = running.report_wait
        failure = None
        with collecting_what_is_new():
            try:
                self._run(running)
            except Exception as error:
                if isinstance(error, OutOfMemory) or (self._group is not None and self._group.broken):
                    raise
                failure = describe(error)
            gc.collect()  # engines hold cycles; without this the next work item starts with this one's memory
        return self._outcome(running, failure)

    def fine_tune(self, item: WorkItem, target: str, report: Report = lambda progress: None) -> FineTuned:
        """A target's model of a work item, trained once more as `run` has trained it; its score is not stored.

        Raises: as `Trainer.train` and `evaluate`; InputError, Failure as `run` tells them.
        """
        running = RunningItem(item, 0, report)
        base = self.load_base(item.recipe.model)
        self._check_lengths(item.recipe, [target], base)
        self._check_data(item.recipe.mixture.tasks, [target])
        running.total = self.fine_tuner.count_examples(item, target)
        with WriteBehind() as writing:
            model = self._obtain_encoder(running, base, writing)
            return self.fine_tuner.fine_tune_and_score(running, base, model, target)

    def score(self, encoder: PreTrainedModel, item: WorkItem, target: str) -> Score:
        """The score of any encoder, taken as the work item's own would be; nothing is stored.

        Raises: as `Trainer.train` and `evaluate`.
        """
        running = RunningItem(item, 0, report=lambda progress: None)
        return self.fine_tuner.fine_tune_and_score(running, self.load_base(item.recipe.model), encoder, target).score

    def prepare_part(self, spec: StageSpec) -> Callable[[], None]:
        """As a peer: do all that can be done for a stage before it begins; what is returned trains, once."""
        return self.trainer.prepare_part(self.load_base(spec.model), spec)

    def _outcome(self, running: RunningItem, failure: Failed | None) -> Outcome:
        seconds = time.monotonic() - running.started
        notes = [*self.store.complaints]
        self.store.complaints.clear()
        return Outcome(
            scores=running.scores,
            failure=failure,
            seconds=seconds,
            training_seconds=running.training_seconds,
            gpu_seconds=seconds * self.plan.workers if torch.cuda.is_available() else 0.0,
            examples=running.examples,
            reused=running.reused,
            micro_batches=running.micro_batches,
            notes=notes,
        )

    def _run(self, running: RunningItem) -> None:
        """Fill in the scores of a work item: those that are stored, then those that have to be computed."""
        item = running.item
        missing = []
        for target in item.targets:
            stored = self._read_stored_score(item, target)
            if stored is None:
                missing.append(target)
            else:
                running.scores[target] = stored
                running.reused.append(target)
        if not missing:
            return
        running.report_activity("start", "loading the model")
        base = self.load_base(item.recipe.model)
        self._check_lengths(item.recipe, missing, base)
        self._check_data(item.recipe.mixture.tasks, missing)
        trained = [target for target in missing if not self.plan.by_evidence(target, item.merged)]
        running.total = sum(self.fine_tuner.count_examples(item, target) for target in trained)
        with WriteBehind() as writing:
            model = self._obtain_encoder(running, base, writing)
            self._measure(running, base, model, missing, writing)

    def _measure(
        self,
        running: RunningItem,
        base: checkpoint.Encoder,
        model: PreTrainedModel,
        targets: list[str],
        writing: WriteBehind,
    ) -> None:
        """Score an encoder on targets. No score is stored before the encoder is."""
        item, known = running.item, KnownTexts()
        for target in targets:
            key = key_of(self.plan, item, target)
            predictions: dict[str, list[Any]] = {}
            if self.plan.by_evidence(target, item.merged):
                score = self.fine_tuner.measure_evidence(model, base.tokenizer, item, target)
            else:
                made = self.fine_tuner.fine_tune_and_score(running, base, model, target, known)
                score, predictions = made.score, made.predictions
                self._keep(running, made, target)
            self._check_data(targets=[target])
            self._finish(writing, running)
            if predictions:
                self.store.put_predictions(key, predictions)  # before the score, which says that all is there
            running.scores[target] = score
            self.store.put_score(key, score.model_dump(mode="json"))

    def load_base(self, model: str) -> checkpoint.Encoder:
        """The pretrained encoder, kept for the next call.

        Raises:
            Failure: it is not on this node, or not as it was when the search was checked; a suite cannot be built.
        """
        if model not in self._base:
            build_suites(self.plan, model, say=lambda _: None)  # on a node other than the driver's it may be missing
            try:
                base = checkpoint.load_base(model, self.data.hub)
            except InputError as error:  # it was looked at before the search began: something is wrong on this node
                raise Failure(error.problems) from error
            self._check_model(model)
            self._base = {model: base}
        return self._base[model]

    def _check_model(self, model: str) -> None:
        """Raise Failure if what was loaded here is not what the keys say."""
        known = self.plan.model_version
        if known is not None and (here := model_version(model, self.data.hub)) != known:
            fix = "bring the same files to every node, and leave them as they are while the search goes on"
            raise Failure(Problem("the model is another one than the search's", model, f"{here}, not {known}", fix))

    def _check_data(self, tasks: Iterable[str] = (), targets: Iterable[str] = ()) -> None:
        """Raise Failure if the data that lie here are not what the keys say: before something is stored under them."""
        cards = [self.plan.tasks[task] for task in tasks]
        for card in [*cards, *(card for target in targets for card in self.plan.cards_of(target))]:
            known = self.plan.version_of(card)
            if known is not None and not self.data.has_version(card, known):
                what, fix = "the data are others than the search's", "bring them back as they were, on every node"
                raise Failure(Problem(what, card.name, f"the digest is not {known}", fix))

    def _check_lengths(self, recipe: Recipe, targets: list[str], base: checkpoint.Encoder) -> None:
        """Raise InputError if a stage of this recipe asks for more tokens than the model can read."""
        if not recipe.is_baseline:
            base.check_length(self.plan.intermediate_for(recipe).max_length, "intermediate.max_length")
        for target in targets:
            base.check_length(self.plan.target_for(recipe, target).max_length, f"target.max_length, for {target}")

    # --- the intermediate stage

    def _obtain_encoder(self, running: RunningItem, base: checkpoint.Encoder, writing: WriteBehind) -> PreTrainedModel:
        """The encoder of this recipe and rung: merged; stored; or trained on from the highest stored rung below.

        Nobody may change it: it may be on its way into the store.
        """
        item, recipe, plan = running.item, running.item.recipe, self.plan
        if item.merged:
            return merge_stored(plan, self.store, recipe, item.rung)
        segments = plan.segments(recipe, item.rung)
        model, have = self._load_nearest(item, base, len(segments))
        if segments and have == len(segments):
            running.reused.append("encoder")
        running.total += sum(segments[have:])
        cards = {task: plan.tasks[task] for task in recipe.mixture.tasks}
        stage = plan.intermediate_for(recipe)
        for rung in range(have, len(segments)):
            parts = tuple(segments[: rung + 1])
            spec = StageSpec(recipe.model, cards, recipe.mixture, parts, stage, plan.engine, recipe.seed)
            model, _ = self.trainer.train(running, "intermediate", base, spec, model)
            model.cpu()  # where the stages to come copy it from
            checkpoint.round_weights(model, plan.stored_dtype)
            self._store_encoder(model, base, running, rung, writing)
        return model

    def _finish(self, writing: WriteBehind, running: RunningItem) -> None:
        """Wait until the encoder is in the store."""
        if writing.is_writing:
            running.report_activity("intermediate", "saving the encoder")
        writing.wait()

    def _load_nearest(self, item: WorkItem, base: checkpoint.Encoder, rungs: int) -> tuple[PreTrainedModel, int]:
        """The stored encoder of the highest rung below `rungs` and how many rungs it has behind it; else the base."""
        for rung in reversed(range(rungs)):
            folder = self.store.encoder(encoder_key(self.plan, item.recipe, rung))
            if folder is not None:
                return checkpoint.load(folder).model, rung + 1
        return base.model, 0

    def _store_encoder(
        self, model: PreTrainedModel, base: checkpoint.Encoder, running: RunningItem, rung: int, writing: WriteBehind
    ) -> None:
        """Let the encoder be put into the store; heads are dropped."""
        recipe = running.item.recipe
        self._check_data(recipe.mixture.tasks)
        key = encoder_key(self.plan, recipe, rung)
        origin = {"recipe": recipe.to_dict(), "examples": sum(self.plan.segments(recipe, rung))}
        if "intermediate" in running.micro_batches:
            origin["micro_batch"] = running.micro_batches["intermediate"]
        with ExitStack() as staging:
            folder = staging.enter_context(self.store.staging())
            checkpoint.save_tokenizer(base.tokenizer, folder)  # now: threads must not use it side by side
            opened = staging.pop_all()

        def write() -> None:
            with opened:
                checkpoint.save_model(model, folder, self.plan.stored_dtype, SharedWith(base.model, self.store.shared))
                self.store.put_encoder(key, folder, origin)

        writing.begin(write)

    # --- the target stage

    def _read_stored_score(self, item: WorkItem, target: str) -> Score | None:
        """A stored score; at the top rung only with its predictions, which an export could not make again."""
        key = key_of(self.plan, item, target)
        stored = self.store.score(key)
        if self.plan.tests(item) and stored is not None and self.store.predictions(key) is None:
            return None
        try:
            return Score.model_validate(stored) if stored is not None else None
        except ValidationError:  # from a version with other fields: compute it again
            return None

    def _keep(self, running: RunningItem, made: FineTuned, target: str) -> None:
        """Store a target's model where the plan says so: before its score, which says that all is there."""
        item = running.item
        if made.head is None or not self.plan.tests(item) or item.recipe.seed != self.plan.kept_seed:
            return
        self._check_data(targets=[target])
        running.report_activity(target, "saving the model")
        with self.store.staging() as folder:
            shared = SharedWith(self.load_base(item.recipe.model).model, self.store.shared)
            kept_model.save(made.encoder, made.head, made.tokenizer, folder, shared)
            origin = {"recipe": item.recipe.to_dict(), "target": target}
            self.store.put_encoder(model_key(self.plan, item.recipe, item.rung, target), folder, origin)
