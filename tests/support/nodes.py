"""A Ray cluster of several nodes on this machine, whose nodes differ for real: folder, environment, resources."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import chdir, contextmanager
from pathlib import Path
from typing import Any

from ray.cluster_utils import Cluster

ROOT = Path(__file__).parents[2]


class Nodes:
    """A head, and the nodes that are added. Relative paths mean another folder on each of them.

    Args:
        folder: where each node gets a folder of its own.
        cpus: of the head.
    """

    def __init__(self, folder: Path, cpus: int = 0) -> None:
        self._folder = folder
        self._cluster = Cluster()
        self.add("head", num_cpus=cpus, include_dashboard=False)

    @property
    def address(self) -> str:
        return str(self._cluster.address)

    def add(self, name: str, variables: Mapping[str, str] | None = None, **options: Any) -> Any:
        """Start a node in a folder of its name; `variables` are its environment's."""
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        with chdir(folder):
            variables = {"PYTHONPATH": str(ROOT), **(variables or {})}
            return self._cluster.add_node(node_name=name, env_vars=variables, **options)

    def remove(self, node: Any) -> None:
        """Kill a node."""
        self._cluster.remove_node(node, allow_graceful=False)

    def close(self) -> None:
        self._cluster.shutdown()


@contextmanager
def frozen(node: Any) -> Iterator[None]:
    """The node's raylet does not answer for a while."""
    process = node.all_processes["raylet"][0].process
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)
