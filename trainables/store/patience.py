"""Patience: what a store that is away for a while costs is that while, and not the search."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from threading import Event, Thread
from typing import TypeVar

from spaces.errors import Failure

T = TypeVar("T")

PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds between the tries; the last one repeats."""

TOLD_EVERY = 30.0
"""Seconds between two lines about one wait."""

SILENCE = 8.0
"""Seconds without an answer after which that is told: clients try for a minute and more by themselves."""

AWAY = frozenset(
    {
        errno.ECONNABORTED,
        errno.ECONNREFUSED,
        errno.ECONNRESET,
        errno.EHOSTDOWN,
        errno.EHOSTUNREACH,
        errno.ENETDOWN,
        errno.ENETUNREACH,
        errno.ESTALE,
        errno.ETIMEDOUT,
    }
)
"""Errors of the system that may pass by themselves; a full disk and a lack of rights do not."""

PASSING = frozenset(
    {
        "ClientConnectionError",  # aiohttp, and all that are made of it
        "ConnectionClosedError",  # botocore
        "ConnectTimeoutError",
        "EndpointConnectionError",
        "HTTPClientError",
        "ReadTimeoutError",
        "ResponseStreamingError",
        "SSHException",  # paramiko
    }
)
"""Classes of clients that this package does not import."""


@dataclass
class Patience:
    """How long an operation is tried again while what it asks is away.

    Args:
        seconds: in all; 0: it fails at once.
        say: told what is waited for, at once and every half minute.
    """

    seconds: float = 0.0
    say: Callable[[str], None] = lambda line: None

    def bear(self, operation: Callable[[], T], where: str = "the store") -> T:
        """What the operation returns; raises its error once the patience is over, or if it will not pass.

        Args:
            where: whom it asks.
        """
        began, told = time.monotonic(), -TOLD_EVERY
        for pause in _pauses():
            try:
                with self._watching(where):
                    return operation()
            except Failure as failure:
                waited = time.monotonic() - began
                if waited + pause > self.seconds or not is_away(failure):
                    raise
                if waited - told >= TOLD_EVERY:
                    told = waited
                    problem = failure.problems[0]
                    self.say(f"waiting for {problem.where} ({problem.found[:100]})")
                time.sleep(pause)
        raise AssertionError("pauses do not end")

    def _watching(self, where: str) -> AbstractContextManager[None]:
        """Where nobody waits long nobody is told."""
        if not self.seconds:
            return nullcontext()
        return telling_of_silence(
            lambda seconds: self.say(f"waiting for {where} (no answer for {seconds:.0f} s)"), SILENCE, TOLD_EVERY
        )


@contextmanager
def telling_of_silence(tell: Callable[[float], None], after: float, every: float | None = None) -> Iterator[None]:
    """Tells, beside what goes on in it, for how many seconds that has not ended; afterwards it tells nothing.

    Args:
        tell: called from a thread of its own.
        after: seconds until the first time.
        every: seconds until each further time; None: there is none.
    """
    ended = Event()

    def watch() -> None:
        silent = after
        if ended.wait(after):
            return
        tell(silent)
        while every is not None and not ended.wait(every):
            silent += every
            tell(silent)

    teller = Thread(target=watch, name="silence", daemon=True)
    teller.start()
    try:
        yield
    finally:
        ended.set()
        teller.join()


def is_away(error: BaseException) -> bool:
    """Whether an error, or what it came from, is of a service that is out of reach or cannot keep up."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, TimeoutError | ConnectionError):
            return True
        if isinstance(seen, OSError) and seen.errno in AWAY:
            return True
        if any(parent.__name__ in PASSING for parent in type(seen).__mro__):
            return True
        response = getattr(seen, "response", None)  # botocore's ClientError
        if isinstance(response, dict):
            status = response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
            return bool(status >= 500 or status == 429)
        seen = seen.__cause__ or seen.__context__
    return False


def _pauses() -> Iterator[float]:
    yield from PAUSES
    while True:
        yield PAUSES[-1]
