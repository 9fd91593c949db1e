"""The survey of a cluster: every node is asked for its report before the first work item.

A task is pinned to each node that is alive; it takes no CPU, so that a cluster that is busy answers too.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cluster.node_report import NodeReport, ReportRequest, first_line, make_report, read_clock, remove_probe
from cluster.resources import ItemResources, count_fitting
from spaces.errors import Failure, InputError
from trainables.store.filesystem import Files, StoreError
from trainables.store.patience import TOLD_EVERY

ANSWER_SECONDS = 120.0
"""How long a node may take to answer. On a cluster it may have to unpack our packages and start a process first."""

ROOM_SECONDS, ROOM_PAUSE = 600.0, 2.0
"""How long nodes may take to come, and between two looks."""

REMOVE_SECONDS = 5.0
"""How long the nodes may take to remove their probes that the driver does not see."""


@dataclass(frozen=True)
class Node:
    """A node of the cluster that is alive.

    Args:
        id: Ray's.
        name: for people; no two nodes of a cluster have the same.
        resources: by Ray's names ("CPU", "GPU", "memory" in bytes, ...).
    """

    id: str
    name: str
    resources: Mapping[str, float]


@dataclass(frozen=True)
class Answer:
    """What came back from a node.

    Args:
        report: None: no answer, for `reason`.
        clock_ahead: seconds that the node's clock is ahead of the driver's, give or take `clock_error`.
        probe_arrived: whether the driver finds in the store what the node wrote.
    """

    node: Node
    report: NodeReport | None
    reason: str = ""
    clock_ahead: float = 0.0
    clock_error: float = 0.0
    probe_arrived: bool = False


def list_nodes(dead: dict[str, str] | None = None) -> list[Node]:
    """The nodes that are alive, by name. Ray has to be connected.

    Args:
        dead: gets what Ray says of the others, by their ids.
    """
    ray: Any = import_module("ray")  # it does not tell mypy what `nodes` is
    found = ray.nodes()
    alive = [node for node in found if node["Alive"]]
    if dead is not None:
        dead |= {node["NodeID"]: str(node.get("DeathReasonMessage", "")) for node in found if not node["Alive"]}
    names = [_name(node) for node in alive]
    nodes = [
        Node(node["NodeID"], name if names.count(name) == 1 else f"{name} {node['NodeID'][:6]}", node["Resources"])
        for node, name in zip(alive, names, strict=True)
    ]
    return sorted(nodes, key=lambda node: node.name)


def wait_for_room(item: ItemResources, say: Callable[[str], None], seconds: float = ROOM_SECONDS) -> list[Node]:
    """The nodes that are alive, once a work item fits on them: those of a cluster that was just started come later.

    Args:
        item: what a work item occupies.
        say: told what is waited for, at once and every half minute.
        seconds: how long.

    Raises:
        Failure: none fits after that time.
    """
    began = told = time.monotonic()
    while True:
        nodes, waited = list_nodes(), time.monotonic() - began
        try:
            count_fitting(item, [node.resources for node in nodes], cap=1)
        except InputError as error:
            if waited >= seconds:
                raise Failure(error.problems) from error
            if told == began or time.monotonic() - told >= TOLD_EVERY:
                told, problem = time.monotonic(), error.problems[0]
                say(f"waiting for nodes, {seconds - waited:.0f} s at most: {problem.what} ({problem.found})")
            time.sleep(min(ROOM_PAUSE, seconds))
        else:
            return nodes


def ask(request: ReportRequest, nodes: Sequence[Node], seconds: float = ANSWER_SECONDS) -> Iterator[Answer]:
    """Asks all nodes at once and yields their answers as they come. Ray has to be connected.

    What the nodes write into the store is taken away again.

    Args:
        seconds: a node that is silent for so long is given up.
    """
    ray: Any = import_module("ray")

    def start(function: Callable[..., object], node: Node, *arguments: object) -> Any:
        pinned = ray.remote(function).options(num_cpus=0, max_retries=0, scheduling_strategy=_on(node))
        return pinned.remote(*arguments)

    reporting = {start(make_report, node, request, node.resources.get("GPU", 0) > 0): node for node in nodes}
    ticking: dict[Any, tuple[Node, NodeReport, float]] = {}
    removing: list[Any] = []
    until = time.monotonic() + seconds
    while reporting or ticking:
        ready, _ = ray.wait([*ticking, *reporting], timeout=max(0.0, until - time.monotonic()))
        arrived = time.time()
        if not ready:
            break
        task = ready[0]
        node = reporting[task] if task in reporting else ticking[task][0]
        try:
            answer = ray.get(task)
        except Exception as error:  # Ray's own, and whatever an older version of us raises there
            reporting.pop(task, None)
            ticking.pop(task, None)
            yield Answer(node, None, _reason(error))
            continue
        if reporting.pop(task, None):
            # Asked for the time once it has a process that is warm: the way is short then, and the answer exact.
            ticking[start(read_clock, node)] = (node, answer, time.time())
            continue
        _, report, sent = ticking.pop(task)
        probe_arrived = report.store_problem is None and bool(took(request, report.probe))
        if not probe_arrived and report.store_problem is None:  # it lies where the node alone can reach it
            removing.append(start(remove_probe, node, request.store, report.probe))
        yield Answer(node, report, "", *compare_clocks(sent, answer, arrived), probe_arrived)
    for task, node in [*reporting.items(), *((task, node) for task, (node, _, _) in ticking.items())]:
        ray.cancel(task, force=True)
        yield Answer(node, None, f"no answer within {seconds:g} s")
    if removing:
        ray.wait(removing, num_returns=len(removing), timeout=REMOVE_SECONDS)


def compare_clocks(sent: float, other: float, arrived: float) -> tuple[float, float]:
    """How far another machine's clock is ahead of ours.

    Args:
        sent, arrived: when the question left and the answer came, by our clock; seconds since 1970.
        other: what the other clock showed in between.

    Returns:
        Seconds ahead, and by how much that may be wrong: half of the time on the way, which is all that is unknown
        (as NTP does it: RFC 5905, section 8).
    """
    return other - (sent + arrived) / 2, max(0.0, (arrived - sent) / 2)


def count_lent_gpus() -> float:
    """GPUs of the whole cluster that Ray has given to somebody."""
    ray: Any = import_module("ray")
    return float(ray.cluster_resources().get("GPU", 0) - ray.available_resources().get("GPU", 0))


def took(request: ReportRequest, probe: str) -> bool | None:
    """Whether the driver finds in the store what a node wrote; takes it away. None: it cannot use the store itself."""
    if not request.probe:
        return False
    try:
        store = Files(request.store)
        if store.read(probe) is None:
            return False
        store.remove(probe)
    except StoreError:
        return None
    return True


def _name(node: Mapping[str, Any]) -> str:
    address, name = node["NodeManagerAddress"], node["NodeName"]
    return f"{node['NodeManagerHostname'] if name == address else name} ({address})"


def _on(node: Node) -> Any:
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return NodeAffinitySchedulingStrategy(node.id, soft=False)


def _reason(error: Exception) -> str:
    """The cause of what Ray raised, in a line: its own texts are pages long."""
    cause = getattr(error, "cause", None)
    return first_line(cause if isinstance(cause, Exception) else error)
