"""The memory of a node: how much there is, how much is free, and whether its kernel ended processes for lack of it.

In a container that is what its control group says, of version 1 or 2. No torch here, and Ray only where it is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ANSWER_SECONDS = 20.0
"""How long a node may take to answer; it has to start a process first, and was just short of memory."""

GROUPS = Path("/sys/fs/cgroup")
"""Where control groups are mounted."""


@dataclass(frozen=True)
class NodeMemory:
    """The memory of a node at one moment, in bytes.

    Args:
        node: Ray's id of it; empty: not asked by Ray.
        total: what all processes may use together.
        free: what they could still take.
        kills: processes that the kernel has ended there for lack of memory, ever.
    """

    node: str
    total: int
    free: int
    kills: int


def read_node_memory(node: str = "") -> NodeMemory:
    """The memory of the node that this process runs on."""
    machine = psutil.virtual_memory()
    total, free, kills = machine.total, machine.available, _read_number(Path("/proc/vmstat"), "oom_kill")
    folders = _own_groups()
    for folder in folders:
        limit = _read_number(folder / "memory.max") or _read_number(folder / "memory.limit_in_bytes")
        if limit is None or limit >= machine.total:
            continue
        used = _read_number(folder / "memory.current") or _read_number(folder / "memory.usage_in_bytes") or 0
        files = _read_number(folder / "memory.stat", "inactive_file") or 0  # pages that are given up when asked for
        total, free = min(total, limit), min(free, max(0, limit - used + files))
    for folder in folders[:1]:  # the machine's own number counts other containers, too
        own = _read_number(folder / "memory.events", "oom_kill")
        if own is None:
            own = _read_number(folder / "memory.oom_control", "oom_kill")
        kills = own if own is not None else kills
    return NodeMemory(node, total, free, kills or 0)


def ask_node(node: str, seconds: float = ANSWER_SECONDS) -> NodeMemory | None:
    """The memory of a node of the cluster; None: it does not answer. Ray has to be connected."""
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    pinned: Any = ray.remote(read_node_memory).options(
        num_cpus=0, max_retries=0, scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
    )
    try:
        answer = ray.get(pinned.remote(node), timeout=seconds)
    except ray.exceptions.RayError:
        return None
    return answer if isinstance(answer, NodeMemory) else None


def killed_since(before: NodeMemory) -> str | None:
    """Why a process that died on a node did so, if the node's kernel has ended one since `before` for lack of memory.

    Returns:
        A sentence's part with figures; None: the kernel has ended none, or the node does not answer.
    """
    now = ask_node(before.node)
    if now is None or now.kills <= before.kills:
        return None
    sizes = f"{before.total / 1e9:.1f} GB, of which {before.free / 1e9:.1f} GB were free when it began"
    return f"the kernel ended the worker because its node ran out of memory ({sizes})"


def _own_groups() -> list[Path]:
    """Folders of the control group of this process and of those that it lies in, its own first."""
    try:
        lines = Path("/proc/self/cgroup").read_text().splitlines()
    except OSError:
        return []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        top = GROUPS / "memory" if controllers else GROUPS
        own = top / path.lstrip("/")
        own = own if own.is_dir() else top  # a container may see its own group as the top
        folders = [own, *(folder for folder in own.parents if folder.is_relative_to(top))]
        if any((folder / name).is_file() for folder in folders for name in ("memory.events", "memory.oom_control")):
            return folders
    return []


def _read_number(file: Path, name: str = "") -> int | None:
    """The number that a file holds, or that stands behind a name in it; None: there is no such thing, or no limit."""
    try:
        rows = [line.split() for line in file.read_text().splitlines()]
    except OSError:
        return None
    values = [row[-1] for row in rows if row and (not name or row[0] == name)]
    return int(values[0]) if values and values[0].isdigit() else None
