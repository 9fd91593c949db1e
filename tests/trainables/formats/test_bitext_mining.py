"""Margin mining against loops in plain Python, and the threshold against trying them all."""

import math
import random

import numpy as np
import pytest
import torch
from datasets import Dataset

from trainables.formats.bitext_mining import FORMAT, best_threshold, mine

CPU = torch.device("cpu")


def unit(values):
    vectors = np.asarray(values, dtype=np.float64)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def mined_by_loops(first, second, k):
    """The published definition, pair by pair: no matrix, no shared sort."""

    def cosine(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True))

    def neighbors(one, others):
        ranked = sorted(((-cosine(one, other), at) for at, other in enumerate(others)))
        return [(-negative, at) for negative, at in ranked[:k]]

    of_first = [neighbors(one, second) for one in first]
    of_second = [neighbors(one, first) for one in second]

    def mean(found):
        return sum(value for value, _ in found) / len(found)

    def margin(a, b, value):
        return value / ((mean(of_first[a]) + mean(of_second[b])) / 2)

    proposals = [max((margin(a, b, value), a, b) for value, b in found) for a, found in enumerate(of_first)]
    proposals += [max((margin(a, b, value), a, b) for value, a in found) for b, found in enumerate(of_second)]
    taken, pairs = (set(), set()), {}
    for value, a, b in sorted(proposals, reverse=True):
        if a not in taken[0] and b not in taken[1]:
            taken[0].add(a)
            taken[1].add(b)
            pairs[a, b] = value
    return pairs


@pytest.mark.parametrize("seed", range(10))
def test_mining_is_what_the_loops_find(seed):
    rng = np.random.default_rng(seed)
    first = unit(rng.normal(1, 1, (int(rng.integers(1, 25)), 6)))
    second = unit(rng.normal(1, 1, (int(rng.integers(1, 25)), 6)))
    k = int(rng.integers(1, 6))
    found = mine(torch.tensor(first, dtype=torch.float32), torch.tensor(second, dtype=torch.float32), k, CPU)
    expected = mined_by_loops(first.tolist(), second.tolist(), k)
    assert {(a, b) for a, b, _ in found} == set(expected)
    assert [margin for *_, margin in found] == pytest.approx([expected[a, b] for a, b, _ in found], rel=1e-4)


def test_margin_by_hand():
    """Cosines 1 and .6 of the first row, .8 and 0 of the second; k = 2, so the means are .8, .4 and .9, .3."""
    first = torch.tensor([[1.0, 0.0], [0.8, 0.6]])
    second = torch.tensor([[1.0, 0.0], [0.6, -0.8]])
    found = mine(first, second, 2, CPU)
    assert [(a, b) for a, b, _ in found] == [(1, 0), (0, 1)]
    assert [margin for *_, margin in found] == pytest.approx([0.8 / ((0.4 + 0.9) / 2), 0.6 / ((0.8 + 0.3) / 2)])


def f1_at(threshold, predicted, relevant):
    taken = [pair is not None and pair[1] >= threshold for pair in predicted]
    correct = sum(take and pair[0] in gold for take, pair, gold in zip(taken, predicted, relevant, strict=True))
    if not correct:
        return 0.0
    precision, recall = correct / sum(taken), correct / sum(map(len, relevant))
    return 2 * precision * recall / (precision + recall)


@pytest.mark.parametrize("seed", range(30))
def test_no_threshold_has_a_better_f1(seed):
    rng = random.Random(seed)
    predicted, relevant = [], []
    for row in range(rng.randint(1, 20)):
        margin = rng.choice([rng.random(), 0.5, 1.0])  # with ties
        predicted.append(None if rng.random() < 0.2 else [str(row), margin])
        relevant.append(rng.choice([[], [str(row)], ["other"]]))
    threshold = best_threshold(predicted, relevant)
    margins = [pair[1] for pair in predicted if pair is not None]
    best = max(f1_at(other, predicted, relevant) for other in [*margins, -1.0, 2.0])
    assert f1_at(threshold, predicted, relevant) == pytest.approx(best)


def test_threshold_lies_half_way():
    predicted = [["a", 3.0], ["b", 2.0], ["x", 1.0], None]
    relevant = [["a"], ["b"], [], []]
    assert best_threshold(predicted, relevant) == 1.5


@pytest.fixture
def rows():
    return Dataset.from_dict(
        {"id": list("1234"), "text": list("wxyz"), "relevant": [["a"], ["b"], [], ["d"]]},
    )


def test_f1_by_hand(rows, card_of):
    card = card_of("bitext_mining")
    predicted = [["a", 1.2], ["c", 1.1], ["e", 0.9], None]
    kept = FORMAT.decide(predicted, {"threshold": 1.0}, card)
    assert kept == ["a", "c", None, None]
    assert FORMAT.metrics(rows, kept, card, "de") == pytest.approx({"f1": 0.4, "precision": 0.5, "recall": 1 / 3})
    assert FORMAT.metrics(rows, [None] * 4, card, "de") == {"f1": 0.0, "precision": 0.0, "recall": 0.0}
    assert FORMAT.decide(predicted, {}, card) == ["a", "c", "e", None]


def test_floor_is_what_guessing_finds_on_average(rows, card_of):
    pool = Dataset.from_dict({"id": list("abcde"), "text": list("abcde"), "relevant": [[]] * 5})
    floor = FORMAT.floor(pool, rows, card_of("bitext_mining"), "de")
    rng = random.Random(0)
    tries = [
        FORMAT.metrics(rows, [rng.choice("abcde") for _ in range(4)], card_of("bitext_mining"), "de")["f1"]
        for _ in range(4000)
    ]
    assert math.isclose(floor["f1"], sum(tries) / len(tries), abs_tol=0.02)
