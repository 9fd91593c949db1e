"""Fine-tuning: the target stages of a work item, and what the model that comes out of them scores in every language."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.mixture import Mixture
from trainables.data.card_data import Data
from trainables.encoders import checkpoint
from trainables.evaluation import logme
from trainables.evaluation.evaluate import Evaluation, compute_floors, evaluate, mean_score
from trainables.evaluation.probe import fit_probe
from trainables.formats.vectors import KnownTexts
from trainables.training.engine import autocast
from trainables.training.process import device
from trainables.training.stage import StageSpec
from trainables.training.trainer import RunningItem, Trainer
from trainables.work.item import WorkItem
from trainables.work.outcome import Score
from trainables.work.plan import Plan


@dataclass(frozen=True)
class FineTuned:
    """A target's model: an encoder and its head, where the target has one, and what it scores.

    Args:
        predictions: language -> what was decided on the test split, at the top rung only.
    """

    encoder: PreTrainedModel
    head: nn.Module | None
    tokenizer: PreTrainedTokenizerBase
    score: Score
    predictions: dict[str, list[Any]]


class FineTuner:
    """Measures encoders on the targets of a plan.

    Args:
        plan: what the work items share.
        data: where the rows of its targets come from.
        trainer: of the target stages.
    """

    def __init__(self, plan: Plan, data: Data, trainer: Trainer) -> None:
        self._plan, self._data, self._trainer = plan, data, trainer

    def fine_tune_and_score(
        self,
        running: RunningItem,
        base: checkpoint.Encoder,
        model: PreTrainedModel,
        target: str,
        known: KnownTexts | None = None,
    ) -> FineTuned:
        """A copy of the encoder, fine-tuned on the target's training rows, and its score in every language.

        Args:
            known: texts that the encoder as it is has read.
        """
        started = time.monotonic()
        encoder, head = self._fine_tune(running, base, model, target)
        read = known if encoder is model else None
        score, predictions = self._score(running, base, encoder, head, target, started, read)
        return FineTuned(encoder, None if head is None else head.cpu(), base.tokenizer, score, predictions)

    def count_examples(self, item: WorkItem, target: str) -> int:
        """Training examples of the target's stages at this rung."""
        stages = self._plan.target_stages(target, item.rung, item.recipe)
        return sum(stage.examples for _, stage in stages)

    def log_evidence(
        self, encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, item: WorkItem, target: str
    ) -> float:
        """LogME on the training rows of the card that the target's fine-tuning ends with, whose labels are its own."""
        plan = self._plan
        card, length = plan.training_cards[target][-1], plan.target_for(item.recipe, target).max_length
        return logme.measure_on_card(encoder, card, self._data, tokenizer, length, plan.evaluation.batch_size)

    def measure_evidence(
        self, encoder: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, item: WorkItem, target: str
    ) -> Score:
        """LogME where a score would stand; it is compared with LogME of other encoders on the same target alone."""
        started = time.monotonic()
        evidence = self.log_evidence(encoder, tokenizer, item, target)
        encoder.cpu()
        seconds = time.monotonic() - started
        return Score(target=target, score=evidence, dev={}, floor=0.0, floors={}, examples=0, seconds=seconds)

    def _score(
        self,
        running: RunningItem,
        base: checkpoint.Encoder,
        encoder: PreTrainedModel,
        head: nn.Module | None,
        target: str,
        started: float,
        known: KnownTexts | None = None,
    ) -> tuple[Score, dict[str, list[Any]]]:
        """What an encoder and a head that were fine-tuned since `started` score in every language."""
        plan, item = self._plan, running.item
        card, dev_card, stage = plan.targets[target], plan.dev_card(target), plan.target_for(item.recipe, target)
        tested, wanted = plan.tests(item), plan.evaluation_at(item.rung)

        encoder.to(device())  # type: ignore[arg-type]
        if head is not None:
            head.to(device())

        def attempt(size: int) -> Evaluation:
            settings = wanted.model_copy(update={"batch_size": size})
            with autocast(plan.engine):
                return evaluate(
                    self._data,
                    card,
                    dev_card,
                    encoder,
                    head,
                    base.tokenizer,
                    settings,
                    stage.max_length,
                    tested=tested,
                    report=partial(running.report_activity, target),
                    known=known,
                )

        limit = self._trainer.limit("evaluation", item.recipe.model, stage, {})
        evaluation = self._trainer.run_fitting(running, f"{target}/evaluation", wanted.batch_size, limit, attempt)
        encoder.cpu()
        floors = compute_floors(self._data, card, dev_card, plan.training_cards[target][-1], wanted)
        assert card.metric is not None  # every target card has one
        score = Score(
            target=target,
            score=mean_score(evaluation.dev, card.metric),
            dev=evaluation.dev,
            floor=mean_score(floors, card.metric),
            floors=floors,
            test_score=mean_score(evaluation.test, card.metric) if tested else None,
            test=evaluation.test,
            tuned=evaluation.tuned,
            examples=self.count_examples(item, target),
            seconds=time.monotonic() - started,
        )
        return score, evaluation.predictions

    def _fine_tune(
        self, running: RunningItem, base: checkpoint.Encoder, model: PreTrainedModel, target: str
    ) -> tuple[PreTrainedModel, nn.Module | None]:
        """A copy of the encoder after the target's stages, and its head; where there are none, the encoder itself,
        with a linear probe for its head where the target has labels.

        Each stage goes on with the encoder and the head of the one before, with a new optimiser and schedule.
        """
        item, heads = running.item, self._first_heads(running, base, model, target)
        for card, stage in self._plan.target_stages(target, item.rung, item.recipe):
            mixture, seed = Mixture.of({target: 1.0}), item.recipe.seed
            spec = StageSpec(
                item.recipe.model, {target: card}, mixture, (stage.examples,), stage, self._plan.engine, seed
            )
            model, result = self._trainer.train(running, target, base, spec, model, heads)
            model.cpu()  # where a stage to come copies them from
            heads = {target: result.heads[target].cpu()}
        return model, heads.get(target)

    def _first_heads(
        self, running: RunningItem, base: checkpoint.Encoder, model: PreTrainedModel, target: str
    ) -> dict[str, nn.Module]:
        """The target's head where it is a linear probe, which a stage may begin with; else none."""
        plan, item = self._plan, running.item
        card, stage = plan.probed_card(target, item.rung, item.recipe), plan.target_for(item.recipe, target)
        if card is None:
            return {}
        running.report_activity(target, "fitting a linear probe")

        def attempt(size: int) -> nn.Module:
            with autocast(plan.engine):
                return fit_probe(model, card, self._data, base.tokenizer, stage.max_length, size)

        limit = self._trainer.limit("evaluation", item.recipe.model, stage, {})
        phase, wanted = f"{target}/evaluation", plan.evaluation.batch_size
        head = self._trainer.run_fitting(running, phase, wanted, limit, attempt)
        model.cpu()
        return {target: head}
