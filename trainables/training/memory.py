"""Out of memory: how it is recognised, and which batches did not fit, remembered in the store. No torch here."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from spaces.digest import digest
from trainables.store.store import Store
from trainables.work.failures import SPOILT, OutOfMemory, is_out_of_memory

T = TypeVar("T")
Y = TypeVar("Y")


def halved(size: int, times: int = 1) -> int:
    """Half a batch, rounded up, at least 1."""
    for _ in range(times):
        size = -(-size // 2)
    return size


class DoesNotFit(RuntimeError):
    """Memory did not suffice for any batch that was tried."""


@dataclass(frozen=True)
class Limit:
    """What the store remembers of one kind of work (same model, length, device, ...): a batch that did not fit.

    Args:
        made_of: what decides how much memory a batch takes, and how much there is.
    """

    store: Store
    made_of: dict[str, Any]

    @property
    def key(self) -> str:
        return digest(self.made_of, length=32)

    def largest(self, size: int) -> int:
        """`size`, halved until it is below what is known not to fit; 1 is always worth a try."""
        known = (self.store.limit(self.key) or {}).get("too_large")
        while isinstance(known, int) and size >= known and size > 1:
            size = halved(size)
        return size

    def remember(self, size: int) -> None:
        """A batch of `size` did not fit."""
        if self.largest(size) == size:
            self.store.put_limit(self.key, {"too_large": size, "made_of": self.made_of})

    def fitting(
        self, phase: str, size: int, halvings: int, attempt: Callable[[int], Generator[Y, None, T]]
    ) -> Generator[Y, None, tuple[int, T]]:
        """Run `attempt` with `size`, then with half of it, until one fits or `halvings` are used up.

        Raises:
            DoesNotFit: none did.
            OutOfMemory: one did not, and this process cannot try again.
            Exception: any other of an attempt.
        """
        size = self.largest(size)
        tried: list[str] = []
        while True:
            try:
                return size, (yield from attempt(size))
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                self.remember(size)
                if isinstance(error, OutOfMemory):
                    raise
                if SPOILT in str(error):
                    raise OutOfMemory(f"{phase}: out of memory with batches of {size}") from error
                tried.append(str(size))
                if size == 1 or len(tried) > halvings:
                    found = f"{phase}: out of memory with batches of {', '.join(tried)}"
                    raise DoesNotFit(f"{found}; a smaller max_length takes less") from error
            free()  # not above: there the error still holds what did not fit
            size = halved(size)


def free() -> None:
    """Gives back what nobody holds any more; engines hold themselves in cycles."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
