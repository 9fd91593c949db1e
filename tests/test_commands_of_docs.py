"""Every command that the docs show can be typed, and is run by a test or marked as not run.

A block of a page whose commands no test runs has a line above it: `<!-- not run: why -->`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from search.cli import make_parser

ROOT = Path(__file__).parent.parent

RUN = {"README.md": "tests/test_readme.py", "docs/tutorial.md": "tests/test_tutorial.py"}
"""Page -> the test that runs its commands as they stand there."""

PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*/*/README.md")]
)

FENCED = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
SHELL = ("", "sh", "bash", "console")
COMMAND = re.compile(r"(?:^|&& )[ $]*(?:[A-Z_]+=\S+ )*(?:taskmix|python -m search) +([^\n#&>;]+)", re.MULTILINE)
INLINE = re.compile(r"`(?:taskmix|python -m search) ([a-z-][^`\n]*)`")
MARK = re.compile(r"<!-- not run: (.+) -->$")


@dataclass(frozen=True)
class Block:
    page: str
    mark: str
    commands: tuple[str, ...]


def blocks() -> Iterator[Block]:
    """The blocks with commands of this program, each with the line above it."""
    for page in PAGES:
        text = (ROOT / page).read_text(encoding="utf-8")
        for found in FENCED.finditer(text):
            commands = COMMAND.findall(found[3].replace("\\\n", " ")) if found[2] in SHELL else ()
            if commands:
                above = text[: found.start()].rstrip("\n").rpartition("\n")[2].strip()
                yield Block(page, above, tuple(command.strip() for command in commands))


def complaint(command: str) -> str:
    """What the command line has to say against a command."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
            make_parser().parse_args(shlex.split(command))
    except (SystemExit, argparse.ArgumentError):
        return said.getvalue().strip().rpartition("\n")[2]
    return ""


def test_there_are_such_blocks() -> None:
    found = list(blocks())
    assert len(found) > 10 and {block.page for block in found} >= RUN.keys()


@pytest.mark.parametrize("block", blocks(), ids=lambda block: f"{block.page}-{block.commands[0][:20]}")
def test_a_block_is_run_or_says_why_not(block: Block) -> None:
    assert [said for command in block.commands if (said := complaint(command))] == []
    if block.page in RUN:
        test = (ROOT / RUN[block.page]).read_text(encoding="utf-8")
        assert Path(block.page).name in test, "the test reads the page"
        return
    mark = MARK.match(block.mark)
    assert mark, f"{block.page}: no test runs {block.commands}; add it to RUN, or <!-- not run: why --> above the block"
    for name in re.findall(r"tests/[\w/.]+", mark[1]):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize("page", PAGES)
def test_a_command_within_a_sentence_can_be_typed(page: str) -> None:
    """But for arguments that are left out there."""
    text = FENCED.sub("", (ROOT / page).read_text(encoding="utf-8"))
    commands = [re.sub(r"(\w)(\|\w+)+", r"\1", command) for command in INLINE.findall(text)]
    said = [(command, complaint(command)) for command in commands if "..." not in command]
    wrong = [
        (command, what) for command, what in said if what and "are required" not in what and "expected" not in what
    ]
    assert wrong == []
