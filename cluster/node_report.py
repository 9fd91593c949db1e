"""What a node looks at before the first work item: store, folders, software, hub, GPUs. It judges nothing.

It runs in a worker process of Ray that is kept for the work items. No torch here.
"""

from __future__ import annotations

import hashlib
import importlib.util
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

from cluster.gpus import Gpu, gpus
from spaces.errors import Problem, TaskmixError
from trainables.data.mini import packages
from trainables.store.filesystem import Files

HUB_SECONDS = 5.0

VERSIONS = (
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
"""Packages that run on the nodes and take part in what is computed or exchanged."""

PACKAGES = ("spaces", "trainables", "cluster")
"""Those of ours that run on the nodes."""

SHARED_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Asked:
    """What every node is asked to look at; paths as the work items use them.

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
    """

    store: str
    cache: str
    probe: str
    temporary: str
    folders: tuple[str, ...] = ()
    hub: bool = False
    hub_model: str | None = None
    suite: bool = False


@dataclass(frozen=True)
class Software:
    """What is installed.

    Args:
        versions: package -> version, "python" too; None: it is not there.
        code: package of ours -> digest of its source and cards; None: it is not there.
    """

    versions: Mapping[str, str | None]
    code: Mapping[str, str | None]


@dataclass(frozen=True)
class Seen:
    """What a node saw. An error is its reason, None where there was none.

    Args:
        written: name of what the node wrote into the store, unless there is a `store_problem`.
        found: whether the driver's object is in the store.
        cache_shared: whether the driver's file is in the cache folder.
        free: folder -> bytes free on its disk.
        missing: of the folders that were asked for.
        hub_error: why the hub cannot be reached; looked at only when something has to come from there.
        model_cached: whether the hub's client has the model already.
        suite_problem: why the offline suite cannot be built there, if it has to be.
        open_files: how many files a process may have open.
        shared_memory: size of /dev/shm in bytes; None: there is none.
        gpus: None where nvidia-smi could not be asked, for the reason in `gpu_error`, or Ray has no GPU there.
    """

    software: Software
    written: str
    store_problem: Problem | None
    found: bool
    cache_error: str | None
    cache_shared: bool
    free: Mapping[str, int]
    missing: tuple[str, ...]
    hub_error: str | None
    model_cached: bool
    suite_problem: Problem | None
    open_files: int
    shared_memory: int | None
    gpus: tuple[Gpu, ...] | None
    gpu_error: str | None


def look(asked: Asked, has_gpus: bool) -> Seen:
    """Looks around on the node that it runs on. What goes wrong with one thing is its result and hides no other."""
    written = probe_name()
    store_problem, found = _use_store(asked, written)
    needs_hub = asked.hub or asked.hub_model is not None
    found_gpus: tuple[Gpu, ...] | None = None
    gpu_error = None
    if has_gpus:
        try:
            found_gpus = gpus()
        except (OSError, subprocess.SubprocessError, ValueError) as error:
            gpu_error = first_line(error)
    return Seen(
        software=software(),
        written=written,
        store_problem=store_problem,
        found=found,
        cache_error=error_of(lambda: writable(Path(asked.cache))),
        cache_shared=(Path(asked.cache) / asked.probe).is_file(),
        free={folder: free_bytes(Path(folder)) for folder in (asked.cache, asked.temporary)},
        missing=tuple(folder for folder in asked.folders if not Path(folder).expanduser().is_dir()),
        hub_error=error_of(_reach_hub) if needs_hub else None,
        model_cached=asked.hub_model is not None and _is_cached(asked.hub_model),
        suite_problem=_suite_problem() if asked.suite else None,
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        shared_memory=shutil.disk_usage(SHARED_MEMORY).total if SHARED_MEMORY.is_dir() else None,
        gpus=found_gpus,
        gpu_error=gpu_error,
    )


# --- store and folders


def probe_name() -> str:
    return f"probe-{uuid.uuid4().hex}"


def _use_store(asked: Asked, name: str) -> tuple[Problem | None, bool]:
    """Writes into the store and looks for what the driver wrote: what is wrong, and whether that is there."""
    try:
        store = Files(asked.store)
        store.publish(name, name.encode())
        return None, bool(asked.probe) and store.read(asked.probe) is not None
    except TaskmixError as error:
        return error.problems[0], False


def now() -> float:
    """This machine's clock, seconds since 1970."""
    return time.time()


def forget(store: str, name: str) -> None:
    """Takes away what `look` wrote: run on the same node when nobody else sees it."""
    Files(store).remove(name)


def writable(folder: Path) -> None:
    """Writes a nameless file into the folder, which is made if need be. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"x")
        file.flush()


def free_bytes(folder: Path) -> int:
    """On the disk of the folder, or of what exists above it."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def error_of(attempt: Callable[[], object]) -> str | None:
    """Why an attempt fails, in a line; None when it does not."""
    try:
        attempt()
    except Exception as error:  # file systems, drivers and clients have no common base
        return first_line(error)
    return None


# --- software


def software() -> Software:
    """What is installed here; of versions what stands before a "+", after which the hardware is named."""
    versions: dict[str, str | None] = {"python": platform.python_version()}
    for package in VERSIONS:
        try:
            versions[package] = version(package).partition("+")[0]
        except PackageNotFoundError:
            versions[package] = None
    code: dict[str, str | None] = {}
    for package in PACKAGES:
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
    """Any answer will do."""
    from huggingface_hub import constants

    if constants.HF_HUB_OFFLINE:
        raise ConnectionError("HF_HUB_OFFLINE is set")
    try:
        urllib.request.urlopen(constants.ENDPOINT, timeout=HUB_SECONDS).close()
    except urllib.error.HTTPError:
        return


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


def first_line(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        return f"{error.cmd[0]} ended with code {error.returncode}: {str(error.stderr or error.stdout).strip()[:200]}"
    if isinstance(error, OSError) and error.strerror:
        return f"{error.strerror}: {error.filename}" if error.filename else error.strerror
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
