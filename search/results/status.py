"""What a search has found and where it stands, read from its studies alone. `docs/json.md` describes every field."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Literal

from optuna.trial import TrialState

from search.config.search import Search
from search.config.workspace import find, names
from search.results.ranking import best
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from search.studies.trial_record import Cost, Record
from spaces.errors import TaskmixError

LAST_FAILURES = 5
"""How many failures `status` quotes."""

MixState = Literal["running", "waiting", "stopped", "complete", "failed"]
"""`waiting`: has scores of a lower rung and may still be promoted; `stopped`: the search is over and it was not."""


def status(search: Search, studies: Studies, alive: bool | None = None) -> dict[str, Any]:
    """Where a search stands.

    Args:
        alive: whether a driver runs it now; None: not known.
    """
    owners, budget = studies.owners(), search.config.budget
    running = [record for record in owners if record.state is TrialState.RUNNING]
    failed = [record for record in owners if record.state is TrialState.FAIL]
    over = not running and Agenda(search, studies).over
    cost = sum((record.cost for record in owners if record.cost), Cost())
    states = mix_states(search, studies, over)
    wall = studies.wall_seconds
    return {
        "search": search.config.name,
        "state": "running" if alive else "over" if over else "unfinished" if alive is None else "interrupted",
        "over": over,
        "recipes": {**_counts(states.values(), ("running", "waiting", "stopped", "complete", "failed"))},
        "work_items": {
            "running": 0 if alive is False else len(running),
            "interrupted": len(running) if alive is False else 0,
            "done": len(owners) - len(running) - len(failed),
            "failed": len(failed),
            "total": len(owners),
        },
        "budget": {
            "recipes": {"used": len(states), "total": budget.recipes},
            "work_items": {"used": len(owners), "total": budget.work_items},
            "hours": {"used": wall / 3600, "total": budget.hours},
            "gpu_hours": {"used": cost.gpu_seconds / 3600, "total": budget.gpu_hours},
        },
        "seconds": {
            "wall": wall,
            "work_items": cost.seconds,
            "training": cost.training_seconds,
            "training_share": cost.training_seconds / cost.seconds if cost.seconds else None,
        },
        "examples": cost.examples,
        "failures": {
            "count": len(failed),
            "by_kind": dict(sorted(Counter(record.failure.kind for record in failed if record.failure).items())),
            "last": [_failure(record) for record in failed[-LAST_FAILURES:]],
        },
        "running": [_running(record) for record in running],
    }


def searches(alive: Callable[[str], bool | None] = lambda name: None) -> list[dict[str, Any]]:
    """A line for every search in $TASKMIX_HOME.

    Args:
        alive: search name -> whether a driver runs it now; None: not known.
    """
    return [_line(name, alive(name)) for name in names()]


def mix_states(search: Search, studies: Studies, over: bool) -> dict[str, MixState]:
    """Mix (family digest) -> state, over all targets and seeds, in the order of their start; no baseline."""
    records: dict[str, list[Record]] = defaultdict(list)
    for record in (*studies.owners(), *studies.all()):
        if not record.recipe.is_baseline and not record.is_estimate:
            records[record.recipe.family].append(record)
    top = len(search.config.halving.rungs) - 1
    return {family: state_of(found, top, over) for family, found in records.items()}


def state_of(records: Sequence[Record], top: int, over: bool) -> MixState:
    """The state of one recipe or mix from its records."""
    if any(record.state is TrialState.RUNNING for record in records):
        return "running"
    highest = max(record.rung for record in records)
    if not any(record.score for record in records if record.rung == highest):
        return "failed"
    return "complete" if highest == top else "stopped" if over else "waiting"


def _counts(states: Iterable[str], known: Sequence[str]) -> dict[str, int]:
    counts = Counter(states)
    return {**{state: counts[state] for state in known}, "total": counts.total()}


def _failure(record: Record) -> dict[str, Any]:
    failure = record.failure
    return {
        **_running(record),
        "kind": failure.kind if failure else "exception",
        "message": failure.message if failure else "",
        "finished": _time(record.finished),
    }


def _running(record: Record) -> dict[str, Any]:
    return {
        "digest": record.recipe.digest,
        "mix": str(record.recipe.mixture),
        "seed": record.recipe.seed,
        "rung": record.rung,
        "targets": list(record.item.targets) if record.item else [record.target],
        "purpose": record.kind,
        "started": _time(record.started),
    }


def _time(time: dt.datetime | None) -> str | None:
    """ISO 8601 with the time zone; Optuna's times are local ones."""
    return time.astimezone().isoformat(timespec="seconds") if time else None


def _line(name: str, alive: bool | None) -> dict[str, Any]:
    """A search in one line; what is wrong with it where it cannot be read."""
    line: dict[str, Any] = {"search": name, "state": "unreadable", "recipes": None, "work_items": None, "best": {}}
    try:
        workspace = find(name)
        studies = Studies.open(workspace)
    except TaskmixError as error:
        return {**line, "problem": error.problems[0].what}
    search = workspace.search
    found, answer = status(search, studies, alive), best(search, studies, top=1)
    return {
        "search": name,
        "state": found["state"],
        "recipes": found["budget"]["recipes"],
        "work_items": found["work_items"],
        "best": {
            target: {key: entry[key] for key in ("mix", "score", "gain")}
            for target, entries in answer["targets"].items()
            for entry in entries["best"]
        },
        "problem": None,
    }
