"""`taskmix convert`: files of a card from the data set's own."""

from __future__ import annotations

import argparse
from pathlib import Path

from search.commands.command import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add("convert", _convert, "make the files of a card from the data set's own")
    parser.add_argument("name", choices=("bucc2018", "ccg", "lareqa", "mewslix"))
    parser.add_argument("source", type=Path, metavar="FROM", help="folder with the published files")
    parser.add_argument("target", type=Path, metavar="TO", help="folder for the card's files")


def _convert(options: argparse.Namespace) -> int:
    from trainables.data.conversion import convert

    for file in convert(options.name, options.source, options.target):
        print(file)
    return 0
