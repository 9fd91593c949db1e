"""Zero-shot scores: one row of metrics per language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from datasets import Dataset, concatenate_datasets
from torch import nn
from transformers import PreTrainedTokenizerBase

from spaces.card import Card, Split
from trainables.data.card_data import Data
from trainables.formats import by_name
from trainables.formats.base import Format
from trainables.formats.vectors import KnownTexts, Layer, PoolIndex, Retriever, text_vectors
from trainables.work.settings import EvaluationSettings

Scores = dict[str, dict[str, float]]
"""Language -> metric -> value between 0 and 1."""

AT_ONCE = 4 * 2**30
"""Bytes that the vectors of all layers may take while a layer is chosen."""


TOGETHER = 20_000
"""Rows of several languages that are read in one pass: what batches gain by it, a few hundred would bring."""


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
    report: Callable[[str], None] = lambda activity: None,
    known: KnownTexts | None = None,
) -> Evaluation:
    """Score an encoder and its head on each language of a target. Both are in evaluation mode afterwards.

    Args:
        card: the target.
        dev_card: the card that the development rows are of; they are scored as the target's own are.
        head: None where the format is not trained.
        max_length: tokens of a feature.
        tested: score the test split too, with what was tuned on the development split.
        report: told what is done, a line for each pass over the rows of some languages.
        known: texts that this very encoder has read; None: none.

    Raises: as `Data.features`.
    """
    form = by_name(card.format)
    head = nn.Identity() if head is None else head
    known = KnownTexts() if known is None else known
    read = _Reading(data, tokenizer, max_length, settings.max_examples)
    settings = settings.of(card)
    result = Evaluation()
    if settings.layer == "auto":
        report("evaluating layers")
        assert isinstance(form, Retriever)  # nothing else has a layer: `EvaluationSettings.of`
        layer = _choose_layer(form, read, card, dev_card, encoder, settings)
        settings = settings.model_copy(update={"layer": layer})
        result.tuned = {language: {"layer": float(layer)} for language in dev_card.languages_of("dev")}
    splits: list[tuple[Card, Split]] = [(dev_card, "dev"), *([(card, "test")] if tested else ())]
    count, begun = sum(len(own.languages_of(split)) for own, split in splits), 0
    pools = _Pools(read, encoder, settings, [settings.layer], known)
    for own, split in splits:
        for languages in _together(form, read, own, split):
            begun += len(languages)
            report(f"evaluating {_names(languages)} ({begun} of {count})")
            parts = [read.features(own, split, language) for language in languages]
            here = pools.head(own, split, languages[0]) or (known if isinstance(form, Retriever) else head)
            rows, features = parts[0] if len(parts) == 1 else _joined(parts)
            predicted = iter(form.predict(encoder, here, rows, features, card, tokenizer, settings))
            for language, (rows, _) in zip(languages, parts, strict=True):
                _take(result, form, card, split, language, rows, list(islice(predicted, len(rows))))
    return result


def _take(
    result: Evaluation, form: Format, card: Card, split: Split, language: str, rows: Dataset, predicted: Sequence[Any]
) -> None:
    """Add what was predicted in a language to the result; the development split comes first."""
    if split == "dev" and (tuned := form.tune(rows, predicted, card, language)):
        result.tuned.setdefault(language, {}).update(tuned)
    decided = form.decide(predicted, result.tuned.get(language, {}), card)
    (result.dev if split == "dev" else result.test)[language] = form.metrics(rows, decided, card, language)
    if split == "test":
        result.predictions[language] = decided


def _together(form: Format, read: _Reading, card: Card, split: Split) -> list[list[str]]:
    """The languages of a split as they are read in one pass each: `TOGETHER` rows or less, where no text is looked up
    among those of its own language."""
    groups, rows = list[list[str]](), 0
    for language in card.languages_of(split):
        own = len(read.rows(card, split, language))
        if not groups or isinstance(form, Retriever) or rows + own > TOGETHER:
            groups, rows = [*groups, []], 0
        groups[-1].append(language)
        rows += own
    return groups


def _joined(parts: Sequence[tuple[Dataset, Dataset]]) -> tuple[Dataset, Dataset]:
    """Rows and features of several languages, one behind the other."""
    before, moved = 0, []
    for rows, features in parts:
        numbers = np.asarray(features["row"][:]) + before
        moved.append(features.remove_columns("row").add_column("row", numbers, new_fingerprint="joined"))
        before += len(rows)
    return concatenate_datasets([rows for rows, _ in parts]), concatenate_datasets(moved)


def _names(languages: Sequence[str]) -> str:
    return ", ".join(languages) if len(languages) < 4 else f"{len(languages)} languages"


@dataclass(frozen=True)
class _Reading:
    """Rows and features as one evaluation reads them."""

    data: Data
    tokenizer: PreTrainedTokenizerBase
    max_length: int
    limit: int | None

    def rows(self, card: Card, split: Split, language: str) -> Dataset:
        return self.data.rows(card, split, language, self.limit)

    def features(self, card: Card, split: Split, language: str) -> tuple[Dataset, Dataset]:
        return self.data.features(card, split, language, self.tokenizer, self.max_length, self.limit)


class _Pools:
    """The pools of an evaluation. One is kept at a time: languages that share it come one after the other."""

    def __init__(
        self,
        read: _Reading,
        encoder: nn.Module,
        settings: EvaluationSettings,
        layers: Sequence[Layer],
        known: KnownTexts,
    ) -> None:
        self._read, self._encoder, self._settings, self._layers = read, encoder, settings, layers
        self._known = known
        self._kept: tuple[Any, PoolIndex | None] = (None, None)

    def head(self, card: Card, split: Split, language: str) -> PoolIndex | None:
        """The pool of a language's rows; None where the format has none."""
        if card.pool is None:
            return None
        shared = card.pool.split is not None and card.pool.distractors is None
        key = (card.name, None if shared else split, card.pool_card.source.config_for(language))
        if self._kept[0] != key:
            self._kept = (None, None)  # let go before the next one is made
            rows, features = self._read.data.pool_features(
                card, split, language, self._read.tokenizer, self._read.max_length
            )
            vectors = text_vectors(
                self._encoder, features, self._read.tokenizer, self._settings, self._layers, self._known
            )
            self._kept = (key, PoolIndex(rows, vectors, self._known))
        return self._kept[1]


def _choose_layer(
    form: Retriever, read: _Reading, card: Card, dev_card: Card, encoder: nn.Module, settings: EvaluationSettings
) -> int:
    """The layer with the best mean over the development languages; the lowest of several.

    All layers come from one pass over the texts, as far as their vectors fit into `AT_ONCE`.
    """
    assert card.metric is not None  # every target card has one
    config: Any = encoder.config
    depth, hidden = int(config.num_hidden_layers), int(config.hidden_size)
    languages = dev_card.languages_of("dev")
    texts = max(_count_texts(read, dev_card, language) for language in languages)
    at_once = max(1, AT_ONCE // (texts * hidden * 4))
    means = []
    for start in range(0, depth + 1, at_once):
        layers = range(start, min(start + at_once, depth + 1))
        known = KnownTexts()
        pools = _Pools(read, encoder, settings, layers, known)
        totals = [0.0] * len(layers)
        for language in languages:
            rows, features = read.features(dev_card, "dev", language)
            head = pools.head(dev_card, "dev", language) or known
            by_layer = form.predict_at(layers, encoder, head, rows, features, card, read.tokenizer, settings)
            for number, predicted in enumerate(by_layer):
                decided = form.decide(predicted, form.tune(rows, predicted, card, language), card)
                totals[number] += form.metrics(rows, decided, card, language)[card.metric]
        means += totals
    return means.index(max(means))


def _count_texts(read: _Reading, card: Card, language: str) -> int:
    """About how many vectors a language's development rows need."""
    rows = len(read.rows(card, "dev", language))
    return 2 * rows if card.pool is None else rows + len(read.data.pool(card, "dev", language))


def compute_floors(data: Data, card: Card, dev_card: Card, training_card: Card, settings: EvaluationSettings) -> Scores:
    """The metrics on the development rows of a predictor that has learned next to nothing; see `Format.floor`.

    Args:
        training_card: whose training rows the target is fine-tuned on (last, of several); read where the floor needs
            them.
    """
    form = by_name(card.format)
    train = None
    if card.is_trained and card.pool is None:
        train = data.rows(training_card, "train", training_card.training_language)
    floors: Scores = {}
    for language in dev_card.languages_of("dev"):
        known = train if dev_card.pool is None else data.pool(dev_card, "dev", language)
        rows = data.rows(dev_card, "dev", language, settings.max_examples)
        floors[language] = form.floor(known, rows, card, language)
    return floors


def mean_score(per_language: Mapping[str, Mapping[str, float]], metric: str) -> float:
    """Unweighted mean of a metric over the languages, however many rows each has: XTREME's score of a task."""
    return sum(metrics[metric] for metrics in per_language.values()) / len(per_language)
