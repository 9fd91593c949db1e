"""Batches that do not fit into memory: smaller ones are tried, and the store remembers which size was too large.

How lack of memory is recognised stands in `trainables.work.failures`. No torch here.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from spaces.digest import digest
from trainables.store.store import Store
from trainables.work.failures import SPOILT, WHATEVER, OutOfMemory, is_out_of_memory

T = TypeVar("T")


def halve(size: int, times: int = 1) -> int:
    """Half a batch, so many times over; rounded up, so at least 1."""
    for _ in range(times):
        size = -(-size // 2)
    return size


MORE = 1.1
"""How many times the memory of then makes it worth trying what did not fit."""


class DoesNotFit(RuntimeError):
    """Memory did not suffice for any batch that was tried."""


@dataclass(frozen=True)
class Limit:
    """What the store remembers of work that takes equal memory: the size of the smallest batch that did not fit.

    Args:
        store: where it is kept.
        made_of: what decides how much memory a batch takes (model, length, ...) and how much there is (device, ...).
        memory: the most bytes that this process could have.
    """

    store: Store
    made_of: dict[str, Any]
    memory: int

    @property
    def key(self) -> str:
        return digest(self.made_of, length=32)

    def largest(self, size: int) -> int:
        """The largest batch worth a try: `size`, halved until it is below what is known not to fit, at least 1.

        What did not fit into less memory than there is now, or nobody knows into how much, is worth a try.
        """
        entry = self.store.limit(self.key) or {}
        known, memory = entry.get("too_large"), entry.get("memory")
        if not isinstance(memory, int) or self.memory > MORE * memory:
            return size
        while isinstance(known, int) and size >= known and size > 1:
            size = halve(size)
        return size

    def remember(self, size: int) -> None:
        """Keep in the store that a batch of `size` did not fit, and into how much memory."""
        if self.largest(size) == size:
            self.store.put_limit(self.key, {"too_large": size, "memory": self.memory, "made_of": self.made_of})

    def halve_until_it_fits(
        self, phase: str, size: int, max_halvings: int, attempt: Callable[[int], T]
    ) -> tuple[int, T]:
        """Run `attempt` with a batch of `size`, then with half of it, until one fits into memory.

        Where what does not fit is needed for any batch, it is tried once more with the same one, and not remembered.

        Args:
            phase: of the work item, for the message of an error.
            max_halvings: how often half of a batch is tried.

        Returns:
            The size that fitted, and what `attempt` returned.

        Raises:
            DoesNotFit: no size that was tried did.
            OutOfMemory: one did not, and this process cannot try again.
            Exception: any other of an attempt.
        """
        size = self.largest(size)
        tried: list[str] = []
        again = True
        while True:
            try:
                return size, attempt(size)
            except Exception as error:
                if not is_out_of_memory(error):
                    raise
                whatever = WHATEVER in str(error)
                if not whatever:
                    self.remember(size)
                if isinstance(error, OutOfMemory):
                    raise
                if whatever and not again:
                    fix = "fewer work items at a time, engine.zero with several workers, or freeze_embeddings"
                    raise DoesNotFit(f"{phase}: out of memory: {error}; {fix}") from error
                if SPOILT in str(error):
                    raise OutOfMemory(f"{phase}: out of memory with batches of {size}") from error
                if not whatever:
                    tried.append(str(size))
                if not whatever and (size == 1 or len(tried) > max_halvings):
                    what = f"{phase}: out of memory with batches of {', '.join(tried)}"
                    raise DoesNotFit(f"{what}; a smaller max_length takes less") from error
            free()  # not above: there the error still holds what did not fit
            again, size = not whatever, size if whatever else halve(size)


def free() -> None:
    """Give back the memory of what nobody holds any more; engines hold themselves in cycles."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
