"""mAP@20 by hand, and against scikit-learn where that is exactly it: when all candidates are ranked."""

import random

import numpy as np
import pytest
from datasets import Dataset
from sklearn.metrics import average_precision_score

from trainables.formats.answer_retrieval import FORMAT, average_precision, expected_precision


def test_average_precision_by_hand():
    assert average_precision(["a", "x", "b", "y"], ["a", "b"]) == pytest.approx((1 / 1 + 2 / 3) / 2)
    assert average_precision(["x", "a"], ["a"]) == 0.5
    assert average_precision(["x", "y"], ["a"]) == 0.0
    assert average_precision(["a"], ["a", "b", "c", "d"]) == 0.25
    found = [f"x{rank}" for rank in range(20)] + ["a"]
    assert average_precision(found, ["a"]) == 0.0, "the 21st does not count"
    many = [str(number) for number in range(30)]
    assert average_precision(many[:20], many) == 1.0, "no more than 20 can be found"


@pytest.mark.parametrize("seed", range(30))
def test_average_precision_is_scikit_learns_where_all_are_ranked(seed):
    rng = np.random.default_rng(seed)
    count = int(rng.integers(1, 21))
    right = rng.random(count) < 0.4
    right[rng.integers(count)] = True
    scores = rng.permutation(count).astype(float)
    order = np.argsort(-scores)
    relevant = [str(at) for at in np.flatnonzero(right)]
    assert average_precision([str(at) for at in order], relevant) == pytest.approx(
        average_precision_score(right, scores)
    )


@pytest.mark.parametrize("seed", range(20))
def test_with_one_relevant_it_is_the_reciprocal_rank(seed):
    rng = random.Random(seed)
    found = rng.sample([str(number) for number in range(40)], 25)
    gold = str(rng.randrange(40))
    rank = found.index(gold) + 1 if gold in found else None
    assert average_precision(found, [gold]) == (1 / rank if rank and rank <= 20 else 0.0)


@pytest.mark.parametrize(("relevant", "candidates"), [(1, 5), (3, 30), (11, 40), (25, 60), (1, 1), (0, 4)])
def test_floor_is_the_mean_over_random_orders(relevant, candidates):
    rng = random.Random(0)
    pool = [str(number) for number in range(candidates)]
    gold = pool[:relevant]
    tries = [average_precision(rng.sample(pool, candidates), gold) for _ in range(3000)]
    assert expected_precision(relevant, candidates) == pytest.approx(sum(tries) / len(tries), abs=0.015)


def test_metric_is_the_mean_over_queries(card_of):
    rows = Dataset.from_dict({"id": ["1", "2"], "text": ["q", "r"], "relevant": [["a"], ["b"]]})
    card = card_of("answer_retrieval")
    assert FORMAT.metrics(rows, [["a", "b"], ["a", "b"]], card, "en") == {"map20": 0.75}
    pool = Dataset.from_dict({"id": ["a", "b"], "text": ["x", "y"], "relevant": [[], []]})
    assert FORMAT.floor(pool, rows, card, "en") == {"map20": 0.75}
