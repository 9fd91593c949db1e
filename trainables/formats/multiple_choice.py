"""Multiple choice, declared in `spaces/formats.py`: which of a row's texts fits its context."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import pad_sequence
from transformers import PreTrainedTokenizerBase

from spaces.card import Card
from trainables.formats.base import Batch, lines
from trainables.formats.classification import Classification
from trainables.formats.encoding import TOKEN_INPUTS, pad, text_outputs, token_inputs

if TYPE_CHECKING:
    from datasets import Dataset


class MultipleChoice(Classification):
    """Each choice is encoded with the context and gets one score; softmax over a row's choices.

    The number of choices is that of the data, equal in all rows of a data set. The head does not depend on it: a card
    that puts data sets together has rows of several numbers, and what was trained on three is scored on two.

    Where context and choice are too long, the longer of them loses its beginning: what a choice goes on from, or the
    question after a passage, stands at the end of the context.
    """

    name = "multiple_choice"
    truncation_side = "left"

    def texts(self, rows: Mapping[str, Sequence[Any]]) -> tuple[list[str], ...]:
        """A pair per choice, row by row."""
        contexts = [context for context, choices in zip(rows["context"], rows["choices"], strict=True) for _ in choices]
        return contexts, [choice for choices in rows["choices"] for choice in choices]

    def features(
        self, rows: Mapping[str, Sequence[Any]], card: Card, tokenizer: PreTrainedTokenizerBase, max_length: int
    ) -> dict[str, list[Any]]:
        """One feature per row, whose ``input_ids`` are a list per choice."""
        with _cutting(tokenizer, self.truncation_side):
            flat = token_inputs(tokenizer(*self.texts(rows), truncation=True, max_length=max_length))
        features: dict[str, list[Any]] = {name: [] for name in flat}
        at = 0
        for choices in rows["choices"]:
            for name, values in flat.items():
                features[name].append(values[at : at + len(choices)])
            at += len(choices)
        # Every choice is padded to the longest one: that is what the row costs.
        features["length"] = [max(lengths) * len(lengths) for lengths in features["length"]]
        return {**features, "label": list(rows["label"])}

    def outputs(self, card: Card) -> int:
        return 1

    def collate(
        self, features: Sequence[Mapping[str, Any]], tokenizer: PreTrainedTokenizerBase, generator: torch.Generator
    ) -> Batch:
        """The encoder's inputs have a line per choice, shape (rows x choices, tokens); labels have shape (rows,)."""
        choices = [
            {name: feature[name][choice] for name in TOKEN_INPUTS if name in feature}
            for feature in features
            for choice in range(len(feature["input_ids"]))
        ]
        counts = torch.tensor([len(feature["input_ids"]) for feature in features])
        labels = torch.tensor([feature["label"] for feature in features])
        return {**pad(choices, tokenizer), "choices": counts, "labels": labels}

    def logits(self, encoder: nn.Module, head: nn.Module, batch: Batch) -> Tensor:
        """Shape (rows, most choices of a row); minus infinity where a row has fewer."""
        scores = text_outputs(encoder, head, batch).reshape(-1)
        ends = batch["choices"].cumsum(0)[:-1].cpu()
        rows = list(torch.tensor_split(scores, ends))
        return pad_sequence(rows, batch_first=True, padding_value=float("-inf"))

    def submission(self, rows: Dataset, decided: Sequence[int], card: Card) -> tuple[str, str]:
        """As XCOPA's own files, which the benchmark reads `label` from."""
        return "jsonl", lines(json.dumps({"label": choice}) for choice in decided)


@contextmanager
def _cutting(tokenizer: PreTrainedTokenizerBase, new_side: str) -> Iterator[None]:
    """Only for a while: all other formats keep beginnings, and share the tokenizer."""
    side = tokenizer.truncation_side
    tokenizer.truncation_side = new_side
    try:
        yield
    finally:
        tokenizer.truncation_side = side


FORMAT = MultipleChoice()
