"""`taskmix distances`: how far tasks are from targets, before anything is trained."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from search.commands.command import Commands, add_format

MEASURES = ("centroid", "mmd", "js", "pad")
TYPOLOGIES = ("syntax", "inventory", "phonology", "family", "geography", "observed")


def add_to(commands: Commands) -> None:
    parser = commands.add("distances", _distances, "how far tasks are from targets, by their texts and languages")
    parser.add_argument("file", metavar="FILE", help="a search file, or the name of a search")
    add_measures(parser)
    parser.add_argument("--figure", type=Path, metavar="SVG", help="write a heat map")
    parser.add_argument("--address", help="as for launch")
    add_format(parser)


def add_measures(parser: argparse.ArgumentParser) -> None:
    """--measure and --typology. One of each is chosen before looking: of many tried one always looks right."""
    parser.add_argument("--measure", choices=MEASURES, default="centroid", help="of domains; default: centroid")
    parser.add_argument("--typology", choices=TYPOLOGIES, default="syntax", help="of languages; default: syntax")


def _distances(options: argparse.Namespace) -> int:
    from search.checks.plan import checked
    from search.config.workspace import find
    from search.display import report
    from search.display.terminal import Terminal
    from search.distances.profiles import read_profiles, requests_of
    from search.distances.tables import DomainTable, LanguageTable
    from search.explanation.distance_report import tabulate
    from search.studies.studies import Studies
    from spaces.typology import Typology

    languages = LanguageTable(Typology(options.typology))
    workspace = find(options.file)
    with Terminal(sys.stderr) as terminal:
        if options.file.endswith((".yaml", ".yml")):
            plan, _ = checked(workspace, workspace.plan, terminal.say)
        else:
            plan = Studies.open(workspace).versioned(workspace.plan)
        requests = requests_of(plan, list(plan.targets))
        profiles = read_profiles(workspace, plan, requests, terminal.say, options.address)
    answer = tabulate(workspace.name, DomainTable(plan, profiles, options.measure), languages)
    print(report.render(answer, options.format))
    if options.figure:
        from search.display.explanation_figure import draw_distances

        draw_distances(answer, options.figure)
    return 0
