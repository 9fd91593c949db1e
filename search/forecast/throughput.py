"""Throughput: how long work takes on GPUs that are not at hand, from `throughput.yaml`. An estimate, never a figure."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from pydantic import Field

from spaces.card import Card
from spaces.formats import FORMATS
from spaces.parsing import Strict, read_yaml
from trainables.work.preparation import PreparationReport, Sizes

TRAINING, SCORING = 6.0, 2.0
"""Operations per token and parameter (Kaplan et al. 2020, section 2.1)."""


class Parameters(Strict):
    """Of an encoder, in millions."""

    body: float = Field(gt=0, description="without input embeddings")
    all: float = Field(gt=0)


class GpuSpec(Strict):
    """What a maker says of a GPU: peak in 1e12 operations per second, bandwidth in 1e9 bytes per second."""

    teraflops: float = Field(gt=0)
    bandwidth: float = Field(gt=0)


class Throughput(Strict):
    """The table."""

    utilisation: float = Field(gt=0, le=1)
    step_bytes: float = Field(gt=0)
    gpus: dict[str, GpuSpec]
    models: dict[str, Parameters]
    rows: int = Field(gt=0)

    def parameters(self, model: str, findings: PreparationReport) -> Parameters | None:
        """Of the loaded model, else of the table; None where neither knows it."""
        if findings.parameters is not None:
            every = findings.parameters / 1e6
            return Parameters(body=every - (findings.embeddings or 0) / 1e6, all=every)
        return self.models.get(model) or self.models.get(model.rpartition("/")[2])

    def gpu_hours(self, trained: float, scored: float, steps: float, parameters: Parameters) -> dict[str, float]:
        """GPU -> hours for so many tokens trained and scored, and optimiser steps."""
        operations = (TRAINING * trained + SCORING * scored) * parameters.body * 1e6
        moved = steps * self.step_bytes * parameters.all * 1e6
        return {
            name: (operations / (gpu.teraflops * 1e12 * self.utilisation) + moved / (gpu.bandwidth * 1e9)) / 3600
            for name, gpu in self.gpus.items()
        }

    def sizes(self, card: Card, max_length: int, limit: int | None) -> Sizes:
        """What a card's data are assumed to be.

        Args:
            max_length: of the stage that reads them.
            limit: rows that are scored per language and split.
        """
        tokens = min(FORMATS[card.format].tokens, max_length)
        scored = 0
        if card.kind == "target":
            rows = [card.size_of("dev", language) or self.rows for language in card.languages_of("dev")]
            scored = sum(min(count, limit or count) for count in rows)
        return Sizes(rows=card.training_rows or 0, tokens=tokens, evaluation_rows=scored, evaluation_tokens=tokens)


@cache
def table() -> Throughput:
    """The table as it is shipped."""
    return Throughput.model_validate(read_yaml(Path(__file__).with_suffix(".yaml")))
