from __future__ import annotations

import threading
from itertools import islice

import pytest
import torch

from trainables.training import prefetch
from trainables.training.prefetch import AHEAD, prepared

CPU, GPU = torch.device("cpu"), torch.device("cuda")


@pytest.mark.parametrize("where", [CPU, GPU])
@pytest.mark.parametrize("count", [0, 1, AHEAD, 7])
def test_all_is_made_in_order(where: torch.device, count: int) -> None:
    assert list(prepared(lambda number: number * 10, count, where)) == [number * 10 for number in range(count)]


def test_it_is_made_ahead_in_one_thread_and_not_further() -> None:
    made: list[tuple[int, str]] = []
    reading = prepared(lambda number: made.append((number, threading.current_thread().name)), 9, GPU)
    list(islice(reading, 3))
    reading.close()  # type: ignore[attr-defined]
    assert [number for number, _ in made] == list(range(3 + AHEAD))
    assert {name for _, name in made} == {"batches_0"}
    assert "batches_0" not in {thread.name for thread in threading.enumerate()}, "the thread has ended"


def test_an_error_comes_where_its_batch_is_due() -> None:
    def make(number: int) -> int:
        if number == 2:
            raise KeyError(number)
        return number

    reading = prepared(make, 9, GPU)
    assert list(islice(reading, 2)) == [0, 1]
    with pytest.raises(KeyError):
        next(reading)


def test_on_the_processor_that_computes_nothing_is_made_ahead() -> None:
    made: list[int] = []
    next(prepared(made.append, 9, CPU))
    assert made == [0]
    assert prefetch.onto(CPU, {"ids": torch.ones(2)}).keys() == {"ids"}
