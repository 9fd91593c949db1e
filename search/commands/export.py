"""`taskmix export`: a model, or predictions, to take home."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from search.commands.command import Commands
from spaces.errors import InputError, Problem

if TYPE_CHECKING:
    from search.answers.mixes import MixResult


def add_to(commands: Commands) -> None:
    parser = commands.add("export", _export, "take home a model, or test predictions for a benchmark")
    parser.add_argument("name")
    parser.add_argument(
        "--format",
        required=True,
        metavar="F",
        help="hf: a model that transformers loads; xtreme, xtreme-r: test predictions as that benchmark takes them; "
        "optuna: a trial per configuration, for Optuna Dashboard",
    )
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FOLDER",
        help="a new folder; with optuna a new file, such as view.db",
    )
    parser.add_argument(
        "--target", action="append", default=[], metavar="T", help="one target; default: all of the benchmark"
    )
    parser.add_argument("--mix", help='of this mix, "none" for the baseline; default: the best one of each target')
    parser.add_argument(
        "--fine-tuned", action="store_true", help="with hf: the target's own model, and not the encoder it begins with"
    )


def _export(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.export.submission import export
    from search.studies.studies import Studies

    if options.format == "hf":
        return _export_model(options)
    if options.format == "optuna":
        return _export_view(options)
    if options.fine_tuned:
        raise InputError(Problem("predictions have no model", "--fine-tuned", options.format, "--format hf"))
    workspace = find(options.name)
    studies = Studies.open(workspace)
    for one in export(workspace, studies, options.format, options.out, options.target, options.mix):
        print(f"{one.task}: {len(one.files)} languages, {one.mix}, seed {one.seed}")
    print(f"written to {options.out}")
    return 0


def _export_view(options: argparse.Namespace) -> int:
    from search.config.workspace import find
    from search.export.optuna_view import export_view
    from search.results.row_source import StoredRows
    from search.studies.studies import Studies

    for key, value in (("--mix", options.mix), ("--fine-tuned", options.fine_tuned or None)):
        if value is not None:
            raise InputError(Problem("the view is of all mixes", key, str(value), f"leave {key} out"))
    workspace = find(options.name)
    studies = Studies.open(workspace)
    for name in export_view(studies, options.out, options.target, StoredRows(workspace, studies)):
        print(name)
    print(f"written to {options.out}; look at it with: optuna-dashboard sqlite:///{options.out}")
    return 0


def _export_model(options: argparse.Namespace) -> int:
    from search.answers.mixes import MixResult
    from search.config.workspace import find
    from search.display.terminal import Terminal
    from search.export.model import ModelRequest, export_model
    from search.studies.studies import Studies

    if len(options.target) != 1:
        found = ", ".join(options.target) or "none"
        raise InputError(Problem("a model is of one target", "--target", found, "name one: --target T"))
    (target,) = options.target
    mix = ["--mix", options.mix] if options.mix is not None else []
    how = ["--fine-tuned"] if options.fine_tuned else []
    command = ["taskmix", "export", options.name, "--format", "hf", "--target", target, *mix, *how]
    command += ["--out", str(options.out)]
    workspace = find(options.name)
    request = ModelRequest(target, options.mix, options.fine_tuned, tuple(command))
    with Terminal() as terminal:
        if options.fine_tuned:
            terminal.say("the target's model: as it was kept, or trained once more as it was when it was scored")
        made = export_model(workspace, Studies.open(workspace), request, options.out)
    print(f"{made.content} for {target}: {made.mix}, seed {made.seed}, loads with {made.loads_with}")
    if isinstance(made.result, MixResult):
        print(f"gain {_gain(made.result)}")
        if made.result.gain is not None and (made.result.gain <= 0 or made.result.above_floor is False):
            print("it does not beat the baseline, which is: --mix none")
    print(f"written to {options.out}; README.md says what it is and how to load it")
    return 0


def _gain(result: MixResult) -> str:
    """What may be claimed of it, or at least what was measured."""
    from search.formatting import points, points_between

    claim = result.claim
    if claim is not None and claim.low is not None and claim.high is not None:
        return f"{points(claim.mean)} points on the test split ({points_between(claim.low, claim.high)})"
    return f"{points(result.gain)} points on the development split; how sure that is cannot be said"
