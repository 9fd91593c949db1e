"""The checks before a search: everything that can be known to be wrong before the first work item, and its mend.

`diagnose` is `taskmix doctor`; a launch calls `examine` for the nodes, since it opens the rest itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy import text

from cluster import survey
from cluster.connect import Connection, connect
from cluster.node_report import (
    ReportRequest,
    error_of,
    free_bytes,
    list_software,
    nearest_folder,
    new_probe_name,
    try_to_write,
)
from cluster.resources import ItemResources
from cluster.survey import Node
from search.checks.check import HERE, LEAST_FREE, Check, failed, gigabytes
from search.checks.disk_space import disk_space
from search.checks.node_checks import fit_into_memory, memory_need, of_hub, of_memory, of_node
from search.config.workspace import Workspace
from search.forecast.concurrency import concurrency_on, item_resources
from search.forecast.estimate import estimate
from search.formatting import shown
from search.studies.database import open_storage, parsed, sqlite_file, usable
from search.tracking.client import open_client
from spaces.errors import Failure, InputError, TaskmixError
from spaces.repository import SUITE_PREFIX, Repository, is_folder
from trainables.data.files.mirror import mounted
from trainables.prepare import inspect
from trainables.store.filesystem import Files
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport, Say


def diagnose(workspace: Workspace, address: str | None, say: Say) -> Iterator[Check]:
    """Every check, as soon as it is known; none that fails hides another.

    Args:
        address: of a Ray cluster; None: as for a launch.
        say: told what takes time.
    """
    plan, config = workspace.plan, workspace.config
    with ThreadPoolExecutor(1) as aside:
        preparing = aside.submit(inspect, plan, config.model, config.resources.cpus, say)
        yield check_home(workspace)
        yield check_database(workspace)
        yield check_mlflow(workspace)
        yield from check_ray(workspace, address, lambda: None if preparing.exception() else preparing.result())
        yield from check_data(plan, config.model, preparing.result)


def examine(
    workspace: Workspace,
    item: ItemResources,
    concurrency: int,
    connection: Connection,
    findings: Callable[[], PreparationReport | None],
    nodes: Sequence[Node],
) -> Iterator[Check]:
    """The store as this machine sees it, and all that is looked at on the nodes of a Ray that is connected.

    Args:
        item: what a work item occupies; nodes where none fits are left alone.
        findings: called when the nodes have answered; None: data and model could not be looked at.
        nodes: those that are alive.
    """
    plan, model = workspace.plan, workspace.config.model
    used = [node for node in nodes if _has_room(node, item)] or nodes
    for node in nodes:
        if node not in used:
            yield Check("answer", node.name, "skipped", "no work item fits on that node")
    if connection.address is not None or len(nodes) > 1:
        yield _paths(plan, model)
    with ExitStack() as stack:
        try:
            probe = stack.enter_context(leave_probe(workspace))
            yield Check(
                "store", HERE, "ok", f"{workspace.store_url} can be read and written{_space(workspace.store_url)}"
            )
        except TaskmixError as error:
            probe = ""
            yield failed("store", HERE, error.problems[0])
        request, here, answers = make_request(plan, model, connection, probe), list_software(), []
        for answer in survey.ask(request, used):
            answers.append(answer)
            yield from of_node(answer, request, here, item)
    found, lent = findings(), survey.count_lent_gpus() if item.gpus else 0.0
    need = memory_need(plan, found, item.gpus) if found else None
    if workspace.config.resources.concurrency is None:
        concurrency = fit_into_memory(concurrency, connection.nodes, item, need)
    space = disk_space(workspace, found, estimate(workspace.search, plan, found, concurrency)) if found else None
    if space is not None:
        yield space.check()
    for answer in answers:
        yield from of_memory(answer, item, need, concurrency, lent)
        yield from of_hub(answer, request, found.hub_bytes if found else 0)


def require(checks: Iterable[Check], say: Say, nodes: Sequence[Node] = ()) -> dict[str, str]:
    """Nothing starts before all is well here, and on one node at least.

    Args:
        nodes: those that were looked at.

    Returns:
        Nodes that do not do, where others do: Ray's ids -> why.

    Raises:
        Failure: with every check that failed.
    """
    found = list(checks)
    failed = [check for check in found if check.state == "failed"]
    bad = {node.name: node.id for node in nodes if any(check.where == node.name for check in failed)}
    usable = {check.where for check in found if check.state == "ok"} & {node.name for node in nodes} - bad.keys()
    if any(check.where not in bad for check in failed) or (failed and not usable):
        raise Failure([check.problem for check in failed])
    left_out: dict[str, str] = {}
    for check in failed:
        say(f"node {check.where} is left out: {check.problem.what}; fix: {check.fix}")
        left_out.setdefault(bad[check.where], check.problem.what)
    say(f"doctor: {sum(check.state == 'ok' for check in found)} checks passed")
    return left_out


# --- this machine


def check_home(workspace: Workspace) -> Check:
    """The folder of searches: whether it can be written, and has room."""
    folder = nearest_folder(workspace.folder)
    error, free = error_of(lambda: try_to_write(folder)), free_bytes(folder)
    if error is not None:
        fix = "set TASKMIX_HOME to a folder that you can write"
        return Check("home", HERE, "failed", f"{workspace.folder} cannot be written: {error}", fix)
    if free < LEAST_FREE:
        return Check("home", HERE, "failed", f"{gigabytes(free)} left for {workspace.folder}", "free some space there")
    return Check("home", HERE, "ok", f"{workspace.folder} can be written, {gigabytes(free)} free")


def check_database(workspace: Workspace) -> Check:
    """The studies' database. Its tables are made if it is an empty one on a server; no file is made."""
    where = shown(workspace.studies_url)
    try:
        file = sqlite_file(parsed(workspace.studies_url, "storage.studies"))
        if file is not None and not file.exists() and (file.parent == workspace.folder or file.parent.is_dir()):
            return Check("database", where, "ok", "launch makes it")
        with usable(workspace.studies_url):
            storage = open_storage(workspace.studies_url)
            with storage.engine.begin() as connection:  # asks for the permission and changes nothing
                connection.execute(text("UPDATE studies SET study_name = study_name WHERE 1 = 0"))
            version = storage.get_current_version()
            storage.engine.dispose()
    except TaskmixError as error:
        return failed("database", where, error.problems[0])
    return Check("database", where, "ok", f"can be written; tables of version {version}, as this Optuna wants them")


def check_mlflow(workspace: Workspace) -> Check:
    """MLflow; no file is made."""
    where = shown(workspace.mlflow_uri)
    try:
        file = (
            sqlite_file(parsed(workspace.mlflow_uri, "storage.mlflow"))
            if workspace.mlflow_uri.startswith("sqlite:")
            else None
        )
        if file is not None and not file.exists():
            return Check("mlflow", where, "ok", "launch makes it")
        open_client(workspace.mlflow_uri)
    except TaskmixError as error:
        return failed("mlflow", where, error.problems[0])
    return Check("mlflow", where, "ok", "can be reached, and its tables are as this MLflow wants them")


def check_data(plan: Plan, model: str, findings: Callable[[], PreparationReport]) -> Iterator[Check]:
    """A line per card, and one for the model."""
    try:
        found = findings()
    except TaskmixError as error:
        yield from (failed("data", HERE, problem) for problem in error.problems)
        yield Check("model", model, "skipped", "the data sets come first")
        return
    for card in plan.cards():
        problems, sizes = found.problems.get(card.name, []), found.sizes.get(card.name)
        yield from (failed("data", card.name, problem) for problem in problems)
        if not problems:
            counts = [(sizes.rows, "training"), (sizes.evaluation_rows, "evaluation")] if sizes else []
            rows = " and ".join(f"{count:,} {kind} rows" for count, kind in counts if count)
            yield Check("data", card.name, "ok", f"can be loaded{f': {rows}' if rows else ''}")
    yield from (failed("model", model, problem) for problem in found.model_problems)
    if found.parameters is not None:
        yield Check("model", model, "ok", f"can be loaded: {found.parameters / 1e6:,.1f} million parameters")


# --- the cluster


def check_ray(
    workspace: Workspace, address: str | None, findings: Callable[[], PreparationReport | None]
) -> Iterator[Check]:
    """Ray itself, whether a work item fits, and the nodes."""
    resources = workspace.config.resources
    item = item_resources(resources)
    with ExitStack() as stack:
        try:
            connection = stack.enter_context(connect(address))
        except TaskmixError as error:
            yield failed("ray", address or HERE, error.problems[0])
            yield Check("answer", "nodes", "skipped", "there is no Ray to ask them through")
            return
        where, count = connection.address or HERE, len(connection.nodes)
        yield Check("ray", where, "ok", "one node" if count == 1 else f"{count} nodes")
        try:
            concurrency = concurrency_on(connection, resources)
            yield Check("resources", where, "ok", f"{item}: {concurrency} at a time")
        except InputError as error:
            concurrency = 1
            yield failed("resources", where, error.problems[0])
        yield from examine(workspace, item, concurrency, connection, findings, survey.list_nodes())


def _has_room(node: Node, item: ItemResources) -> bool:
    """Whether a worker could run there."""
    return all(node.resources.get(name, 0) >= need for name, need in item.bundles()[0].items())


@contextmanager
def leave_probe(workspace: Workspace) -> Iterator[str]:
    """Writes what nodes look for into the store, and into the cache if that can be written; takes it away again.

    Raises:
        StoreError, InputError: this machine cannot use the store.
    """
    name, store = new_probe_name(), Files(workspace.store_url)
    store.publish(name, name.encode())
    try:
        with suppress(OSError):
            workspace.cache.mkdir(parents=True, exist_ok=True)
            (workspace.cache / name).write_text(name)
        yield name
    finally:
        with suppress(OSError):
            (workspace.cache / name).unlink()
        with suppress(TaskmixError):
            store.remove(name)


def make_request(plan: Plan, model: str, connection: Connection, probe: str) -> ReportRequest:
    """What the nodes are asked, from what the work items will read."""
    cards = plan.cards()
    suite, folder, repository = model.startswith(SUITE_PREFIX), is_folder(model), Repository.of_model(model)
    folders = [model] if folder else []
    mirror = mounted(plan.mirror) if plan.mirror else None
    folders += [str(mirror)] if mirror else []
    folders += [card.source.files for card in cards if card.source.files]
    return ReportRequest(
        store=plan.store,
        cache=plan.cache,
        probe=probe,
        temporary=str(connection.logs.parent),
        folders=tuple(dict.fromkeys(folders)),
        hub=plan.mirror is None and any(card.source.hub for card in cards),
        hub_model=repository.id if repository else None,
        suite=suite or any(card.source.suite for card in cards),
    )


def _paths(plan: Plan, model: str) -> Check:
    """On a cluster a relative path is another folder in each process."""
    named = {"storage.store": plan.store, "storage.mirror": plan.mirror}
    named |= {f"{card.name}.yaml: source.files": card.source.files for card in plan.cards()}
    if is_folder(model):
        named["model"] = model
    relative = [
        f"{key} ({path})"
        for key, path in named.items()
        if path and "://" not in path and not Path(path).expanduser().is_absolute()
    ]
    if relative:
        text = f"relative, and so another folder on each node: {', '.join(relative)}"
        return Check("paths", HERE, "failed", text, "write the whole path, of a folder that all nodes mount")
    return Check("paths", HERE, "ok", "whole paths everywhere")


def _space(store: str) -> str:
    return "" if "://" in store else f", {gigabytes(free_bytes(Path(store)))} free"
