"""The trainable that Ray Tune starts: a warm worker that computes one work item after the other. No torch here."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Protocol

import ray
from ray import tune

from trainables.peer import Peer
from trainables.training.group import Group, prepare_environment
from trainables.work.failures import WorkersLost
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress
from trainables.work.plan import Plan

WORKER = "trainables.worker:Worker"
"""The worker class by name: importing it imports torch, which the driver must not."""


class Worker(Protocol):
    """What computes work items and keeps models and data warm between them.

    It is made with the plan, and with its group where the plan has several workers.
    """

    def run(self, item: WorkItem, halvings: int = 0) -> Iterator[Progress | Outcome]:
        """Yields progress between the parts, and exactly one outcome last; its exceptions become outcomes too.

        Args:
            halvings: of the batches, because an earlier worker ran out of memory and was ended.
        """
        ...


class WorkItemTrainable(tune.Trainable):
    """Computes work items; one actor serves many of them (`reuse_actors=True`).

    Tune's config holds the work item alone, as text, because Tune sends it back with every result and flattens what is
    nested. The plan comes once per actor. Nothing is checkpointed here: what a work item made is in the store, so a
    work item that is started again finds it there.
    """

    def setup(self, config: Mapping[str, Any], plan: str = "", worker: str = WORKER) -> None:
        """Takes the first work item; the worker is made by the first `step`.

        Tune gives the trial of an actor that is still starting to one that is free, and throws the starting one away.
        If its libraries were imported here, which takes longer than a small work item, a lost worker would never be
        replaced.

        Args:
            config: {"item": JSON of the work item}, and "halvings" (how often batches are halved, default 0).
            plan: JSON of the plan.
            worker: "module:class" of the worker.
        """
        self._plan, self._worker_name = plan, worker
        self._worker: Worker | None = None
        self._group: Group | None = None
        self._item: WorkItem
        self._halvings: int
        self._events: Iterator[Progress | Outcome] | None
        self.reset_config(config)

    def step(self) -> dict[str, Any]:
        """Works on to the next event of the work item.

        Returns:
            {"progress": JSON}, or {"outcome": JSON, "done": True} at its end.

        Raises:
            RuntimeError: the worker came to its end without an outcome.
            ImportError: the worker or what it needs is not installed on this node.
            OutOfMemory: this process, or its group, is spoilt by it; in another one a smaller batch may fit.
            Exception: another one that broke the group.
        """
        if self._events is None:
            self._events = self._warm_worker().run(self._item, self._halvings)
        try:
            event = next(self._events, None)
        except WorkersLost:
            traceback.print_exc()
            os._exit(1)  # to be seen as what it is: a worker that died, so that the work item is done again
        if event is None:
            raise RuntimeError(f"{self._worker_name} ended without an outcome")
        if isinstance(event, Outcome):
            return {"outcome": event.model_dump_json(), "done": True}
        return {"progress": event.model_dump_json(), "done": False}

    def reset_config(self, new_config: Mapping[str, Any]) -> bool:
        """Turns to the next work item."""
        self._item = WorkItem.from_dict(json.loads(new_config["item"]))
        self._halvings = int(new_config.get("halvings", 0))
        self._events = None
        return True

    def cleanup(self) -> None:
        """Ends the process of a broken group: a thread of it may wait in a collective for ever, and hold a GPU."""
        if self._group is not None and self._group.broken:
            os._exit(0)

    def _warm_worker(self) -> Worker:
        if self._worker is None:
            plan = Plan.model_validate_json(self._plan)
            if plan.workers > 1:
                self._group = Group(self._plan, plan.workers, Peer)  # first, so that peers start while this one imports
            prepare_environment(len(ray.get_gpu_ids()))
            module, _, name = self._worker_name.partition(":")
            make = getattr(import_module(module), name)
            self._worker = make(plan) if self._group is None else make(plan, self._group)
        return self._worker
