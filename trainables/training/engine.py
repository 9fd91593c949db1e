"""A DeepSpeed engine from a stage's settings and the hardware at hand; one code path for CPU and GPU.

Importing this module imports deepspeed, which takes seconds: only the process that trains does it.
"""

from __future__ import annotations

import atexit
import logging
import os
import shutil
import socket
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import distributed, nn
from torch.optim.lr_scheduler import LambdaLR

from trainables.work.item import EngineSettings, StageSettings
from trainables.work.outcome import WorkersLost

if not torch.cuda.is_available():
    os.environ.setdefault("DS_ACCELERATOR", "cpu")  # or it warns at import

import deepspeed
from deepspeed.ops import __compatible_ops__

logging.getLogger("DeepSpeed").setLevel(logging.WARNING)

SHARED_MEMORY_OP = "deepspeed_shm_comm"
"""A C++ extension for collectives inside one host that DeepSpeed otherwise compiles at the first `initialize`:
minutes, and a silent wait when a stale lock lies about. Gloo does the same work."""

# A private table: `tests/trainables/training/test_engine.py` guards that the entry still exists and still helps.
__compatible_ops__[SHARED_MEMORY_OP] = False

RENDEZVOUS = timedelta(seconds=60)
"""How long the workers of a group wait for each other before they are one."""

COLLECTIVE = timedelta(minutes=10)
"""How long a worker waits in a collective. One that died is noticed at once; this is for one that hangs."""

LOOPBACK = "127.0.0.1"


def device() -> torch.device:
    """Where this process trains."""
    return torch.device("cuda", torch.cuda.current_device()) if torch.cuda.is_available() else torch.device("cpu")


def hardware() -> dict[str, Any]:
    """What this process trains on: name and memory in GiB."""
    if torch.cuda.is_available():
        properties = torch.cuda.get_device_properties(device())
        return {"device": properties.name, "memory": round(properties.total_memory / 2**30)}
    return {"device": "cpu", "memory": round(psutil.virtual_memory().total / 2**30)}


def precision_of(settings: EngineSettings) -> str:
    """`auto` is bf16 on a GPU that has it, else fp32: on a CPU bf16 is slower unless it has AMX."""
    if settings.precision != "auto":
        return settings.precision
    return "bf16" if torch.cuda.is_available() and torch.cuda.is_bf16_supported() else "fp32"


def autocast(settings: EngineSettings) -> torch.autocast:
    """Evaluation in the precision of the training: products of matrices in it, weights in fp32."""
    precision = precision_of(settings)
    dtype = torch.float16 if precision == "fp16" else torch.bfloat16
    return torch.autocast(device().type, dtype, enabled=precision != "fp32")


def deepspeed_config(stage: StageSettings, engine: EngineSettings) -> dict[str, Any]:
    """DeepSpeed's configuration. Accumulation is left to the caller, which marks the last micro-batch of a step."""
    precision = precision_of(engine)
    config: dict[str, Any] = {
        "train_micro_batch_size_per_gpu": min(stage.micro_batch or stage.batch_size, stage.batch_size),
        "gradient_accumulation_steps": 1,
        "gradient_clipping": stage.clip,
        "zero_optimization": {"stage": engine.zero},
        "zero_allow_untested_optimizer": True,
        "steps_per_print": 2**31,
    }
    if precision != "fp32":
        # autocast keeps the weights in fp32, so what is stored is not rounded
        config["torch_autocast"] = {"enabled": True, "dtype": "bfloat16" if precision == "bf16" else "float16"}
    return config


def learning_rate_factor(step: int, steps: int, stage: StageSettings) -> float:
    """Linear warm-up over `stage.warmup` of the steps, then constant or linear to zero."""
    warmup = round(steps * stage.warmup)
    if step < warmup:
        return (step + 1) / (warmup + 1)
    if stage.schedule == "constant":
        return 1.0
    return max(0.0, (steps - step) / max(1, steps - warmup))


def _optimizer(encoder: nn.Module, heads: nn.Module, stage: StageSettings) -> torch.optim.Optimizer:
    """AdamW; biases and normalisation weights are not decayed; heads may learn at their own rate."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for module, rate in ((encoder, stage.learning_rate), (heads, stage.head_learning_rate or stage.learning_rate)):
        for parameter in module.parameters():
            if parameter.requires_grad:
                decay = stage.weight_decay if parameter.ndim > 1 else 0.0
                groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]
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
        join_group(0, 1, *open_meeting(1))
    optimizer = _optimizer(encoder, heads, stage)
    schedule = LambdaLR(optimizer, lambda step: learning_rate_factor(step, steps, stage))
    engine, *_ = deepspeed.initialize(
        model=model, optimizer=optimizer, lr_scheduler=schedule, config=deepspeed_config(stage, settings)
    )
    try:
        yield engine
    finally:
        engine.destroy()


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
        whole: the same parameters in the same order, whose values are replaced.
    """
    for part, into in zip(partitioned, whole, strict=True):
        with deepspeed.zero.GatheredParameters([part]), torch.no_grad():
            if rank() == 0:
                into.copy_(part)


# --- the process group


def rank() -> int:
    """This worker's number in its group; 0 does what is done once."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def world_size() -> int:
    """Workers of the group."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def summed(value: torch.Tensor) -> torch.Tensor:
    """`value` summed over the workers, in place; every worker has to call it."""
    if world_size() > 1:
        distributed.all_reduce(value)
    return value


def open_meeting(world: int, host: str = LOOPBACK) -> tuple[Any, str]:
    """Where the workers of a group find each other: opened by rank 0, with an address for the others.

    Args:
        host: this node's address as the others reach it; loopback: all are on this node, where a file will do, which
            needs no port that another work item could hold.
    """
    if host == LOOPBACK:
        folder = Path(tempfile.mkdtemp(prefix="taskmix-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        address = (folder / "group").as_uri()
        return find_meeting(address, world), address
    store: Any = distributed.TCPStore(  # type: ignore[attr-defined]
        host, 0, world, is_master=True, timeout=RENDEZVOUS, wait_for_workers=False
    )
    return store, f"tcp://{host}:{store.port}"


def find_meeting(address: str, world: int) -> Any:
    """The meeting that rank 0 opened at `address`."""
    scheme, _, place = address.partition("://")
    if scheme == "file":
        return distributed.FileStore(place, world)  # type: ignore[attr-defined]
    host, _, port = place.rpartition(":")
    return distributed.TCPStore(  # type: ignore[attr-defined]
        host, int(port), world, is_master=False, timeout=RENDEZVOUS
    )


def join_group(number: int, world: int, store: Any, address: str, host: str = LOOPBACK) -> None:
    """Become worker `number` of `world`; returns when all are there. Once per process: a group is for good.

    Args:
        store, address: the meeting.
        host: this node's address, where the group spans several nodes.

    Raises:
        WorkersLost: not all came within `RENDEZVOUS`.
    """
    interface = _interface(host)
    if interface is not None:
        # without it gloo listens wherever the host's name leads: too far on one node, or not far enough on several
        os.environ.setdefault("GLOO_SOCKET_IFNAME", interface)
    # gloo and NCCL wait as long for a worker that never comes as for one that hangs
    store.set(f"here-{number}", address)
    try:
        store.wait([f"here-{other}" for other in range(world)], RENDEZVOUS)
    except RuntimeError as error:
        raise WorkersLost(f"not all of {world} workers came within {RENDEZVOUS.seconds} s") from error
    # DeepSpeed insists on LOCAL_RANK; each of Ray's workers sees its own GPUs alone, so it is always the first one
    os.environ.update({"RANK": str(number), "LOCAL_RANK": "0", "WORLD_SIZE": str(world)})
    on_gpu = torch.cuda.is_available()
    distributed.init_process_group(
        "nccl" if on_gpu else "gloo",
        store=store,
        rank=number,
        world_size=world,
        timeout=COLLECTIVE,
        device_id=device() if on_gpu and world > 1 else None,
    )
    deepspeed.init_distributed(auto_mpi_discovery=False, verbose=False, timeout=COLLECTIVE)


def _interface(host: str) -> str | None:
    """The network interface with that address."""
    name: str
    for name, addresses in psutil.net_if_addrs().items():
        if any(entry.family in (socket.AF_INET, socket.AF_INET6) and entry.address == host for entry in addresses):
            return name
    return None
