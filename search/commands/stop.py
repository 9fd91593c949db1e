"""`taskmix stop`: end a search that runs somewhere, as an interrupt does."""

from __future__ import annotations

import argparse

from search.commands.command import Commands
from search.formatting import typed
from spaces.errors import Failure, InputError, Problem

WAIT = 30.0
"""Seconds until it is said that a driver does not answer."""


def add_to(commands: Commands) -> None:
    parser = commands.add("stop", _stop, "end a search that runs, wherever it does; nothing that was finished is lost")
    parser.add_argument("name")
    parser.add_argument("--hard", action="store_true", help="within seconds, without putting anything away")


def _stop(options: argparse.Namespace) -> int:
    from search.service.client import find_service

    if service := find_service():
        answer = service.stop(options.name, options.hard)
        print(typed(f"{answer.search}: {answer.state}; watch it: taskmix status {answer.search}"))
        return 0
    import getpass
    import socket
    import time

    from search.config.workspace import find
    from search.studies.lease import is_held
    from search.studies.stop import ask_to_stop
    from search.studies.ticket import drop_ticket

    workspace = find(options.name)
    name, by = workspace.name, f"{getpass.getuser()}@{socket.gethostname()}"
    waited = drop_ticket(workspace.folder)
    held = ask_to_stop(workspace.studies_url, name, by, options.hard)
    if held is None and not waited:
        fix = f"go on with it: taskmix resume {name}"
        raise InputError(Problem("this search does not run", name, fix=fix))
    if held is None:
        print(f"{name} does not wait any more")
        return 0
    print(f"asked {held.host}, process {held.pid}, to stop", flush=True)
    deadline = time.monotonic() + WAIT
    while is_held(workspace):
        if time.monotonic() > deadline:
            fix = f"taskmix stop --hard {name}; or end process {held.pid} on {held.host}"
            raise Failure(Problem("the driver does not stop", name, f"it was asked {WAIT:.0f} s ago", fix))
        time.sleep(0.5)
    print(typed(f"{name} has stopped; go on with: taskmix resume {name}"))
    return 0
