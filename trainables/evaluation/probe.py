"""The linear probe: logistic regression on what an encoder, as it is, makes of a target's training rows.

As a head it is where a target stage may begin (Kumar et al. 2022, arXiv 2202.10054: linear probing, then fine-tuning):
a new head pulls at the encoder until it has learned what the encoder knew; this one knows it before the first step.
Alone it tells at a low rung what the encoder is worth for the target, without training, and without chance.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from spaces.card import Card
from trainables.data.card_data import Data
from trainables.evaluation.logme import training_vectors
from trainables.formats import by_name
from trainables.formats.encoding import LinearHead

STRENGTH = 0.01
"""scikit-learn's C, of features with unit variance: each weight is expected to be about .1. See docs/speed.md."""


def fit_probe(
    encoder: PreTrainedModel,
    card: Card,
    data: Data,
    tokenizer: PreTrainedTokenizerBase,
    max_length: int,
    batch_size: int,
) -> LinearHead:
    """A card's head by logistic regression on the training rows that LogME would look at; the encoder is not trained.

    Args:
        card: of a format with labels.
    """
    vectors, labels = training_vectors(encoder, card, data, tokenizer, max_length, batch_size)
    head = by_name(card.format).head(encoder, card)
    assert isinstance(head, LinearHead)
    weight, bias = fit(vectors, labels, len(card.labels))
    with torch.no_grad():
        head.linear.weight.copy_(torch.from_numpy(weight))
        head.linear.bias.copy_(torch.from_numpy(bias))
    return head


def fit(
    vectors: NDArray[np.float64], labels: NDArray[np.int64], count: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Multinomial logistic regression: weights (labels, hidden size) and biases (labels,) for the vectors as they are.

    It is fitted to standardized vectors, so that the penalty does not depend on their scale. A label that does not
    occur has no weights and the least of the biases there, so it is never the likeliest, and can be learned later.

    Args:
        count: of all labels. Where one alone occurs, it has a bias and there is nothing else.
    """
    weight, bias = np.zeros((count, vectors.shape[1])), np.zeros(count)
    if (labels == labels[0]).all():
        bias[labels[0]] = 1.0
        return weight, bias
    from sklearn.linear_model import LogisticRegression  # a tenth of a worker's start, and few searches ask for it

    mean, deviation = vectors.mean(axis=0), vectors.std(axis=0)
    scale = 1 / np.where(deviation > deviation.max() / 1e6, deviation, 1.0)  # what is constant but for rounding
    model = LogisticRegression(C=STRENGTH, max_iter=1000).fit((vectors - mean) * scale, labels)
    known, biases = model.coef_, model.intercept_
    if len(model.classes_) == 2:  # the second label's odds alone
        known, biases = np.concatenate([-known, known]) / 2, np.concatenate([-biases, biases]) / 2
    bias[:] = biases.min()
    weight[model.classes_], bias[model.classes_] = known * scale, biases - (known * scale) @ mean
    return weight, bias
