"""Mixing: which examples of which task are trained on, in which order.

A weight is a share of the training examples. The plan is exact and deterministic: the counts per task follow from
the weights by largest remainder; each task reads its rows in passes, every pass a new permutation; batches hold one
task each (so that a head sees whole batches) and rows of similar length (so that little is padded); batches of
different tasks are spread evenly over the stage. A later segment goes on where the earlier ones stopped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from spaces.digest import derive_seed
from spaces.mixture import Mixture

BUCKET = 32
"""The most batches that are cut from rows sorted by length together: enough to pad little."""

VARIETY = 8
"""The fewest such buckets in a stage. Length often tells the label, so that batches from one large bucket would hold
one label each, and the same row twice where a stage reads its rows more than once."""


@dataclass(frozen=True)
class TaskBatch:
    """One optimiser step's examples: positions in the features of `task`."""

    task: str
    indices: tuple[int, ...]


def plan_batches(
    mixture: Mixture,
    lengths: Mapping[str, Sequence[int]],
    segments: Sequence[int],
    batch_size: int,
    seed: int,
) -> list[TaskBatch]:
    """The batches of the last of `segments`, in their order, given that the earlier ones were trained on.

    Args:
        mixture: the tasks and weights; every task has an entry in `lengths`.
        lengths: task -> tokens of each of its features.
        segments: examples of each segment up to the one that is planned.
        batch_size: the most examples in a batch.
        seed: decides the permutations and the order.
    """
    positioned: list[tuple[float, str, int, TaskBatch]] = []
    counts = mixture.counts(segments[-1])
    before = {task: sum(mixture.counts(segment)[task] for segment in segments[:-1]) for task in mixture.tasks}
    for task in mixture.tasks:
        start = before[task]
        indices = _draw(len(lengths[task]), start, start + counts[task], derive_seed(seed, task))
        rng = np.random.default_rng(derive_seed(seed, task, "order", len(segments)))
        batches = _cut(indices, np.asarray(lengths[task]), batch_size, rng)
        for number, batch in enumerate(batches):
            # evenly spread, jittered within its own slot so that tasks do not march in step
            position = (number + rng.random()) / len(batches)
            positioned.append((position, task, number, TaskBatch(task, tuple(int(index) for index in batch))))
    return [batch for *_, batch in sorted(positioned, key=lambda entry: entry[:3])]


def _draw(rows: int, start: int, stop: int, seed: int) -> np.ndarray:
    """Positions start..stop of an endless reading of `rows` rows, each pass in a new order."""
    passes = range(start // rows, -(-stop // rows)) if stop > start else range(0)
    orders = [np.random.default_rng([seed, number]).permutation(rows) for number in passes]
    if not orders:
        return np.empty(0, dtype=np.int64)
    offset = (start // rows) * rows
    return np.concatenate(orders)[start - offset : stop - offset]


def _cut(indices: np.ndarray, lengths: np.ndarray, batch_size: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Cut into as few batches as possible, of nearly equal size, rows of similar length together."""
    if len(indices) == 0:
        return []
    count = -(-len(indices) // batch_size)
    buckets = max(-(-count // BUCKET), min(count, VARIETY))
    batches: list[np.ndarray] = []
    for chunk in np.array_split(indices, buckets):
        by_length = chunk[np.argsort(lengths[chunk], kind="stable")]
        batches.extend(np.array_split(by_length, -(-len(chunk) // batch_size)))
    rng.shuffle(batches)
    return batches


def cut(indices: Sequence[int], lengths: Sequence[int], rows: int, tokens: int | None) -> list[tuple[int, ...]]:
    """A batch in parts of at most so many rows, and of at most so many tokens with padding or one row.

    Args:
        indices: of the rows; of neighbours the lengths are similar, as `plan_batches` has them.
        lengths: tokens of every row.
        tokens: None: any number.
    """
    parts: list[list[int]] = []
    longest = 0
    for index in indices:
        longest = max(longest, lengths[index])
        if not parts or len(parts[-1]) == rows or (tokens is not None and (len(parts[-1]) + 1) * longest > tokens):
            parts.append([])
            longest = lengths[index]
        parts[-1].append(index)
    return [tuple(part) for part in parts]


def padding_share(batches: Sequence[TaskBatch], lengths: Mapping[str, Sequence[int]]) -> float:
    """Share of the tokens in padded batches that are padding."""
    used = padded = 0
    for batch in batches:
        sizes = [lengths[batch.task][index] for index in batch.indices]
        used += sum(sizes)
        padded += max(sizes) * len(sizes)
    return 1 - used / padded if padded else 0.0
