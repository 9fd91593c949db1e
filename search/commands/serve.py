"""`taskmix serve`: the searches of this $TASKMIX_HOME over HTTP."""

from __future__ import annotations

import argparse
from pathlib import Path

from search.commands.command import Commands

PORT = 8717


def add_to(commands: Commands) -> None:
    parser = commands.add("serve", _serve, "searches over HTTP: watch, launch, stop and compare them in a browser")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at; default: 127.0.0.1")
    parser.add_argument("--port", type=int, default=PORT, help=f"default: {PORT}; 0: any that is free")
    parser.add_argument(
        "--allow-host", action="append", default=[], metavar="NAME", help="a name under which browsers ask for it"
    )
    parser.add_argument(
        "--searches", type=_count, metavar="N", help="at once; default: 1, on a cluster 4; 0: none is started"
    )
    parser.add_argument("--cards", type=Path, action="append", default=[], help="a folder whose cards may be used")
    parser.add_argument("--models", type=Path, action="append", default=[], help="a folder whose models may be used")
    parser.add_argument(
        "--storage", type=Path, metavar="FILE", help="YAML: where searches are kept, as `storage:` says it"
    )
    parser.add_argument("--address", help="dashboard of a Ray cluster, http://HOST:8265; default: this machine")
    parser.add_argument(
        "--resume-interrupted", action="store_true", help="go on with searches whose driver died and nobody stopped"
    )


def _serve(options: argparse.Namespace) -> int:
    from search.config.workspace import home
    from search.service.access import Access, allowed_hosts, read_tokens
    from search.service.server import serve
    from search.service.settings import Settings

    def say(text: str) -> None:
        print(text, flush=True)

    folder = home()
    hosts = allowed_hosts(options.host, options.allow_host)
    settings = Settings(
        access=Access(read_tokens(folder), hosts),
        searches=options.searches if options.searches is not None else 4 if options.address else 1,
        cards=tuple(path.resolve() for path in options.cards),
        models=tuple(path.resolve() for path in options.models),
        resume_interrupted=options.resume_interrupted,
        storage=_storage(options.storage) if options.storage else {},
        cluster=options.address,
    )
    serve(folder, settings, options.host, options.port, say)
    return 0


def _storage(file: Path) -> dict[str, str]:
    """The `storage` of every search file."""
    from pydantic import ValidationError

    from search.config.schema import StorageConfig
    from spaces.errors import InputError
    from spaces.parsing import problems_of, read_yaml

    data = read_yaml(file)
    try:
        StorageConfig.model_validate(data)
    except ValidationError as error:
        raise InputError(problems_of(error, data, str(file))) from error
    return data


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"found {text!r}; a whole number is needed")
    return int(text)
