"""What a worker tells of its node before its first work item, to the driver, which judges it. No torch here.

The nodes that were there when a search was launched were looked at then. One that joins later is looked at by whichever
worker is started on it, with the same questions.
"""

from __future__ import annotations

import time
from importlib import import_module
from typing import NamedTuple

from trainables.work.failures import NodeFault


class Inspection(NamedTuple):
    """What a worker has to find out, on a node that is not known.

    Args:
        reporter: "module:function", from a request to a report.
        request: what it is given.
        known: Ray's ids of the nodes that were looked at before.
    """

    reporter: str
    request: bytes
    known: frozenset[str]

    def report(self) -> dict[str, bytes]:
        """Ray's id of this node -> its report; nothing of a node that is known.

        Raises:
            NodeFault: it cannot be made, as by an older version of our code.
        """
        node = node_id()
        if node in self.known:
            return {}
        module, _, function = self.reporter.partition(":")
        try:
            return {node: getattr(import_module(module), function)(self.request)}
        except Exception as error:
            raise NodeFault(node, f"the node cannot be looked at: {type(error).__name__}: {error}") from error


def read_clock() -> dict[str, float]:
    """Ray's id of this node -> its clock, in seconds since 1970."""
    return {node_id(): time.time()}


def node_id() -> str:
    """Ray's id of the node that this process runs on."""
    import ray

    return str(ray.get_runtime_context().get_node_id())
