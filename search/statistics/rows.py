"""The error of rows: how far a difference of scores would lie elsewhere had other rows of the same kind been drawn.

A corpus metric is a quotient of sums over rows (accuracy: of right ones and all; F1: of twice the right spans, and of
those found and those there). Rows are drawn anew with replacement (Efron and Tibshirani 1993; for differences of
systems on the same rows Berg-Kirkpatrick et al. 2012), the same ones for mix and baseline; rows that are translations
of each other are drawn together, in all languages.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

DRAWS = 1000
"""Bootstrap samples: a standard error is known to 2 %."""

AT_ONCE = 100
"""Of them that are computed in one piece: bounds the memory by 100 numbers per row."""


@dataclass(frozen=True)
class RowError:
    """What rows leave open in a difference.

    `variance` of it under other rows. `overlap`: the part of that which is another one in each seed, and so is in the
    noise of seeds, too: seeds that differ in which rows they get right.
    """

    variance: float
    overlap: float = 0.0

    def times(self, factor: float) -> RowError:
        """With so many times the standard deviation."""
        return RowError(self.variance * factor**2, self.overlap * factor**2)


@dataclass(frozen=True)
class RowErrors:
    """What the rows leave open about some measurements of one target on one split.

    Args:
        covariance: of the measurements' means over languages, under other rows; shape (measurements, measurements).
        languages: the same in each language.
    """

    covariance: Array
    languages: Mapping[str, Array]

    def of_difference(self, mix: Sequence[int], baseline: Sequence[int], language: str | None = None) -> RowError:
        """What rows leave open in the mean of some measurements less that of others.

        Args:
            mix, baseline: numbers of the measurements, seeds of one recipe each.
            language: one of them; default: their mean.
        """
        covariance = self.covariance if language is None else self.languages[language]
        means = np.zeros(len(covariance))
        means[list(mix)], means[list(baseline)] = 1 / len(mix), -1 / len(baseline)
        single = [_of_one_seed(covariance, numbers) for numbers in (mix, baseline) if len(numbers) > 1]
        each = sum(single) / len(single) if single else 0.0
        overlap = each * (1 / len(mix) + 1 / len(baseline))
        return RowError(max(0.0, float(means @ covariance @ means)), max(0.0, overlap))


def draw_rows(
    parts: Mapping[str, Array], units: Mapping[str, Sequence[Hashable]], draws: int = DRAWS, seed: int = 0
) -> RowErrors:
    """Bootstrap over rows.

    Args:
        parts: language -> numerator and denominator of each row in each measurement: (measurements, rows, 2). The score
            is the quotient of their sums.
        units: language -> what each row is a part of; rows of one unit, in whichever languages, are drawn together.
    """
    numbers: dict[Hashable, int] = {}
    for language in parts:
        for unit in units[language]:
            numbers.setdefault(unit, len(numbers))
    summed = {}
    for language, values in parts.items():  # several rows of a unit in one language count as one
        at = np.array([numbers[unit] for unit in units[language]])
        summed[language] = np.zeros((len(numbers), values.shape[0], 2))
        np.add.at(summed[language], at, values.transpose(1, 0, 2))
    random = np.random.default_rng(seed)
    drawn: dict[str, list[Array]] = {language: [] for language in parts}
    shares = np.full(len(numbers), 1 / len(numbers))
    for start in range(0, draws, AT_ONCE):
        counts = random.multinomial(len(numbers), shares, size=min(AT_ONCE, draws - start)).astype(float)
        for language, values in summed.items():
            sums = np.tensordot(counts, values, axes=1)
            drawn[language].append(sums[..., 0] / np.where(sums[..., 1] == 0, 1.0, sums[..., 1]))
    scores = {language: np.concatenate(values) for language, values in drawn.items()}
    mean = np.mean(list(scores.values()), axis=0)
    return RowErrors(_covariance(mean), {language: _covariance(values) for language, values in scores.items()})


def _covariance(scores: Array) -> Array:
    return np.atleast_2d(np.cov(scores, rowvar=False))


def _of_one_seed(covariance: Array, numbers: Sequence[int]) -> float:
    """The part of the variance that the seeds of a recipe do not share."""
    block, count = covariance[np.ix_(numbers, numbers)], len(numbers)
    off_diagonal = (block.sum() - np.trace(block)) / (count * (count - 1))
    return float(np.trace(block) / count - off_diagonal)
