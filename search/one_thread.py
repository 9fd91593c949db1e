"""One thread for linear algebra: matrices of some hundred rows gain nothing from several, and lose twice the time where
workers keep the other cores busy. What is computed does not depend on the number of cores either."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np  # noqa: F401 - its BLAS, and scipy's, have to be there to be limited
import scipy.linalg  # noqa: F401
from threadpoolctl import ThreadpoolController

_LIBRARIES = ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """For a block, or as a decorator for a function."""
    with _LIBRARIES.limit(limits=1, user_api="blas"):
        yield
