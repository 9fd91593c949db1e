"""The trainable without Ray: what it asks of its runner, and what it gives to Tune."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from threading import get_ident
from typing import Any

import psutil
import pytest

from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.trainable import WorkItemTrainable
from trainables.training.group import prepare_environment
from trainables.work.failures import NodeFault, OutOfMemory, WorkersLost
from trainables.work.inspection import Inspection
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome, Progress, Report
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings


class Runner:
    """Does what the first target of a work item asks for, and tells in its outcome how it was called."""

    made = 0

    def __init__(self, plan: Plan) -> None:
        type(self).made += 1
        self.served = 0

    def run(self, item: WorkItem, report: Report, batch_halvings: int) -> Outcome:
        report(Progress(phase="train/mnli", done=0.5))
        self.served += 1
        match item.targets[0]:
            case "raise":
                raise OutOfMemory("CUDA out of memory")
            case "lack":
                return Outcome(failure=Failed(kind="environment", message="No space left on device"))
            case "lose":
                raise WorkersLost("no answer")
        return Outcome(examples=self.served, reused=[str(get_ident()), str(batch_halvings)])


@pytest.fixture
def trainable(monkeypatch: pytest.MonkeyPatch) -> WorkItemTrainable:
    """Set up as Tune does it, without what Tune's own constructor does (folders, the node's address)."""
    monkeypatch.setitem(sys.modules, "runners", sys.modules[__name__])
    monkeypatch.setattr(Runner, "made", 0)
    monkeypatch.setattr("ray.get_gpu_ids", list)  # outside an actor it would start a Ray
    stage = StageSettings(examples=1)
    plan = Plan(
        tasks={}, targets={}, training_cards={}, rungs=[1.0], intermediate=stage, target=stage, store="s", cache="c"
    )
    made = WorkItemTrainable.__new__(WorkItemTrainable)
    made.setup(config(), plan=plan.model_dump_json(), worker="runners:Runner")
    return made


def config(target: str = "slots/de", **changes: int) -> dict[str, Any]:
    item = WorkItem(Recipe.of(Mixture({}), {}, "m", 0), 0, (target,))
    return {"item": json.dumps(item.to_dict()), **changes}


def test_progress_and_outcome_are_texts_that_tune_cannot_take_apart(trainable: WorkItemTrainable) -> None:
    first, last = trainable.step(), trainable.step()
    assert first == {"progress": Progress(phase="train/mnli", done=0.5).model_dump_json(), "done": False}
    assert set(last) == {"outcome", "done"} and last["done"] is True
    assert Outcome.model_validate_json(last["outcome"]).examples == 1


def test_a_runner_is_made_by_the_first_step_and_serves_many_items_in_one_thread(trainable: WorkItemTrainable) -> None:
    assert Runner.made == 0, "a starting actor must be quick, see setup"
    threads = set()
    for served in (1, 2, 3):
        assert trainable.reset_config(config(batch_halvings=served)) is True
        trainable.step()
        outcome = Outcome.model_validate_json(trainable.step()["outcome"])
        assert outcome.examples == served
        threads.add(outcome.reused[0])
        assert outcome.reused[1] == str(served)
    assert Runner.made == 1
    assert len(threads) == 1 and str(get_ident()) not in threads


def test_what_a_runner_raises_is_raised_by_the_step(trainable: WorkItemTrainable) -> None:
    trainable.reset_config(config("raise"))
    trainable.step()
    with pytest.raises(OutOfMemory, match="CUDA out of memory") as caught:
        trainable.step()
    assert "run" in [entry.name for entry in caught.traceback], "Tune's error shows where it was raised"


def report(request: bytes) -> bytes:
    return request + b", and well"


def test_a_node_that_the_driver_does_not_know_is_told_of_before_anything_is_made(
    trainable: WorkItemTrainable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trainables.work.inspection.node_id", lambda: "here")

    def first_steps(known: set[str], count: int, reporter: str = "runners:report") -> list[dict[str, Any]]:
        asked = Inspection(reporter, b"how are you", frozenset(known))
        trainable.setup(config(), plan=trainable._plan, worker="runners:Runner", inspection=asked)
        return [trainable.step() for _ in range(count)]

    reports, clocks, progress = first_steps({"elsewhere"}, 3)
    assert reports == {"reports": {"here": b"how are you, and well"}, "done": False}
    assert abs(clocks["clocks"]["here"] - time.time()) < 60
    assert "progress" in progress
    assert "progress" in first_steps({"here"}, 1)[0]
    with pytest.raises(NodeFault, match="cannot be looked at") as caught:
        first_steps(set(), 1, "runners:none")
    assert caught.value.node == "here"
    assert pickle.loads(pickle.dumps(caught.value)).node == "here"


def test_what_no_recipe_can_help_is_its_nodes(trainable: WorkItemTrainable, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainables.trainable.node_id", lambda: "here")
    trainable.reset_config(config("lack"))
    trainable.step()
    with pytest.raises(NodeFault, match="No space left") as caught:
        trainable.step()
    assert caught.value.node == "here"
    trainable.setup(config(), plan=trainable._plan, worker="runners:Missing")
    with pytest.raises(NodeFault, match="no worker can be made: AttributeError"):
        trainable.step()


def test_an_actor_ends_with_its_group(
    trainable: WorkItemTrainable, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    codes: list[int] = []
    monkeypatch.setattr(os, "_exit", codes.append)
    trainable.reset_config(config("lose"))
    trainable.step()
    with pytest.raises(WorkersLost):  # here the process goes on
        trainable.step()
    assert codes == [1]
    assert "WorkersLost: no answer" in capsys.readouterr().err


def test_the_environment_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DS_ACCELERATOR", raising=False)
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    prepare_environment(gpus=1)
    assert "DS_ACCELERATOR" not in os.environ
    prepare_environment(gpus=0)
    assert os.environ["DS_ACCELERATOR"] == "cpu"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true", "what is set stays"


@pytest.mark.long
def test_what_the_driver_imports_brings_no_torch() -> None:
    imports = "import sys, search.scheduling.driver, cluster.connect"
    code = f"{imports}; print([m for m in ('torch', 'deepspeed') if m in sys.modules])"
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert answer.stdout.strip() == "[]"


WATCH = """
import os
from trainables import trainable
trainable.RAYLET_SECONDS = 0.1
parent = os.getppid()  # before anybody can end it
print(os.getpid(), flush=True)
trainable._end_with(parent)
"""

RAYLET = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WATCH!r}])"


@pytest.mark.long
def test_a_worker_ends_with_its_raylet() -> None:
    """Of a node that was cut off Ray ends the raylet alone."""
    raylet = subprocess.Popen(
        [sys.executable, "-c", RAYLET], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    assert raylet.stdout is not None
    worker = psutil.Process(int(raylet.stdout.readline()))
    assert raylet.poll() is None and worker.is_running()
    raylet.kill()
    raylet.wait()
    psutil.wait_procs([worker], timeout=30)
    assert not worker.is_running()
