"""Zero-shot scores: one row of metrics per language."""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn
from transformers import PreTrainedTokenizerBase

from spaces.card import Card, Split
from trainables.data import Data
from trainables.formats import by_name
from trainables.item import EvaluationSettings

Scores = dict[str, dict[str, float]]
"""Language -> metric -> value between 0 and 1."""


def evaluate(
    data: Data,
    card: Card,
    encoder: nn.Module,
    head: nn.Module | None,
    tokenizer: PreTrainedTokenizerBase,
    settings: EvaluationSettings,
    max_length: int,
    split: Split,
) -> Scores:
    """Score encoder and head (None where the format is not trained) on each of the card's languages.

    Both are in evaluation mode afterwards. Raises what `Data.features` raises.
    """
    form = by_name(card.format)
    head = nn.Identity() if head is None else head
    scores = {}
    for language in card.languages:
        rows, features = data.features(card, split, language, tokenizer, max_length, settings.max_examples)
        scores[language] = form.score(encoder, head, rows, features, card, tokenizer, settings.batch_size)
    return scores


def floors(data: Data, card: Card, training_card: Card, settings: EvaluationSettings, split: Split) -> Scores:
    """The same metrics on the same rows for what has learned next to nothing; see `Format.floor`.

    Args:
        training_card: whose training rows the target is fine-tuned on; not read for targets that are not trained.
    """
    form = by_name(card.format)
    train = data.rows(training_card, "train", training_card.training_language) if card.is_trained else None
    return {
        language: form.floor(train, data.rows(card, split, language, settings.max_examples), card)
        for language in card.languages
    }


def mean_score(per_language: Mapping[str, Mapping[str, float]], metric: str) -> float:
    """Unweighted mean over the languages, however many rows each has: XTREME's score of a task."""
    return sum(metrics[metric] for metrics in per_language.values()) / len(per_language)
