"""A stage gives its memory back: gradients, moments and partitions are gone when it is over, at every ZeRO stage."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch

from tests.trainables.training.test_stage import ROOT, Stage, stage  # noqa: F401  # a fixture

SOAK = """
import copy, gc, sys
import numpy, psutil, torch
from datasets import Dataset
from transformers import BertConfig, BertModel
from spaces.mixture import Mixture
from tests.support.cards import card_of
from tests.trainables.training.test_stage_memory import live_bytes
from trainables.training import engine, process
from trainables.training.garbage import collecting_what_is_new
from trainables.training.stage import StageSpec, train
from trainables.work.settings import EngineSettings, StageSettings

class Tokenizer:
    padding_side = "right"
    pad_token_id = 0
    def pad(self, features, **how):
        return {"input_ids": torch.tensor([each["input_ids"] for each in features])}

rank, world, zero, stages, meeting = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
torch.set_num_threads(1)
engine.join(rank, world, process.find_meeting(meeting, world), meeting)
config = BertConfig(vocab_size=4000, hidden_size=128, num_hidden_layers=4, num_attention_heads=4, intermediate_size=512)
base = BertModel(config, add_pooling_layer=False)
card = card_of("sentence_classification")
rows = numpy.random.default_rng(0).integers(5, 4000, (16, 16)).tolist()
features = Dataset.from_dict({"input_ids": rows, "label": [0, 1] * 8, "length": [16] * 16})
settings = StageSettings(examples=16, batch_size=8, max_length=16)
spec = StageSpec("tiny", {"t": card}, Mixture.parse("t:1"), (16,), settings, EngineSettings(zero=zero), 1)
for number in range(stages):
    with collecting_what_is_new():  # as a worker does for each work item
        encoder = copy.deepcopy(base)
        train(encoder, Tokenizer(), {"t": features}, spec)
        del encoder
        gc.collect()
    print(live_bytes(), psutil.Process().memory_info().rss, flush=True)
"""
"""Trains stages in a row as one process of a group; a line for each: bytes of tensors and of the process."""


def live_bytes() -> int:
    """Bytes of all tensors that Python knows of, storages that they share counted once."""
    sizes = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for thing in gc.get_objects():
            if isinstance(thing, torch.Tensor) and thing.device.type != "meta":
                storage = thing.untyped_storage()
                sizes[storage.data_ptr()] = storage.nbytes()
    return sum(sizes.values())


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_a_stage_leaves_the_encoder_and_its_heads_alone(stage: Stage, zero: int) -> None:  # noqa: F811
    gc.collect()
    before = live_bytes()
    model, result = stage.run("pairs", zero=zero)
    left = live_bytes() - before
    parts = [model, *result.heads.values()]
    kept = sum(tensor.nbytes for part in parts for tensor in [*part.parameters(), *part.buffers()])
    assert left < 1.05 * kept, "the moments alone are twice as much"


@pytest.mark.parametrize("zero", [0, 3])
def test_a_stage_that_fails_leaves_nothing(stage: Stage, zero: int, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: F811
    """Else the attempt with a smaller batch would have less memory."""
    step, size = torch.optim.AdamW.step, sum(tensor.nbytes for tensor in stage.encoder.parameters())

    def fail(self: torch.optim.AdamW, *arguments: object) -> None:
        step(self)
        raise torch.OutOfMemoryError("out of memory")

    gc.collect()
    before = live_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.AdamW, "step", fail)
        with pytest.raises(MemoryError, match="whatever the batch"):
            stage.run("pairs", zero=zero)
    gc.collect()
    assert live_bytes() - before < 0.05 * size


def soak(folder: Path, zero: int, world: int, stages: int) -> list[tuple[int, int]]:
    """Bytes of the tensors and of the first process, after each of so many stages."""
    meeting = (folder / "meeting").as_uri()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    group = [
        subprocess.Popen(
            [sys.executable, "-c", SOAK, *map(str, (rank, world, zero, stages)), meeting],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in range(world)
    ]
    outputs = [process.communicate(timeout=1800)[0] for process in group]
    assert [process.returncode for process in group] == [0] * world
    lines = [line.split() for line in outputs[0].splitlines()]
    return [(int(tensors), int(process)) for tensors, process in lines if tensors.isdigit()]


@pytest.mark.slow
@pytest.mark.parametrize("world", [1, 2])
@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_many_stages_take_no_more_memory_than_a_few(tmp_path: Path, zero: int, world: int) -> None:
    sizes = soak(tmp_path, zero, world, 100)
    assert len(sizes) == 100
    # what two processes send each other may be on its way at any one look
    held = [tensors for tensors, _ in sizes]
    assert min(held[-10:]) < 1.02 * min(held[10:20])
    # the allocator's own pools fill up for some thirty stages
    assert max(process for _, process in sizes[40:]) < 1.02 * max(process for _, process in sizes[:40])
