"""Mixing: exact counts, homogeneous batches, one reading order over all segments, little padding."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spaces.mixture import Mixture
from trainables.training.batches import TaskBatch, cut, padding_share, plan_batches

MIXTURE = Mixture.parse("a:0.5 + b:0.3 + c:0.2")


def lengths(seed: int = 0, **rows: int) -> dict[str, list[int]]:
    rng = np.random.default_rng(seed)
    return {task: rng.integers(5, 60, count).tolist() for task, count in rows.items()}


def used(batches: list[TaskBatch], task: str) -> list[int]:
    return [index for batch in batches if batch.task == task for index in batch.indices]


@given(
    segments=st.lists(st.integers(1, 300), min_size=1, max_size=3),
    batch_size=st.integers(1, 32),
    seed=st.integers(0, 2**31 - 1),
)
def test_counts_are_those_of_the_weights(segments: list[int], batch_size: int, seed: int) -> None:
    batches = plan_batches(MIXTURE, lengths(a=40, b=500, c=7), segments, batch_size, seed)
    counts = Counter(task for batch in batches for task in [batch.task] * len(batch.indices))
    assert dict(counts) == {task: count for task, count in MIXTURE.counts(segments[-1]).items() if count}
    assert all(1 <= len(batch.indices) <= batch_size for batch in batches)


def test_each_pass_reads_every_row_once() -> None:
    batches = plan_batches(Mixture.parse("a"), lengths(a=50), [150], 8, seed=3)
    assert Counter(used(batches, "a")) == Counter(dict.fromkeys(range(50), 3))


def test_a_later_segment_goes_on_where_the_earlier_stopped() -> None:
    sizes = lengths(a=50, b=500, c=90)
    first = plan_batches(MIXTURE, sizes, [60], 8, seed=3)
    second = plan_batches(MIXTURE, sizes, [60, 140], 8, seed=3)
    whole = plan_batches(MIXTURE, sizes, [200], 8, seed=3)
    for task in "abc":
        assert sorted(used(first, task) + used(second, task)) == sorted(used(whole, task))


def test_same_seed_same_batches_other_seed_others() -> None:
    sizes = lengths(a=50, b=500, c=90)
    plans = [plan_batches(MIXTURE, sizes, [200], 8, seed) for seed in (1, 1, 2)]
    assert plans[0] == plans[1]
    assert plans[0] != plans[2]


def test_tasks_are_spread_over_the_stage() -> None:
    batches = plan_batches(Mixture.parse("a:0.9 + b:0.1"), lengths(a=500, b=500), [4000], 10, seed=1)
    places = [number for number, batch in enumerate(batches) if batch.task == "b"]
    quarters = Counter(place * 4 // len(batches) for place in places)
    assert all(quarters[quarter] == pytest.approx(len(places) / 4, abs=1) for quarter in range(4))


def test_batches_are_bucketed_by_length() -> None:
    sizes = lengths(a=5000)
    bucketed = plan_batches(Mixture.parse("a"), sizes, [5000], 16, seed=1)
    rng = np.random.default_rng(1)
    shuffled = [TaskBatch("a", tuple(rows)) for rows in np.split(rng.permutation(4992), 312)]
    assert padding_share(bucketed, sizes) < 0.05 < padding_share(shuffled, sizes)


def test_a_batch_is_cut_by_rows_and_by_tokens() -> None:
    lengths = [0, 0, 10, 10, 11, 40, 200]
    assert cut((2, 3, 4, 5, 6), lengths, 3, None) == [(2, 3, 4), (5, 6)]
    assert cut((2, 3, 4, 5, 6), lengths, 9, 33) == [(2, 3, 4), (5,), (6,)]
    assert cut((2, 3, 4, 5, 6), lengths, 9, 80) == [(2, 3, 4), (5,), (6,)]
    assert cut((2, 3, 5), lengths, 9, 1000) == [(2, 3, 5)]
