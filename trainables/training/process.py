"""The process that trains: its device, and the group of processes it belongs to."""

from __future__ import annotations

import atexit
import os
import resource
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import torch
from torch import distributed

from trainables.work.failures import WorkersLost
from trainables.work.node_memory import read_node_memory

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


def most_memory() -> int:
    """The most bytes that this process could have where it trains: the GPU's, the node's, or what it is limited to.

    Not what is free at the moment, which depends on others.
    """
    if torch.cuda.is_available():
        return int(torch.cuda.get_device_properties(device()).total_memory)
    most, total = resource.getrlimit(resource.RLIMIT_AS)[0], read_node_memory().total
    return total if most == resource.RLIM_INFINITY else min(total, most)


@contextmanager
def threads(count: int) -> Iterator[None]:
    """As many threads as a work item has, at least one: with others sums are rounded otherwise, and another model comes
    of the same recipe."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, count))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def rank() -> int:
    """This worker's number in its group; 0 does what is done once."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def world_size() -> int:
    """Workers of the group."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def sum_over_workers(value: torch.Tensor) -> torch.Tensor:
    """`value` summed over the workers, in place; every worker has to call it."""
    if world_size() > 1:
        distributed.all_reduce(value)
    return value


def open_meeting(world: int, host: str = LOOPBACK) -> tuple[Any, str]:
    """Open the key-value store where the workers of a group find each other, as rank 0.

    Args:
        host: this node's address as the others reach it; loopback: all are on this node, where a file will do, which
            needs no port that another work item could hold.

    Returns:
        The store, and its address for the others.
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
    """The key-value store that rank 0 opened at `address`."""
    scheme, _, path = address.partition("://")
    if scheme == "file":
        return distributed.FileStore(path, world)  # type: ignore[attr-defined]
    host, _, port = path.rpartition(":")
    return distributed.TCPStore(  # type: ignore[attr-defined]
        host, int(port), world, is_master=False, timeout=RENDEZVOUS
    )


def join_group(number: int, world: int, store: Any, address: str, host: str = LOOPBACK) -> None:
    """Become worker `number` of `world`; returns when all are there. Once per process: a group is for good.

    Args:
        store, address: what `open_meeting` gave, or for the others `find_meeting`.
        host: this node's address, where the group spans several nodes.

    Raises:
        WorkersLost: not all came within `RENDEZVOUS`.
    """
    interface = _find_interface(host)
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


def _find_interface(host: str) -> str | None:
    """Name of the network interface with that address; None: there is none."""
    name: str
    for name, addresses in psutil.net_if_addrs().items():
        if any(entry.family in (socket.AF_INET, socket.AF_INET6) and entry.address == host for entry in addresses):
            return name
    return None
