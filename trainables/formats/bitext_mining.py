"""Bitext mining, declared in `spaces/formats.py`: find the pairs of sentences that translate each other in two corpora.

As XTREME scores BUCC 2018 (google-research/xtreme, third_party/utils_retrieve.py): the ratio margin of Artetxe &
Schwenk 2019 with k = 4 and candidates from both directions (their "max" retrieval), the threshold that gives the best
F1 on development rows, and F1 on test rows with it. The rows are the sentences of the language, `relevant` the ids of
their translations; the pool is the English corpus.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from datasets import Dataset
from torch import Tensor, nn
from transformers import PreTrainedTokenizerBase

from spaces.card import Card
from trainables.formats.base import lines
from trainables.formats.search_index import nearest
from trainables.formats.vectors import Layer, PoolIndex, Retriever, text_vectors
from trainables.work.settings import EvaluationSettings

NEIGHBORS = 4


class BitextMining(Retriever):
    """At most one sentence of the pool for each row, with the margin by which it stands out."""

    name = "bitext_mining"

    def predict_at(
        self,
        layers: Sequence[Layer],
        encoder: nn.Module,
        head: nn.Module,
        rows: Dataset,
        features: Dataset,
        card: Card,
        tokenizer: PreTrainedTokenizerBase,
        settings: EvaluationSettings,
    ) -> list[list[list[Any] | None]]:
        """For each sentence the id of the one that was found and the margin, or None.

        As in XTREME equal sentences are one when neighbours are looked for, and a pair with a sentence that its corpus
        has more than once is dropped, since its id is anybody's guess.
        """
        assert isinstance(head, PoolIndex), "evaluated with its pool"
        device = next(encoder.parameters()).device
        here, there = _Corpus(rows["text"][:]), _Corpus(head.rows["text"][:])
        ids = head.rows["id"][:]
        predictions = []
        vectors = text_vectors(encoder, features, tokenizer, settings, layers, head)
        for own, pool in zip(vectors, head.vectors, strict=True):
            pairs: list[list[Any] | None] = [None] * len(rows)
            for a, b, margin in mine(own[here.first], pool[there.first], NEIGHBORS, device):
                if here.once[a] and there.once[b]:
                    pairs[here.first[a]] = [ids[there.first[b]], margin]
            predictions.append(pairs)
        return predictions

    def tune(self, rows: Dataset, predicted: Sequence[Any], card: Card, language: str) -> dict[str, float]:
        return {"threshold": best_threshold(predicted, rows["relevant"][:])}

    def decide(self, predicted: Sequence[Any], tuned: Mapping[str, float], card: Card) -> list[str | None]:
        """The ids of the pairs at or over the threshold; all where none was tuned."""
        threshold = tuned.get("threshold", float("-inf"))
        return [pair[0] if pair is not None and pair[1] >= threshold else None for pair in predicted]

    def metrics(self, rows: Dataset, decided: Sequence[str | None], card: Card, language: str) -> dict[str, float]:
        """Precision and recall of the pairs, and their harmonic mean."""
        relevant = rows["relevant"][:]
        taken = sum(other is not None for other in decided)
        correct = sum(other in gold for other, gold in zip(decided, relevant, strict=True) if other is not None)
        return _f1(correct, taken, sum(map(len, relevant)))

    def floor(self, train: Dataset | None, rows: Dataset, card: Card, language: str) -> dict[str, float]:
        """Of a guess for every sentence.

        Args:
            train: the pool's rows.
        """
        assert train is not None, "evaluated with its pool"
        gold = sum(map(len, rows["relevant"][:]))
        return _f1(gold / len(train), len(rows), gold)

    def submission(self, rows: Dataset, decided: Sequence[str | None], card: Card) -> tuple[str, str]:
        """The ids of each pair, the sentence of the language first."""
        pairs = zip(rows["id"][:], decided, strict=True)
        return "tsv", lines(f"{own}\t{other}" for own, other in pairs if other is not None)


class _Corpus:
    """The distinct texts of a corpus: the row where each stands `first`, and whether it stands there `once`."""

    def __init__(self, texts: Sequence[str]) -> None:
        counts = Counter(texts)
        firsts = {text: row for row, text in reversed(list(enumerate(texts)))}
        self.first = [firsts[text] for text in counts]
        self.once = [count == 1 for count in counts.values()]


def mine(first: Tensor, second: Tensor, k: int, device: torch.device) -> list[tuple[int, int, float]]:
    """Pairs of rows and their margins, best first; each row is in one pair at most.

    The margin of a pair is its cosine over the mean of the cosines with the k nearest neighbours, of both sides. Each
    row proposes that neighbour of its k with the highest margin; proposals are taken greedily.

    Args:
        first: (rows, hidden size), of length 1.
        second: (rows, hidden size), of length 1.
    """
    forward, forward_at = nearest(first, second, k, device)
    backward, backward_at = nearest(second, first, k, device)
    near_first, near_second = forward.mean(dim=1), backward.mean(dim=1)
    proposals = [
        *_proposals(forward, forward_at, near_first, near_second),
        *((a, b, margin) for b, a, margin in _proposals(backward, backward_at, near_second, near_first)),
    ]
    proposals.sort(key=lambda proposal: -proposal[2])
    pairs, seen_first, seen_second = [], set(), set()
    for a, b, margin in proposals:
        if a not in seen_first and b not in seen_second:
            seen_first.add(a)
            seen_second.add(b)
            pairs.append((a, b, margin))
    return pairs


def _proposals(cosines: Tensor, at: Tensor, near: Tensor, near_other: Tensor) -> list[tuple[int, int, float]]:
    margins = cosines / ((near.unsqueeze(1) + near_other[at]) / 2)
    best, which = margins.max(dim=1)
    neighbor = at.gather(1, which.unsqueeze(1)).squeeze(1)
    return list(zip(range(len(at)), neighbor.tolist(), best.tolist(), strict=True))


def best_threshold(predicted: Sequence[Any], relevant: Sequence[Sequence[str]]) -> float:
    """The margin from which on pairs give the best F1: half way to the next pair. The strictest of several.

    Args:
        predicted: id and margin of each row, or None.
        relevant: the right ids of each row.
    """
    pairs = [(pair[1], pair[0] in gold) for pair, gold in zip(predicted, relevant, strict=True) if pair is not None]
    pairs.sort(key=lambda pair: -pair[0])
    gold = sum(map(len, relevant))
    best, threshold, correct = 0.0, 0.0, 0
    for taken, (margin, right) in enumerate(pairs, 1):
        correct += right
        after = pairs[taken][0] if taken < len(pairs) else margin
        if after == margin and taken < len(pairs):
            continue  # no threshold parts equal margins
        f1 = _f1(correct, taken, gold)["f1"]
        if f1 > best:
            best, threshold = f1, (margin + after) / 2
    return threshold


def _f1(correct: float, taken: int, gold: int) -> dict[str, float]:
    return {
        "f1": 2 * correct / (taken + gold) if taken + gold else 0.0,
        "precision": correct / taken if taken else 0.0,
        "recall": correct / gold if gold else 0.0,
    }


FORMAT = BitextMining()
