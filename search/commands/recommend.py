"""`taskmix recommend`: mixtures for a target that no search had."""

from __future__ import annotations

import argparse
import sys

from search.commands.command import Commands, add_format, positive, refuse_here
from search.commands.distances import add_measures


def add_to(commands: Commands) -> None:
    parser = commands.add("recommend", _recommend, "mixtures for a target that no search had")
    parser.add_argument("card", metavar="CARD", help="a target's name")
    parser.add_argument("--from", dest="names", nargs="+", metavar="NAME", help="searches; default: all of one model")
    parser.add_argument("--top", type=positive, default=10, metavar="K", help="mixtures; default: 10")
    parser.add_argument("--split", choices=("dev", "test"), default="dev", help="default: dev")
    add_measures(parser)
    parser.add_argument("--address", help="as for launch, where profiles are still missing")
    add_format(parser)


def _recommend(options: argparse.Namespace) -> int:
    from search.display import report
    from search.service.client import find_service

    if service := find_service():
        refuse_here(options, "address")
        asked = (options.names or [], options.top, options.split, options.measure, options.typology)
        print(report.render(service.recommend(options.card, *asked), options.format))
        return 0
    from search.checks.recommended import recommend_for
    from search.config.workspace import names
    from search.display.terminal import Terminal
    from search.explanation.pool import open_pool
    from spaces.errors import InputError, Problem

    searches = options.names or names()
    if not searches:
        raise InputError(Problem("there is no search to learn from", "recommend", fix="launch one, on three targets"))
    with Terminal(sys.stderr) as terminal:
        pool = open_pool(searches)
        answer = recommend_for(
            pool,
            options.card,
            terminal.say,
            options.measure,
            options.typology,
            options.split,
            options.top,
            options.address,
        )
    print(report.render(answer, options.format))
    return 0
