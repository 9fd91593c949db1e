"""A Ray cluster that is this machine alone: nothing has to be shipped there, and a file here is a file there."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import psutil

from cluster.connect import ROOT, quiet

CARRIED = ("TASKMIX_HOME", "TASKMIX_CACHE", "HF_HOME", "HF_ENDPOINT", "HF_HUB_OFFLINE")
"""Variables that say where things are; a job has its head node's, not those of whoever submits it."""


def is_alone_here(address: str) -> bool:
    """Whether all nodes of a cluster have an address of this machine; False where nobody answers.

    Through a tunnel another machine's loopback looks the same: `command` then ends there, as the folder is missing.

    Args:
        address: "http://HOST:8265", the dashboard of the head node.
    """
    quiet(None)
    from ray.util.state import list_nodes

    try:
        nodes = list_nodes(address, timeout=10)
    except Exception:  # whatever it is, the usual way says it to people
        return False
    own = {at.address for addresses in psutil.net_if_addrs().values() for at in addresses}
    return bool(nodes) and {node.node_ip for node in nodes if node.state == "ALIVE"} <= own


def command(file: Path) -> str:
    """What launches a search file from its own folder, with this Python, as a command of a shell."""
    here = {name: os.environ[name] for name in CARRIED if name in os.environ}
    variables = {**here, "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))}
    told = " ".join(f"{name}={shlex.quote(value)}" for name, value in variables.items())
    launch = f"exec {shlex.quote(sys.executable)} -m search launch {shlex.quote(file.name)}"
    return f"cd {shlex.quote(str(file.resolve().parent))} && {told} {launch}"
