"""What the checks before a search say about each node: judges the reports of `cluster/node_report.py`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from cluster.gpus import Gpu
from cluster.node_report import NodeReport, ReportRequest, Software
from cluster.resources import ItemResources
from cluster.survey import Answer, Node
from search.checks.check import HERE, LEAST_FREE, Check, failed, gigabytes
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport

CLOCK_SECONDS = 5.0
"""Clocks may differ by so much, and by what could not be measured."""


LEAST_FILES = 1024
"""Files that a process has to be allowed to have open; Ray wants many sockets."""

LEAST_SHARED_MEMORY = 256 * 2**20
"""Bytes of /dev/shm for processes that train together; containers get 64 MiB unless told otherwise."""

BUSY = 2**30
"""Bytes of a GPU's memory in use that a screen does not explain."""


def of_node(answer: Answer, request: ReportRequest, here: Software, item: ItemResources) -> Iterator[Check]:
    """Everything about a node but its memory.

    Args:
        here: what is installed on the driver's machine.
    """
    report, where = answer.report, answer.node.name
    if report is None:
        fix = "look at that node with `ray status`, and at its /tmp/ray/session_latest/logs; then start Ray there again"
        if answer.reason.startswith(("ModuleNotFoundError", "ImportError", "AttributeError", "TypeError")):
            fix = SAME
        elif answer.reason.startswith("OutOfMemoryError"):
            fix = "its memory is full, so that Ray ended the process that answers: end what uses it, or wait for it"
        yield Check("answer", where, "failed", answer.reason, fix)
        return
    yield _code(report, here, where)
    yield _packages(report, here, where)
    yield _store(answer, report, request, where)
    yield _cache(report, request, where)
    yield _data(report, request, where)
    yield _clock(answer, where)
    yield _limits(report, request, item, where)


def of_hub(answer: Answer, request: ReportRequest, needed: int) -> Iterator[Check]:
    """Whether a node has room for what it will fetch from the hub.

    Args:
        needed: bytes of all that the search reads from there.
    """
    report, where = answer.report, answer.node.name
    if report is None or report.hub_cache is None or (report.cache_shared and report.model_cached):
        return
    cache, fix = report.hub_cache, "or set HF_HOME to a folder on another disk, for all processes there"
    if cache.error is not None:
        text = f"{cache.folder}, where files of the hub are kept, cannot be written: {cache.error}"
        yield Check("hub", where, "failed", text, f"make it writable, {fix}")
    elif cache.free < needed:
        text = f"{gigabytes(cache.free)} free for {cache.folder}; the search reads {gigabytes(needed)} of the hub"
        yield Check("hub", where, "failed", text, f"free some space there, {fix}")
    else:
        text = f"{cache.folder} can be written, {gigabytes(cache.free)} free for at most {gigabytes(needed)}"
        yield Check("hub", where, "ok", text)


SAME = "update taskmix there: the same commit, or the same image, on every node"


def _code(report: NodeReport, here: Software, where: str) -> Check:
    other = [name for name, digest in here.code.items() if report.software.code.get(name) != digest]
    if other:
        text = f"not the code of {HERE}: {', '.join(other)}; the same work would be stored under other keys"
        return Check("taskmix", where, "failed", text, SAME)
    return Check("taskmix", where, "ok", f"the code of {HERE}")


def _packages(report: NodeReport, here: Software, where: str) -> Check:
    other = [
        f"{name} {report.software.versions.get(name) or 'is missing'} (here {version})"
        for name, version in here.versions.items()
        if version is not None and report.software.versions.get(name) != version
    ]
    if other:
        text = f"{', '.join(other)}; scores of different versions cannot be compared"
        fix = "pip install -r requirements.txt there, with the Python of this machine; or one image for all nodes"
        return Check("packages", where, "failed", text, fix)
    shown = [f"{name} {report.software.versions[name]}" for name in ("python", "torch", "deepspeed", "transformers")]
    return Check("packages", where, "ok", f"as on {HERE}: {', '.join(shown)} and {len(here.versions) - 4} more")


def _store(answer: Answer, report: NodeReport, request: ReportRequest, where: str) -> Check:
    fix = "point storage.store at a folder that all nodes mount at the same path, or at an object store (s3://...)"
    if report.store_problem is not None:
        return failed("store", where, report.store_problem)
    if not request.probe:
        return Check("store", where, "skipped", f"{HERE} cannot use it")
    if not report.store_shared:
        text = f"what {HERE} wrote into {request.store} is not there: another folder of the same name"
        return Check("store", where, "failed", text, fix)
    if not answer.probe_arrived:
        return Check("store", where, "failed", f"what it wrote into {request.store} does not arrive here", fix)
    return Check("store", where, "ok", "read and written, and both sides see it")


def _cache(report: NodeReport, request: ReportRequest, where: str) -> Check:
    free = report.free[request.cache]
    if report.cache_error is not None:
        fix = "point storage.cache (or TASKMIX_CACHE) at a folder that can be written on every node"
        return Check("cache", where, "failed", f"{request.cache} cannot be written: {report.cache_error}", fix)
    if free < LEAST_FREE:
        return Check("cache", where, "failed", f"{gigabytes(free)} left for {request.cache}", "free some space there")
    kind = f"shared with {HERE}" if report.cache_shared else "of its own, data are read and tokenised again"
    return Check("cache", where, "ok", f"can be written, {gigabytes(free)} free; {kind}")


def _data(report: NodeReport, request: ReportRequest, where: str) -> Check:
    if report.missing:
        fix = "put it on a file system that all nodes mount at the same path, or copy it there"
        return Check("data", where, "failed", f"not there: {', '.join(report.missing)}", fix)
    rows_needed = request.hub and not report.cache_shared
    model_needed = request.hub_model is not None and not report.model_cached
    if report.hub_error is not None and (rows_needed or model_needed):
        needed = " and ".join(name for name, need in (("data", rows_needed), ("model", model_needed)) if need)
        text = f"{needed} would come from the hub, which cannot be reached: {report.hub_error}"
        fix = "set HTTPS_PROXY there, share storage.cache and HF_HOME with it, or set storage.mirror"
        return Check("data", where, "failed", text, fix)
    if request.suite and not report.cache_shared and report.suite_problem is not None:
        return failed("data", where, report.suite_problem)
    parts = [f"{len(request.folders)} folders are there"] if request.folders else []
    if request.hub or request.hub_model:
        parts.append("the hub can be reached" if report.hub_error is None else "the hub is not needed any more")
    if request.suite:
        parts.append("the suite is in the cache" if report.cache_shared else "the suite can be built")
    return Check("data", where, "ok", "; ".join(parts))


def _clock(answer: Answer, where: str) -> Check:
    text = f"{abs(answer.clock_ahead):.2f} s {'ahead of' if answer.clock_ahead > 0 else 'behind'} the clock of {HERE}"
    text += f" (± {answer.clock_error:.2f} s)"
    if abs(answer.clock_ahead) > CLOCK_SECONDS + answer.clock_error:
        text += "; times of results and of files would be wrong, and object stores refuse clocks that are far off"
        return Check("clock", where, "failed", text, "let the machines keep network time: timedatectl set-ntp true")
    return Check("clock", where, "ok", text)


def _limits(report: NodeReport, request: ReportRequest, item: ItemResources, where: str) -> Check:
    free, shared = report.free[request.temporary], report.shared_memory or 0
    wrong: list[tuple[str, str]] = []
    if free < LEAST_FREE:
        wrong.append((f"{gigabytes(free)} left for Ray in {request.temporary}", "free some space there"))
    if 0 <= report.open_files < LEAST_FILES:
        wrong.append((f"a process may open {report.open_files} files", "ulimit -n 65536 before Ray is started there"))
    if item.workers > 1 and item.gpus and shared < LEAST_SHARED_MEMORY:
        text = f"/dev/shm has {gigabytes(shared)}, too little for GPUs that train together"
        wrong.append((text, "start the container with --shm-size=8g, or mount a larger memory volume there"))
    if wrong:
        return Check(
            "limits", where, "failed", "; ".join(text for text, _ in wrong), "; ".join(fix for _, fix in wrong)
        )
    files = f"{report.open_files:,}" if report.open_files >= 0 else "any number of"
    return Check(
        "limits", where, "ok", f"{gigabytes(free)} free for Ray, {files} open files, /dev/shm {gigabytes(shared)}"
    )


# --- memory


LIBRARIES = 750_000_000
"""Bytes of a worker before it has a model: Python, torch, DeepSpeed, Ray."""


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes that each worker takes while it trains; what a forward pass needs comes on top.

    Args:
        host: of its node's memory.
        device: of its GPU's memory; 0: it trains on the CPU.
    """

    host: int
    device: int


def memory_need(plan: Plan, findings: PreparationReport, gpus: float = 0) -> MemoryNeed | None:
    """What each worker takes at its peak; None while the model's size is not known.

    A worker holds the base encoder, the one that a mixture made of it, and the copy that it trains, with gradients
    and Adam's two moments, all in fp32. How much of that ZeRO splits, and what it holds besides, was measured
    (docs/scale.md).

    Args:
        gpus: of each worker.
    """
    if findings.parameters is None:
        return None
    stages = [plan.intermediate, *(plan.target_stage(name) for name, card in plan.targets.items() if card.is_trained)]
    frozen = all(stage.freeze_embeddings for stage in stages)
    whole = 4 * findings.parameters
    trained = whole - (4 * (findings.embeddings or 0) if frozen else 0)
    workers = plan.workers
    state = {
        0: whole + 3 * trained,
        1: whole + 1.5 * trained + 4.4 * trained / workers,
        2: whole + 1.5 * trained + 4.4 * trained / workers,
        3: whole + 4.6 * trained + 2.8 * trained / workers,
    }[plan.engine.zero]
    kept = LIBRARIES + (2 if plan.tasks else 1) * whole
    if gpus:
        # there AdamW takes the roots of all second moments at once; the copy begins on the host
        return MemoryNeed(host=kept + whole, device=round(state + trained / (workers if plan.engine.zero else 1)))
    return MemoryNeed(host=round(kept + state), device=0)


def of_memory(
    answer: Answer, item: ItemResources, need: MemoryNeed | None, concurrency: int, lent: float
) -> Iterator[Check]:
    """Whether a node's GPUs and its own memory are free and large enough.

    Args:
        need: of each worker, as `memory_need` has it.
        concurrency: how many work items run at once.
        lent: GPUs of the whole cluster that Ray has given to others.
    """
    node = answer.node
    if item.gpus and node.resources.get("GPU", 0) and answer.report is not None:
        yield _gpus(answer.report, node, item, need.device if need else 0, lent)
    if need is not None and memory_of(node.resources):
        yield _memory(node, item, need.host, concurrency)


def _gpus(report: NodeReport, node: Node, item: ItemResources, least: int, lent: float) -> Check:
    if report.gpus is None:
        return Check("gpus", node.name, "skipped", f"nvidia-smi cannot be asked: {report.gpu_error}")
    sharing = max(1, math.floor(1 / item.gpus))  # processes on one GPU
    wanted = max(0, math.floor(node.resources["GPU"] - lent))
    good = [gpu for gpu in report.gpus if _is_idle(gpu, least * sharing)]
    needs = f"training holds at least {gigabytes(least * sharing)} on each" if least else "what they need is unknown"
    if len(good) >= wanted:
        # Which GPUs are Ray's is not known where the machine has more of them: as many as Ray has will do.
        return Check("gpus", node.name, "ok", f"{len(good)} of {len(report.gpus)} GPUs are idle; {needs}")
    small = any(gpu.total is not None and gpu.total < least * sharing for gpu in report.gpus)
    bad = ", ".join(_in_use(gpu) for gpu in report.gpus if gpu not in good)
    text = f"{len(good)} idle GPUs of the {wanted} that Ray would give away: {bad}; {needs}"
    fix = (
        "end what uses them (nvidia-smi), or start Ray there with the others alone: CUDA_VISIBLE_DEVICES=1,2 ray start"
    )
    if small:
        fix = "larger GPUs; or engine.zero 2 or 3 with several workers; or freeze_embeddings in all stages"
    return Check("gpus", node.name, "failed", text, fix)


def _is_idle(gpu: Gpu, least: int) -> bool:
    if gpu.total is None or gpu.used is None:
        return True  # nothing is known against it
    return gpu.used <= BUSY and gpu.total - gpu.used >= least


def _in_use(gpu: Gpu) -> str:
    by = f" by {', '.join(gpu.used_by)}" if gpu.used_by else ""
    return f"GPU {gpu.index} ({gpu.name}) has {gigabytes(gpu.used or 0)} of {gigabytes(gpu.total or 0)} in use{by}"


def _memory(node: Node, item: ItemResources, need: int, concurrency: int) -> Check:
    free = memory_of(node.resources)
    processes = min(_places(node.resources, item), concurrency * item.workers)
    text = f"{gigabytes(free)} free when Ray started; training takes {gigabytes(need)} and what a batch needs"
    text += f", in each of {processes} processes" if processes > 1 else ""
    if need * processes > free:
        fix = "lower resources.concurrency, take a smaller model, or freeze_embeddings in all stages"
        return Check("memory", node.name, "failed", text, fix)
    return Check("memory", node.name, "ok", text)


def _places(resources: Mapping[str, float], item: ItemResources) -> int:
    """Processes of work items that Ray would start on a node, by CPUs and GPUs."""
    places = int(resources.get("CPU", 0) // item.cpus)
    return min(places, int(resources.get("GPU", 0) // item.gpus)) if item.gpus else places


def memory_of(resources: Mapping[str, float]) -> float:
    """Bytes of a node's memory that were free when Ray started; 0: Ray does not say.

    Ray splits them between its object store and everybody else; the store is hardly used here.
    """
    return resources.get("memory", 0) + resources.get("object_store_memory", 0) if resources.get("memory") else 0


def fit_into_memory(
    concurrency: int, nodes: Sequence[Mapping[str, float]], item: ItemResources, need: MemoryNeed | None
) -> int:
    """How many work items run at once where nobody asked for a number: at most `concurrency`, as memory allows, 1 at
    least."""
    if need is None or not all(memory_of(node) for node in nodes):
        return concurrency
    processes = sum(min(_places(node, item), int(memory_of(node) // need.host)) for node in nodes)
    return max(1, min(concurrency, processes // item.workers))
