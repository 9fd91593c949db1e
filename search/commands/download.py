"""`taskmix download`: what a search reads from the hub, for machines without a network."""

from __future__ import annotations

import argparse
from pathlib import Path

from search.commands.command import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "download", _download, "fetch what a search reads from the hub, for machines without a network"
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--list", action="store_true", help="only say what it is: sizes, licenses")


def _download(options: argparse.Namespace) -> int:
    from search.config.search_file import load
    from search.config.workspace import Workspace
    from search.display import report
    from search.display.terminal import Terminal
    from trainables.pinning import list_needs

    workspace = Workspace.of(load(options.file))
    with Terminal() as terminal:
        needs = list_needs(workspace.plan, workspace.config.model, terminal.say)
    print(report.downloads(needs.lines))
    if not options.list:
        with Terminal() as terminal:
            needs.hub.say = terminal.say
            needs.fetch()
        print(needs.describe())
    return 0
