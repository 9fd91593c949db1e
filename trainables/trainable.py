"""The trainable that Ray Tune starts: a warm actor that computes one work item after the other. No torch here."""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Iterator, Mapping
from importlib import import_module
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol

import ray
from ray import tune

from trainables.peer import Peer
from trainables.training.group import Group, prepare_environment
from trainables.work.failures import NodeFault, WorkersLost, is_out_of_memory
from trainables.work.inspection import Inspection, node_id, read_clock
from trainables.work.item import WorkItem
from trainables.work.node_memory import NodeMemory, read_node_memory
from trainables.work.outcome import Outcome, Progress, Report
from trainables.work.plan import Plan

WORKER = "trainables.worker:Worker"
"""The runner of work items by name: importing it imports torch, which the driver must not."""


class WorkItemRunner(Protocol):
    """What computes work items and keeps models and data warm between them.

    It is made with the plan, and with its group where the plan has several workers.
    """

    def run(self, item: WorkItem, report: Report, batch_halvings: int) -> Outcome:
        """Compute a work item; what goes wrong in it is told in the outcome.

        Args:
            report: told its progress, by whichever thread.
            batch_halvings: begin with batches so many times halved, because an earlier actor ran out of memory and was
                ended.

        Raises:
            Exception: after it this process has to end.
        """
        ...


RAYLET_SECONDS = 5.0
"""Between two looks at whether the raylet is there."""


class WorkItemTrainable(tune.Trainable):
    """Computes work items; one actor serves many of them (`reuse_actors=True`).

    Tune's config holds the work item alone, as text, because Tune sends it back with every result and flattens what is
    nested. The plan comes once per actor. Nothing is checkpointed here: what a work item made is in the store, so a
    work item that is started again finds it there.

    Work items run in one thread beside the one that Tune calls, since Tune hears of progress by what `step` returns.
    It is the same thread for all of them, because torch, oneDNN and OpenMP keep state by thread; and a daemon, so that
    nobody waits for it who wants this process to end.
    """

    def setup(
        self, config: Mapping[str, Any], plan: str = "", worker: str = WORKER, inspection: Inspection | None = None
    ) -> None:
        """Takes the first work item; the runner is made by the first `step`.

        Tune gives the trial of an actor that is still starting to one that is free, and throws the starting one away.
        If its libraries were imported here, which takes longer than a small work item, a lost actor would never be
        replaced.

        Args:
            config: {"item": JSON of the work item}, and "batch_halvings" (how often batches are halved, default 0).
            plan: JSON of the plan.
            worker: "module:class" of the runner.
            inspection: what to tell of this node; None: nothing.
        """
        self._news = self._tell_of_nodes(inspection) if inspection is not None else iter(())
        self._plan, self._runner_name = plan, worker
        self._runner: WorkItemRunner | None = None
        self._group: Group | None = None
        self._is_running: bool
        Thread(target=_end_with, args=(os.getppid(),), name="raylet watch", daemon=True).start()
        self._begun: SimpleQueue[tuple[WorkItem, int]] = SimpleQueue()
        self._events: SimpleQueue[Progress | Outcome | BaseException] = SimpleQueue()
        self.reset_config(config)

    def step(self) -> dict[str, Any]:
        """Begins the work item, if it has not begun, and waits for what comes of it next.

        Where the driver does not know the node yet, the first step tells of it and the second one of its clock. A node
        that does not do has this process ended before the third one.

        Returns:
            {"progress": JSON}, or {"outcome": JSON, "done": True} at its end. Before: {"reports": {node: report}}, then
            {"clocks": {node: seconds since 1970}}, with Ray's ids of the nodes.

        Raises:
            NodeFault: store, cache or hub failed as this node sees them, or the runner cannot be made here.
            OutOfMemory: this process, or its group, is spoilt by it; in another one a smaller batch may fit.
            Exception: another one that broke the group.
        """
        if not self._is_running:
            try:
                news = next(self._news, None)
            except WorkersLost as error:
                raise _end(error) from error
            if news is not None:
                return {**news, "done": False}
            self._start_runner()
            self._begun.put((self._item, self._batch_halvings))
            self._is_running = True
        event = self._events.get()
        if isinstance(event, Progress):
            return {"progress": event.model_dump_json(), "done": False}
        if isinstance(event, Outcome):
            if event.failure is not None and event.failure.kind == "environment":
                raise NodeFault(node_id(), event.failure.message, event.failure.details)
            return {"outcome": event.model_dump_json(), "done": True}
        raise _end(event) if isinstance(event, WorkersLost) else event

    def reset_config(self, new_config: Mapping[str, Any]) -> bool:
        """Turns to the next work item."""
        self._item = WorkItem.from_dict(json.loads(new_config["item"]))
        self._batch_halvings = int(new_config.get("batch_halvings", 0))
        self._is_running = False
        return True

    def node_memory(self) -> NodeMemory:
        """The memory of the node that this actor is on."""
        return read_node_memory(node_id())

    def cleanup(self) -> None:
        """Ends the process of a broken group: a thread of it may wait in a collective for ever, and hold a GPU."""
        if self._group is not None and self._group.broken:
            os._exit(0)

    def _tell_of_nodes(self, inspection: Inspection) -> Iterator[dict[str, Any]]:
        """What the driver has to hear, before anything is computed, of the nodes of this worker and its peers."""
        reports, group = inspection.report(), self._make_group()
        for of_peer in group.ask_all("report", inspection) if group is not None else ():
            reports |= of_peer
        if reports:
            yield {"reports": reports}
            clocks = read_clock()
            for of_peer in group.ask_all("read_clock") if group is not None else ():
                clocks |= of_peer
            yield {"clocks": clocks}

    def _make_group(self) -> Group | None:
        """The workers that train together, made once; None where this one trains alone."""
        plan = Plan.model_validate_json(self._plan)
        if plan.workers > 1 and self._group is None:
            self._group = Group(self._plan, plan.workers, Peer)
        return self._group

    def _start_runner(self) -> None:
        """Make the runner and its thread, once. It is imported in this thread, the only one that may handle signals."""
        if self._runner is not None:
            return
        try:
            plan, group = Plan.model_validate_json(self._plan), self._make_group()  # peers start while this one imports
            prepare_environment(len(ray.get_gpu_ids()))
            module, _, name = self._runner_name.partition(":")
            make = getattr(import_module(module), name)
            self._runner = make(plan) if group is None else make(plan, group)
        except Exception as error:
            if is_out_of_memory(error):
                raise
            reason = f"no worker can be made: {type(error).__name__}: {error}"
            raise NodeFault(node_id(), reason, traceback.format_exc()) from error
        Thread(target=self._serve, args=(self._runner,), name="work items", daemon=True).start()

    def _serve(self, runner: WorkItemRunner) -> None:
        """The thread: compute what is begun, one work item after the other."""
        while True:
            item, batch_halvings = self._begun.get()
            try:
                self._events.put(runner.run(item, self._events.put, batch_halvings))
            except BaseException as error:
                self._events.put(error)


def _end(error: WorkersLost) -> WorkersLost:
    """End this process, to be seen as what it is: a worker that died, so that the work item is done again."""
    traceback.print_exception(error)
    os._exit(1)
    return error


def _end_with(raylet: int) -> None:
    """End this process when its raylet is gone: of a node that was cut off Ray leaves it, with its memory and GPU."""
    while os.getppid() == raylet:
        time.sleep(RAYLET_SECONDS)
    os._exit(1)
