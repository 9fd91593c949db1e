"""`taskmix gc`: what of the store a search does not need any more."""

from __future__ import annotations

import argparse
import sys

from search.commands.command import Commands, agrees, positive


def add_to(commands: Commands) -> None:
    parser = commands.add("gc", _gc, "delete what of the store a search does not need any more")
    parser.add_argument("name")
    parser.add_argument("--best", type=positive, default=1, metavar="K", help="mixes per target that stay; default: 1")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _gc(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display import report
    from search.formatting import size
    from search.retention.gc import sweep
    from search.studies.lease import acquire

    workspace = find(options.name)
    with acquire(workspace):  # a driver that runs would start from what is deleted
        unneeded = sweep(workspace, options.best)
        for complaint in dict.fromkeys(workspace.store.complaints):
            print(complaint, file=sys.stderr)
        print(report.gc_plan(unneeded))
        if not unneeded:
            return 0
        if not options.yes and not agrees("delete? [y/N] ", f"taskmix gc {options.name} --yes"):
            print("nothing was deleted")
            return 0
        unneeded.carry_out(workspace.store)
    print(f"{size(unneeded.bytes)} freed")
    return 0
