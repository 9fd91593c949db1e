"""What a search file asks for, checked without training."""

from __future__ import annotations

from collections.abc import Callable

from search.config.workspace import Workspace
from trainables.prepare import prepared
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport


def checked(
    workspace: Workspace, say: Callable[[str], None], offline: bool = False, measure: bool = False
) -> tuple[Plan, PreparationReport]:
    """The plan for the workers, after everything it names was built, read and checked; see `prepare.prepared`."""
    plan, config = workspace.plan, workspace.config
    findings = prepared(plan, config.model, config.resources.cpus, say, offline, measure)
    return plan.model_copy(update={"versions": findings.versions}), findings
