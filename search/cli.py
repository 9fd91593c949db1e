# PYTHON_ARGCOMPLETE_OK
"""The command line: its parser, its exit codes, and how a mistake is told. `taskmix --help` answers at once."""

from __future__ import annotations

import argparse
import importlib.metadata
import os
import signal
import sys
import threading
import tomllib
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from io import TextIOWrapper
from pathlib import Path
from types import FrameType
from typing import Any

from search.commands import (
    best,
    compare,
    convert,
    delete,
    distances,
    doctor,
    download,
    explain,
    export,
    gc,
    init,
    jobs,
    launch,
    new,
    plan,
    promote,
    recommend,
    report,
    serve,
    status,
    stop,
    submit,
    tasks,
)
from search.commands.command import INTERRUPTED, Commands
from search.formatting import typed
from spaces.errors import MISTAKE, TaskmixError

COMMANDS = (
    tasks,
    new,
    init,
    convert,
    plan,
    download,
    doctor,
    launch,
    submit,
    jobs,
    stop,
    gc,
    delete,
    status,
    best,
    compare,
    report,
    export,
    promote,
    distances,
    explain,
    recommend,
    serve,
)
"""As `taskmix --help` lists them."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code is 0, 1 for a failure, 2 for the user's mistake, 130 after an interrupt."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # an answer is not lost to a letter that cannot be shown
    parser = make_parser()
    if "_ARGCOMPLETE" in os.environ:  # a shell asks what could be typed
        complete(parser)
    options = parser.parse_args(arguments)
    try:
        with _sigterm_as_interrupt():
            code: int = options.run(options)
            sys.stdout.flush()
            return code
    except TaskmixError as error:
        if options.debug:
            traceback.print_exc()
        _complain(error)
        return error.exit_code
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe has seen enough
        sys.stderr.close()
        return 0
    except ModuleNotFoundError as error:
        if options.debug:
            raise
        print(f"error: this command needs what is not installed here: {error.name}", file=sys.stderr)
        print(
            "  fix:   pip install taskmix; or ask a service: export TASKMIX_URL=... TASKMIX_TOKEN=...", file=sys.stderr
        )
        return 1
    except Exception as error:
        if options.debug:
            raise
        print(f"error: {type(error).__name__}: {error}", file=sys.stderr)
        print(f"  fix:   {_fix(error)}", file=sys.stderr)
        return 1


def _fix(error: Exception) -> str:
    package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    if package and not find_spec(package):
        return "the command needs that package: pip install 'ray[default]' -r requirements.txt, of this release"
    return f"{MISTAKE}; the same command with --debug shows where"


@contextmanager
def _sigterm_as_interrupt() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: what was begun is put away, and a word is said."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():
        yield  # Python lets the main thread alone handle signals
        return
    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _complain(error: TaskmixError) -> None:
    for problem in error.problems:
        print(typed(f"error: {problem}"), file=sys.stderr)
    if len(error.problems) > 1:
        print(f"{len(error.problems)} problems", file=sys.stderr)


def complete(parser: argparse.ArgumentParser) -> None:
    """Answer a shell that asks for completions, and exit; does nothing where argcomplete is not installed.

    Names of searches are those in $TASKMIX_HOME; files are left to the shell.
    """
    try:
        import argcomplete
    except ImportError:
        return
    for command in _commands_of(parser):
        for action in command._actions:
            if action.dest == "name" and not action.option_strings and action.choices is None:
                action.completer = _names  # type: ignore[attr-defined]
    argcomplete.autocomplete(parser)


def _commands_of(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.values()


def _names(**_: object) -> list[str]:
    from search.config.workspace import names

    return names()


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="taskmix",
        description="Find, for each target task, the best mix of intermediate tasks to train an encoder on first.",
        epilog="Searches live in $TASKMIX_HOME (default ./searches), built and tokenised data in $TASKMIX_CACHE "
        "(default ~/.cache/taskmix).",
    )
    commands = Commands(parser.add_subparsers(title="commands", metavar="COMMAND", required=True))
    for command in COMMANDS:
        command.add_to(commands)
    parser.add_argument("--version", action=_Version, help="show the version and exit")
    return parser


class _Version(argparse.Action):
    """Looked up when it is asked for: that of the installed package, else of the checkout."""

    def __init__(self, option_strings: Sequence[str], dest: str, **how: Any) -> None:
        super().__init__(option_strings, dest, nargs=0, default=argparse.SUPPRESS, **how)

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"taskmix {find_version()}")
        parser.exit()


def find_version() -> str:
    """Of the checkout that this file lies in, where it does, else of the installed package."""
    file = Path(__file__).parents[1] / "pyproject.toml"
    if file.is_file():
        return str(tomllib.loads(file.read_text(encoding="utf-8"))["project"]["version"])
    try:
        return importlib.metadata.version("taskmix")
    except importlib.metadata.PackageNotFoundError:
        return "of unknown version: it is not installed"
