"""`taskmix status`: where a search stands, or all of them."""

from __future__ import annotations

import argparse

from search.commands.command import Commands, add_format


def add_to(commands: Commands) -> None:
    parser = commands.add("status", _status, "one search in detail, or all searches")
    parser.add_argument("name", nargs="?")
    add_format(parser)


def _status(options: argparse.Namespace) -> int:
    from search.display import report
    from search.service.client import find_service

    if service := find_service():
        answer = service.status(options.name) if options.name else service.searches()
        print(report.render(answer, options.format))
        return 0
    from search.config.workspace import find
    from search.results.status import list_searches, look_at, observed, open_studies

    if options.name is None:
        print(report.render(list_searches(look_at), options.format))
        return 0
    workspace = find(options.name)
    print(report.render(observed(workspace, open_studies(workspace)), options.format))
    return 0
