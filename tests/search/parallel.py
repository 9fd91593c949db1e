"""Several processes that do the same at once, quickly: they are forked from one that has imported everything."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    [
        "tests.search.studies.test_database",
        "tests.search.studies.test_lease",
        "optuna.storages._rdb.models",
        "alembic.command",
        "psycopg",
        "mlflow.store.tracking.sqlalchemy_store",
    ]
)

_barrier: Any = None


def at_once(processes: int, function: Callable[..., T], *arguments: Any) -> list[T]:
    """What `function(number, *arguments)` returns in each process, or raises in one of them. All start together."""
    barrier = CONTEXT.Barrier(processes)
    with ProcessPoolExecutor(processes, CONTEXT, initializer=_keep, initargs=(barrier,)) as pool:
        started = [pool.submit(_wait_and_call, function, number, *arguments) for number in range(processes)]
        return [future.result() for future in started]


def _keep(barrier: Any) -> None:
    global _barrier
    _barrier = barrier


def _wait_and_call(function: Callable[..., T], *arguments: Any) -> T:
    _barrier.wait(timeout=60)
    return function(*arguments)
