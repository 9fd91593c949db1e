"""Peer: a worker beside the first, which takes part in the stages of one group."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

import ray

from trainables.training.group import node_and_address, prepare_environment
from trainables.work.inspection import Inspection, node_id, read_clock
from trainables.work.node_memory import NodeMemory, read_node_memory
from trainables.work.plan import Plan

if TYPE_CHECKING:
    from trainables.training.stage import StageSpec


class Peer:
    """A worker that takes part in the stages of rank 0. Runs in an actor of its own.

    Args:
        plan: JSON of the plan.
    """

    def __init__(self, plan: str) -> None:
        prepare_environment(len(ray.get_gpu_ids()))
        self._engine: Any = import_module("trainables.training.engine")
        self._process: Any = import_module("trainables.training.process")
        self._worker = import_module("trainables.worker").Worker(Plan.model_validate_json(plan))
        self._part: Callable[[], None] | None = None

    def node_and_address(self) -> tuple[str, str]:
        """The id of this process's node, and its address."""
        return node_and_address()

    def report(self, inspection: Inspection) -> dict[str, bytes]:
        """What the driver has to hear of this node, as `Inspection.report`."""
        return inspection.report()

    def read_clock(self) -> dict[str, float]:
        """This node's clock, as `inspection.read_clock`."""
        return read_clock()

    def prepare(self, spec: StageSpec) -> NodeMemory:
        """Get ready for a stage: model and data. Gives the memory of its node."""
        self._part = self._worker.prepare_part(spec)
        return read_node_memory(node_id())

    def join(self, number: int, world: int, address: str, host: str) -> None:
        """Become worker `number` of the group that rank 0 opened at `address`."""
        self._engine.join(number, world, self._process.find_meeting(address, world), address, host)

    def train(self) -> None:
        """Take part in the stage that was prepared."""
        assert self._part is not None
        part, self._part = self._part, None
        part()
