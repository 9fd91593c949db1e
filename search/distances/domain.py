"""Measures of how far two sets of texts lie apart, from their vectors or their pieces.

All are taken within one language, or with each language's mean subtracted: across languages an encoder tells the
languages apart long before the domains (docs/explain.md has the figures).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist, pdist

from trainables.work.profile import Profile

Measure = Literal["centroid", "mmd", "js", "pad"]

WITHIN_A_LANGUAGE = frozenset({"js", "pad"})
"""Measures that mean nothing across languages: pieces differ, and a classifier tells languages apart without error."""

FOLDS = 5

Vectors = NDArray[np.floating]


def centroid_distance(one: Vectors, other: Vectors) -> float:
    """Distance of the means over the root of the trace of the pooled covariance; (texts, hidden size) each."""
    spread = (len(one) - 1) * one.var(0, ddof=1).sum() + (len(other) - 1) * other.var(0, ddof=1).sum()
    pooled = spread / (len(one) + len(other) - 2)
    return float(np.linalg.norm(one.mean(0) - other.mean(0)) / math.sqrt(pooled)) if pooled > 0 else 0.0


def mmd(one: Vectors, other: Vectors, gamma: float) -> float:
    """Unbiased squared maximum mean discrepancy with the kernel exp(-gamma d^2); may lie a little below 0."""

    def inner(vectors: Vectors) -> float:
        return 2 * float(np.exp(-gamma * pdist(vectors, "sqeuclidean")).sum()) / (len(vectors) * (len(vectors) - 1))

    return inner(one) + inner(other) - 2 * float(np.exp(-gamma * cdist(one, other, "sqeuclidean")).mean())


def bandwidth(vectors: Vectors) -> float:
    """The gamma whose kernel is 1/e at the median squared distance of the vectors; one for all pairs."""
    return 1 / max(float(np.median(pdist(vectors, "sqeuclidean"))), 1e-12)


def js_divergence(one: Mapping[int, int], other: Mapping[int, int]) -> float:
    """Jensen-Shannon divergence of two distributions of pieces, in bits: 0 for equal ones, 1 without overlap."""
    pieces = sorted({*one, *other})
    left, right = (np.array([counts.get(piece, 0) for piece in pieces], float) for counts in (one, other))
    left, right = left / left.sum(), right / right.sum()
    middle = (left + right) / 2

    def to_middle(share: NDArray[np.float64]) -> float:
        there = share > 0
        return float((share[there] * np.log2(share[there] / middle[there])).sum())

    return (to_middle(left) + to_middle(right)) / 2


def proxy_a_distance(one: Vectors, other: Vectors) -> float:
    """2 (1 - 2 e), e the error of a linear classifier on held-out texts: 0 to 2, below 0 by chance alone.

    Two halves of one data set give an sd of .34 at 25 texts a side, .12 at 150.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import StratifiedKFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    count = min(len(one), len(other))  # a classifier of unequal sides errs less by taking the larger one
    vectors = np.concatenate([one[:count], other[:count]])
    sides = np.repeat([0, 1], count)
    folds = StratifiedKFold(min(FOLDS, count), shuffle=True, random_state=0)
    accuracy = cross_val_score(
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=200)), vectors, sides, cv=folds
    )
    return float(2 * (1 - 2 * (1 - accuracy.mean())))


def measured(measure: Measure, one: Profile, other: Profile, gamma: float) -> float:
    """The distance of two profiles in one language, or of two whose languages' means were subtracted."""
    if measure == "centroid":
        return centroid_distance(one.vectors, other.vectors)
    if measure == "mmd":
        return mmd(one.vectors, other.vectors, gamma)
    if measure == "js":
        return js_divergence(one.pieces, other.pieces)
    return proxy_a_distance(one.vectors, other.vectors)
