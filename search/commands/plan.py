"""`taskmix plan`: what a search file asks for, and what it would cost."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path

from search.commands.command import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add("plan", _plan, "check a search file without training, and say what it would cost")
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--offline", action="store_true", help="leave out what only the hub, or the owner of files, could answer"
    )
    parser.add_argument("--measure", action="store_true", help="train a few steps, to learn how long they take here")
    parser.add_argument("--simulate", action="store_true", help="play the search through on a made-up response surface")


def _plan(options: argparse.Namespace) -> int:
    from search.checks.plan import planned
    from search.checks.recommended import starts
    from search.config.search_file import load
    from search.config.workspace import Workspace
    from search.display import report
    from search.display.terminal import Terminal

    workspace = Workspace.of(load(options.file))
    with Terminal() as terminal:
        asked = (workspace, terminal.say, options.offline, options.measure, options.simulate)
        recommended = partial(starts, workspace, say=terminal.say)
        answer = planned(*asked) if options.offline else planned(*asked, recommended)
    print(report.plan(answer))
    return 0
