"""`taskmix compare`: what searches found on the targets that they share."""

from __future__ import annotations

import argparse

from search.commands.command import Commands, add_format


def add_to(commands: Commands) -> None:
    parser = commands.add("compare", _compare, "searches beside each other: gains with intervals, cost, settings")
    parser.add_argument("names", nargs="+", metavar="NAME", help="two searches or more")
    add_format(parser)


def _compare(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display import report
    from search.results.compare import compare_searches
    from search.results.row_source import StoredRows
    from search.studies.studies import Studies

    found = [(workspace, Studies.open(workspace)) for workspace in map(find, options.names)]
    given = [(studies, StoredRows(workspace, studies)) for workspace, studies in found]
    print(report.render(compare_searches(given), options.format))
    return 0
