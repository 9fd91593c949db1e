"""What a node reports before the first work item: store, folders, software, hub, GPUs. It judges nothing.

It runs in a worker process of Ray that is kept for the work items. `survey.py` asks all nodes for their reports, and
`search/checks/node_checks.py` says what they mean. No torch here.
"""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
import platform
import resource
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cluster.gpus import Gpu, list_gpus
from spaces.errors import Problem, TaskmixError
from trainables.data.mini import packages
from trainables.store.filesystem import Files
from trainables.store.patience import Patience

HUB_SECONDS, HUB_TRIES = 5.0, 3

DISTRIBUTIONS = (
    "ray",
    "torch",
    "deepspeed",
    "transformers",
    "datasets",
    "numpy",
    "tokenizers",
    "safetensors",
    "fsspec",
    "pydantic",
)
"""What pip has installed on the nodes and takes part in what is computed or exchanged."""

WORKER_PACKAGES = ("spaces", "trainables", "cluster")
"""Our packages that run on the nodes; the driver has `search` too."""

SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class ReportRequest:
    """What every node has to report on; paths as the work items use them.

    Args:
        store: folder or fsspec URL.
        cache: folder.
        probe: name of what the driver has written into the store and the cache, to see whether a node finds it there;
            empty: the driver cannot use the store.
        temporary: Ray's own folder.
        folders: what has to be there: the mirror, a model, the files of cards.
        hub: whether rows come from the hub.
        hub_model: the hub id of the model, if it has one.
        suite: whether rows or model come from the offline suite, which a node builds from pip packages.
        patience: seconds for which a store that does not answer is tried again.
    """

    store: str
    cache: str
    probe: str
    temporary: str
    folders: tuple[str, ...] = ()
    hub: bool = False
    hub_model: str | None = None
    suite: bool = False
    patience: float = 0.0


@dataclass(frozen=True)
class Software:
    """What is installed on a machine.

    Args:
        versions: name of a distribution -> its version, with "python" among them; None: it is not there.
        code: package of ours -> digest of its source and cards; None: it is not there.
    """

    versions: Mapping[str, str | None]
    code: Mapping[str, str | None]


@dataclass(frozen=True)
class HubCache:
    """`$HF_HOME/hub` of a node.

    Args:
        error: why it cannot be written.
        free: bytes free on its disk.
    """

    folder: str
    error: str | None
    free: int


@dataclass(frozen=True)
class NodeReport:
    """The answers to a `ReportRequest` on one node. An error is its reason in a line, None where there was none.

    Args:
        probe: name of what the node wrote into the store, unless there is a `store_problem`.
        store_shared: whether the driver's probe is in the store.
        cache_shared: whether the driver's probe is in the cache folder.
        free: folder -> bytes free on its disk.
        missing: those of the folders that are not there.
        hub_error: why the hub cannot be reached; tried only when something has to come from there.
        model_cached: whether the hub's client has the model already.
        hub_cache: where the hub's clients keep files, if something has to come from there.
        suite_problem: why the offline suite cannot be built there, if it has to be.
        open_files: how many files a process may have open; -1: any number.
        shared_memory: size of /dev/shm in bytes; None: there is none.
        gpus: None where nvidia-smi could not be asked, for the reason in `gpu_error`, or Ray has no GPU there.
    """

    software: Software
    probe: str
    store_problem: Problem | None
    store_shared: bool
    cache_error: str | None
    cache_shared: bool
    free: Mapping[str, int]
    missing: tuple[str, ...]
    hub_error: str | None
    model_cached: bool
    hub_cache: HubCache | None
    suite_problem: Problem | None
    open_files: int
    shared_memory: int | None
    gpus: tuple[Gpu, ...] | None
    gpu_error: str | None


def make_report(request: ReportRequest, has_gpus: bool) -> NodeReport:
    """Looks around on the node that it runs on. What goes wrong with one thing is its answer and hides no other.

    Args:
        has_gpus: whether Ray has GPUs on this node.
    """
    probe = new_probe_name()
    store_problem, store_shared = _use_store(request, probe)
    needs_hub = request.hub or request.hub_model is not None
    gpus: tuple[Gpu, ...] | None = None
    gpu_error = None
    if has_gpus:
        try:
            gpus = list_gpus()
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            gpu_error = first_line(error)
    return NodeReport(
        software=list_software(),
        probe=probe,
        store_problem=store_problem,
        store_shared=store_shared,
        cache_error=error_of(lambda: try_to_write(Path(request.cache))),
        cache_shared=(Path(request.cache) / request.probe).is_file(),
        free={folder: free_bytes(Path(folder)) for folder in (request.cache, request.temporary)},
        missing=tuple(folder for folder in request.folders if not Path(folder).expanduser().is_dir()),
        hub_error=error_of(_reach_hub) if needs_hub else None,
        model_cached=request.hub_model is not None and _is_cached(request.hub_model),
        hub_cache=_hub_cache() if needs_hub else None,
        suite_problem=_suite_problem() if request.suite else None,
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        shared_memory=shutil.disk_usage(SHARED_MEMORY).total if SHARED_MEMORY.is_dir() else None,
        gpus=gpus,
        gpu_error=gpu_error,
    )


def report(request: bytes) -> bytes:
    """As `make_report`, for a worker, which knows neither questions nor answers; both are pickled."""
    return pickle.dumps(make_report(pickle.loads(request), has_gpus=False))


def read_clock() -> float:
    """This machine's clock, in seconds since 1970."""
    return time.time()


def remove_probe(store: str, name: str) -> None:
    """Takes away what `make_report` wrote. Run on the same node when nobody else sees it. Raises StoreError."""
    Files(store).remove(name)


# --- store and folders


def new_probe_name() -> str:
    """A name that nothing else in a store or a cache has."""
    return f"probe-{uuid.uuid4().hex}"


def _use_store(request: ReportRequest, probe: str) -> tuple[Problem | None, bool]:
    """Writes into the store and looks for the driver's probe: what is wrong, and whether that is there."""
    patience = Patience(request.patience)
    try:
        store = Files(request.store)
        patience.bear(lambda: store.publish(probe, probe.encode()))
        return None, bool(request.probe) and patience.bear(lambda: store.read(request.probe)) is not None
    except TaskmixError as error:
        return error.problems[0], False


def try_to_write(folder: Path) -> None:
    """Writes a nameless file into the folder, which is made if need be. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")
        file.flush()


def free_bytes(folder: Path) -> int:
    """Bytes free on the disk of the folder, or of what exists above it."""
    return shutil.disk_usage(nearest_folder(folder)).free


def nearest_folder(path: Path) -> Path:
    """The path, or the first above it that is a folder."""
    return next((folder for folder in (path, *path.parents) if folder.is_dir()), path)


def error_of(attempt: Callable[[], object]) -> str | None:
    """Why an attempt fails, in a line; None when it does not."""
    try:
        attempt()
    except Exception as error:  # file systems, drivers and clients have no common base
        return first_line(error)
    return None


def first_line(error: Exception) -> str:
    """What an error says, in a line that a table has room for."""
    if isinstance(error, subprocess.CalledProcessError):
        return f"{error.cmd[0]} ended with code {error.returncode}: {str(error.stderr or error.stdout).strip()[:200]}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__


# --- software


def list_software() -> Software:
    """What is installed here. Versions end before a "+", after which a build names its hardware."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = version(name).partition("+")[0]
        except PackageNotFoundError:
            versions[name] = None
    code: dict[str, str | None] = {}
    for package in WORKER_PACKAGES:
        spec = importlib.util.find_spec(package)
        folders = list(spec.submodule_search_locations or []) if spec else []
        code[package] = _digest(Path(folders[0])) if folders else None
    return Software(versions, code)


def _digest(folder: Path) -> str:
    files = sorted(path for ending in ("py", "yaml") for path in folder.rglob(f"*.{ending}"))
    content = hashlib.sha256()
    for path in files:
        content.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return content.hexdigest()[:12]


# --- hub and suite


def _reach_hub() -> None:
    """Any answer will do; one dropped connection is none."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise ConnectionError("HF_HUB_OFFLINE is set")
    for tries_left in reversed(range(HUB_TRIES)):
        try:
            urllib.request.urlopen(constants.ENDPOINT, timeout=HUB_SECONDS).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if not tries_left:
                raise


def _hub_cache() -> HubCache:
    from huggingface_hub import constants

    there = nearest_folder(Path(constants.HF_HUB_CACHE))
    return HubCache(str(constants.HF_HUB_CACHE), error_of(lambda: try_to_write(there)), free_bytes(there))


def _is_cached(model: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(model, "config.json"), str)
    except HFValidationError:  # no hub id: whoever loads the model says so
        return False


def _suite_problem() -> Problem | None:
    try:
        packages.check()
    except TaskmixError as error:
        return error.problems[0]
    return None
