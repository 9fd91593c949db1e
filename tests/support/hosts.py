"""Hosts on this machine: network namespaces with addresses of their own on one bridge, as root alone can make them.

Files, and the numbers of processes, are shared: what is tried is the network, and processes that die.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from tests.support import slow_link

SUPERVISOR = "while true;"


def can_be_made() -> bool:
    """Whether this process may make network namespaces."""
    if os.geteuid() != 0 or shutil.which("ip") is None or shutil.which("bridge") is None:
        return False
    name = f"probe-{uuid.uuid4().hex[:6]}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True).returncode == 0
    subprocess.run(["ip", "netns", "delete", name], capture_output=True)
    return made


class Hosts:
    """Hosts by name, each with a folder of that name.

    Args:
        folder: where their folders are made.
        variables: of the environment of all that runs there.
    """

    def __init__(self, folder: Path, variables: Mapping[str, str]) -> None:
        self._folder, self._variables = folder, {**os.environ, **variables}
        self._mark = uuid.uuid4().hex[:4]
        self._names: list[str] = []
        self._processes: list[subprocess.Popen[bytes]] = []
        self._links: dict[str, subprocess.Popen[bytes]] = {}  # of hosts that are slow
        self._switch = f"sw-{self._mark}"
        self._ip("netns", "add", self._switch)
        self._ip("-n", self._switch, "link", "add", "name", "br0", "type", "bridge")
        self._ip("-n", self._switch, "link", "set", "dev", "br0", "up")

    def add(self, name: str) -> str:
        """Make a host; its address."""
        self._names.append(name)
        space, here, there = self._space(name), f"e{self._mark}{name}", f"p{self._mark}{name}"
        address = f"10.213.0.{len(self._names)}"
        self._ip("netns", "add", space)
        self._ip(
            "link", "add", "name", here, "netns", space, "type", "veth", "peer", "name", there, "netns", self._switch
        )
        self._ip("-n", self._switch, "link", "set", "dev", there, "master", "br0", "up")
        for command in (
            ("addr", "add", f"{address}/24", "dev", here),
            ("link", "set", "dev", here, "up"),
            ("link", "set", "dev", "lo", "up"),
        ):
            self._ip("-n", space, *command)
        (self._folder / name).mkdir(parents=True)
        return address

    def supervise(
        self, name: str, *command: str, out: Path | None = None, variables: Mapping[str, str] | None = None
    ) -> None:
        """Start a program on a host, and again whenever it ends, as systemd would."""
        loop = f"{SUPERVISOR} do {shlex.join(command)}; sleep 2; done"
        self.start(name, "sh", "-c", loop, out=out, variables=variables)

    def start(
        self, name: str, *command: str, out: Path | None = None, variables: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Start a program on a host, in its folder; `variables` are more of its environment."""
        log = (out or self._folder / f"{name}.log").open("ab")
        process = subprocess.Popen(
            ["ip", "netns", "exec", self._space(name), *command],
            cwd=self._folder / name,
            env={**self._variables, **(variables or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        self._processes.append(process)
        return process

    def cut(self, name: str) -> None:
        """From now on every packet from and to the host is lost, silently."""
        self._port(name, 0)

    def heal(self, name: str) -> None:
        """Packets arrive again."""
        self._port(name, 3)

    def slow(self, name: str, seconds: float, loss: float = 0.0) -> None:
        """From now on packets from and to the host take so long each way, and this share of them is lost."""
        port, near, far = f"p{self._mark}{name}", f"n{self._mark}{name}", f"f{self._mark}{name}"
        self._ip("-n", self._switch, "link", "add", "name", near, "type", "veth", "peer", "name", far)
        self._ip("-n", self._switch, "link", "set", "dev", port, "nomaster")
        self._ip("-n", self._switch, "link", "set", "dev", far, "master", "br0", "up")
        self._ip("-n", self._switch, "link", "set", "dev", near, "up")
        command = [sys.executable, slow_link.__file__, port, near, str(seconds), str(loss)]
        self._links[name] = subprocess.Popen(["ip", "netns", "exec", self._switch, *command])

    def quick(self, name: str) -> None:
        """The host is as near as it was before it was slow."""
        self._end_link(name)
        self._ip("-n", self._switch, "link", "delete", "dev", f"n{self._mark}{name}")
        self._ip("-n", self._switch, "link", "set", "dev", f"p{self._mark}{name}", "master", "br0")

    def programs(self, name: str) -> dict[int, str]:
        """The processes of a host: number -> command line."""
        listed = subprocess.run(["ip", "netns", "pids", self._space(name)], capture_output=True, text=True).stdout
        found = {}
        for number in map(int, listed.split()):
            try:
                found[number] = Path(f"/proc/{number}/cmdline").read_text().replace("\0", " ")
            except OSError:  # it is over
                continue
        return found

    def find(self, name: str, *words: str) -> list[int]:
        """The processes of a host with all of these words in their command lines."""
        return [number for number, line in self.programs(name).items() if all(word in line for word in words)]

    def end(self, name: str, *words: str, by: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to them."""
        for number in self.find(name, *words):
            with suppress(ProcessLookupError):
                os.kill(number, by)

    def kill(self, name: str, supervisors: bool = False) -> None:
        """End all that runs on a host, without a word; what is supervised is started again."""
        for number, line in self.programs(name).items():
            if supervisors or SUPERVISOR not in line:
                with suppress(ProcessLookupError):
                    os.kill(number, signal.SIGKILL)

    def close(self) -> None:
        """End everything, and take the hosts away."""
        for name in self._names:
            self.kill(name, supervisors=True)
            self.kill(name)  # what was just being started
        for process in self._processes:
            process.wait(30)
        for name in list(self._links):
            self._end_link(name)
        for space in [*map(self._space, self._names), self._switch]:
            subprocess.run(["ip", "netns", "delete", space], capture_output=True)

    def _end_link(self, name: str) -> None:
        link = self._links.pop(name)
        link.kill()
        link.wait(30)

    def _space(self, name: str) -> str:
        return f"{name}-{self._mark}"

    def _port(self, name: str, state: int) -> None:
        command = ["bridge", "-n", self._switch, "link", "set", "dev", f"p{self._mark}{name}", "state", str(state)]
        subprocess.run(command, check=True)

    def _ip(self, *arguments: str) -> None:
        subprocess.run(["ip", *arguments], check=True)
