"""The nodes that a search runs on: who joins, who is lost, and who is left out because it does not do.

A fault of one node is that node's: no work item is started there any more, and the search goes on with the others. A
fault that every node has is the search's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from cluster.placement import Placement
from cluster.resources import ItemResources, count_fitting
from cluster.survey import Node, list_nodes
from spaces.errors import InputError, Problem
from trainables.work.failures import NodeFault
from trainables.work.inspection import Inspection

LOOK_SECONDS = 5.0
"""Between two looks at which nodes there are."""


class Admission(Protocol):
    """Who knows what a node has to be like that joins a search."""

    @property
    def inspection(self) -> Inspection:
        """What a worker on such a node has to find out."""
        ...

    def judge(self, node: Node, report: bytes, sent: float, clock: float, arrived: float) -> Sequence[Problem]:
        """What is wrong with a node.

        Args:
            report: what the worker found out.
            sent, arrived: when it was asked for its clock and when the answer came, seconds since 1970 by this clock.
            clock: the answer.
        """
        ...


class Nodes:
    """The nodes of a cluster, as one search may use them. Ray has to be connected.

    Args:
        item: what a work item occupies.
        say: told who joins, who is lost and who is left out.
        left_out: nodes that do not do, by Ray's ids; more may follow.
    """

    def __init__(
        self,
        item: ItemResources,
        say: Callable[[str], None] = lambda line: None,
        left_out: frozenset[str] = frozenset(),
    ) -> None:
        self._item, self._say = item, say
        self._alive = {node.id: node for node in list_nodes()}
        self._names = {node.id: node.name for node in self._alive.values()}
        self._looked = time.monotonic()
        Placement.left_out = set(left_out)
        self._faults: dict[str, NodeFault] = {}  # of nodes that took part: what they failed of

    @property
    def fault_of_all(self) -> NodeFault | None:
        """What the search has to stop for: no work item fits on what is left, and a node is there that failed.

        Without such a node the search waits: lost nodes come back, and others may join.
        """
        faults = [fault for node, fault in self._faults.items() if node in self._alive]
        return faults[-1] if faults and not self._fits() else None

    @property
    def are_several(self) -> bool:
        """Whether it has to be said on which of them something was."""
        return len(self._names) > 1

    def name(self, node: str) -> str:
        """A node's name for people, also of one that is gone."""
        return self._names.get(node, f"node {node[:6]}")

    def find(self, node: str) -> Node:
        """A node by Ray's id."""
        if node not in self._alive:
            self.look(0.0)
        return self._alive.get(node) or Node(node, self.name(node), {})

    def is_lost(self, node: str) -> bool:
        """Whether Ray has given a node up, as of now."""
        self.look(0.0)
        return node not in self._alive

    def look(self, every: float = LOOK_SECONDS) -> None:
        """Sees who joined and who is gone.

        Args:
            every: seconds; nothing is done where the last look is not as old.
        """
        if time.monotonic() - self._looked < every:
            return
        self._looked = time.monotonic()
        dead: dict[str, str] = {}
        before, self._alive = self._alive, {node.id: node for node in list_nodes(dead)}
        self._names |= {node.id: node.name for node in self._alive.values()}
        for node in sorted(self._alive.keys() - before.keys(), key=self.name):
            self._say(f"node {self.name(node)} joined")
        for node in sorted(before.keys() - self._alive.keys(), key=self.name):
            why = dead.get(node, "").strip().splitlines()
            self._say(f"node {self.name(node)} is gone{f' ({why[0][:160]})' if why else ''}; {self._left()}")

    def leave_out(self, fault: NodeFault, joining: bool = False) -> bool:
        """Starts nothing on a node any more.

        Args:
            joining: it never took part, so that there may well be others, if not now.

        Returns:
            Whether work items go on, on other nodes; otherwise the node is not left out.
        """
        if fault.node in Placement.left_out:  # another worker on it said the same
            return True
        Placement.left_out.add(fault.node)
        self.look(0.0)
        if not joining and not self._fits():
            Placement.left_out.discard(fault.node)
            return False
        if not joining:
            self._faults[fault.node] = fault
        self._say(f"node {self.name(fault.node)} is left out: {fault.reason}; {self._left()}")
        return True

    def _usable(self) -> list[Mapping[str, float]]:
        return [node.resources for node in self._alive.values() if node.id not in Placement.left_out]

    def _fits(self) -> bool:
        """Whether a work item finds room on the nodes that are left."""
        try:
            return count_fitting(self._item, self._usable(), cap=1) == 1
        except InputError:
            return False

    def _left(self) -> str:
        try:
            count = count_fitting(self._item, self._usable())
        except InputError:
            return "no work item fits on what is left: the search waits for a node"
        return f"the search goes on with {count} work item{'s' if count > 1 else ''} at a time"
