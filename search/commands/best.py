"""`taskmix best`: the best mixes found."""

from __future__ import annotations

import argparse

from search.commands.command import Commands, add_format, positive


def add_to(commands: Commands) -> None:
    parser = commands.add("best", _best, "the best mixes found")
    parser.add_argument("name")
    parser.add_argument("--target", help="one target; default: all")
    parser.add_argument("--top", type=positive, default=3, metavar="K", help="mixes per target; default: 3")
    parser.add_argument("--suite", metavar="S", help="the table of a benchmark instead: xtreme, xtreme-r, mini")
    add_format(parser)


def _best(options: argparse.Namespace) -> int:
    from search.display import report
    from search.service.client import find_service

    if service := find_service():
        if options.suite:
            print(report.render(service.table(options.name, options.suite), options.format))
        else:
            print(report.render(service.best(options.name, options.target, options.top), options.format))
        return 0
    from search.config.workspace import find
    from search.results.benchmark import tabulate
    from search.results.ranking import rank_and_explain
    from search.results.row_source import StoredRows
    from search.studies.studies import Studies

    workspace = find(options.name)
    studies = Studies.open(workspace)
    rows = StoredRows(workspace, studies)
    if options.suite:
        print(report.render(tabulate(studies, options.suite, rows), options.format))
    else:
        print(report.render(rank_and_explain(studies, options.target, options.top, rows), options.format))
    return 0
