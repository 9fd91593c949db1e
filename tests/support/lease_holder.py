"""The process of a driver that holds the lease of a search and does nothing else."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from search.studies import lease
from search.studies.lease import Lease
from tests.support.parallel import CONTEXT


@contextmanager
def driver(url: str, time_to_live: float = lease.TIME_TO_LIVE) -> Iterator[Any]:
    """It holds the lease of `small`, and ends when it is asked to; killed at the end."""
    here, there = CONTEXT.Pipe()
    process = CONTEXT.Process(target=_drive, args=(there, url, time_to_live), daemon=True)
    process.start()
    assert here.recv() == "taken"
    try:
        yield process
    finally:
        kill(process)


def kill(process: Any) -> None:
    process.kill()
    process.join()


def _drive(pipe: Any, url: str, time_to_live: float) -> None:
    lease.LOOK, lease.TIME_TO_LIVE = 0.2, time_to_live
    with Lease.take(url, "small", on_stop=lambda request: os.kill(os.getpid(), signal.SIGTERM)):
        signal.signal(signal.SIGTERM, lambda number, frame: None)
        pipe.send("taken")
        signal.pause()
