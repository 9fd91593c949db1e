"""`taskmix init`: a search file to begin with."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from search.commands.command import Commands
from search.formatting import typed

MINI = {"tasks": ["crossref", "ner", "paraphrase"], "targets": ["genres", "slots"]}
"""What comes with taskmix[mini], for whoever has no cards yet; the stages are those of examples/mini."""

STAGES = {
    "own": (
        "{examples: 10000, batch_size: 32, max_length: 128, learning_rate: 2.0e-5}",
        "{examples: 10000, batch_size: 32, max_length: 128, learning_rate: 2.0e-5}",
    ),
    "mini": (
        "{examples: 640, batch_size: 16, max_length: 48, learning_rate: 1.0e-4, head_learning_rate: 5.0e-3}",
        "{examples: 192, batch_size: 16, max_length: 48, learning_rate: 5.0e-5, head_learning_rate: 1.0e-2}",
    ),
}
"""The intermediate and the target stage."""

TEMPLATE = """\
# docs/settings.md has every key; `taskmix plan {file}` checks this file and says what it would cost.
name: {name} # its folder, studies and runs are called so
model: {model} # a pretrained encoder: a folder, or an id of the hub
{cards}tasks: [{tasks}] # the pool that mixes are made from; may grow later
targets: [{targets}] # what the mixes are for; more may come behind them

stages: # at the full budget, of which the rungs below take their shares
  intermediate: {intermediate}
  target: {target}

halving: {{rungs: [0.25, 1.0]}} # a recipe begins with a quarter of the examples; the best go on with all of them
budget: {{recipes: 12}} # distinct mixes; hours and gpu_hours can be limited, too
confirm: {{top: 1, seeds: 3}} # the winner and the baseline are measured with fresh seeds
resources: {{gpus: {gpus}}} # of a work item
"""


def add_to(commands: Commands) -> None:
    parser = commands.add("init", _init, "write a search file to begin with")
    parser.add_argument("file", type=Path, nargs="?", default=Path("search.yaml"), help="default: search.yaml")
    parser.add_argument("--cards", type=Path, help="the folder of one's own cards; default: cards, where it is there")


def _init(options: argparse.Namespace) -> int:
    from search.config.search_file import load
    from spaces.errors import InputError, Problem

    file: Path = options.file
    if file.exists():
        raise InputError(Problem("the file is there already", str(file), fix="give another name: taskmix init FILE"))
    file.write_text(_template(file, _cards(options.cards)), encoding="utf-8")
    print(f"{file} is written")
    load(file)  # says what is to be mended
    print(typed(f"look at it, then: taskmix plan {file}"))
    return 0


def _cards(folder: Path | None) -> Path | None:
    usual = Path("cards")
    return folder or (usual if any((usual / sub).is_dir() for sub in ("tasks", "targets")) else None)


def _template(file: Path, cards: Path | None) -> str:
    from cluster.connect import count_local_resources
    from spaces.parsing import yaml_files

    names = {sub: [path.stem for path in yaml_files(cards / sub)] if cards else [] for sub in ("tasks", "targets")}
    own = bool(names["tasks"] or names["targets"])
    intermediate, target = STAGES["own" if own else "mini"]
    key = f"cards: [{_relative(cards, file)}] # folders with cards of one's own\n" if cards else ""
    return TEMPLATE.format(
        file=file,
        name=file.stem.replace(" ", "_"),
        model="FacebookAI/xlm-roberta-base" if own else "suite:mini/mini-e5",
        cards=key,
        tasks=_joined(names["tasks"] if own else MINI["tasks"]),
        targets=_joined(names["targets"] if own else MINI["targets"]),
        intermediate=intermediate,
        target=target,
        gpus=int(bool(count_local_resources().get("GPU"))),
    )


def _joined(names: Sequence[str]) -> str:
    return ", ".join(names)


def _relative(folder: Path, file: Path) -> str:
    """As a search file has it: relative to its own folder."""
    try:
        return folder.resolve().relative_to(file.resolve().parent).as_posix()
    except ValueError:
        return str(folder.resolve())
