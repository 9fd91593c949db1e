"""`taskmix report`: a search as one file that a browser shows."""

from __future__ import annotations

import argparse
from pathlib import Path

from search.commands.command import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add("report", _report, "a search as one HTML file that needs nothing beside it")
    parser.add_argument("name")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="where to write it")


def _report(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.display.page.search_page import report_page
    from search.results.row_source import StoredRows
    from search.results.search_report import report_search
    from search.results.status import observed
    from search.studies.studies import Studies
    from spaces.errors import Failure, Problem
    from trainables.store.filesystem import write_aside

    workspace = find(options.name)
    studies = Studies.open(workspace)
    text = report_page(report_search(studies, observed(workspace, studies), StoredRows(workspace, studies)))
    try:
        with write_aside(options.out) as aside:
            aside.write_text(text, encoding="utf-8")
    except OSError as error:
        fix = "name a file in a folder that you can write"
        raise Failure(Problem("the report cannot be written", str(options.out), str(error), fix)) from error
    print(f"{options.out}: {len(text.encode()) / 1000:.0f} kB")
    return 0
