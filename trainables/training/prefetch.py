"""Prefetch: batches are made while the device computes."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

T = TypeVar("T")

AHEAD = 2
"""Batches that are made before they are asked for."""


def prepared(make: Callable[[int], T], count: int, where: torch.device) -> Iterator[T]:
    """What `make` returns for 0, 1, ... in this order.

    It is made in a thread of its own, a little ahead, where the device is not the processor that would do both.

    Raises: what `make` does.
    """
    yield from map(make, range(count)) if where.type == "cpu" else _ahead(make, count)


def _ahead(make: Callable[[int], T], count: int) -> Iterator[T]:
    with ThreadPoolExecutor(1, thread_name_prefix="batches") as thread:
        waiting = deque(thread.submit(make, number) for number in range(min(AHEAD, count)))
        for number in range(AHEAD, count + AHEAD):
            made = waiting.popleft().result()
            if number < count:
                waiting.append(thread.submit(make, number))
            yield made


def onto(where: torch.device, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors on the device; the processor does not wait until they are there."""
    if where.type == "cpu":
        return dict(tensors)
    return {name: tensor.pin_memory().to(where, non_blocking=True) for name, tensor in tensors.items()}
