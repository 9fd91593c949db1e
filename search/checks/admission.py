"""Admission: what a node has to be like that joins a search while it runs.

The same questions and the same judgement as before a launch. There the driver asks each node; here the first worker on
a node tells of it, so that nothing is computed on one that was not looked at.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from cluster.connect import Connection
from cluster.node_report import NodeReport, ReportRequest, Software, list_software
from cluster.resources import ItemResources
from cluster.survey import Answer, Node, compare_clocks, took
from search.checks.doctor import leave_probe, make_request
from search.checks.node_checks import of_node
from search.config.workspace import Workspace
from spaces.errors import Problem
from trainables.work.inspection import Inspection

REPORTER = "cluster.node_report:report"


@dataclass(frozen=True)
class Admission:
    """What is asked of nodes that join, and what they have to be like.

    Args:
        request: what a worker there finds out.
        here: the software of the driver's machine.
        item: what a work item occupies.
        known: Ray's ids of the nodes that were looked at before.
    """

    request: ReportRequest
    here: Software
    item: ItemResources
    known: frozenset[str]

    @property
    def inspection(self) -> Inspection:
        return Inspection(REPORTER, pickle.dumps(self.request), self.known)

    def judge(self, node: Node, report: bytes, sent: float, clock: float, arrived: float) -> list[Problem]:
        """As `search.scheduling.nodes.Admission` says."""
        found: NodeReport = pickle.loads(report)
        # A store that the driver cannot use now is no fault of the node's.
        arrived_here = found.store_problem is None and took(self.request, found.probe) is not False
        answer = Answer(node, found, "", *compare_clocks(sent, clock, arrived), arrived_here)
        return [
            check.problem for check in of_node(answer, self.request, self.here, self.item) if check.state == "failed"
        ]


@contextmanager
def admission(
    workspace: Workspace, item: ItemResources, connection: Connection, known: Iterable[Node]
) -> Iterator[Admission | None]:
    """The admission to a search while it runs; None where no node can join: a local Ray is this machine alone.

    What joining nodes look for lies in store and cache until the end.

    Args:
        known: the nodes that were looked at before the launch.
    """
    if connection.address is None:
        yield None
        return
    plan = workspace.plan
    with leave_probe(workspace) as probe:
        request = replace(make_request(plan, workspace.config.model, connection, probe), patience=plan.patience)
        yield Admission(request, list_software(), item, frozenset(node.id for node in known))
