"""What a search file asks for, checked without training."""

from __future__ import annotations

from collections.abc import Callable

from search.config.search import Search
from search.config.workspace import Place
from trainables.prepare import prepare
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport


def checked(
    search: Search, place: Place, say: Callable[[str], None], offline: bool = False, measure: bool = False
) -> tuple[Plan, PreparationReport]:
    """The plan for the workers, after everything it names was built, read and checked; see `prepare.prepare`."""
    plan = search.plan(place.store, str(place.cache))
    findings = prepare(plan, search.config.model, search.config.resources.cpus, say, offline, measure)
    return plan.model_copy(update={"versions": findings.versions}), findings
