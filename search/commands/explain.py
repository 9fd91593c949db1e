"""`taskmix explain`: does the domain of tasks, or the kinship of languages, decide how much a mixture helps?"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from search.commands.command import Commands, add_format, refuse_here
from search.commands.distances import add_measures


def add_to(commands: Commands) -> None:
    parser = commands.add("explain", _explain, "why mixes help: the tasks' domains, or the kinship of languages")
    parser.add_argument("names", nargs="+", metavar="NAME", help="searches on one model; several are taken together")
    parser.add_argument("--split", choices=("dev", "test"), default="dev", help="default: dev")
    add_measures(parser)
    parser.add_argument(
        "--scale", choices=("points", "units"), default="points", help="units: a target's own spread; default: points"
    )
    parser.add_argument("--figure", type=Path, metavar="SVG", help="write distances and gains as a figure")
    parser.add_argument("--address", help="as for launch, where profiles are still missing")
    add_format(parser)


def _explain(options: argparse.Namespace) -> int:
    from search.display import report
    from search.service.client import find_service

    if service := find_service():
        refuse_here(options, "figure", "address")
        answer = service.explain(options.names, options.split, options.measure, options.typology, options.scale)
        print(report.render(answer, options.format))
        return 0
    from search.display.terminal import Terminal
    from search.explanation.pool import explain_pool, open_pool

    pool = open_pool(options.names)
    with Terminal(sys.stderr) as terminal:
        profiles = pool.profiles(terminal.say, options.address)
        answer, rows = explain_pool(pool, profiles, options.measure, options.typology, options.split, options.scale)
    print(report.render(answer, options.format))
    if options.figure:
        from search.display.explanation_figure import draw_explanation

        draw_explanation(answer, [(row.target, row.domain, row.typology, row.gain) for row in rows], options.figure)
    return 0
