"""Garbage: what only Python's collector finds, looked for where it can be."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_depth = 0


@contextmanager
def collecting_what_is_new() -> Iterator[None]:
    """Collections within it look at objects made within it alone.

    An engine holds its parts in circles, so there is a collection after each stage. A process with torch, transformers
    and DeepSpeed has half a million objects that have nothing to do with that, and looking at all of them takes .3 s.
    What is garbage already is found afterwards. Within another one it does nothing.
    """
    global _depth
    if _depth == 0:
        gc.freeze()
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if _depth == 0:
            gc.unfreeze()
