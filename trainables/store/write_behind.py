"""Write behind: an encoder goes into the store while the next stage is trained."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType


class WriteBehind:
    """Writes in a thread of its own, one at a time; leaving the context waits for the last one.

    What is written must not change until `wait` returns. A process that is killed loses what was not waited for.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "write-behind")
        self._writing: Future[None] | None = None

    def __enter__(self) -> WriteBehind:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        if error is None:
            self.wait()

    @property
    def is_writing(self) -> bool:
        return self._writing is not None and not self._writing.done()

    def begin(self, write: Callable[[], None]) -> None:
        """Let it be written, after what is being written; raises as `wait`."""
        self.wait()
        self._writing = self._thread.submit(write)

    def wait(self) -> None:
        """Until nothing is being written; raises what the last write raised, once."""
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()
