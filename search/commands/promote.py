"""`taskmix promote`: a model registered with MLflow."""

from __future__ import annotations

import argparse
import sys

from search.commands.command import Commands


def add_to(commands: Commands) -> None:
    parser = commands.add(
        "promote", _promote, "register a target's model with MLflow, and make it the champion if it is better"
    )
    parser.add_argument("name")
    parser.add_argument("--target", required=True, metavar="T", help="whose model")
    parser.add_argument("--mix", "--mixture", help='of this mix, "none" for the baseline; default: the best one')
    parser.add_argument("--alias", default="champion", metavar="A", help="default: champion")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="default: table")
    parser.add_argument("--force", action="store_true", help="move the alias, whatever it means now")


def _promote(options: argparse.Namespace) -> int:
    from search.answers.service import Promotion
    from search.config.workspace import find
    from search.display.terminal import Terminal
    from search.export.model import ModelRequest
    from search.promotion import promote_model
    from search.studies.studies import Studies

    workspace = find(options.name)
    mix = ["--mix", options.mix] if options.mix is not None else []
    command = ["taskmix", "promote", options.name, "--target", options.target, *mix, "--alias", options.alias]
    request = ModelRequest(options.target, options.mix, fine_tuned=True, command=tuple(command))
    as_json = options.format == "json"
    with Terminal(sys.stderr if as_json else None) as terminal:
        terminal.say("the target's model: as it was kept, or trained once more as it was when it was scored")
        promoted = promote_model(workspace, Studies.open(workspace), request, options.alias, options.force)
    if as_json:
        answer = Promotion(
            model=promoted.name,
            version=promoted.version,
            uri=f"models:/{promoted.name}/{promoted.version}",
            alias=options.alias,
            moved=promoted.moved,
            reason=promoted.reason,
        )
        print(answer.model_dump_json())
        return 0
    print(f"{promoted.name}, version {promoted.version}{'' if promoted.is_new else ', as it was registered before'}")
    print(f"{options.alias} {'moved to it' if promoted.moved else 'did not move'}: {promoted.reason}")
    return 0
