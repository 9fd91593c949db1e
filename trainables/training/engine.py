"""A DeepSpeed engine from a stage's settings and the hardware at hand; one code path for CPU and GPU.

Importing this module imports deepspeed, which takes seconds: only the process that trains does it.
"""

from __future__ import annotations

import gc
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import distributed, nn
from torch.optim.lr_scheduler import LambdaLR

from trainables.training.garbage import collecting_what_is_new
from trainables.training.imports import unimportable
from trainables.training.process import COLLECTIVE, LOOPBACK, device, join_group, open_meeting, rank, world_size
from trainables.work.settings import EngineSettings, StageSettings

if not torch.cuda.is_available():
    os.environ.setdefault("DS_ACCELERATOR", "cpu")  # or it warns at import

# its autotuner, which nothing of ours starts, imports MLflow where it finds it: a sixth of a worker's imports
with unimportable("mlflow"):
    import deepspeed
from deepspeed.ops import __compatible_ops__
from deepspeed.runtime.zero import parameter_offload
from deepspeed.runtime.zero.partitioned_param_coordinator import PartitionedParameterCoordinator

logging.getLogger("DeepSpeed").setLevel(logging.WARNING)

SHARED_MEMORY_OP = "deepspeed_shm_comm"
"""A C++ extension for collectives inside one host that DeepSpeed otherwise compiles at the first `initialize`:
minutes, and a silent wait when a stale lock lies about. Gloo does the same work."""

# A private table: tests guard that the entry still exists, and that a stage runs where there is no compiler.
__compatible_ops__[SHARED_MEMORY_OP] = False


def precision_of(settings: EngineSettings) -> str:
    """The precision of the products of matrices. `auto` is bf16 on a GPU that has it, else fp32, since a CPU without
    AMX is slower in bf16."""
    if settings.precision != "auto":
        return settings.precision
    return "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "fp32"


def autocast(settings: EngineSettings) -> torch.autocast:
    """A context in which evaluation has the precision of the training: products of matrices in it, weights in fp32."""
    precision = precision_of(settings)
    dtype = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device().type, dtype, enabled=precision != "fp32")


def bucket_size(parameters: int) -> int:
    """Elements that are reduced or gathered at a time, for a model of so many parameters.

    DeepSpeed's own 5e8 are more than most encoders have, so that all gradients would be held twice.
    """
    return min(500_000_000, max(1_000_000, parameters // 16))


def deepspeed_config(stage: StageSettings, engine: EngineSettings, workers: int, parameters: int = 0) -> dict[str, Any]:
    """DeepSpeed's configuration for a stage on so many workers.

    Accumulation is left to the caller, which marks the last micro-batch of a step.

    Args:
        parameters: of the model.
    """
    bucket = bucket_size(parameters)
    precision = precision_of(engine)
    config: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": stage.micro_batch_on(workers),
        "gradient_accumulation_steps": 1,
        "gradient_clipping": stage.clip or 0.0,  # to DeepSpeed 0 is no limit
        "zero_optimization": {
            "stage": engine.zero,
            "reduce_bucket_size": bucket,
            "allgather_bucket_size": bucket,
            "sub_group_size": bucket,
            "stage3_prefetch_bucket_size": bucket // 10,
            "stage3_max_live_parameters": bucket,
        },
        "zero_allow_untested_optimizer": True,
        "steps_per_print": 2**31,
    }
    if precision != "fp32":
        # autocast keeps the weights in fp32, so what is stored is not rounded
        config["torch_autocast"] = {"enabled": True, "dtype": "bfloat16" if precision == "bf16" else "float16"}
    return config


def learning_rate_factor(step: int, steps: int, stage: StageSettings) -> float:
    """What the learning rate is multiplied by at a step: it rises linearly over `stage.warmup` of the `steps`, then
    stays or falls linearly to zero."""
    warmup = round(steps * stage.warmup)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if stage.schedule == "constant":
        return 1.0
    return max(0.0, (steps - step) / max(1, steps - warmup))


def _make_optimizer(encoder: nn.Module, heads: nn.Module, stage: StageSettings) -> torch.optim.Optimizer:
    """AdamW; biases and normalisation weights are not decayed; heads may learn at their own rate."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for module, rate in ((encoder, stage.learning_rate), (heads, stage.head_learning_rate or stage.learning_rate)):
        for parameter in module.parameters():
            if parameter.requires_grad:
                decay = stage.weight_decay if parameter.ndim > 1 else 0.0
                groups.setdefault((rate, decay), []).append(parameter)
    # fused: on a CPU it is four times as fast, and takes no copies of all moments in each step
    return torch.optim.AdamW(
        [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()],
        fused=True,
    )


@contextmanager
def training_engine(
    model: nn.Module, encoder: nn.Module, heads: nn.Module, stage: StageSettings, settings: EngineSettings, steps: int
) -> Iterator[Any]:
    """A DeepSpeed engine around `model` for `steps` optimiser steps; torn down at the end.

    Every worker of the group has to make it; all begin with the weights of rank 0. A process that joined no group is
    a group of its own.

    Args:
        encoder, heads: the parts of `model` whose parameters are trained.
    """
    if not distributed.is_initialized():
        join(0, 1, *open_meeting(1))
    with collecting_what_is_new():
        optimizer = _make_optimizer(encoder, heads, stage)
        schedule = LambdaLR(optimizer, lambda step: learning_rate_factor(step, steps, stage))
        parameters = sum(parameter.numel() for parameter in model.parameters())
        config = deepspeed_config(stage, settings, world_size(), parameters)
        engine, *_ = deepspeed.initialize(model=model, optimizer=optimizer, lr_scheduler=schedule, config=config)
        if settings.zero == 0:
            _reduce_in_buckets(engine, bucket_size(parameters))
        try:
            yield engine
        finally:
            engine.destroy()
            _give_back(engine, model, optimizer)


def _reduce_in_buckets(engine: Any, size: int) -> None:
    """Let an engine without ZeRO reduce gradients a bucket at a time: it has no setting for it, and copies them all."""
    if world_size() > 1:
        engine.allreduce_gradients = partial(engine.allreduce_gradients, bucket_size=size)
        return

    def fill_in() -> None:
        """What is left of it for one worker: parameters without a part in a step are decayed as well."""
        for parameter in engine.module.parameters():
            if parameter.requires_grad and parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)

    engine.allreduce_gradients = fill_in


def _give_back(engine: Any, model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Free what an engine that was destroyed still holds: gradients, moments, and at ZeRO 3 the weights.

    Its parts hold each other in circles, which Python finds only now and then. Those of ZeRO 3 also lie in a cache and
    in a list that all engines share, and never go. So these are cleared, and each part is emptied, whoever holds it.
    """
    for method in vars(PartitionedParameterCoordinator).values():
        for cell in getattr(method, "__closure__", None) or ():  # around the cached function is another one
            if hasattr(cell.cell_contents, "cache_clear"):
                cell.cell_contents.cache_clear()
    parameter_offload.FWD_MODULE_STACK.clear()
    optimizer.state.clear()
    optimizer.param_groups.clear()
    for parameter in model.parameters():
        parameter.grad = None
        if deepspeed.zero.partition_parameters.is_zero_param(parameter):
            vars(parameter).clear()  # the partition that this worker holds, and methods that hold the engine
    whole = engine.optimizer
    offload = getattr(whole, "parameter_offload", None)
    for part in (getattr(offload, "param_coordinator", None), offload, whole, engine):
        if part is not None and part is not optimizer:
            vars(part).clear()
    gc.collect()


def join(number: int, world: int, store: Any, address: str, host: str = LOOPBACK) -> None:
    """Become worker `number` of `world`, for DeepSpeed too; see `process.join_group`."""
    join_group(number, world, store, address, host)
    deepspeed.init_distributed(auto_mpi_discovery=False, verbose=False, timeout=COLLECTIVE)


def begin_step(engine: Any) -> None:
    """Forget the gradients of the last step, before the first micro-batch of the next one.

    At ZeRO 3 DeepSpeed leaves them to be overwritten, so that parameters that have no part in a step (heads of other
    tasks) would be pushed once more by their last gradient.
    """
    stale = getattr(engine.optimizer, "grad_partitions_flat_buffer", None)
    if stale is not None:
        stale.zero_()


def gather(partitioned: Iterable[nn.Parameter], whole: Iterable[nn.Parameter]) -> None:
    """Put together what ZeRO 3 has spread over the workers; all of them have to call it, rank 0 gets the values.

    Args:
        partitioned: the parameters that were trained.
        whole: the same parameters in the same order, whose values are replaced.
    """
    for part, into in zip(partitioned, whole, strict=True):
        with deepspeed.zero.GatheredParameters([part]), torch.no_grad():
            if rank() == 0:
                into.copy_(part)


# --- the process group
