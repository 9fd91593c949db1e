"""`taskmix launch` and `taskmix resume`, which are one thing: run a search to its end, and say its answer."""

from __future__ import annotations

import argparse
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from search.commands.command import INTERRUPTED, Commands
from search.formatting import typed
from spaces.errors import Failure, Problem, TaskmixError

if TYPE_CHECKING:
    from search.answers.service import Launched
    from search.config.workspace import Workspace
    from search.scheduling.driver import SearchEnd


def add_to(commands: Commands) -> None:
    parser = commands.add("launch", _launch, "run a search, or go on with one of that name")
    parser.add_argument("file", type=Path)
    parser.add_argument("--address", help="of a Ray cluster, HOST:PORT; default: $RAY_ADDRESS, else this machine")

    parser = commands.add("resume", _resume, "go on with a search from the stored copy of its file")
    parser.add_argument("name")
    parser.add_argument("--address", help="as for launch")


def _launch(options: argparse.Namespace) -> int:
    from search.service.client import find_service
    from spaces.parsing import read_yaml

    if service := find_service():
        return _say(service.launch(str(read_yaml(options.file).get("name", "")), options.file))
    return _answer(*launch_file(options.file, options.address))


def launch_file(file: Path, address: str | None) -> tuple[Workspace, SearchEnd]:
    """Run the search of a file. One that is refused before any work has begun leaves nothing behind.

    Raises: as `search.launch.launch`, and InputError for every mistake in the file.
    """
    from search.config.search_file import load
    from search.config.workspace import Workspace

    workspace = Workspace.of(load(file))
    is_new = not workspace.folder.exists()
    workspace.enter(file)
    try:
        return workspace, _run(workspace, address, news=True)
    except TaskmixError:
        if is_new:
            _leave_nothing(workspace)
        raise


def _leave_nothing(workspace: Workspace) -> None:
    """Take away what a launch that was refused has made; nothing where work was begun, or another driver has it."""
    from search.retention.delete import plan_deletion, remove_folder
    from search.studies.lease import acquire
    from search.studies.studies import Studies
    from search.tracking.deletion import delete_experiment, lies_elsewhere

    with suppress(TaskmixError):  # the refusal counts, and the next launch goes on from what is left
        with acquire(workspace):
            plan = plan_deletion(workspace)
            if plan.studies and Studies.open(workspace).owners():
                return
            if lies_elsewhere(workspace):
                delete_experiment(workspace)
            plan.carry_out()
        remove_folder(workspace.folder)


def _resume(options: argparse.Namespace) -> int:
    from search.service.client import find_service

    if service := find_service():
        return _say(service.resume(options.name))
    from search.config.workspace import find

    workspace = find(options.name, to_launch=True)
    file = Path(options.name)
    if file.is_file():  # on a machine that has the file but not the folder
        workspace.enter(file)
    return _answer(workspace, _run(workspace, options.address))


def _say(launched: Launched) -> int:
    """What the service has made of it; the search runs there."""
    print(typed(f"{launched.search}: {launched.state}; watch it: taskmix status {launched.search}"))
    return 0


def _run(workspace: Workspace, address: str | None, news: bool = False) -> SearchEnd:
    from search.display.terminal import Terminal
    from search.launch import launch

    with Terminal() as terminal:
        return launch(workspace, terminal, address, news)


def _answer(workspace: Workspace, ending: SearchEnd) -> int:
    """Say what was found; the exit code."""
    from search.config.workspace import resume_command
    from search.display import report
    from search.results.ranking import rank
    from search.results.row_source import StoredRows
    from search.results.status import summarize
    from search.scheduling.driver import SearchEnd
    from search.studies.studies import Studies

    name = workspace.name
    studies = Studies.open(workspace)
    status = summarize(studies, driven=False)
    rows = StoredRows(workspace, studies, at_once=ending is SearchEnd.OVER)  # who interrupts does not want to wait
    print(report.final_answer(rank(studies, rows=rows), status, workspace.mlflow_uri))
    if ending is SearchEnd.INTERRUPTED:
        advice = typed(f"go on with: {resume_command(name)}")
        print(f"interrupted: nothing that was finished is lost; {advice}", file=sys.stderr)
        return INTERRUPTED
    if status.unmeasured:
        what, fix = "the search could not measure what it was asked to", f"see why: taskmix status {name}"
        raise Failure(Problem(what, name, f"no mixture has a score on {', '.join(status.unmeasured)}", fix))
    return 1 if ending is SearchEnd.STOPPED else 0
