"""Zero-shot scores: one row of metrics per language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import nn
from transformers import PreTrainedTokenizerBase

from spaces.card import Card, Split
from trainables.data import Data
from trainables.formats import by_name
from trainables.item import EvaluationSettings

Scores = dict[str, dict[str, float]]
"""Language -> metric -> value between 0 and 1."""


@dataclass
class Evaluation:
    """What an encoder and a head score, in the languages that each split has.

    `tuned` holds what was tuned on a language's development rows; `predictions` are those on the test split.
    """

    dev: Scores = field(default_factory=dict)
    test: Scores = field(default_factory=dict)
    tuned: Scores = field(default_factory=dict)
    predictions: dict[str, list[Any]] = field(default_factory=dict)


def evaluate(
    data: Data,
    card: Card,
    dev_card: Card,
    encoder: nn.Module,
    head: nn.Module | None,
    tokenizer: PreTrainedTokenizerBase,
    settings: EvaluationSettings,
    max_length: int,
    tested: bool,
) -> Evaluation:
    """Score encoder and head (None where the format is not trained) on each language.

    Both are in evaluation mode afterwards. Raises what `Data.features` raises.

    Args:
        dev_card: the card that the development rows are of; they are scored as the target's own are.
        tested: score the test split too, with what was tuned on the development split.
    """
    form = by_name(card.format)
    head = nn.Identity() if head is None else head
    result = Evaluation()
    limit = settings.max_examples
    for language in dev_card.languages_of("dev"):
        rows, features = data.features(dev_card, "dev", language, tokenizer, max_length, limit)
        predicted = form.predict(encoder, head, rows, features, card, tokenizer, settings)
        tuned = form.tune(rows, predicted, card, language)
        if tuned:
            result.tuned[language] = tuned
        result.dev[language] = form.metrics(rows, form.decide(predicted, tuned, card), card, language)
    for language in card.languages_of("test") if tested else ():
        rows, features = data.features(card, "test", language, tokenizer, max_length, limit)
        predicted = form.predict(encoder, head, rows, features, card, tokenizer, settings)
        decided = form.decide(predicted, result.tuned.get(language, {}), card)
        result.test[language] = form.metrics(rows, decided, card, language)
        result.predictions[language] = decided
    return result


def floors(data: Data, card: Card, dev_card: Card, training_card: Card, settings: EvaluationSettings) -> Scores:
    """The metrics on the same development rows for what has learned next to nothing; see `Format.floor`.

    Args:
        training_card: whose training rows the target is fine-tuned on; not read for targets that are not trained.
    """
    form = by_name(card.format)
    train = data.rows(training_card, "train", training_card.training_language) if card.is_trained else None
    return {
        language: form.floor(train, data.rows(dev_card, "dev", language, settings.max_examples), card, language)
        for language in dev_card.languages_of("dev")
    }


def mean_score(per_language: Mapping[str, Mapping[str, float]], metric: str) -> float:
    """Unweighted mean over the languages, however many rows each has: XTREME's score of a task."""
    return sum(metrics[metric] for metrics in per_language.values()) / len(per_language)
