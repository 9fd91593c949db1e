"""Negative examples that share as many words with their text as the positive does.

Without this a threshold on shared words tells "same verse" from "other verse" better than any model, and a model that
learns it learns nothing about meaning.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np

from trainables.data.mini.split import bare

CLOSE = 0.012  # overlaps that differ by less count as equal
CANDIDATES = 2000  # texts among which a negative is looked for; enough, and the matrix stays small


def matched(
    texts: Sequence[str],
    partners: Sequence[str],
    others: Sequence[str],
    allowed: Callable[[int, int], bool],
    dice: random.Random,
) -> list[int | None]:
    """For each text, another partner with the same word overlap as its own.

    Args:
        texts: the first texts of the pairs.
        partners: the second texts of the positive pairs.
        others: where negatives come from.
        allowed: (index of text, index of other) -> may they form a negative pair.
        dice: breaks ties.

    Returns:
        an index into ``others`` a text; None where no other text comes close.
    """
    pool = sorted(dice.sample(range(len(others)), min(CANDIDATES, len(others))))
    sets = [set(bare(text).split()) for text in texts]
    own = np.array([_jaccard(a, set(bare(b).split())) for a, b in zip(sets, partners, strict=True)])
    other_sets = [set(bare(others[i]).split()) for i in pool]
    shared = _incidence(sets, other_sets)
    sizes = np.add.outer([len(s) for s in sets], [len(s) for s in other_sets])
    distance = np.abs(shared / (sizes - shared) - own[:, None])
    chosen: list[int | None] = []
    for i, row in enumerate(distance):
        near = [pool[j] for j in np.flatnonzero(row < CLOSE) if allowed(i, pool[j])]
        chosen.append(dice.choice(near) if near else None)
    return chosen


def _jaccard(a: set[str], b: set[str]) -> float:
    return len(a & b) / len(a | b)


def _incidence(rows: list[set[str]], columns: list[set[str]]) -> np.ndarray:
    """Number of words that each row shares with each column."""
    number = {word: i for i, word in enumerate(sorted(set().union(*columns)))}

    def matrix(sets: list[set[str]]) -> np.ndarray:
        out = np.zeros((len(sets), len(number)), np.float32)
        for i, words in enumerate(sets):
            out[i, [number[word] for word in words if word in number]] = 1
        return out

    right = matrix(columns).T
    return np.concatenate([matrix(rows[i : i + 512]) @ right for i in range(0, len(rows), 512)])
