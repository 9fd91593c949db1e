"""The workers that train a work item together: the trainable's own actor is rank 0, its peers are actors beside it.

Rank 0 alone reads and writes the store and takes the scores; peers only take part in stages. They are made once, with
the first work item, and stay warm. Ray ends them with the actor that made them.

Such a group lives and dies as a whole: once a worker is lost in the middle of a collective, the others cannot be
brought to another one. So the first failure breaks the group for good, and its processes have to end.

No torch here: peers are started before rank 0 imports it, which takes seconds.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING, Any, TypeVar

import ray
from ray.exceptions import RayError, RayTaskError
from ray.util import get_current_placement_group, get_node_ip_address
from ray.util.scheduling_strategies import PlacementGroupSchedulingStrategy

from trainables.work.failures import OutOfMemory, WorkersLost, is_out_of_memory
from trainables.work.node_memory import NodeMemory, killed_since

if TYPE_CHECKING:
    from trainables.training.stage import StageSpec

T = TypeVar("T")
Say = Callable[[str], None]

NOTICE = 0.5
"""Seconds between two looks at the peers while rank 0 trains."""

GRACE = 10.0
"""Seconds that the peers are given to say why there was an error."""

SILENCE = 20.0
"""Seconds after which it is said that peers have not answered, and again."""

PATIENCE = 60.0
"""Seconds that the peers are given to come to the end of a stage after rank 0."""


def prepare_environment(gpus: int) -> None:
    """Set what the libraries of a worker read from the environment when they are imported; what is set already stays.

    Args:
        gpus: GPUs of this worker.
    """
    if not gpus:
        os.environ.setdefault("DS_ACCELERATOR", "cpu")  # else DeepSpeed looks for a GPU, and warns
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads and a fork warn, or block each other


class Group:
    """The peers of this actor, one in each further bundle of its placement group.

    Args:
        plan: JSON of the plan.
        workers: how many train together, this actor included.
        peer: the class of a peer, made with the plan.

    Whoever uses it may set `say`, which is told what it waits for.

    Raises:
        RuntimeError: the actor was not placed with as many bundles.
    """

    def __init__(self, plan: str, workers: int, peer: type) -> None:
        placed = get_current_placement_group()
        if placed is None or placed.bundle_count != workers:
            raise RuntimeError(f"{workers} workers need an actor in a placement group of as many bundles")
        self.broken = False
        self.say: Say = lambda text: None
        self._joined = False
        self._memory: list[NodeMemory] = []  # of the peers' nodes, when the last stage began
        self._peers: list[Any] = [
            ray.remote(peer)
            .options(
                num_cpus=bundle["CPU"],
                num_gpus=bundle.get("GPU", 0),
                scheduling_strategy=PlacementGroupSchedulingStrategy(placed, placement_group_bundle_index=number),
            )
            .remote(plan)
            for number, bundle in enumerate(placed.bundle_specs)
            if number > 0
        ]

    def train(self, spec: StageSpec, own_part: Callable[[], T]) -> T:
        """Train a stage in the whole group.

        Args:
            spec: of the stage; the peers train by it.
            own_part: trains rank 0's part of it. It runs in a thread of its own.

        Returns:
            What `own_part` returns.

        Raises:
            OutOfMemory: the memory of one of the workers did not suffice; the group is broken.
            WorkersLost: one died, or does not answer; the group is broken.
            Exception: what one of the workers raised. The group is broken (see `broken`) unless all raised it
                together, as a stage that diverges does, or it was raised before the stage began.
        """
        self._memory = self.ask_all("prepare", spec)
        if not self._joined:
            self._join()
            self._joined = True
        return self._run_together(own_part, [peer.train.remote() for peer in self._peers])

    def _join(self) -> None:
        """Make one process group of all workers."""
        engine: Any = import_module("trainables.training.engine")
        process: Any = import_module("trainables.training.process")
        world = len(self._peers) + 1
        node, host = node_and_address()
        peers: list[tuple[str, str]] = self.ask_all("node_and_address")
        on_one_node = all(other == node for other, _ in peers)
        hosts = [process.LOOPBACK] * world if on_one_node else [host, *(address for _, address in peers)]
        store, address = process.open_meeting(world, hosts[0])
        joining = [
            peer.join.remote(number, world, address, hosts[number]) for number, peer in enumerate(self._peers, start=1)
        ]
        self._run_together(partial(engine.join, 0, world, store, address, hosts[0]), joining)

    def ask_all(self, method: str, *arguments: Any) -> list[Any]:
        """What all peers answer, outside of any collective: an exception there breaks nothing."""
        began = time.monotonic()
        answers = [getattr(peer, method).remote(*arguments) for peer in self._peers]
        while late := ray.wait(answers, num_returns=len(answers), timeout=SILENCE)[1]:
            seconds = time.monotonic() - began
            self.say(
                f"{len(late)} of {len(answers)} peers not ready after {seconds:.0f} s: start, load or wait for the hub"
            )
        try:
            return list(ray.get(answers))
        except RayTaskError as error:
            raise error.cause from error
        except RayError as error:
            raise self._break(error, answers) from error

    def _run_together(self, own_part: Callable[[], T], theirs: list[Any]) -> T:
        """What `own_part` returns or raises, once the peers have answered `theirs`.

        It runs in a thread of its own, because it may be stuck in a collective whose other side is gone.
        """
        own: Future[T] = Future()
        Thread(target=_complete, args=(own, own_part), daemon=True).start()
        while not wait([own], timeout=NOTICE).done:
            early, _ = ray.wait(theirs, num_returns=len(theirs), timeout=0)
            if _errors(early):
                raise self._break(None, theirs)
        error = own.exception()
        if error is not None and is_out_of_memory(error):
            raise self._break(error, theirs) from error  # the others wait for this one
        # Also where this one failed: where all of them agree about it, as on a loss that diverged, they are done now.
        done, late = ray.wait(theirs, num_returns=len(theirs), timeout=PATIENCE if error is None else GRACE)
        if late or _errors(done):
            raise self._break(error, theirs) from error
        return own.result()

    def _break(self, own: BaseException | None, theirs: list[Any]) -> Exception:
        """End the peers, for good, and give the reason, out of all that the workers say.

        Args:
            own: what rank 0 raised.
            theirs: the calls of the peers.
        """
        self.broken = True
        done, _ = ray.wait(theirs, num_returns=len(theirs), timeout=0)
        errors = [*([own] if own is not None else []), *_errors(done)]
        for peer in self._peers:
            ray.kill(peer)
        full = next((error for error in errors if is_out_of_memory(error)), None)
        if full is not None:
            return OutOfMemory(" ".join(str(full).split()))
        dead = next((error for error in errors if isinstance(error, RayError)), None)
        if dead is not None:
            nodes = {memory.node: memory for memory in self._memory}
            killed = next(filter(None, map(killed_since, nodes.values())), None)
            if killed is not None:
                return OutOfMemory(killed)
        # Where one is lost, the others complain about the network: that is no reason.
        reason = next((error for error in errors if isinstance(error, Exception) and not _of_network(error)), None)
        if dead is None and reason is not None:
            return reason
        texts = {" ".join(str(error).split()) for error in errors} or {"no answer"}
        return WorkersLost("; ".join(sorted(texts)))


def _complete(future: Future[T], work: Callable[[], T]) -> None:
    """Do the work of a thread, for whoever waits for the future."""
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)


def _errors(done: list[Any]) -> list[Exception]:
    """What went wrong in calls that are over: exceptions of the peers, or Ray's word that one is gone."""
    errors: list[Exception] = []
    for answer in done:
        try:
            ray.get(answer)
        except RayTaskError as error:
            errors.append(error.cause)
        except RayError as error:
            errors.append(error)
    return errors


def _of_network(error: Exception) -> bool:
    """What a collective raises when the other side is gone."""
    if any(ancestor.__name__ == "DistError" for ancestor in type(error).__mro__):
        return True
    return isinstance(error, RuntimeError) and ("gloo" in str(error) or "NCCL" in str(error))


def node_and_address() -> tuple[str, str]:
    """The id of this process's node, and its address."""
    address: str = get_node_ip_address()  # type: ignore[no-untyped-call]
    return ray.get_runtime_context().get_node_id(), address
