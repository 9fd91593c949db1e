"""The nodes that a search runs on: who joins, who is lost, and who is left out because it does not do.

A fault of one node is that node's: no work item is started there any more, and the search goes on with the others. A
fault that every node has is the search's.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from cluster.placement import Placement
from cluster.resources import ItemResources, count_fitting
from cluster.survey import Node, list_nodes
from search.answers.status import NodeState
from search.studies.live import LiveNode, LiveNodes
from spaces.errors import InputError, Problem
from trainables.work.failures import NodeFault
from trainables.work.inspection import Inspection

LOOK_SECONDS = 5.0
"""Between two looks at which nodes there are."""

LONGEST_REASON = 160
"""Characters of why a node is lost or left out."""


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
        at_most: work items at a time that are wanted.
        say: told who joins, who is lost and who is left out.
        show: told what nodes there are, whenever that changes.
        left_out: nodes that do not do, Ray's ids -> why; more may follow.
    """

    def __init__(
        self,
        item: ItemResources,
        at_most: int,
        say: Callable[[str], None] = lambda line: None,
        show: Callable[[LiveNodes], None] = lambda nodes: None,
        left_out: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._item, self._at_most, self._say, self._show = item, at_most, say, show
        self._alive = {node.id: node for node in list_nodes()}
        self._names = {node.id: node.name for node in self._alive.values()}
        self._looked = time.monotonic()
        Placement.left_out = set(left_out)
        self._faults: dict[str, NodeFault] = {}  # of nodes that took part: what they failed of
        self._seen: dict[str, LiveNode] = {}  # by Ray's ids
        for node in self._alive.values():
            self._note(node, "left_out" if node.id in left_out else "works", left_out.get(node.id, ""))
        self._show(self._now())

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
        if self._alive.keys() == before.keys():
            return
        for node in sorted(before.keys() - self._alive.keys(), key=self.name):  # first: it may be back already
            why = (dead.get(node, "").strip().splitlines() or [""])[0][:LONGEST_REASON]
            self._note(before[node], "lost", why)
            self._say(f"node {self.name(node)} is gone{f' ({why})' if why else ''}; {self._left()}")
        for node in sorted(self._alive.keys() - before.keys(), key=self.name):
            self._note(self._alive[node], "works")
            self._say(f"node {self.name(node)} joined")
        self._show(self._now())

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
        if fault.node in self._alive:
            self._note(self._alive[fault.node], "left_out", fault.reason[:LONGEST_REASON])
            self._show(self._now())
        self._say(f"node {self.name(fault.node)} is left out: {fault.reason}; {self._left()}")
        return True

    def _note(self, node: Node, state: NodeState, why: str = "") -> None:
        """Remember how a node is; a head that computes nothing is not counted.

        A machine whose Ray was started again is another node, which may join before Ray gives up the one before. It
        stands here once, as the later one.
        """
        if not node.resources.get("CPU"):
            return
        name = node.name.removesuffix(f" {node.id[:6]}")
        others = [id for id, seen in self._seen.items() if seen.name == name and id != node.id]
        for id in others:
            if self._seen[id].state == "lost":
                del self._seen[id]
        order = list(self._seen)  # as they joined
        if state == "lost" and any(order.index(id) > order.index(node.id) for id in others if id in self._seen):
            del self._seen[node.id]
        else:
            self._seen[node.id] = LiveNode(name=name, state=state, why=why, since=time.time())

    def _now(self) -> LiveNodes:
        return LiveNodes(nodes=tuple(sorted(self._seen.values(), key=lambda node: node.name)), at_once=self._room())

    def _usable(self) -> list[Mapping[str, float]]:
        return [node.resources for node in self._alive.values() if node.id not in Placement.left_out]

    def _fits(self) -> bool:
        """Whether a work item finds room on the nodes that are left."""
        return self._room() > 0

    def _room(self) -> int:
        """How many work items run at a time on the nodes that are left."""
        try:
            return count_fitting(self._item, self._usable(), cap=self._at_most)
        except InputError:
            return 0

    def _left(self) -> str:
        count = self._room()
        if not count:
            return "no work item fits on what is left: the search waits for a node"
        return f"the search goes on with {count} work item{'s' if count > 1 else ''} at a time"
