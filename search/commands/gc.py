"""`taskmix gc`: what of the store a search does not need any more."""

from __future__ import annotations

import argparse
import sys

from search.commands.command import Commands, agrees, positive


def add_to(commands: Commands) -> None:
    parser = commands.add("gc", _gc, "delete what of the store a search does not need any more")
    parser.add_argument("name", nargs="?", help="a search; without: --all")
    parser.add_argument("--all", action="store_true", help="what no search in $TASKMIX_HOME knows any more")
    parser.add_argument("--best", type=positive, default=1, metavar="K", help="mixes per target that stay; default: 1")
    parser.add_argument("--yes", action="store_true", help="do not ask")


def _gc(options: argparse.Namespace) -> int:
    if options.all == (options.name is not None):
        from spaces.errors import InputError, Problem

        found = "both" if options.all else "none of them"
        raise InputError(Problem("a search, or --all", found=found, fix="taskmix gc NAME, or taskmix gc --all"))
    return _gc_all(options) if options.all else _gc_search(options)


def _gc_all(options: argparse.Namespace) -> int:
    from search.display import report
    from search.formatting import size
    from search.retention.gc import home_store, sweep_unknown

    unneeded = sweep_unknown()
    print(report.gc_plan(unneeded))
    if not unneeded:
        return 0
    if not options.yes and not agrees("delete? [y/N] ", "taskmix gc --all --yes"):
        print("nothing was deleted")
        return 0
    unneeded.carry_out(home_store())
    print(f"{size(unneeded.bytes)} freed")
    return 0


def _gc_search(options: argparse.Namespace) -> int:
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
