"""Answer retrieval, declared in `spaces/formats.py`: rank a pool of candidates for each query.

LAReQA and Mewsli-X, scored by mAP@20. The queries of all languages are looked up in one pool, which for LAReQA holds
the answers of all languages (Roy et al. 2020, section 3.1). `relevant` are the ids of the right candidates: eleven for
LAReQA's XQuAD-R, one for Mewsli-X, where mAP@20 is the mean reciprocal rank of the first 20.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from datasets import Dataset
from torch import nn
from transformers import PreTrainedTokenizerBase

from spaces.card import Card
from trainables.formats.search_index import nearest
from trainables.formats.vectors import Layer, PoolIndex, Retriever, text_vectors
from trainables.work.settings import EvaluationSettings

RANKS = 20
"""So many candidates count."""


class AnswerRetrieval(Retriever):
    """The best candidates of the pool by cosine, exactly."""

    name = "answer_retrieval"

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
    ) -> list[list[list[str]]]:
        """For each query the ids of the first candidates, best first."""
        assert isinstance(head, PoolIndex), "evaluated with its pool"
        device = next(encoder.parameters()).device
        ids = head.rows["id"][:]
        vectors = text_vectors(encoder, features, tokenizer, settings, layers, head)
        return [
            [[ids[at] for at in best] for best in nearest(queries, pool, RANKS, device)[1].tolist()]
            for queries, pool in zip(vectors, head.vectors, strict=True)
        ]

    def metrics(self, rows: Dataset, decided: Sequence[Sequence[str]], card: Card, language: str) -> dict[str, float]:
        """Mean average precision of the first 20, over the queries that have a right answer."""
        judged = [(ranked, gold) for ranked, gold in zip(decided, rows["relevant"][:], strict=True) if gold]
        return {"map20": sum(average_precision(*pair) for pair in judged) / max(1, len(judged))}

    def floor(self, train: Dataset | None, rows: Dataset, card: Card, language: str) -> dict[str, float]:
        """The expected value for a pool in random order.

        Args:
            train: the pool's rows.
        """
        assert train is not None, "evaluated with its pool"
        judged = [gold for gold in rows["relevant"][:] if gold]
        return {"map20": sum(expected_precision(len(gold), len(train)) for gold in judged) / max(1, len(judged))}

    def submission(self, rows: Dataset, decided: Sequence[Sequence[str]], card: Card) -> tuple[str, str]:
        """Id -> the ids that were found, best first. Mewsli-X has it so; XTREME's evaluate.py reads none of LAReQA."""
        return "json", json.dumps(dict(zip(rows["id"][:], decided, strict=True)), ensure_ascii=False, indent=0) + "\n"


def average_precision(ranked: Sequence[str], relevant: Sequence[str]) -> float:
    """Mean of the precisions at the ranks of the relevant ones among the first 20; the others count 0.

    As XTREME-R's own: the mean is over the relevant ones, or over 20 where there are more.
    """
    gold = set(relevant)
    hits, total = 0, 0.0
    for rank, candidate in enumerate(ranked[:RANKS], 1):
        if candidate in gold:
            hits += 1
            total += hits / rank
    return total / min(len(gold), RANKS) if gold else 0.0


def expected_precision(relevant: int, candidates: int) -> float:
    """Mean of `average_precision` over all orders of the candidates.

    The one at a rank is relevant with probability R / N, and then so is each one before it with (R - 1) / (N - 1).
    """
    if not relevant:
        return 0.0
    others = (relevant - 1) / (candidates - 1) if candidates > 1 else 0.0
    ranks = range(1, min(RANKS, candidates) + 1)
    total = sum(relevant / candidates * (1 + (rank - 1) * others) / rank for rank in ranks)
    return total / min(relevant, RANKS)


FORMAT = AnswerRetrieval()
