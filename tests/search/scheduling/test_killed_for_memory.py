"""Workers that are ended because their node is short of memory, by Ray and by the kernel: no end of the search."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from ray.air.execution._internal import RayActorManager, TrackedActor
from ray.air.execution._internal.tracked_actor_task import TrackedActorTask
from ray.exceptions import OutOfMemoryError, RayActorError

from search.scheduling.driver import kills_are_deaths
from search.scheduling.searcher import AgendaSearcher
from tests.search.scheduling.test_driver import WORKERS, ListAgenda, item
from trainables.work.failures import OutOfMemory

pytestmark = pytest.mark.ray

GROUPS = Path("/sys/fs/cgroup")

SWELLING = """
import sys
from cluster.connect import connect
from cluster.resources import ItemResources
from search.scheduling.driver import run
from tests.search.scheduling.test_driver import WORKER, ListAgenda, item, plan_in

store, gigabytes, halvings = sys.argv[1:]
with connect("local", cpus=1):
    agenda = ListAgenda([item(0, act="swell", gigabytes=float(gigabytes)), item(1)])
    plan = plan_in(store).model_copy(update={"max_batch_halvings": int(halvings)})
    ending = run(plan, agenda, ItemResources(), 1, worker=WORKER, say=print)
for number, outcome in sorted(agenda.by_number.items()):
    print(ending.value, number, outcome.failure or outcome.reused[-1])
"""


def swell(store: Path, gigabytes: float, halvings: int, before: tuple[str, ...] = (), **variables: str) -> list[str]:
    """What a run prints whose first work item takes so much memory, with half the batch half as much.

    Args:
        before: the command that starts it.
        variables: of its environment.
    """
    environment = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join([str(WORKERS), str(Path.cwd())])}
    command = [*before, sys.executable, "-c", SWELLING, str(store), str(gigabytes), str(halvings)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.splitlines()


class Bare(RayActorManager):
    """Ray's own, with no Ray behind it."""

    def __init__(self) -> None:
        self._failed_actor_ids = set()

    def _cleanup_actor(self, tracked_actor: TrackedActor) -> None:
        return


def test_tune_hears_of_a_worker_that_ray_ended_for_lack_of_memory() -> None:
    """Else it raises RuntimeError in the driver."""
    heard: list[Exception] = []
    actor = TrackedActor(1, on_error=lambda _, error: heard.append(error))
    manager, task = Bare(), TrackedActorTask(actor)
    killed = OutOfMemoryError("1 worker(s) were killed due to the node running low on memory.")
    with pytest.raises(RuntimeError, match="unexpected"):
        manager._actor_task_failed(tracked_actor_task=task, exception=killed)
    assert not heard, "as it is Ray does not tell: if it does, `kills_are_deaths` can go"
    with kills_are_deaths():
        manager._actor_task_failed(tracked_actor_task=task, exception=killed)
    assert [(type(error), str(error)) for error in heard] == [(RayActorError, str(killed))]
    with pytest.raises(RuntimeError, match="unexpected"):
        manager._actor_task_failed(tracked_actor_task=task, exception=killed)


def test_the_reason_is_said_before_a_work_item_is_started_again() -> None:
    lines: list[str] = []
    agenda = ListAgenda([item(0)])
    searcher = AgendaSearcher(agenda, retries=1, max_batch_halvings=1, say=lines.append)
    for number, error in enumerate((RayActorError(), OutOfMemory("the kernel ended the worker (8.0 GB)\nlong text"))):
        assert searcher.suggest(str(number))
        searcher.on_trial_broken(str(number), error)
    lost, full = lines
    assert lost.startswith("baseline, rung 0: the worker died") and lost.endswith("again in another worker")
    assert full.startswith("baseline, rung 0: the kernel ended the worker (8.0 GB); ")
    assert full.endswith("again in another worker, with smaller batches")
    assert searcher.suggest("2")
    searcher.on_trial_broken("2", OutOfMemory("the kernel ended the worker (8.0 GB)\nlong text"))
    (failure,) = [outcome.failure for _, outcome in agenda.outcomes]
    assert (
        failure
        and failure.kind == "out_of_memory"
        and "2 times: the kernel ended the worker (8.0 GB);" in failure.message
    )


@pytest.mark.slow
def test_ray_ends_a_worker_because_the_node_runs_low_on_memory(tmp_path: Path) -> None:
    memory = psutil.virtual_memory()
    if memory.available < 9e9:
        pytest.skip(f"{memory.available / 1e9:.1f} GB are free; the threshold is set 4 GB above what is used")
    threshold = 1 - (memory.available - 4e9) / memory.total
    lines = swell(tmp_path, 5.5, 3, RAY_memory_usage_threshold=f"{threshold:.3f}")
    assert lines[0].startswith("baseline, rung 0: Ray ended the worker because its node ran low on memory (")
    assert "GB" in lines[0] and lines[0].endswith("again in another worker, with smaller batches")
    # once is enough, unless others on this machine take some of the rest
    assert lines[-2] in [f"over 0 batch_halvings={times}" for times in (1, 2, 3)]
    assert lines[-1] == "over 1 batch_halvings=0"


@pytest.fixture
def small_group() -> Iterator[Path]:
    """A control group whose processes may take 2 GB together."""
    version_2 = (GROUPS / "cgroup.controllers").is_file()
    folder = (GROUPS if version_2 else GROUPS / "memory") / f"taskmix-test-{uuid.uuid4().hex[:8]}"
    try:
        folder.mkdir()
        (folder / ("memory.max" if version_2 else "memory.limit_in_bytes")).write_text("2000000000")
    except OSError as error:
        folder.rmdir() if folder.is_dir() else None
        pytest.skip(f"no control group with a limit of memory can be made here: {error}")
    yield folder
    for process in map(int, (folder / "cgroup.procs").read_text().split()):
        psutil.Process(process).kill()
    folder.rmdir()


@pytest.mark.slow
@pytest.mark.parametrize("halvings", [2, 0])
def test_the_kernel_ends_a_worker_because_the_group_is_out_of_memory(
    tmp_path: Path, small_group: Path, halvings: int
) -> None:
    entering = ("sh", "-c", f'echo $$ > {small_group}/cgroup.procs; exec "$@"', "sh")
    lines = swell(tmp_path, 2.4, halvings, entering)
    reason = "the kernel ended the worker because its node ran out of memory (2.0 GB, of which "
    if halvings:
        assert lines[0].startswith(f"baseline, rung 0: {reason}")
        assert lines[-2].startswith("over 0 batch_halvings=")
    else:
        assert "kind='out_of_memory'" in lines[-2] and reason in lines[-2]
    assert lines[-1] == "over 1 batch_halvings=0"
