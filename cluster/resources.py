"""What one work item occupies on a cluster, and how many of them run at once. No torch here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spaces.errors import InputError, Problem

if TYPE_CHECKING:
    from cluster.placement import Placement

Bundle = dict[str, float]
"""What one process needs on one node, by Ray's names ("CPU", "GPU")."""


@dataclass(frozen=True)
class ItemResources:
    """What one work item occupies.

    Args:
        cpus: CPU cores of each worker.
        gpus: GPUs of each worker.
        workers: processes that train together (data parallel); the work item's own actor is the first of them.

    Raises:
        InputError: a number that no work item can run with.
    """

    cpus: float = 1
    gpus: float = 0
    workers: int = 1

    def __post_init__(self) -> None:
        problems = []
        if self.cpus <= 0:
            problems.append(Problem("a work item needs CPU cores", "cpus", str(self.cpus), "a number above 0"))
        if self.gpus < 0 or (self.gpus > 1 and self.gpus != int(self.gpus)):
            # Ray refuses 1.5 GPUs with an exception of its own at the first placement.
            problems.append(Problem("not a share of GPUs", "gpus", str(self.gpus), "0, a share below 1, or 1, 2, ..."))
        if self.workers < 1:
            problems.append(Problem("somebody has to train", "workers", str(self.workers), "1 or more"))
        if problems:
            raise InputError(problems)

    def bundles(self) -> list[Bundle]:
        """What Ray has to reserve: one bundle per worker, the first of them for the work item's own actor."""
        each: Bundle = {"CPU": self.cpus, "GPU": self.gpus} if self.gpus else {"CPU": self.cpus}
        return [dict(each) for _ in range(self.workers)]

    def placement(self) -> Placement:
        """The bundles as Ray Tune takes them, packed on as few nodes as possible."""
        from cluster.placement import Placement

        return Placement(self.bundles(), strategy="PACK")

    def __str__(self) -> str:
        each = f"{self.cpus:g} CPU" + (f" and {self.gpus:g} GPU" if self.gpus else "")
        return each if self.workers == 1 else f"{self.workers} workers with {each} each"


def count_fitting(
    item: ItemResources, nodes: Sequence[Mapping[str, float]], cap: int | None = None, growing: bool = False
) -> int:
    """Counts how many work items run at once: as many as fit on the nodes, at most `cap`.

    Args:
        item: what one occupies.
        nodes: per node, its resources by Ray's names ("CPU", "GPU").
        cap: the most that are wanted.
        growing: a cluster whose autoscaler may add nodes when work items wait, so that `cap` is what it is asked for.

    Raises:
        InputError: not even one fits, or `cap` is below 1.
    """
    if cap is not None and cap < 1:
        raise InputError(Problem("at least one work item has to run", "concurrency", str(cap), "1 or more"))
    free = [{name: float(node.get(name, 0)) for name in ("CPU", "GPU")} for node in nodes]
    count = 0
    while (cap is None or count < cap) and _take_room(item.bundles(), free):
        count += 1
    if count == 0 and not any(node["CPU"] for node in free):
        what, fix = (
            "no node has CPUs for work items",
            "are the workers started? `ray status` shows which nodes there are",
        )
        raise InputError(Problem(what, found=f"{len(free)} nodes" if free else "no node at all", fix=fix))
    if count == 0:
        have = "; ".join(f"{node['CPU']:g} CPU, {node['GPU']:g} GPU" for node in free) or "no node at all"
        raise InputError(
            Problem(
                "not even one work item fits on the cluster",
                found=f"asked: {item}; nodes: {have}",
                fix="ask for less per work item, or start Ray with more (ray status shows what it has)",
            )
        )
    return cap if cap is not None and growing else count


def _take_room(bundles: Sequence[Bundle], free: list[dict[str, float]]) -> bool:
    """Takes the bundles off the nodes, each from the first with room; takes nothing when not all have room."""
    left = [dict(node) for node in free]
    for bundle in bundles:
        room = next((node for node in left if all(node[name] >= need for name, need in bundle.items())), None)
        if room is None:
            return False
        for name, need in bundle.items():
            room[name] -= need
    free[:] = left
    return True
