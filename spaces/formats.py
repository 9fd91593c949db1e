"""Formats: the declaration of each module of `trainables/formats/`, and everything that others ask about one.

A new format is a row here and a module of its name there, nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ColumnType = Literal["text", "passage", "words", "tags", "label", "choices", "choice", "answers", "id", "candidates"]
"""What stands in a canonical column:

* text: a text, without the blanks around it
* passage: a text as it is, since `answers` count its characters
* words, tags: a list of words, and the index of a label of the card for each of them
* label: the index of a label of the card
* choices, choice: a list of texts, equally many in all rows of a data set, and the index of one of them
* answers: the texts of the right answers and where each begins in the passage: lists, empty where there is none
* id: a text, the number of the row where the data set has no such column
* candidates: a list of ids of rows in the card's pool, empty where the data set has no such column
"""


@dataclass(frozen=True)
class FormatSpec:
    """What a format asks of a card, and what can be known of it without its code.

    Args:
        columns: role -> what that canonical column holds. Rows with an empty `text` or no words are left out.
        tokens: mean tokens of an example, assumed from XLM-R's pieces of typical English examples; forecasts rest on it
            where the data are not at hand.
        metrics: what it can be scored by -> the languages that the metric is defined in, None for all. A format
            without any is for intermediate tasks alone.
        scored_untrained: its targets may be scored with the encoder as it is, without fine-tuning.
        trained_as: the format of the rows that its targets are fine-tuned on, where it is another one. Then it is for
            targets alone.
        contrastive: the other rows of a forward pass are the negatives of a row, so that how many there are is part of
            what is computed.
        architecture: transformers' class of a model with a head for it; None where there is none, or nothing to choose.
    """

    columns: Mapping[str, ColumnType]
    tokens: float
    metrics: Mapping[str, frozenset[str] | None]
    scored_untrained: bool = False
    trained_as: str | None = None
    contrastive: bool = False
    architecture: str | None = None

    @property
    def is_labeled(self) -> bool:
        """Whether its cards list their labels."""
        return self.has("label") or self.has("tags")

    @property
    def has_pool(self) -> bool:
        """Whether each row is looked up among the candidates of a pool."""
        return self.has("candidates")

    @property
    def metrics_everywhere(self) -> list[str]:
        """The metrics that are defined in every language."""
        return [metric for metric, languages in self.metrics.items() if languages is None]

    def has(self, column_type: ColumnType) -> bool:
        """Whether one of its columns is of that type."""
        return column_type in self.columns.values()


MLQA_LANGUAGES = frozenset({"ar", "de", "en", "es", "hi", "vi", "zh"})
"""MLQA's normalisation of answers knows the articles of its own seven languages."""

FORMATS: dict[str, FormatSpec] = {
    "pair_classification": FormatSpec(
        columns={"text_a": "text", "text_b": "text", "label": "label"},
        tokens=45,
        metrics={"accuracy": None},
        architecture="AutoModelForSequenceClassification",
    ),
    "sentence_classification": FormatSpec(
        columns={"text": "text", "label": "label"},
        tokens=25,
        metrics={"accuracy": None},
        architecture="AutoModelForSequenceClassification",
    ),
    "tagging": FormatSpec(
        columns={"tokens": "words", "tags": "tags"},
        tokens=30,
        metrics={"f1": None, "accuracy": None},
        architecture="AutoModelForTokenClassification",
    ),
    "span_qa": FormatSpec(
        columns={"id": "id", "question": "text", "context": "passage", "answers": "answers"},
        tokens=190,
        metrics={"qa": None, "qa_mlqa": MLQA_LANGUAGES},  # means of exact match and F1
        architecture="AutoModelForQuestionAnswering",
    ),
    "multiple_choice": FormatSpec(
        columns={"context": "text", "choices": "choices", "label": "choice"},
        tokens=280,  # of all choices together
        metrics={"accuracy": None},
        architecture="AutoModelForMultipleChoice",
    ),
    "retrieval": FormatSpec(
        columns={"text_a": "text", "text_b": "text"},
        tokens=50,  # both sides
        metrics={"accuracy": None},
        scored_untrained=True,
        contrastive=True,
    ),
    "bitext_mining": FormatSpec(
        columns={"id": "id", "text": "text", "relevant": "candidates"},
        tokens=30,
        metrics={"f1": None},
        scored_untrained=True,
        trained_as="retrieval",
    ),
    "answer_retrieval": FormatSpec(
        columns={"id": "id", "text": "text", "relevant": "candidates"},
        tokens=120,
        metrics={"map20": None},
        scored_untrained=True,
        trained_as="retrieval",
    ),
    "masked_lm": FormatSpec(
        columns={"text": "text"},
        tokens=128,
        metrics={},
    ),
}
"""Name of a format -> its declaration; `trainables.formats.by_name` gives its code."""
