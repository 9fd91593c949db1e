"""A head node of Ray of its own: on loopback, with token authentication, as Ray has it once there is a token."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

import psutil

ROOT = Path(__file__).parents[2]
RAY = [sys.executable, "-m", "ray.scripts.scripts"]
START_SECONDS = 300.0


class Head:
    """A head node with two CPUs; leaving the context ends it and removes its folder.

    Attributes:
        folder: of its files; the home of whoever started it.
        port: of its dashboard.
        token: that it wants.
    """

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="taskmix-head-", dir="/tmp"))  # short: names of sockets are below it
        (self.folder / "elsewhere").mkdir()
        self.port = free_port()
        self._ports = {
            "port": free_port(),
            "dashboard-port": self.port,
            "dashboard-agent-listen-port": free_port(),
        }
        command = [*RAY, "get-auth-token", "--generate"]
        made = subprocess.run(command, env=self._environment(), capture_output=True, text=True)
        self.token = made.stdout.strip()
        self._process: subprocess.Popen[bytes] | None = None
        self._starts = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self, **variables: str) -> None:
        """Start it, and wait until its dashboard listens. One that died is another one, at the same address."""
        self._starts += 1
        command = [*RAY, "start", "--head", "--block", "--disable-usage-stats", "--dashboard-host", "127.0.0.1"]
        command += ["--node-ip-address", "127.0.0.1", "--temp-dir", str(self.folder / f"ray{self._starts}")]
        command += [f"--{name}={value}" for name, value in {**self._ports, "num-cpus": 2}.items()]
        log = self.folder / f"log{self._starts}"
        with log.open("w") as out:
            self._process = subprocess.Popen(
                command, env={**self._environment(), **variables}, stdout=out, stderr=out, start_new_session=True
            )
        deadline = time.monotonic() + START_SECONDS
        while True:
            assert self._process.poll() is None and time.monotonic() < deadline, log.read_text()
            with socket.socket() as knock:
                if knock.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)

    def kill(self) -> None:
        """End it and all that it had started, without a word."""
        assert self._process is not None
        below = psutil.Process(self._process.pid).children(recursive=True)
        self._process.kill()
        self._process.wait(timeout=30)
        for child in below:
            if child.is_running():
                child.kill()
        psutil.wait_procs(below, timeout=30)
        self._process = None

    def run(self, *command: str, token: str | None = None) -> subprocess.CompletedProcess[str]:
        process = self.start(*command, token=token)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(command, process.returncode, out, err)

    def start(self, *command: str, token: str | None = None, **variables: str) -> subprocess.Popen[str]:
        """A command of somebody elsewhere, with the cluster's token, another one, or none (empty)."""
        token = self.token if token is None else token
        mine = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": token} if token else {}
        home = str(self.folder / "elsewhere")
        environment = {**clean(os.environ), "HOME": home, "PYTHONPATH": str(ROOT), **mine, **variables}
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, text=True, env=environment, cwd=self.folder, **pipes)  # type: ignore[call-overload,no-any-return]

    def submit(self, file: Path, *options: str) -> tuple[str, ...]:
        return (sys.executable, "-m", "search", "submit", str(file), "--address", self.address, *options)

    def __enter__(self) -> Head:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            below = psutil.Process(self._process.pid).children(recursive=True)
            self._process.terminate()
            self._process.wait(timeout=30)
            for child in psutil.wait_procs(below, timeout=10)[1]:
                child.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _environment(self) -> dict[str, str]:
        return {
            **clean(os.environ),
            "HOME": str(self.folder),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
            "RAY_agent_register_timeout_ms": "120000",  # Ray gives up sooner, which a busy machine takes for a start
        }


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environ.items() if not name.startswith(("RAY_", "TASKMIX_"))}


def free_port() -> int:
    with socket.socket() as some:
        some.bind(("127.0.0.1", 0))
        return int(some.getsockname()[1])
