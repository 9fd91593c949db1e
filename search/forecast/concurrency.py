"""How many work items of a search run at once: `launch`, `doctor` and `plan` all ask here."""

from __future__ import annotations

from collections.abc import Callable

from cluster.connect import Connection, count_local_resources
from cluster.resources import ItemResources, count_fitting
from search.config.schema import ResourcesConfig
from spaces.errors import InputError


def item_resources(resources: ResourcesConfig) -> ItemResources:
    """What one work item occupies. Raises InputError where Ray could run none."""
    return ItemResources(cpus=resources.cpus, gpus=resources.gpus, workers=resources.workers)


def concurrency_on(connection: Connection, resources: ResourcesConfig) -> int:
    """How many run at once on a Ray that is connected: as many as fit on its nodes, at most `resources.concurrency`.

    The autoscaler of a cluster may add nodes; there it is `resources.concurrency` itself, if one was given.

    Raises:
        InputError: not even one fits.
    """
    is_cluster = connection.address is not None
    return count_fitting(item_resources(resources), connection.nodes, resources.concurrency, growing=is_cluster)


def concurrency_here(resources: ResourcesConfig, say: Callable[[str], None]) -> int:
    """How many a launch on this machine would run at once, counted without starting a Ray.

    A search whose work items do not fit on this machine is meant for a cluster, of which nothing is known here: then
    it is `resources.concurrency`, or 1.

    Args:
        say: told when none fits here.

    Raises:
        InputError: Ray could run no such work item anywhere.
    """
    item = item_resources(resources)
    try:
        return count_fitting(item, [count_local_resources()], resources.concurrency)
    except InputError:
        say(f"no work item fits on this machine: each takes {item}")
        return resources.concurrency or 1
