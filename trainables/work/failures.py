"""Failures that end a process or a batch, and how they are recognised. No torch here."""

from __future__ import annotations

import errno


class OutOfMemory(RuntimeError):
    """Memory did not suffice, and this process cannot go on; another one may, with a smaller batch."""


class WorkersLost(RuntimeError):
    """A worker of a group died or does not answer, so that the others cannot go on either."""


SPOILT = "could not create a primitive"
"""What oneDNN says when it gets no memory for machine code, and says ever after in that thread, memory or not."""


SIGNS = ("out of memory", "can't allocate memory", "ALLOC_FAILED", SPOILT)
"""What CUDA and NCCL, torch's CPU allocator, cuBLAS or cuDNN, and oneDNN say, none of them in a class of its own."""


KILLED = "running low on memory"
"""What Ray says of an actor that it ended because its node ran out of memory."""


def is_out_of_memory(error: BaseException) -> bool:
    """The GPU's or the host's memory did not suffice; also where Ray has wrapped what a worker said of it."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, Exception) and is_out_of_memory(cause):
        return True
    if isinstance(error, OutOfMemory | MemoryError) or (isinstance(error, OSError) and error.errno == errno.ENOMEM):
        return True
    # torch's class and Ray's have one name; neither is imported here
    if any(kind.__name__ == "OutOfMemoryError" for kind in type(error).__mro__) or KILLED in str(error):
        return True
    return isinstance(error, RuntimeError) and any(sign in str(error) for sign in SIGNS)
