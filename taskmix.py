"""taskmix from Python: what the commands do, with typed answers (docs/python.md).

>>> import taskmix
>>> taskmix.plan("search.yaml").items
>>> taskmix.launch("search.yaml").targets["reviews"].best_mix
>>> taskmix.export("shop", "reviews", "model")

Answers are those of `--format json` (docs/json.md), as pydantic models. Mistakes are `InputError`, failures `Failure`,
both `TaskmixError`; their `problems` say what is wrong, where, what was found and how it is mended.
"""

from __future__ import annotations

import runpy
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

# by its path: what is called `search` may be another's, which is what it finds out
_SHADOWS = runpy.run_path(str(Path(__file__).with_name("search") / "__main__.py"))["shadows"]
if _found := list(_SHADOWS(Path.cwd().resolve())):
    raise ImportError("\n".join(_found).removeprefix("error: "))

from spaces.errors import Failure, InputError, Problem, TaskmixError  # noqa: E402 only where it is ours

if TYPE_CHECKING:
    from search.answers.mixes import BestMixes
    from search.answers.plan import PlannedSearch
    from search.answers.status import SearchList, SearchStatus
    from search.export.statement import Statement

__all__ = [
    "Failure",
    "InputError",
    "Problem",
    "TaskmixError",
    "best",
    "export",
    "launch",
    "plan",
    "searches",
    "status",
]

Folder = str | PathLike[str]


def plan(file: Folder, *, offline: bool = False) -> PlannedSearch:
    """What a search file asks for and what it would cost; nothing is trained.

    Args:
        file: the search file.
        offline: what only the hub, or the owner of files, could answer is left out.

    Raises:
        InputError: every mistake of file, cards, data and model.
        Failure: data or model cannot be reached.
    """
    from search.checks.plan import planned
    from search.config.search_file import load
    from search.config.workspace import Workspace

    return planned(Workspace.of(load(Path(file))), lambda line: None, offline)


def launch(file: Folder, *, address: str | None = None) -> BestMixes:
    """Run a search, or go on with the one of that name, until it is over, stopped or interrupted; then its answer.

    What happens is printed as `taskmix launch` prints it. Interrupt the kernel to stop: nothing that was finished is
    lost, and calling it again goes on.

    Args:
        address: HOST:PORT of a Ray cluster; None: $RAY_ADDRESS, else this machine.

    Raises:
        InputError: file, cards, data or model are wrong, or the search runs already.
        Failure: store, database, MLflow or Ray cannot be used.
    """
    from search.commands.launch import launch_file

    workspace, _ = launch_file(Path(file), address)
    return best(workspace.name)


def status(name: str) -> SearchStatus:
    """Where a search stands; raises InputError if there is none of that name, Failure if it cannot be read."""
    from search.config.workspace import find
    from search.results.status import summarize
    from search.studies.lease import is_held
    from search.studies.studies import Studies

    workspace = find(name)
    return summarize(Studies.open(workspace), is_held(workspace))


def searches() -> SearchList:
    """A line for every search in $TASKMIX_HOME."""
    from search.results.status import list_searches, look_at

    return list_searches(look_at)


def best(name: str, *, target: str | None = None, top: int = 3) -> BestMixes:
    """The best mixes of each target, or of one, with what was learned about it.

    Args:
        top: mixes per target.

    Raises:
        InputError: there is no such search, or no such target in it.
        Failure: it cannot be read.
    """
    from search.config.workspace import find
    from search.results.ranking import rank_and_explain
    from search.results.row_source import StoredRows
    from search.studies.studies import Studies

    workspace = find(name)
    studies = Studies.open(workspace)
    return rank_and_explain(studies, target, top, StoredRows(workspace, studies))


def export(name: str, target: str, out: Folder, *, mix: str | None = None, fine_tuned: bool = False) -> Statement:
    """Write the encoder of the best mix of a target as transformers loads it, with a card.

    Args:
        out: a new folder.
        mix: of this one, "none" for the baseline; None: the best one.
        fine_tuned: the target's own model, trained once more, and not the encoder that it begins with.

    Raises:
        InputError: there is no such search, target, mix or encoder.
        Failure: store, data or folder cannot be used.
    """
    from search.config.workspace import find
    from search.export.model import ModelRequest, export_model
    from search.studies.studies import Studies

    arguments = f"{name!r}, {target!r}, {str(out)!r}, mix={mix!r}, fine_tuned={fine_tuned}"
    request = ModelRequest(target, mix, fine_tuned, ("taskmix.export", arguments))
    workspace = find(name)
    return export_model(workspace, Studies.open(workspace), request, Path(out))
