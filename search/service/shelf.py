"""Values that take a while to make: made once, however many ask, and the older one is handed out meanwhile."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")


class NotReady(Exception):
    """There is no value yet; it is being made."""


@dataclass(frozen=True)
class Kept(Generic[T]):
    """A value.

    Args:
        stamp: of what it was made of.
        made: when, by the monotonic clock.
        is_current: whether nothing it was made of has changed since.
    """

    value: T
    stamp: Hashable
    made: float
    is_current: bool = True

    @property
    def age(self) -> int:
        """Seconds since it was made, of one that is not current; 0 for one that is."""
        return 0 if self.is_current else max(1, round(time.monotonic() - self.made))


class Shelf:
    """Values by key, each made of what a stamp stands for.

    Args:
        name: of the threads that make them.
        threads: how many are made at a time.
        room: how many are kept.
    """

    def __init__(self, name: str, threads: int, room: int) -> None:
        self._pool = ThreadPoolExecutor(threads, name)
        self._room = room
        self._lock = threading.Lock()
        self._kept: OrderedDict[Hashable, Kept[Any]] = OrderedDict()
        self._pending: dict[Hashable, Future[Kept[Any]]] = {}

    def get(self, key: Hashable, stamp: Hashable, make: Callable[[], T], patience: float) -> Kept[T]:
        """The value of a key; an older one where the new one is not made within `patience` seconds.

        A key's values are made one after the other, so that who asks all the time gets an answer some time.

        Raises:
            NotReady: there is no older one either.
            What `make` raises.
        """
        with self._lock:
            known = self._kept.get(key)
            if known is not None and known.stamp == stamp:
                self._kept.move_to_end(key)
                return cast("Kept[T]", known)
            pending = self._pending.get(key)
            if pending is None:
                pending = self._pending[key] = self._pool.submit(self._make, key, stamp, make)
        try:
            made = pending.result(patience)
        except NotYet:
            if pending.done():
                raise  # a time-out of what was asked
            if known is None:
                raise NotReady from None
            made = known
        return Kept(made.value, made.stamp, made.made, made.stamp == stamp)

    def last(self, key: Hashable) -> Kept[Any] | None:
        """The value of a key that was made last, whatever changed since; None: there is none."""
        with self._lock:
            return self._kept.get(key)

    def close(self) -> None:
        """Makes nothing more."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _make(self, key: Hashable, stamp: Hashable, make: Callable[[], T]) -> Kept[T]:
        began = time.monotonic()
        try:
            kept = Kept(make(), stamp, began)
            with self._lock:
                self._kept[key] = kept
                self._kept.move_to_end(key)
                while len(self._kept) > self._room:
                    self._kept.popitem(last=False)
            return kept
        finally:
            with self._lock:
                del self._pending[key]
