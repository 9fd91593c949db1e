"""`taskmix submit`: a search as a job of a Ray cluster."""

from __future__ import annotations

import argparse
from pathlib import Path

from search.commands.command import Commands
from search.formatting import typed
from spaces.errors import InputError


def add_to(commands: Commands) -> None:
    parser = commands.add("submit", _submit, "run a search as a job of a Ray cluster, and follow its log")
    parser.add_argument("file", type=Path)
    parser.add_argument("--address", required=True, help="of the cluster's dashboard, http://HOST:8265")
    parser.add_argument("--detach", action="store_true", help="do not follow the job's log")


def _submit(options: argparse.Namespace) -> int:
    from cluster.one_machine import is_alone_here
    from cluster.packing import check_data, check_shared
    from cluster.submit import submit, submit_here
    from search.config.search_file import dump, load

    search = load(options.file)
    config = search.config
    problems = check_shared(config.model_dump(mode="json"), str(options.file))
    relative, folders = check_data(search.plan(store="", cache="").cards())

    def say(text: str) -> None:
        print(typed(text), flush=True)

    def write(text: str) -> None:
        print(text, end="", flush=True)

    follow = None if options.detach else write
    if problems or relative:
        if not is_alone_here(options.address):
            raise InputError([*problems, *relative])
        return 0 if submit_here(config.name, options.file, options.address, say, follow) else 1
    folder = options.file.parent
    cards = [folder / card for card in config.cards]
    if folders:
        say(f"not shipped, every node has to see it: {', '.join(folders)}")
    ok = submit(config.name, dump(config, folder), cards, options.address, say, follow)
    return 0 if ok else 1
