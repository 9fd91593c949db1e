"""The command line with another worker: `python -m tests.chaos.drive WORKER COMMAND ...`, all else as it is."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from functools import partial
from typing import Any

from search import cli, launch
from search.config.workspace import Workspace
from search.scheduling import driver
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport

driver.run = partial(driver.run, worker=sys.argv[1])  # type: ignore[assignment]


def unchecked(workspace: Workspace, *_: Any, **__: Any) -> tuple[Plan, PreparationReport]:
    """What `plan.checked` gives, without a look at data and model: a simulated worker has neither."""
    return workspace.plan, PreparationReport()


if sys.argv[1].endswith(":Simulated"):
    launch.checked = unchecked  # type: ignore[assignment]
    launch.doctor.examine = lambda *_: iter(())  # it would look at the same on every node
    launch.admission = lambda *_: nullcontext(None)  # type: ignore[assignment]  # and on nodes that join

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[2:]))
