"""A Ray cluster of hosts, each with a network of its own, whose Ray is started again whenever it ends."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

from cluster.connect import WORKER_ENVIRONMENT
from tests.support.hosts import Hosts
from tests.support.nodes import ROOT

PATIENT = {"RAY_agent_register_timeout_ms": "120000", "RAY_enable_metrics_collection": "0"}
"""Of Ray's start, which takes long on a busy machine."""

RAY = (sys.executable, "-m", "ray.scripts.scripts", "start", "--block", "--disable-usage-stats")


class HostCluster:
    """A head that computes nothing, and workers with a CPU each; leaving the context ends all of it.

    Args:
        folder: of their files: a short one, since names of sockets are below it.
        workers: names of the hosts that compute.
        variables: of the environment of all that runs there.
        paths: that Python imports from, before this checkout.
    """

    def __init__(
        self,
        folder: Path,
        workers: tuple[str, ...] = ("w1", "w2"),
        variables: Mapping[str, str] | None = None,
        paths: tuple[Path, ...] = (),
    ) -> None:
        home = folder / "home"
        home.mkdir()
        ours = {"PYTHONPATH": os.pathsep.join(map(str, (*paths, ROOT))), "HOME": str(home), "RAY_TMPDIR": str(folder)}
        self.folder = folder
        self._addresses: dict[str, str] = {}
        self.hosts = Hosts(folder / "hosts", {**ours, **PATIENT, **WORKER_ENVIRONMENT, **(variables or {})})
        self.address = f"{self.hosts.add('head')}:6379"
        own = [f"--node-ip-address={self.address.partition(':')[0]}", "--node-name=head", "--num-cpus=0"]
        self.hosts.supervise("head", *RAY, "--head", "--port=6379", "--include-dashboard=false", *own)
        for name in workers:
            self.join(name)

    def join(self, name: str) -> None:
        """One more host that computes."""
        self._addresses[name] = self.hosts.add(name)
        self.up(name)

    def up(self, name: str) -> None:
        """Start Ray on a host where nothing runs."""
        own = [f"--node-ip-address={self._addresses[name]}", f"--node-name={name}", "--num-cpus=1"]
        self.hosts.supervise(name, *RAY, f"--address={self.address}", *own)

    def __enter__(self) -> HostCluster:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hosts.close()


def wait(condition: Callable[[], object], what: str, seconds: float, log: Path) -> float:
    """Until it is so; prints the seconds that it took, and returns them.

    Args:
        log: shown where it takes longer than `seconds`.
    """
    began = time.monotonic()
    while not condition():
        if time.monotonic() - began > seconds:
            shown = log.read_text(errors="replace")[-3000:] if log.exists() else "nothing was said"
            raise AssertionError(f"{what}: not within {seconds:.0f} s\n{shown}")
        time.sleep(0.1)
    took = time.monotonic() - began
    print(f"{what}: {took:.1f} s")
    return took
