"""The trainable without Ray: what it asks of its worker, and what it gives to Tune."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.trainable import WorkItemTrainable
from trainables.training.group import prepare_environment
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings


class CountingWorker:
    """Tells in its outcome how many work items it has served."""

    made = 0

    def __init__(self, plan: Plan) -> None:
        type(self).made += 1
        self.plan = plan
        self.served = 0

    def run(self, item: WorkItem, halvings: int = 0) -> Iterator[Progress | Outcome]:
        yield Progress(phase="train/mnli", done=0.5)
        self.served += 1
        if item.rung == 0:
            yield Outcome(examples=self.served, reused=list(item.targets))


@pytest.fixture
def trainable(monkeypatch: pytest.MonkeyPatch) -> WorkItemTrainable:
    """Set up as Tune does it, without what Tune's own constructor does (folders, the node's address)."""
    monkeypatch.setitem(sys.modules, "counting", sys.modules[__name__])
    monkeypatch.setattr(CountingWorker, "made", 0)
    monkeypatch.setattr("ray.get_gpu_ids", list)  # outside an actor it would start a Ray
    stage = StageSettings(examples=1)
    plan = Plan(
        tasks={}, targets={}, training_cards={}, rungs=[1.0], intermediate=stage, target=stage, store="s", cache="c"
    )
    made = WorkItemTrainable.__new__(WorkItemTrainable)
    made.setup(config(), plan=plan.model_dump_json(), worker="counting:CountingWorker")
    return made


def config(rung: int = 0) -> dict[str, str]:
    item = WorkItem(Recipe.of(Mixture({}), {}, "m", 0), rung, ("slots/de",))
    return {"item": json.dumps(item.to_dict())}


def test_events_are_texts_that_tune_cannot_take_apart(trainable: WorkItemTrainable) -> None:
    first, last = trainable.step(), trainable.step()
    assert first == {"progress": Progress(phase="train/mnli", done=0.5).model_dump_json(), "done": False}
    assert last == {"outcome": Outcome(examples=1, reused=["slots/de"]).model_dump_json(), "done": True}


def test_a_worker_serves_many_items_and_is_made_by_the_first_step(trainable: WorkItemTrainable) -> None:
    assert CountingWorker.made == 0, "a starting actor must be quick, see setup"
    for served in (1, 2, 3):
        assert trainable.reset_config(config()) is True
        trainable.step()
        assert Outcome.model_validate_json(trainable.step()["outcome"]).examples == served
    assert CountingWorker.made == 1


def test_a_worker_without_an_outcome_is_an_error(trainable: WorkItemTrainable) -> None:
    trainable.reset_config(config(rung=1))
    trainable.step()
    with pytest.raises(RuntimeError, match="without an outcome"):
        trainable.step()


def test_the_environment_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DS_ACCELERATOR", raising=False)
    monkeypatch.setenv("TOKENIZERS_PARALLELISM", "true")
    prepare_environment(gpus=1)
    assert "DS_ACCELERATOR" not in os.environ
    prepare_environment(gpus=0)
    assert os.environ["DS_ACCELERATOR"] == "cpu"
    assert os.environ["TOKENIZERS_PARALLELISM"] == "true", "what is set stays"


def test_what_the_driver_imports_brings_no_torch() -> None:
    imports = "import sys, search.scheduling.driver, cluster.connect"
    code = f"{imports}; print([m for m in ('torch', 'deepspeed') if m in sys.modules])"
    root = Path(__file__).parents[2]
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=root, check=True)
    assert answer.stdout.strip() == "[]"
