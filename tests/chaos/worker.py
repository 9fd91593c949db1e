"""Workers that keep a log of what they do; they run in the processes that Ray starts. No torch at import.

`Watched` is the real worker. `Simulated` computes a made-up response surface in the time of a few naps, but uses the
real store in the real order: nearest stored encoder, a segment per rung, a score per target.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spaces.digest import derive_seed
from spaces.errors import Failure
from trainables.simulated import flat
from trainables.store.store import Store
from trainables.work.item import WorkItem
from trainables.work.keys import encoder_key, score_key
from trainables.work.outcome import Failed, Outcome, Progress, Report, Score
from trainables.work.plan import Plan

STEPS = 4
"""Naps per stage of a simulated work item."""

NAP = 0.08
"""Seconds of each."""

WEIGHTS = 50_000
"""Bytes of a simulated encoder."""

HOLD = "hold"
"""While this file is in the cache, work items stay where they are."""

LEAST = 0.5
"""Scores are around this."""


class Log:
    """Lines in `<cache>/work.jsonl`: what was begun, how many examples were trained, what came to its end.

    Each line is one write to a file opened for appending, so that processes do not mix theirs, and a killed one loses
    no line that it has written.
    """

    def __init__(self, plan: Plan, item: WorkItem) -> None:
        self._item, self._hold = item.key, Path(plan.cache) / HOLD
        self._file = os.open(Path(plan.cache) / "work.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def write(self, event: str, **facts: Any) -> None:
        line = {"event": event, "item": self._item, "pid": os.getpid(), "at": time.time(), **facts}
        os.write(self._file, f"{json.dumps(line)}\n".encode())

    def trained(self, examples: int) -> None:
        """Some training steps were made; stays here while the test holds the work up."""
        self.write("examples", count=examples)
        while self._hold.exists():
            time.sleep(0.02)

    def begin(self, plan: Plan, item: WorkItem) -> None:
        """What is begun, and under which keys its scores will lie."""
        keys = {target: score_key(plan, item.recipe, item.rung, target) for target in item.targets}
        self.write("begin", recipe=item.recipe.digest, rung=item.rung, keys=keys)

    def end(self, outcome: Outcome) -> None:
        self.write("end", failure=outcome.failure.message if outcome.failure else None)
        os.close(self._file)


class Watched:
    """The real worker; every training step leaves a line."""

    def __init__(self, plan: Plan) -> None:
        names = ("trainables.worker", "trainables.training.trainer")
        work, trainer = (importlib.import_module(name) for name in names)  # imports torch
        importlib.import_module("trainables.training.stage").REPORT_EVERY = 0.0
        self.plan, self._worker, self._train = plan, work.Worker(plan), trainer.train
        trainer.train = self._counted
        self._log: Log

    def _counted(
        self, encoder: Any, tokenizer: Any, features: Any, spec: Any, heads: Any, report: Callable[[int], None]
    ) -> Any:
        before = 0

        def log_and_report(examples: int) -> None:
            nonlocal before
            self._log.trained(examples - before)
            before = examples
            report(examples)

        result = self._train(encoder, tokenizer, features, spec, heads, log_and_report)
        self._log.trained(result.examples - before)
        return result

    def run(self, item: WorkItem, report: Report, batch_halvings: int) -> Outcome:
        self._log = Log(self.plan, item)
        self._log.begin(self.plan, item)
        outcome: Outcome = self._worker.run(item, report, batch_halvings)
        self._log.end(outcome)
        return outcome


class Simulated:
    """As `trainables.worker.Worker` without training. An encoder's weights are a digest of all that was done to it, and
    a score depends on them to the last bit, so that going on from a wrong or a damaged encoder shows."""

    def __init__(self, plan: Plan) -> None:
        self.plan, self.store = plan, Store(plan.store, Path(plan.cache))

    def run(self, item: WorkItem, report: Report, batch_halvings: int) -> Outcome:
        log, failure = Log(self.plan, item), None
        log.begin(self.plan, item)
        self.store.patience.seconds = self.plan.patience
        self.store.patience.say = lambda text: report(
            Progress(phase="simulated", done=0.0, activity=text, is_waiting=True)
        )
        self._scores: dict[str, Score] = {}
        self._examples = 0
        try:
            self._run(item, log, report)
        except Failure as error:
            failure = Failed(kind="environment", message=str(error))
        outcome = Outcome(scores=self._scores, failure=failure, seconds=1.0, examples=self._examples)
        log.end(outcome)
        return outcome

    def _run(self, item: WorkItem, log: Log, report: Report) -> None:
        plan, missing = self.plan, []
        for target in item.targets:
            stored = self.store.score(score_key(plan, item.recipe, item.rung, target))
            if stored is None:
                missing.append(target)
            else:
                self._scores[target] = Score.model_validate(stored)
        if not missing:
            return
        weights, have = self._nearest(item)
        segments = plan.segments(item.recipe, item.rung)
        for rung in range(have, len(segments)):
            self._train(segments[rung], log, report)
            weights = _grown(weights, [item.recipe.digest, segments[: rung + 1]])
            with tempfile.TemporaryDirectory(prefix="taskmix-") as folder:
                (Path(folder) / "weights.model").write_bytes(weights)
                self.store.put_encoder(encoder_key(plan, item.recipe, rung), Path(folder), {})
        for target in missing:
            examples = plan.target_for(item.recipe, target).at(plan.rungs[item.rung]).examples
            if plan.targets[target].is_trained:
                self._train(examples, log, report)
            score = self._score(item, target, weights, examples)
            self.store.put_score(score_key(plan, item.recipe, item.rung, target), score.model_dump(mode="json"))
            self._scores[target] = score

    def _nearest(self, item: WorkItem) -> tuple[bytes, int]:
        for rung in reversed(range(len(self.plan.segments(item.recipe, item.rung)))):
            folder = self.store.encoder(encoder_key(self.plan, item.recipe, rung))
            if folder is not None:
                return (folder / "weights.model").read_bytes(), rung + 1
        return b"", 0

    def _train(self, examples: int, log: Log, report: Report) -> None:
        for step in range(STEPS):
            time.sleep(NAP)
            count = (step + 1) * examples // STEPS - step * examples // STEPS
            log.trained(count)
            self._examples += count
            report(Progress(phase="simulated", done=(step + 1) / STEPS))

    def _score(self, item: WorkItem, target: str, weights: bytes, examples: int) -> Score:
        """Each task helps or harms each target by its own amount; the rest is chance, fixed by the weights."""
        gain = sum(
            (derive_seed(task, target) % 100 - 40) / 1000 * weight**0.5
            for task, weight in item.recipe.mixture.weights.items()
        )
        # Where nothing is trained at all, all rungs have one score, under one key.
        is_trained = weights or self.plan.targets[target].is_trained
        drawn = [hashlib.sha256(weights).hexdigest(), target, item.rung if is_trained else -1, item.recipe.seed]
        chance = derive_seed(*drawn) % 10_000 / 1e6
        score = LEAST + self.plan.rungs[item.rung] ** 0.5 * gain + chance
        return flat(self.plan.targets[target], score, item.rung == len(self.plan.rungs) - 1, examples=examples)


def _grown(weights: bytes, done: Any) -> bytes:
    """Other weights, which follow from the old ones and from what was done."""
    return random.Random(hashlib.sha256(weights + json.dumps(done).encode()).digest()).randbytes(WEIGHTS)
