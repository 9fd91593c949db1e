"""Imports that a library makes for what nobody here uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unimportable(name: str) -> Iterator[None]:
    """Within it there is no package of that name, unless it was imported before.

    For libraries that import it if they can and go on without.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]  # so Python says that there is none
    try:
        yield
    finally:
        del sys.modules[name]
