"""Warm workers: how Tune is kept from throwing away processes that have imported their libraries and hold a model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ray.tune.execution import tune_controller
from ray.tune.schedulers import FIFOScheduler
from ray.tune.utils.object_cache import _ObjectCache


class InOrder(FIFOScheduler):
    """Starts trials in the order of their suggestion, each with a worker that is free or else a new one.

    Tune's own choice is the oldest trial that waits, also when its worker is just starting: it would get the worker
    that came free, the starting one would be thrown away, and another one be started for the next trial. Where work
    items are shorter than the start of a worker (seconds), all of them would run on one worker.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def choose_trial_to_run(self, tune_controller: Any) -> None:
        """No preference: Tune goes through the waiting trials in order, and passes over those with a worker."""
        return


class _AllKept(_ObjectCache):
    """Tune's cache of idle workers, of which none is ended before the search is.

    Tune keeps as many as it has trials waiting at that moment, or one. A work item that is to be proposed by what
    others bring is not waiting yet. There are never more than work items at a time: a trial takes an idle worker first.
    """

    def cache_object(self, key: Any, obj: Any) -> bool:
        """Keep it, and say so."""
        self._cached_objects[key].append(obj)
        self._num_cached_objects += 1
        return True

    def flush_cached_objects(self, force_all: bool = False) -> Iterator[Any]:
        """Those that are to be ended: none, or all at the end."""
        if force_all:
            yield from super().flush_cached_objects(force_all=True)


@contextmanager
def idle_workers_are_kept() -> Iterator[None]:
    """Within it Tune keeps every idle worker; it has no setting for it."""
    before = tune_controller._ObjectCache
    tune_controller._ObjectCache = _AllKept  # type: ignore[misc]
    try:
        yield
    finally:
        tune_controller._ObjectCache = before  # type: ignore[misc]
