"""The protocol of a format.

A format turns rows with canonical columns (`spaces.formats.FORMATS`) into features, owns the head on top of the
shared encoder, the training loss, and the score. It holds no state: everything comes in as arguments, so one object
serves every task of its kind.

The contract, tested for every format by `tests/trainables/formats/test_contract.py`:

* `features` is a batched map: lists in, lists out. Each feature has ``input_ids`` (for multiple choice a list of
  them) and ``length``, the number of tokens that it costs, so that batches can be cut by length. It may give more
  features than rows (windows over a long document, the two sides of a pair); then ``row`` says which row of the batch
  each came from.
* `collate` pads to the longest feature of the batch and returns tensors on the CPU. All randomness (masking) comes
  from the generator that is passed in.
* `loss` is the mean over the batch's examples (tagging: labelled words; masked LM: masked tokens), a float32 scalar
  that can be differentiated, and zero where nothing in the batch counts.
* A score is taken in four steps, so that predictions can be kept and handed in without training again.
  `predict` puts encoder and head into evaluation mode, leaves them there, and gives one JSON value per row; it reads no
  gold answers. `tune` finds on development rows what is tuned there (a threshold). `decide` makes of predictions and
  what was tuned what is scored and handed in. `metrics` compares that with the gold answers (`label`, `tags`,
  `answers`, `relevant` of `rows`): values between 0 and 1, the card's own metric among them. Only `predict` needs a
  model.
* Label positions that do not count are -100.

Some formats do less. Those with a pool are not trained themselves but as `FormatSpec.trained_as` says: they have no
loss, and their head is the pool (`trainables.formats.vectors.PoolIndex`). Masked LM is not scored. Cards are checked
for that, so the defaults below are for programming mistakes.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from spaces.formats import FORMATS
from trainables.formats.native import NativeHead
from trainables.work.settings import EvaluationSettings, HeadKind

if TYPE_CHECKING:
    from datasets import Dataset

Batch = dict[str, Tensor]

IGNORED = -100
"""Label of positions that do not count; what torch's cross entropy leaves out by default."""


def lines(values: Iterable[object]) -> str:
    """A line of text for each value."""
    return "".join(f"{value}\n" for value in values)


class Format(ABC):
    """How one kind of task is trained and scored."""

    name: ClassVar[str]

    truncation_side: ClassVar[str] = "right"
    """Where texts that are too long lose tokens."""

    @abstractmethod
    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """Features of a batch of rows, at most `max_length` tokens each."""

    @abstractmethod
    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        """A padded batch."""

    def head(self, encoder: PreTrainedModel, card: Card) -> nn.Module:
        """A new head, drawn from torch's global generator (seed it first). Empty unless the format is trained."""
        return nn.Identity()

    def outputs(self, card: Card) -> int:
        """How many numbers a head gives for a text, or for each token, where the format has a choice of heads."""
        raise NotImplementedError(f"{self.name} has no head of an architecture of transformers")

    def new_head(self, encoder: PreTrainedModel, card: Card, kind: HeadKind) -> nn.Module:
        """A new head of that kind; `head` where there is no choice.

        Raises:
            InputError: the encoder's architecture has none.
        """
        architecture = FORMATS[self.name].architecture
        if kind == "mean" or architecture is None:
            return self.head(encoder, card)
        return NativeHead(encoder, architecture, self.outputs(card))

    def loss(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        """Mean loss of a batch, float32."""
        raise NotImplementedError(f"{self.name} is scored with the encoder as it is; it has no training loss")

    def labeled_states(self, encoder: nn.Module, batch: Batch) -> Tensor:
        """What the head of a format with labels sees of a batch: (..., hidden size), like its ``labels`` (...)."""
        raise NotImplementedError(f"{self.name} has no labels")

    def predict(
        self,
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[Any]:
        """A prediction for each of `rows`, whose features are `features`; their column ``row`` indexes `rows`."""
        raise NotImplementedError(f"{self.name} is for training only; it has no score")

    def tune(self, rows: Dataset, predicted: Sequence[Any], card: Card, language: str) -> dict[str, float]:
        """What is tuned on a language's development rows; nothing in most formats."""
        return {}

    def decide(self, predicted: Sequence[Any], tuned: Mapping[str, float], card: Card) -> list[Any]:
        """The predictions as they count, again a JSON value per row.

        Args:
            tuned: of the same language; empty where nothing was tuned, or there were no development rows.
        """
        return list(predicted)

    def metrics(self, rows: Dataset, decided: Sequence[Any], card: Card, language: str) -> dict[str, float]:
        """Metrics over all of `rows`."""
        raise NotImplementedError(f"{self.name} is for training only; it has no score")

    def floor(self, train: Dataset | None, rows: Dataset, card: Card, language: str) -> dict[str, float]:
        """The same metrics for a predictor that has learned nothing but the training rows' commonest answer
        (span QA: answers with the whole context; retrieval: the expected value of guessing).

        Args:
            train: the training rows, where there are any; for formats with a pool the pool's rows.
        """
        raise NotImplementedError(f"{self.name} is for training only; it has no score")

    def submission(self, rows: Dataset, decided: Sequence[Any], card: Card) -> tuple[str, str]:
        """The ending and the text of a language's file of test predictions, as XTREME's leaderboard takes them.

        The files: google-research/xtreme at 838c13b, README.md ("Leaderboard Submission") and what evaluate.py reads.
        """
        raise NotImplementedError(f"{self.name} is for training only; nothing of it is handed in")
