"""Settings of stages, of DeepSpeed and of evaluation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field, field_validator

from spaces.card import Card
from spaces.formats import FORMATS
from spaces.parsing import Limit, Strict

HeadKind = Literal["mean", "native"]
"""What is put on top of the encoder: a linear layer, over the mean of a text's tokens where the text has one label; or
what the architecture has in transformers."""

HeadStart = Literal["none", "probe"]
"""What a target's head is before the first step: drawn at random, or a linear probe of the encoder."""

LowRung = Literal["stage", "probe"]
"""What tells below the top rung how good an encoder is on a target with labels: its stage, or a linear probe alone."""

EVIDENCE_ROWS = 1000
"""Training rows that LogME, and a linear probe, look at."""


class StageSettings(Strict):
    """How one fine-tuning stage trains. `examples` is the full budget; a rung takes its share of it."""

    examples: int = Field(gt=0, description="training examples at the top rung")
    batch_size: int = Field(32, gt=0, description="examples per optimiser step")
    micro_batch: int | None = Field(
        None, gt=0, description="most examples per forward pass, the rest is accumulated; changes dropout alone"
    )
    max_length: int = Field(128, ge=8, description="tokens")
    learning_rate: float = Field(1e-5, gt=0, description="at its height")
    head_learning_rate: float | None = Field(None, gt=0, description="of the new heads; default: as the encoder's")
    warmup: float = Field(0.1, ge=0, le=1, description="share of the steps")
    schedule: Literal["linear", "constant"] = Field("linear", description="of the learning rate after the warmup")
    weight_decay: float = Field(0.01, ge=0, description="AdamW's")
    clip: Limit = Field(1.0, gt=0, description="largest gradient norm; .inf: no matter")
    freeze_embeddings: bool = Field(False, description="the encoder's embeddings stay as they are")
    head: HeadKind = Field("mean", description="native: as the architecture has it in transformers")
    head_start: HeadStart = Field(
        "none", description="of targets with labels; probe: heads begin as logistic regression on the encoder as it is"
    )
    low_rung: LowRung = Field(
        "stage", description="of targets with labels; probe: below the top rung that regression alone, without a stage"
    )

    def at(self, share: float) -> StageSettings:
        """The same stage with that share of the examples, at least one batch."""
        return self.model_copy(update={"examples": max(self.batch_size, round(self.examples * share))})

    def micro_batch_on(self, workers: int) -> int:
        """The most examples of a forward pass, when each batch is spread over so many workers."""
        return min(self.micro_batch or self.batch_size, -(-self.batch_size // workers))

    def begins_with_probe(self, card: Card) -> bool:
        """Whether the head of that card begins as a linear probe."""
        return self.head_start == "probe" and FORMATS[card.format].is_labeled

    def with_values(self, values: Mapping[str, Any]) -> StageSettings:
        """The same stage with some settings replaced.

        Raises:
            pydantic.ValidationError: a name or a value is wrong.
        """
        return StageSettings.model_validate({**self.model_dump(), **values})


class EngineSettings(Strict):
    """How DeepSpeed runs a stage; does not change what is computed beyond rounding."""

    zero: Literal[0, 1, 2, 3] = Field(0, description="DeepSpeed's ZeRO stage: what the workers of a group share out")
    precision: Literal["auto", "fp32", "bf16", "fp16"] = Field("auto", description="auto: bf16 where the GPU has it")


class EvaluationSettings(Strict):
    """How scores are taken."""

    batch_size: int = Field(64, gt=0, description="rows per forward pass")
    max_examples: int | None = Field(None, gt=0, description="rows per language and split; default: all")
    low_rung_examples: int | None = Field(
        None, gt=0, description="rows per language at rungs below the top, the same for all; default: `max_examples`"
    )
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

    def at(self, is_top: bool) -> EvaluationSettings:
        """The settings as they count at the top rung, or below it."""
        limits = [limit for limit in (self.max_examples, self.low_rung_examples) if limit is not None]
        fewest = self.max_examples if is_top else min(limits, default=None)
        return self.model_copy(update={"max_examples": fewest, "low_rung_examples": None})

    def of(self, card: Card) -> EvaluationSettings:
        """The settings as they count for a target.

        `pooling` and `layer` decide the vectors of an encoder that is not fine-tuned for the target. One that is
        fine-tuned for retrieval is compared by the vectors that were trained, and other formats look at neither.
        """
        as_it_is = FORMATS[card.format].scored_untrained and not card.is_trained
        return self if as_it_is else self.model_copy(update=_AS_TRAINED)


_AS_TRAINED = {"pooling": "mean", "layer": None}


StoredType = Literal["fp32", "bf16"]
"""Of the weights of encoders in the store."""

Probe = Literal["stage", "logme"]
"""What tells how good a merged encoder is on a target that is fine-tuned and has labels: the target stage of the lowest
rung, or LogME."""
