"""Failures that end a stage, a batch or a process, and how they are recognised. No torch here."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from spaces.errors import Failure
from trainables.work.outcome import Failed, FailureKind


class Diverged(RuntimeError):
    """The loss is not a finite number any more."""


class OutOfMemory(RuntimeError):
    """Memory did not suffice, and this process cannot go on; another one may, with a smaller batch."""


class NodeFault(Exception):
    """What went wrong is the matter of a node, or of what it sees of store, cache and hub; never the recipe's.

    Args:
        node: Ray's id of it.
        reason: a line for people.
        details: a traceback.
    """

    def __init__(self, node: str, reason: str, details: str = "") -> None:
        super().__init__(node, reason, details)  # all of them, so that it can be pickled
        self.node, self.reason, self.details = node, reason, details

    def __str__(self) -> str:
        return self.reason


class WorkersLost(RuntimeError):
    """A worker of a group died or does not answer, so that the others cannot go on either."""


SPOILT = "could not create a primitive"
"""What oneDNN says when it gets no memory for machine code, and says ever after in that thread, memory or not."""

SIGNS = ("out of memory", "can't allocate memory", "ALLOC_FAILED", SPOILT)
"""What CUDA and NCCL, torch's CPU allocator, cuBLAS or cuDNN, and oneDNN say, none of them in a class of its own."""

KILLED = "running low on memory"
"""What Ray says of an actor that it ended because its node ran out of memory."""

WHATEVER = "whatever the batch"
"""What is said where memory did not suffice for what no smaller batch makes smaller."""

LONGEST_MESSAGE = 500
"""Characters of a failure's message; its details hold the rest."""


def is_out_of_memory(error: BaseException) -> bool:
    """The GPU's or the host's memory did not suffice; also where Ray has wrapped what a worker said of it."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception) and is_out_of_memory(cause):
        return True
    if isinstance(error, OutOfMemory | MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    # torch's class and Ray's have one name; neither is imported here
    if any(ancestor.__name__ == "OutOfMemoryError" for ancestor in type(error).__mro__) or KILLED in str(error):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)


@contextmanager
def needed_for_any_batch(size: int) -> Iterator[None]:
    """Within it nothing depends on the size of the batch; lack of memory says so.

    Args:
        size: bytes that weights, gradients and moments take.

    Raises:
        MemoryError: memory did not suffice; its text holds `WHATEVER`.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error) or SPOILT in str(error) or WHATEVER in str(error):
            raise
        raise MemoryError(f"weights, gradients and Adam need {size / 1e9:.1f} GB {WHATEVER}") from error


def describe(error: Exception) -> Failed:
    """What an outcome says of the exception that ended its work item: its kind, one line, and the traceback."""
    kind: FailureKind = "exception"
    if isinstance(error, Diverged):
        kind = "diverged"
    elif is_out_of_memory(error):
        kind = "out_of_memory"
    elif isinstance(error, Failure) or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES)):
        kind = "environment"
    text = " ".join(str(error).split()) or type(error).__name__
    message = f"{type(error).__name__}: {text}" if kind == "exception" else text
    return Failed(kind=kind, message=message[:LONGEST_MESSAGE], details="".join(traceback.format_exception(error)))
