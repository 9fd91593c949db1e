"""What the commands have in common: --debug, --format, a question to a person, numbers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Protocol

from spaces.errors import InputError, Problem

FORMATS = ("table", "json", "csv")
INTERRUPTED = 130
"""Exit code after Ctrl-C, as shells have it."""

Run = Callable[[argparse.Namespace], int]
"""Carries a command out. The exit code is 0, or 1 for a failure that was told of already."""


class Parsers(Protocol):
    """What `ArgumentParser.add_subparsers` gives."""

    def add_parser(self, name: str, *, help: str, description: str) -> argparse.ArgumentParser: ...


class Commands:
    """The commands, as they are added to the command line one by one."""

    def __init__(self, parsers: Parsers) -> None:
        self._parsers = parsers

    def add(self, name: str, run: Run, help: str) -> argparse.ArgumentParser:
        """Add a command; its arguments are added to what is returned."""
        parser = self._parsers.add_parser(name, help=help, description=help)
        parser.add_argument("--debug", action="store_true", help="show tracebacks")
        parser.set_defaults(run=run)
        return parser


def add_format(parser: argparse.ArgumentParser) -> None:
    """--format, for a command whose answer programs read, too."""
    parser.add_argument("--format", choices=FORMATS, default="table", help="default: table")


def positive(text: str) -> int:
    """A whole number of at least 1, as an argument's `type`."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text!r}; a whole number of at least 1 is needed")
    return int(text)


def refuse_here(options: argparse.Namespace, *names: str) -> None:
    """Options that mean something where the searches are alone. Raises InputError where a service is asked."""
    for name in names:
        if getattr(options, name):
            fix = "leave it out, or unset TASKMIX_URL where the searches are"
            raise InputError(Problem("a service is asked, which has no such option", f"--{name}", fix=fix))


def agrees(question: str, without: str) -> bool:
    """Ask whoever sits at the terminal.

    Args:
        without: the command that does not ask.

    Raises:
        InputError: there is no terminal.
    """
    if not sys.stdin.isatty():
        raise InputError(Problem("there is no terminal to ask on; nothing was deleted", fix=f"look, then: {without}"))
    return input(question).strip().lower() in ("y", "yes")
