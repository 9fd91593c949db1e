"""Asks every node of the cluster to look around before the first work item; a task pinned to each, with no CPU."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from cluster.node_report import Asked, Seen, first_line, forget, look, now
from trainables.store.filesystem import Files, StoreError

ANSWER_SECONDS = 120.0
"""How long a node may take to answer. On a cluster it may have to unpack our packages and start a process first."""

FORGET_SECONDS = 5.0


@dataclass(frozen=True)
class Node:
    """A node of the cluster that is alive.

    Args:
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
        seen: None: no answer, for `reason`.
        ahead: seconds that the node's clock is ahead of the driver's, give or take `unsure`.
        read: whether the driver finds in the store what the node wrote.
    """

    node: Node
    seen: Seen | None
    reason: str = ""
    ahead: float = 0.0
    unsure: float = 0.0
    read: bool = False


def nodes() -> list[Node]:
    """The nodes that are alive, by name."""
    ray: Any = import_module("ray")  # it does not tell mypy what `nodes` is
    alive = [node for node in ray.nodes() if node["Alive"]]
    names = [_name(node) for node in alive]
    found = [
        Node(node["NodeID"], name if names.count(name) == 1 else f"{name} {node['NodeID'][:6]}", node["Resources"])
        for node, name in zip(alive, names, strict=True)
    ]
    return sorted(found, key=lambda node: node.name)


def ask(asked: Asked, nodes: Sequence[Node], seconds: float = ANSWER_SECONDS) -> Iterator[Answer]:
    """Asks all nodes at once and yields their answers as they come; Ray has to be connected.

    A node that is silent for `seconds` is given up. What the nodes write into the store is taken away again.
    """
    ray: Any = import_module("ray")

    def start(function: Callable[..., object], node: Node, *arguments: object) -> Any:
        pinned = ray.remote(function).options(num_cpus=0, max_retries=0, scheduling_strategy=_on(node))
        return pinned.remote(*arguments)

    looking = {start(look, node, asked, node.resources.get("GPU", 0) > 0): node for node in nodes}
    ticking: dict[Any, tuple[Node, Seen, float]] = {}
    forgetting: list[Any] = []
    until = time.monotonic() + seconds
    while looking or ticking:
        ready, _ = ray.wait([*ticking, *looking], timeout=max(0.0, until - time.monotonic()))
        got = time.time()
        if not ready:
            break
        node = looking[ready[0]] if ready[0] in looking else ticking[ready[0]][0]
        try:
            answer = ray.get(ready[0])
        except Exception as error:  # Ray's own kinds, and whatever an older version of us raises there
            looking.pop(ready[0], None)
            ticking.pop(ready[0], None)
            yield Answer(node, None, _reason(error))
            continue
        if looking.pop(ready[0], None):
            # Asked for the time once it has a process that is warm: the way is short then, and the answer exact.
            ticking[start(now, node)] = (node, answer, time.time())
            continue
        _, seen, sent = ticking.pop(ready[0])
        read = seen.store_problem is None and _took(asked, seen.written)
        if not read and seen.store_problem is None:  # it lies where the node alone can reach it
            forgetting.append(start(forget, node, asked.store, seen.written))
        yield Answer(node, seen, "", *clock_difference(sent, answer, got), read)
    for task, node in [*looking.items(), *((task, node) for task, (node, _, _) in ticking.items())]:
        ray.cancel(task, force=True)
        yield Answer(node, None, f"no answer within {seconds:g} s")
    if forgetting:
        ray.wait(forgetting, num_returns=len(forgetting), timeout=FORGET_SECONDS)


def clock_difference(sent: float, other: float, got: float) -> tuple[float, float]:
    """How far another clock is ahead of ours.

    Args:
        sent, got: when the question left and the answer came, by our clock; seconds.
        other: what the other clock showed in between.

    Returns:
        Seconds ahead, and by how much that may be wrong: half of the time on the way, which is all that is unknown.
    """
    return other - (sent + got) / 2, max(0.0, (got - sent) / 2)


def lent_gpus() -> float:
    """GPUs of the whole cluster that Ray has given to somebody."""
    ray: Any = import_module("ray")
    return float(ray.cluster_resources().get("GPU", 0) - ray.available_resources().get("GPU", 0))


def _took(asked: Asked, name: str) -> bool:
    """Whether the driver finds in the store what a node wrote; takes it away."""
    if not asked.probe:
        return False
    try:
        store = Files(asked.store)
        found = store.read(name) is not None
        if found:
            store.remove(name)
    except StoreError:
        return False
    return found


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
