"""Runs an agenda on Ray Tune. The only file that knows Tune's Tuner; Ray has to be connected."""

from __future__ import annotations

import os
import re
import shutil
import signal
import tempfile
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from enum import Enum
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any

import ray
from ray import tune
from ray.air.execution._internal import RayActorManager
from ray.exceptions import RayActorError, RayError, RayTaskError

from cluster.connect import environment
from cluster.resources import ItemResources
from search.scheduling.nodes import Admission, Nodes
from search.scheduling.searcher import Agenda, AgendaSearcher, WorkerDied
from search.scheduling.warm_workers import InOrder, idle_workers_are_kept
from search.studies.live import LiveNodes
from trainables.trainable import WORKER, WorkItemTrainable
from trainables.work.failures import NodeFault, OutOfMemory, is_out_of_memory
from trainables.work.node_memory import NodeMemory, killed_since
from trainables.work.plan import Plan

SECOND_SIGNAL_EXIT = 130

TUNE_ENVIRONMENT = {
    "TUNE_DISABLE_SIGINT_HANDLER": "1",  # signals are ours, below
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",  # no JSON, CSV and TensorBoard files per trial
    "TUNE_PRINT_ALL_TRIAL_ERRORS": "0",
    "RAY_AIR_NEW_OUTPUT": "0",  # the new output prints a banner at verbosity 0, the old one nothing
    "TUNE_GLOBAL_CHECKPOINT_S": "1e9",  # Tune's own state is never read again
}


MEMORY_FOUND = re.compile(r"\bwas ([\d.]+ ?GB(?: used)? / [\d.]+ ?GB)")
"""In Ray's text, how much of a node's memory was in use when it ended a worker."""


class SearchEnd(Enum):
    """How a run came to its end."""

    OVER = "over"
    STOPPED = "stopped"  # the agenda had a reason: see its `stop_reason`
    INTERRUPTED = "interrupted"  # by SIGINT or SIGTERM


def run(
    plan: Plan,
    agenda: Agenda,
    resources: ItemResources,
    concurrency: int,
    *,
    retries: int = 3,
    worker: str = WORKER,
    say: Callable[[str], None] = lambda line: None,
    show_nodes: Callable[[LiveNodes], None] = lambda nodes: None,
    before_exit: Callable[[], None] | None = None,
    admission: Admission | None = None,
    left_out: Mapping[str, str] = MappingProxyType({}),
) -> SearchEnd:
    """Runs the agenda's work items until it is over, wants to stop, or a signal comes.

    When it does not run to its end, the work items that run are abandoned: the agenda hears nothing more of them. The
    first SIGINT or SIGTERM ends the run within seconds, the second one ends this process at once.

    Args:
        plan: what all work items share.
        agenda: which work item is next, and where results go.
        resources: what one work item occupies.
        concurrency: how many run at once.
        retries: how often a work item is started again after its worker died; for lack of memory see
            `plan.max_batch_halvings`.
        worker: "module:class" of the worker.
        say: told in a line why a work item is started again.
        show_nodes: told on which nodes the search runs, whenever that changes.
        before_exit: called before this process ends on a second signal, to leave the terminal in order.
        admission: what a node that joins later has to be like; None: none will.
        left_out: nodes that nothing is started on, Ray's ids -> why.
    """
    nodes = Nodes(resources, concurrency, say, show_nodes, left_out)
    searcher = AgendaSearcher(agenda, retries, plan.max_batch_halvings, say, nodes.leave_out)
    watch = _Watch(searcher, nodes, admission)
    inspection = admission.inspection if admission is not None else None
    # On this machine alone: nothing of it is needed elsewhere or later.
    folder = tempfile.mkdtemp(prefix="taskmix-tune-")
    try:
        with (
            _signals(searcher, before_exit),
            environment(TUNE_ENVIRONMENT),
            kills_are_deaths(),
            idle_workers_are_kept(),
            warnings.catch_warnings(),
        ):
            warnings.simplefilter("ignore")
            trainable = tune.with_parameters(
                WorkItemTrainable, plan=plan.model_dump_json(), worker=worker, inspection=inspection
            )
            tuner = tune.Tuner(
                tune.with_resources(trainable, resources.placement()),
                tune_config=tune.TuneConfig(
                    num_samples=-1,
                    search_alg=searcher,
                    scheduler=InOrder(),
                    max_concurrent_trials=concurrency,
                    reuse_actors=True,
                    trial_dirname_creator=lambda trial: str(trial.trial_id),
                ),
                run_config=tune.RunConfig(
                    name="search",
                    storage_path=folder,
                    verbose=0,
                    progress_reporter=tune.CLIReporter(),  # silent; that of notebooks clears what they show
                    callbacks=[watch],
                    failure_config=tune.FailureConfig(max_failures=0),
                    checkpoint_config=tune.CheckpointConfig(checkpoint_at_end=False),
                ),
            )
            with suppress(_HaltError):
                tuner.fit()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if searcher.halted:
        return SearchEnd.INTERRUPTED
    return SearchEnd.STOPPED if agenda.stop_reason is not None else SearchEnd.OVER


class _HaltError(Exception):
    """Leaves Tune's loop, also at a regular end: what Tune does after it reads a file per trial that is not there."""


class _Watch(tune.Callback):
    """Sees what Tune tells no searcher: why a trial failed, and its workers, to end them on a halt or on a bad node."""

    def __init__(self, searcher: AgendaSearcher, nodes: Nodes, admission: Admission | None) -> None:
        self._searcher, self._nodes, self._admission = searcher, nodes, admission
        self._reports: dict[str, tuple[Mapping[str, bytes], float]] = {}  # trial -> what it told, and when
        self._refused: dict[str, NodeFault] = {}
        self._actors: dict[str, Any] = {}
        self._memory: dict[str, Any] = {}  # trial -> reference to the memory of its worker's node when it began
        self._homes: dict[int, str] = {}  # worker -> its node, once it has come to the end of a trial

    def __getstate__(self) -> dict[str, Any]:
        """Nothing, as of the searcher."""
        return {}

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Ten times a second at least.

        Raises:
            _HaltError: the run has to end.
        """
        self._nodes.look()
        if fault := self._nodes.fault_of_all:
            self._searcher.give_up(fault)
        if self._searcher.halting:
            # Tune asks workers to stop and waits 15 s for those that are busy; dead ones it forgets at once.
            for actor in self._actors.values():
                ray.kill(actor)
            raise _HaltError

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """As `on_step_begin`."""
        if self._searcher.finished:
            raise _HaltError

    def on_trial_start(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        actor = self._actors[trial.trial_id] = trial.temporary_state.ray_actor
        self._memory[trial.trial_id] = actor.node_memory.remote()  # answered at once: the first step comes after it

    def on_trial_result(
        self, iteration: int, trials: list[Any], trial: Any, result: dict[str, Any], **info: Any
    ) -> None:
        """Judges nodes that joined, before anything is computed there: Tune calls for the next step after this."""
        name = trial.trial_id
        if "reports" in result:
            self._reports[name] = result["reports"], time.time()
        elif "clocks" in result and name in self._reports and self._admission is not None:
            reports, asked = self._reports.pop(name)
            clocks, arrived = result["clocks"], time.time()
            for node, report in reports.items():
                problems = self._admission.judge(self._nodes.find(node), report, asked, clocks[node], arrived)
                if problems:
                    fault = NodeFault(node, "; ".join(f"{problem.what}; fix: {problem.fix}" for problem in problems))
                    self._nodes.leave_out(fault, joining=True)
                    self._refused[name] = fault
            if name in self._refused:
                ray.kill(self._actors[name])

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        actor, memory = self._actors.get(trial.trial_id), _answer(self._memory.get(trial.trial_id))
        if actor is not None and memory is not None:
            self._homes[hash(actor)] = memory.node  # a reference to it would keep it alive
        self._forget(trial.trial_id)

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        error, memory = _error_of(trial), self._memory.get(trial.trial_id)
        # A warm worker that died before it took the trial on was never seen to start it.
        actor = self._actors.get(trial.trial_id, trial.temporary_state.ray_actor)
        home = self._homes.pop(hash(actor), "")
        refused = self._refused.pop(trial.trial_id, None)
        self._forget(trial.trial_id)
        if refused is not None:
            error = refused
        elif isinstance(error, RayActorError) and not self._searcher.halting:
            error = self._explain_death(error, _answer(memory), home)
        self._searcher.on_trial_broken(trial.trial_id, error)

    def _explain_death(self, error: RayActorError, before: NodeMemory | None, home: str) -> Exception:
        """The error that says why a worker died, and where.

        Args:
            before: the memory of its node when the trial began; None: it died sooner than it could tell.
            home: its node, if it had come to the end of a trial before.
        """
        node = before.node if before is not None else home
        if not node or not self._nodes.are_several:
            return _cause_of_death(error, before)
        name = self._nodes.name(node)
        if not self._nodes.is_lost(node):  # else it cannot be asked for a cause
            explained = _cause_of_death(error, before)
            if explained is not error:
                return explained
        if self._nodes.is_lost(node):  # Ray may have learnt of it meanwhile
            return WorkerDied(f"its node {name} was lost (killed, or cut off for too long)\n{error}")
        return WorkerDied(f"its worker on {name} died (killed)\n{error}")

    def _forget(self, trial_id: str) -> None:
        self._actors.pop(trial_id, None)
        self._memory.pop(trial_id, None)
        self._reports.pop(trial_id, None)


def _error_of(trial: Any) -> Exception:
    """What Tune wrote down about the last failure of a trial. (`trial.get_error` looks in Tune's synced storage.)"""
    if trial.pickled_error_file:
        with suppress(Exception), Path(trial.pickled_error_file).open("rb") as file:
            error = ray.cloudpickle.load(file)
            if isinstance(error, Exception):
                return error
    text = Path(trial.error_file).read_text(errors="replace") if trial.error_file else "the trial failed"
    return tune.TuneError(text)


def _answer(memory: Any) -> NodeMemory | None:
    """The memory of a worker's node when it began, given the reference to it; None: the worker died sooner."""
    if memory is None:
        return None
    try:
        before = ray.get(memory, timeout=1.0)
    except RayError:
        return None
    return before if isinstance(before, NodeMemory) else None


def _cause_of_death(error: RayActorError, before: NodeMemory | None) -> Exception:
    """The error that says why a worker died: `OutOfMemory` where Ray or the kernel ended it for lack of memory.

    Args:
        error: what Ray says.
        before: the memory of its node when it began, where that is known.
    """
    if is_out_of_memory(error):
        found = MEMORY_FOUND.search(str(error))
        used = f" ({found[1]} in use)" if found else ""
        return OutOfMemory(f"Ray ended the worker because its node ran low on memory{used}\n{error}")
    killed = killed_since(before) if before is not None else None
    return error if killed is None else OutOfMemory(f"{killed}\n{error}")


@contextmanager
def kills_are_deaths() -> Iterator[None]:
    """Within it Tune takes whatever Ray says of a call that no worker answered for the death of the worker.

    When Ray's memory monitor ends a worker, calls of it raise `OutOfMemoryError`, which is neither a `RayActorError`
    nor a `RayTaskError`. Tune knows these two alone: of others it makes a RuntimeError that ends the driver.
    """
    answer = RayActorManager._actor_task_failed

    def answer_any(self: RayActorManager, tracked_actor_task: Any, exception: Exception) -> None:
        if isinstance(exception, RayError) and not isinstance(exception, RayActorError | RayTaskError):
            exception = RayActorError(error_msg=str(exception))
        answer(self, tracked_actor_task, exception)

    RayActorManager._actor_task_failed = answer_any  # type: ignore[method-assign]
    try:
        yield
    finally:
        RayActorManager._actor_task_failed = answer  # type: ignore[method-assign]


@contextmanager
def _signals(searcher: AgendaSearcher, before_exit: Callable[[], None] | None) -> Iterator[None]:
    """The first SIGINT or SIGTERM halts the run, the second one ends this process."""

    def handle(number: int, frame: FrameType | None) -> None:
        if searcher.halted:
            if before_exit is not None:
                before_exit()
            os._exit(SECOND_SIGNAL_EXIT)
        searcher.halted = True

    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets the main thread alone handle signals
        return
    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
