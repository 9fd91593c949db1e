"""Launch: from a checked search to its answer. Launching a search that exists goes on with it."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from cluster import survey
from cluster.connect import connect
from search.checks import doctor, recommended
from search.checks.admission import admission
from search.checks.disk_space import disk_space
from search.checks.node_checks import fit_into_memory, memory_need
from search.checks.plan import checked
from search.config.workspace import Workspace, resume_command
from search.display.broadcast import Broadcast
from search.display.page.search_page import report_page
from search.display.terminal import Terminal
from search.forecast.concurrency import concurrency_on, item_resources
from search.forecast.estimate import estimate
from search.results import warm_start
from search.results.row_source import StoredRows
from search.results.search_report import report_search
from search.results.status import search_line, summarize
from search.retention.disk_budget import DiskBudget
from search.scheduling import driver
from search.scheduling.agenda import Agenda, Listener
from search.studies.begun_model import check_begun_model
from search.studies.lease import acquire
from search.studies.stop import StopRequest
from search.studies.studies import Studies
from search.tracking import webhook
from search.tracking.beside import Beside, Turn
from spaces.errors import Problem

HARD_SECONDS = 3.0
"""How long a driver that is to end at once may take to let go of what runs."""


def launch(
    workspace: Workspace, terminal: Terminal, address: str | None = None, news: bool = False
) -> driver.SearchEnd:
    """Run a search whose folder was entered until it is over, stopped or interrupted.

    Args:
        news: tell which data sets and models of the hub are at another commit than the search's by now.

    Raises:
        InputError: data, cards or resources are wrong, or another driver runs this search.
        Failure: store, database, MLflow or Ray cannot be used.
    """
    search = workspace.search
    with (
        acquire(workspace, terminal.say, lambda request: _end(request, terminal)) as lease,
        Broadcast(workspace, terminal, lease.id),
    ):
        workspace.store.check()
        studies = Studies.create(workspace, guard=lease.check, say=terminal.say)
        studies.remember(search.config)
        warm_start.remember(workspace, studies)
        recommended.remember(workspace, studies, terminal.say, address)
        rows = StoredRows(workspace, studies)
        turn = Turn()
        with Beside(search, studies, workspace.mlflow_uri, turn, warn=terminal.say, rows=rows) as tracking:
            listeners: list[Listener] = [terminal, tracking]
            if search.config.storage.max_gb is not None:
                listeners.append(DiskBudget(workspace, studies, terminal.say))
            agenda = Agenda(search, studies, listeners, turn=turn)
            ending = driver.SearchEnd.OVER
            ran = not agenda.over
            if ran:
                ending = _run(workspace, terminal, address, studies, agenda, tracking, news)
            tracking.ready()
            if ending is driver.SearchEnd.OVER:
                tracking.keep_report(lambda: report_page(report_search(studies, rows=rows)))
            tracking.end(ending)
    if ran and ending is not driver.SearchEnd.INTERRUPTED:
        webhook.tell(lambda: search_line(studies, summarize(studies, driven=False), rows), terminal.say)
    if agenda.stop_reason:
        fix = f"mend the cause, then go on with: {resume_command(search.config.name)}"
        terminal.error([Problem("the search was stopped", found=agenda.stop_reason, fix=fix)])
    return ending


def _end(request: StopRequest, terminal: Terminal) -> None:
    """End this process as an interrupt does; a hard request gives it a few seconds."""
    terminal.say(f"{request.by} asked for the search to stop{' at once' if request.hard else ''}")
    if request.hard:
        timer = threading.Timer(HARD_SECONDS, os._exit, (driver.SECOND_SIGNAL_EXIT,))
        timer.daemon = True
        timer.start()
    os.kill(os.getpid(), signal.SIGTERM)  # its handler runs in the main thread, whatever that does


def _run(
    workspace: Workspace,
    terminal: Terminal,
    address: str | None,
    studies: Studies,
    agenda: Agenda,
    tracking: Beside,
    news: bool,
) -> driver.SearchEnd:
    """Start Ray while data and model are checked, then run the agenda."""
    search, config = workspace.search, workspace.config
    with ThreadPoolExecutor(1) as aside:
        preparing = aside.submit(
            checked, workspace, studies.versioned(workspace.plan), terminal.say, news=news and bool(studies.commits)
        )
        with connect(address, log=workspace.folder / "ray.log") as ray:
            item, nodes = item_resources(config.resources), survey.list_nodes()
            if ray.address is not None:
                nodes = survey.wait_for_room(item, terminal.say)
                ray = replace(ray, nodes=tuple(node.resources for node in nodes))
            concurrency = concurrency_on(ray, config.resources)
            checks = doctor.examine(workspace, item, concurrency, ray, lambda: preparing.result()[1], nodes)
            left_out = doctor.require(checks, terminal.say, nodes)
            if left_out:
                ray = replace(ray, nodes=tuple(node.resources for node in nodes if node.id not in left_out))
                concurrency = concurrency_on(ray, config.resources)
            plan, report = preparing.result()
            for note in report.notes:
                terminal.say(note)
            if config.resources.concurrency is None:
                possible, need = concurrency, memory_need(plan, report, item.gpus)
                concurrency = fit_into_memory(possible, ray.nodes, item, need)
                if concurrency < possible:
                    terminal.say(f"{concurrency} of {possible} work items at a time: more do not fit into memory")
            space = disk_space(workspace, report, estimate(search, plan, report, concurrency))
            for line in space.shortage() if space else ():
                terminal.say(line)
            check_begun_model(workspace, studies, report.vocabulary)
            studies.remember_data(report.versions, report.model_version, report.commits)
            if report.moved is not None:
                studies.note_moved(report.moved)
            tracking.ready()
            terminal.begin(search, studies, concurrency)
            with admission(workspace, item, ray, nodes) as admitting:
                return driver.run(
                    studies.versioned(plan),
                    agenda,
                    item,
                    concurrency,
                    retries=config.failures.retries,
                    say=terminal.say,
                    show_nodes=terminal.show_nodes,
                    before_exit=terminal.close,
                    admission=admitting,
                    left_out=left_out,
                )
