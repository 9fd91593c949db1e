"""Connect to Ray: a local one of our own, a cluster by address, or the one whose job we are."""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from spaces.errors import Failure, InputError, Problem

REACH_SECONDS = 5.0
"""How long a connection to an address may take."""

ANSWER_SECONDS = 30.0
"""How long Ray behind the address may take to answer: mostly the start of the process that asks, on a busy machine."""

ASK_GCS = "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1])"
"""A program that ends with 0 if Ray's head process (GCS) answers at an address."""

ADDRESS = "RAY_ADDRESS"
"""Environment variable with the address of a cluster."""

JOB_CONFIG = "RAY_JOB_CONFIG_JSON_ENV_VAR"
"""Set by Ray in its jobs, beside RAY_ADDRESS."""

ROOT = Path(__file__).resolve().parent.parent
"""The folder that holds our packages: a source checkout, or site-packages."""

PACKAGES = ("spaces", "trainables", "search", "cluster")
"""All of ours, as they are sent to a cluster."""

TOKEN_FIX = "export RAY_AUTH_MODE=token, with the cluster's token in ~/.ray/auth_token or RAY_AUTH_TOKEN"

LOOPBACK = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"
"""On "0" a local Ray listens on loopback alone. Without it all interfaces are bound, whatever address it is given."""

WORKER_ENVIRONMENT = {
    # Tune moves each worker into a folder of the trial's, which turns every relative path into another one.
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}
"""Environment variables of every worker."""

LOCAL_ENVIRONMENT = {
    LOOPBACK: "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray's own 15 gives way to whatever else runs here, so that nothing takes as long as was measured before.
    "RAY_worker_niceness": "0",
    **WORKER_ENVIRONMENT,
}
"""Environment variables of a local Ray and all that it starts."""


@dataclass(frozen=True)
class Connection:
    """A Ray that can be used.

    Args:
        address: of the cluster; None: a local Ray that ends with this process.
        nodes: per node that is alive, its resources by Ray's names ("CPU", "GPU", ...).
        logs: folder of Ray's own logs on this machine.
    """

    address: str | None
    nodes: tuple[Mapping[str, float], ...]
    logs: Path


@contextmanager
def connect(address: str | None = None, cpus: int | None = None, log: Path | None = None) -> Iterator[Connection]:
    """Connects to Ray and leaves it at the end; a local Ray is ended.

    Ray prints nothing: its messages go to `log`.

    Args:
        address: "HOST:PORT" of a cluster's head, "auto" for the one on this machine, "local" for a new one; None: the
            cluster named by RAY_ADDRESS (inside a Ray job that is its own), else a new local one.
        cpus: cores of a new local Ray; None: all. Ignored otherwise.
        log: file for the messages of Ray in this process.

    Raises:
        InputError: an address of a kind that cannot be used.
        Failure: the cluster cannot be reached, or a local Ray cannot be started.
    """
    named_by = "--address" if address or not os.environ.get(ADDRESS) else ADDRESS
    target = address or os.environ.get(ADDRESS) or "local"
    if target == "local":
        with environment({**LOCAL_ENVIRONMENT, "PYTHONPATH": _python_path()}):
            quiet(log)
            with _session(None, named_by, num_cpus=cpus, include_dashboard=False) as connection:
                yield connection
    else:
        if address or JOB_CONFIG not in os.environ:
            reach(target, named_by)
        quiet(log)
        with _session(target, named_by, runtime_env=runtime_environment(os.environ)) as connection:
            yield connection


def count_local_resources() -> dict[str, float]:
    """Counts what a local Ray would have on this machine, by Ray's names ("CPU", "GPU"); none is started.

    Ray itself counts: it knows the limits of a container, CUDA_VISIBLE_DEVICES, and GPUs that nvidia-smi does not show.
    """
    quiet(None)  # it may warn of a container
    from ray._private.resource_and_label_spec import ResourceAndLabelSpec

    node: Any = ResourceAndLabelSpec().resolve(is_head=True, node_ip_address="127.0.0.1")
    return {name: float(amount) for name, amount in node.to_resource_dict().items()}


def reach(address: str, named_by: str = "--address") -> None:
    """Finds out within seconds that no Ray answers: Ray itself tries for a minute, then kills the process.

    Args:
        named_by: the option or variable that the address comes from, for the messages.

    Raises:
        InputError: the address is not HOST:PORT or "auto".
        Failure: nothing answers there, or what answers is not Ray's GCS.
    """
    if address == "auto":
        return
    host, _, port = address.rpartition(":")
    if "//" in address or not host or not port.isdigit():
        # Behind ray:// Tune would run in a process on the cluster, and the studies would be written from there.
        raise InputError(
            Problem(
                "not an address that a search can be driven from",
                where=named_by,
                found=address,
                fix="HOST:PORT of the head node (port 6379 unless chosen), on a machine of the cluster; or auto",
            )
        )
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=REACH_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _unreachable(address, named_by, str(error)) from error
    # In a process of its own, because a GCS client that gets no sensible answer ends its whole process.
    command = [sys.executable, "-c", ASK_GCS, address]
    try:
        answer = subprocess.run(command, capture_output=True, timeout=ANSWER_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise _unreachable(address, named_by, "something listens there, but it does not answer as Ray does") from error
    if answer.returncode != 0:
        reason = _last_line(answer.stderr.decode(errors="replace")) or "what answers is not Ray"
        raise _unreachable(address, named_by, reason)


def runtime_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """What the workers on a cluster need: our packages as they are here, and the environment of a worker.

    Args:
        environ: this process's environment; inside a Ray job it carries the job's own runtime environment, and Ray
            refuses a second word on the same thing.
    """
    job = json.loads(environ.get(JOB_CONFIG, "{}")).get("runtime_env") or {}
    variables = {name: value for name, value in WORKER_ENVIRONMENT.items() if name not in job.get("env_vars", {})}
    ours: dict[str, Any] = {"env_vars": variables}
    if not job.get("working_dir") and not job.get("py_modules") and not _is_installed():
        ours["py_modules"] = [str(ROOT / package) for package in PACKAGES]
    return ours


def quiet(log: Path | None) -> None:
    """Keeps Ray from printing in this process: one class of ours owns the terminal.

    Args:
        log: the file for what Ray says; None: it is lost.
    """
    import ray  # its import installs the handler that is taken away here

    logger = logging.getLogger(ray.__name__)
    for handler in logger.handlers[:]:
        logger.removeHandler(handler)
        handler.close()
    if log is None:
        # Not no handler at all: then logging's last resort prints warnings to the terminal.
        logger.addHandler(logging.NullHandler())
    else:
        log.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(log, delay=True, encoding="utf-8")
        handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
        logger.addHandler(handler)
    logger.propagate = False
    # What Ray calls to print that a worker died, whatever `log_to_driver` says; there is no setting.
    worker: Any = ray._private.worker
    worker.print_to_stdstream = lambda data, **_: logger.warning("%s", "\n".join(data["lines"]))


@contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Sets environment variables, which child processes inherit; restores them at the end."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _session(address: str | None, named_by: str, **options: Any) -> Iterator[Connection]:
    import ray
    from ray._private import ray_constants

    # Ray reads these once, at its import, which may have been long ago.
    ray_constants.ENABLE_RAY_CLUSTER = os.environ.get(LOOPBACK) != "0"
    # Under `uv run` Ray would send the working folder to the workers, with all searches in it, and fail above 512 MiB.
    # They need nothing of it: they find our packages by PYTHONPATH or `runtime_environment`.
    ray_constants.RAY_ENABLE_UV_RUN_RUNTIME_ENV = False
    before = signal.getsignal(signal.SIGTERM)
    try:
        # Not `configure_logging=False`: it takes the handlers away, and logging's last resort prints to the terminal.
        context = _init(address, log_to_driver=False, logging_level=logging.INFO, **options)
        _restore(before)
        nodes = tuple(dict(node["Resources"]) for node in cast(Any, ray).nodes() if node["Alive"])
    except Exception as error:  # of every kind: a node that starts too slowly is a bare Exception of Ray's
        ray.shutdown()
        _restore(before)
        if address is not None:
            raise _unreachable(address, named_by, _last_line(str(error.__cause__ or error))) from error
        raise _not_started(_last_line(str(error))) from error
    except BaseException as error:
        ray.shutdown()
        _restore(before)
        if isinstance(error, SystemExit):  # Ray's own handler of SIGTERM, which it sets when it starts
            raise KeyboardInterrupt from error
        raise
    try:
        logs = Path(context.address_info["session_dir"]) / "logs"
        yield Connection(address and context.address_info["gcs_address"], nodes, logs)
    finally:
        ray.shutdown()


def _restore(handler: Any) -> None:
    """Lets SIGTERM mean again what it did before Ray started."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, handler)


class _NoPaths(list[str]):
    """Paths that workers are to import from besides their own: none, whoever adds one."""

    def extend(self, paths: Iterable[str]) -> None:
        return


def _init(address: str | None, **options: Any) -> Any:
    """Ray's own limit for a node to start is 30 s, which a busy machine may miss once.

    Ray would have workers import from the driver's working folder first of all: a file of the name of
    a package, as of `datasets`, would be taken for it. There is no setting for it.
    """
    import ray
    from ray.job_config import JobConfig

    def job() -> JobConfig:
        made = JobConfig()
        made._py_driver_sys_path = _NoPaths()
        return made

    try:
        return ray.init(address or "local", job_config=job(), **options)
    except Exception as error:
        if address is not None or "timed out during startup" not in str(error):
            raise
    ray.shutdown()
    return ray.init("local", job_config=job(), **options)


def _not_started(reason: str) -> Failure:
    fix = "see that /tmp and /dev/shm have room and memory is left (df -h /tmp /dev/shm; free -h), then launch again"
    if "AF_UNIX path length" in reason:
        fix = "a shorter folder for Ray's sockets, which lie below $RAY_TMPDIR or $TMPDIR: RAY_TMPDIR=/tmp TMPDIR=/tmp"
    return Failure(Problem("Ray could not be started on this machine", found=reason, fix=fix))


def _unreachable(address: str, named_by: str, reason: str) -> Failure:
    here = "unset RAY_ADDRESS" if named_by == ADDRESS else "leave --address out"
    fix = f"start the cluster (on one of its nodes: ray status); to run on this machine instead: {here}"
    if "AuthToken" in reason:
        # Not done here: Ray shows the token to whoever listens at an address only when it is told to, and rightly.
        reason = "the cluster wants a token"
        fix = TOKEN_FIX
    return Failure(Problem("no Ray cluster can be used at this address", named_by, f"{address}: {reason}", fix))


def _is_installed() -> bool:
    return Path(sysconfig.get_path("purelib")).resolve() == ROOT


def _python_path() -> str:
    """PYTHONPATH for workers: from a checkout our packages are importable in this process alone."""
    known = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    return os.pathsep.join(known if _is_installed() or str(ROOT) in known else [str(ROOT), *known])


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else ""
