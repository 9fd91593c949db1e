"""Evidence: how well a Bayesian linear model explains a target's labels by what an encoder makes of its rows (LogME).

You et al. 2021, arXiv 2102.11005, section 4. For formats with labels; one pass over some training rows.
"""

from __future__ import annotations

from statistics import fmean
from typing import Any

import numpy as np
import torch
from datasets import Dataset
from numpy.typing import NDArray
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from trainables.data.card_data import Data
from trainables.formats import by_name
from trainables.formats.base import IGNORED
from trainables.formats.encoding import by_length, evaluating, on
from trainables.training.process import device
from trainables.work.settings import EVIDENCE_ROWS

VECTORS = 2000
"""Of the rows of a tagging card, so many words."""


def measure_on_card(
    encoder: PreTrainedModel,
    card: Card,
    data: Data,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    batch_size: int,
) -> float:
    """LogME of an encoder on a card's training rows, in nats per row."""
    return log_evidence(*training_vectors(encoder, card, data, tokenizer, max_length, batch_size))


def training_vectors(
    encoder: PreTrainedModel,
    card: Card,
    data: Data,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    batch_size: int,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """`labeled_vectors` of at most `EVIDENCE_ROWS` of a card's training rows."""
    _, features = data.features(card, "train", card.training_language, tokenizer, max_length, EVIDENCE_ROWS)
    return labeled_vectors(encoder.to(device()), card, features, tokenizer, batch_size)  # type: ignore[arg-type]


def labeled_vectors(
    encoder: nn.Module, card: Card, features: Dataset, tokenizer: PreTrainedTokenizerBase, batch_size: int
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """What the head of a labelled format would see, and the labels: (vectors, hidden size) and (vectors,).

    A vector per row; of tagging one per word, every so many of them if there are more than `VECTORS`.
    """
    form, vectors, labels = by_name(card.format), list[Tensor](), list[Tensor]()
    with evaluating(encoder, nn.Identity()) as where:
        for chosen in by_length(features, batch_size, where):
            batch = on(where, form.collate(chosen, tokenizer, torch.Generator()))
            states = form.labeled_states(encoder, batch)
            counts = batch["labels"] != IGNORED
            vectors.append(states[counts].float().cpu())
            labels.append(batch["labels"][counts].cpu())
    every = -(-sum(map(len, labels)) // VECTORS)
    return torch.cat(vectors)[::every].double().numpy(), torch.cat(labels)[::every].numpy()


def log_evidence(vectors: NDArray[np.float64], labels: NDArray[Any]) -> float:
    """LogME: the log evidence per row of a Bayesian linear model of each label's indicator, in nats; the labels' mean.

    The evidence is at its maximum over the two precisions, of the weights and of the noise, which have hyperpriors so
    wide that they only keep a perfect fit finite. There is no intercept; labels that do not occur are left out.
    """
    from sklearn.linear_model import BayesianRidge  # a tenth of a worker's start, and few searches ask for it

    vectors = vectors / np.sqrt(np.mean(vectors**2))  # else their unit decides when the iteration ends
    evidences = []
    for label in np.unique(labels):
        ridge = BayesianRidge(tol=1e-5, compute_score=True, fit_intercept=False)
        ridge.fit(vectors, (labels == label).astype(float))
        evidences.append(ridge.scores_[-1] / len(labels))
    return fmean(evidences)
