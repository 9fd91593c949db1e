"""Work items in a memory that does not suffice: batches are halved until they fit, and the size is remembered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.support.weights import ROUNDING, differ
from tests.support.work_items import encoder_of, item, plan_in, run, scores
from trainables.formats import encoding, vectors
from trainables.formats.tagging import Tagging
from trainables.training.memory import Limit
from trainables.work.failures import OutOfMemory
from trainables.work.plan import Plan
from trainables.worker import Worker


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_in(tmp_path)


class Small:
    """A memory in which forward passes of at most `rows` rows fit, from the third one on."""

    def __init__(self, rows: int, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
        self.passes: list[int] = []
        loss = Tagging.loss

        def limited(form: Any, encoder: Any, head: Any, batch: dict[str, torch.Tensor]) -> torch.Tensor:
            self.passes.append(len(batch["labels"]))
            if len(self.passes) > 2 and self.passes[-1] > rows:
                raise error
            return loss(form, encoder, head, batch)

        monkeypatch.setattr(Tagging, "loss", limited)


def test_a_batch_that_does_not_fit_is_halved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The stage begins anew, gives the same encoder, and later work items begin with the size that fits."""
    monkeypatch.setattr(encoding, "DROPOUT", 0.0)
    plan = plan_in(tmp_path, dropout=0.0)
    work = item(plan, "tags", 1, targets=("texts",))
    whole = plan.model_copy(update={"store": str(tmp_path / "whole")})
    assert run(Worker(whole), work).micro_batches == {}
    memory = Small(3, monkeypatch, torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB"))

    halved = run(Worker(plan), work)
    assert halved.failure is None
    assert halved.micro_batches == {"intermediate": 2}  # 8, then 4, then 2
    assert halved.examples == 32
    assert differ(encoder_of(plan, work), encoder_of(whole, work)) < ROUNDING
    assert max(memory.passes[4:]) == 2, "two passes went well before the memory was full"

    memory.passes.clear()
    later = run(Worker(plan), item(plan, "tags", 1, seed=2, targets=("texts",)))
    assert later.micro_batches == {"intermediate": 2}
    assert set(memory.passes) == {2}, "what did not fit is not tried again"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        pytest.param(
            RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
            marks=pytest.mark.slow,
        ),
    ],
)
def test_memory_that_does_not_suffice_for_the_least(
    plan: Plan, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    Small(0, monkeypatch, error)
    few = plan.model_copy(update={"max_batch_halvings": 2})
    outcome = run(Worker(few), item(plan, "tags", 1, targets=("texts",)))
    assert outcome.failure is not None
    assert outcome.failure.kind == "out_of_memory"
    assert outcome.failure.message.startswith("intermediate: out of memory with batches of 8, 4, 2; ")


def test_after_a_worker_was_ended_for_lack_of_memory(plan: Plan) -> None:
    outcome = Worker(plan).run(item(plan, "tags", 0), batch_halvings=2)
    assert outcome.failure is None
    assert outcome.micro_batches == {"intermediate": 2, "pairs": 2, "pairs/evaluation": 1, "texts/evaluation": 1}


def test_evaluation_in_small_memory(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    work = item(plan, "none", 0, targets=("texts",))
    whole = scores(run(Worker(plan.model_copy(update={"store": plan.store + "2"})), work))
    pooled = vectors.pooled

    def limited(encoder: Any, batch: dict[str, torch.Tensor], *how: Any) -> torch.Tensor:
        if len(batch["input_ids"]) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return pooled(encoder, batch, *how)

    monkeypatch.setattr(vectors, "pooled", limited)
    outcome = run(Worker(plan), work)
    assert scores(outcome) == whole
    assert outcome.micro_batches == {"texts/evaluation": 2}


def test_memory_that_spoils_the_process(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another worker begins with what may fit."""
    memory = Small(4, monkeypatch, RuntimeError("could not create a primitive"))
    work = item(plan, "tags", 1, targets=("texts",))
    with pytest.raises(OutOfMemory):
        Worker(plan).run(work)
    outcome = run(Worker(plan), work)
    assert outcome.micro_batches == {"intermediate": 4}
    assert max(memory.passes[3:]) == 4


def test_what_no_batch_could_mend_is_said_and_not_remembered(plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Adam's moments do not fit, smaller batches would fail as well."""
    steps: list[int] = []

    def full(self: torch.optim.AdamW, *arguments: object) -> None:
        steps.append(1)
        raise RuntimeError("[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: can't allocate memory")

    work = item(plan, "tags", 1, targets=("texts",))
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", full)
        outcome = run(Worker(plan), work)
    assert outcome.failure is not None and outcome.failure.kind == "out_of_memory"
    assert "weights, gradients and Adam need 0.0 GB whatever the batch; " in outcome.failure.message
    assert len(steps) == 2, "once more, after a collection"
    assert run(Worker(plan), work).micro_batches == {}


def test_a_limit_counts_where_there_is_no_more_memory_than_it_was_learned_under(tmp_path: Path) -> None:
    store = Worker(plan_in(tmp_path)).store
    small, same, large = (Limit(store, {"model": "x"}, size) for size in (1000, 1050, 2000))
    small.remember(8)
    assert [limit.largest(16) for limit in (small, same, large)] == [4, 4, 16]
    store.put_limit(small.key, {"too_large": 8})
    assert small.largest(16) == 16, "of before, when nobody wrote down how much there was"
