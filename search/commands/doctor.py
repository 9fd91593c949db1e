"""`taskmix doctor`: everything that a search needs, before it begins."""

from __future__ import annotations

import argparse
from pathlib import Path

from search.commands.command import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "doctor", _doctor, "check everything that a search needs: storage, data, model, Ray, every node"
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--address", help="as for launch")


def _doctor(options: argparse.Namespace) -> int:
    from search.checks.doctor import diagnose
    from search.config.search_file import load
    from search.config.workspace import Workspace
    from search.display.terminal import Terminal

    search = load(options.file)
    states = []
    with Terminal() as terminal:
        for check in diagnose(Workspace.of(search), options.address, terminal.say):
            terminal.check(check)
            states.append(check.state)
    failed = states.count("failed")
    print(f"{failed} of {len(states)} checks failed" if failed else f"{states.count('ok')} checks passed")
    return 1 if failed else 0
