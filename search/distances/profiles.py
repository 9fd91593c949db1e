"""The profiles of a search's cards: read from the store, and those that are missing computed as Ray tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from cluster.connect import connect
from cluster.resources import count_fitting
from search.config.schema import ResourcesConfig
from search.config.workspace import Workspace
from search.forecast.concurrency import item_resources
from spaces.errors import Failure, Problem, TaskmixError
from trainables.store.store import Store
from trainables.work.plan import Plan
from trainables.work.profile import Profile, ProfileRequest, requests_of_target, requests_of_task

COMPUTE = "trainables.evaluation.profile:compute_profiles"
"""By name: it loads torch."""

RETRIES = 3
"""Of a task whose node was lost; what it had stored stays."""

Say = Callable[[str], None]


def requests_of(plan: Plan, targets: Sequence[str]) -> list[ProfileRequest]:
    """What a search's tasks and those targets are profiled by."""
    wanted = [request for card in plan.tasks.values() for request in requests_of_task(card)]
    return [*wanted, *(request for target in targets for request in requests_of_target(plan, target))]


def read_profiles(
    workspace: Workspace, plan: Plan, requests: Sequence[ProfileRequest], say: Say, address: str | None = None
) -> dict[ProfileRequest, Profile]:
    """The profiles of those rows; the missing ones are computed first, with the search's resources.

    Args:
        plan: with the versions of data and model, which are part of the keys.
        address: of a Ray cluster; None: as `launch`.

    Raises:
        InputError, Failure: Ray cannot be started, rows or the model cannot be read.
    """
    store, model = workspace.store, workspace.config.model
    found = _stored(store, plan, model, requests)
    missing = [request for request in requests if request not in found]
    if missing:
        say(f"profiles: {len(found)} are stored, {len(missing)} are computed")
        log = workspace.folder / "ray.log" if workspace.folder.is_dir() else None
        _compute(plan, model, missing, workspace.config.resources, address, log)
        found |= _stored(store, plan, model, missing)
    lost = [f"{request.card.name} {request.language}" for request in requests if request not in found]
    if lost:
        fix = "look at the store's disk; then the same command again"
        raise Failure(Problem("profiles are missing that were computed", workspace.store_url, ", ".join(lost), fix))
    return found


def stored_profiles(
    workspace: Workspace, plan: Plan, requests: Sequence[ProfileRequest]
) -> dict[ProfileRequest, Profile] | None:
    """As `read_profiles`, computing nothing; None where one is missing."""
    found: dict[ProfileRequest, Profile] = {}
    for request in requests:  # the first that is missing will do
        one = _stored(workspace.store, plan, workspace.config.model, [request])
        if not one:
            return None
        found |= one
    return found


def _stored(store: Store, plan: Plan, model: str, requests: Sequence[ProfileRequest]) -> dict[ProfileRequest, Profile]:
    found = {}
    for request in requests:
        packed = store.profile(request.key(plan, model))
        if packed is not None:
            found[request] = Profile.unpack(packed)
    return found


def _compute(
    plan: Plan,
    model: str,
    requests: Sequence[ProfileRequest],
    resources: ResourcesConfig,
    address: str | None,
    log: Path | None,
) -> None:
    """Computes and stores them, a share in each of as many tasks as work items fit."""
    ray: Any = import_module("ray")
    item = item_resources(resources)
    with connect(address, log=log) as connection:
        shares = min(len(requests), count_fitting(item, connection.nodes, resources.concurrency))
        task = ray.remote(_run).options(num_cpus=item.cpus, num_gpus=item.gpus, max_retries=RETRIES)
        running = [task.remote(plan, model, requests[share::shares]) for share in range(shares)]
        try:
            ray.get(running)
        except ray.exceptions.RayTaskError as error:
            cause = error.cause
            raise (
                cause
                if isinstance(cause, TaskmixError)
                else Failure(Problem("profiles could not be computed", found=f"{type(cause).__name__}: {cause}"))
            ) from None


def _run(plan: Plan, model: str, requests: Sequence[ProfileRequest]) -> list[str]:
    module, _, name = COMPUTE.partition(":")
    complaints: list[str] = getattr(import_module(module), name)(plan, model, requests)
    return complaints
