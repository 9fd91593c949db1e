"""Where searches stand, read from their studies alone."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, get_args

from optuna.trial import TrialState

from search.answers.status import (
    BestLine,
    Budget,
    Driver,
    FailureLine,
    Failures,
    Limit,
    NodeLine,
    RecipeCounts,
    SearchLine,
    SearchList,
    SearchPhase,
    SearchStatus,
    Seconds,
    WorkItemCounts,
    WorkItemLine,
)
from search.config.workspace import Workspace, find, names
from search.results.ranking import rank
from search.results.row_source import RowSource, StoredRows
from search.scheduling.remaining import is_over
from search.studies.holder import Holder
from search.studies.live import LiveFacts, LiveItem, LiveNode, observe_at
from search.studies.studies import Studies
from search.studies.ticket import read_ticket, who_launched
from search.studies.trial_record import Record
from spaces.errors import Failure, TaskmixError

LAST_FAILURES = 5
"""How many failures `status` quotes."""

MixState = Literal["running", "waiting", "stopped", "complete", "failed"]
"""`waiting`: has scores of a lower rung and may still be promoted; `stopped`: the search is over and it was not."""

Look = Callable[[Workspace], tuple[Holder | None, LiveFacts | None]]


def summarize(
    studies: Studies,
    driven: bool | None = None,
    queued: bool = False,
    holder: Holder | None = None,
    live: LiveFacts | None = None,
) -> SearchStatus:
    """Where a search stands.

    Args:
        driven: whether a driver runs it now; None: not known.
        queued: whether it waits for its turn to be launched.
        holder: the driver.
        live: what it says that it is at.
    """
    at = {item.key: item for item in live.items} if live else {}
    owners, budget = studies.owners(), studies.search.config.budget
    running = [record for record in owners if record.state is TrialState.RUNNING]
    failed = [record for record in owners if record.state is TrialState.FAIL]
    over = is_over(studies)
    cost = studies.state.cost
    states = mix_states(studies, over)
    wall = studies.wall_seconds
    return SearchStatus(
        search=studies.search.config.name,
        state=_phase(driven, over, queued),
        over=over,
        driver=_driver(holder) if holder else None,
        nodes=list(map(_node, live.nodes.nodes)) if live and live.nodes else [],
        at_once=live.nodes.at_once if live and live.nodes else None,
        recipes=RecipeCounts(**_counted(states.values())),
        work_items=WorkItemCounts(
            running=0 if driven is False else len(running),
            interrupted=len(running) if driven is False else 0,
            done=len(owners) - len(running) - len(failed),
            failed=len(failed),
            total=len(owners),
        ),
        budget=Budget(
            recipes=Limit(used=len(states), total=budget.recipes),
            work_items=Limit(used=len(owners), total=budget.work_items),
            hours=Limit(used=wall / 3600, total=budget.hours),
            gpu_hours=Limit(used=cost.gpu_seconds / 3600, total=budget.gpu_hours),
        ),
        seconds=Seconds(
            wall=wall,
            work_items=cost.seconds,
            training=cost.training_seconds,
            training_share=cost.training_seconds / cost.seconds if cost.seconds else None,
            left=live.seconds_left if live else None,
        ),
        examples=cost.examples,
        failures=Failures(
            count=len(failed),
            by_kind=dict(sorted(Counter(record.failure.kind for record in failed if record.failure).items())),
            last=[_failure(record) for record in failed[-LAST_FAILURES:]],
            tasks=_failing_tasks(owners),
        ),
        running=[_running(record, at) for record in running],
        unmeasured=_unmeasured(studies, failed) if over else [],
        commits=studies.commits,
        moved=studies.moved,
    )


def _phase(driven: bool | None, over: bool, queued: bool) -> SearchPhase:
    if driven:
        return "running"
    if queued:
        return "queued"
    return "over" if over else "unfinished" if driven is None else "interrupted"


def open_search(name: str) -> tuple[Workspace, Studies]:
    """A search by name; one that waits for its first turn has no results.

    Raises:
        InputError, Failure: as `find` and `Studies.open`.
    """
    workspace = find(name)
    return workspace, open_studies(workspace)


def open_studies(workspace: Workspace) -> Studies:
    """Its studies; empty ones of a search that waits for its first turn. Raises as `Studies.open`."""
    try:
        return Studies.open(workspace)
    except Failure:
        if read_ticket(workspace.folder) is None:
            raise
        return Studies.in_memory(workspace.search)


def list_searches(
    look: Look | None = None,
    opened: Callable[[str], tuple[Workspace, Studies]] | None = None,
) -> SearchList:
    """A line for every search in $TASKMIX_HOME.

    Args:
        look: who drives a search now and what they are at, as `observe_at`; None: not known.
        opened: a search by name; default: it is read now.
    """
    return SearchList(searches=[_line(name, look, opened or open_search) for name in names()])


def mix_states(studies: Studies, over: bool) -> dict[str, MixState]:
    """Mix (family digest) -> state, over all targets and seeds, in the order of their start; no baseline."""
    records: dict[str, list[Record]] = defaultdict(list)
    for record in (*studies.owners(), *studies.all()):
        if not record.recipe.is_baseline and not record.is_estimate:
            records[record.recipe.family].append(record)
    top = studies.state.top_rung
    return {family: state_of(found, top, over) for family, found in records.items()}


def state_of(records: Sequence[Record], top: int, over: bool) -> MixState:
    """The state of one recipe or mix from its records."""
    if any(record.state is TrialState.RUNNING for record in records):
        return "running"
    highest = max(record.rung for record in records)
    if not any(record.score for record in records if record.rung == highest):
        return "failed"
    return "complete" if highest == top else "stopped" if over else "waiting"


def _failing_tasks(owners: Sequence[Record]) -> dict[str, int]:
    """Task -> work items with it, where all that are over failed, whatever it was mixed with."""
    failed, done = Counter[str](), Counter[str]()
    for record in owners:
        if record.state is not TrialState.RUNNING and not record.is_estimate:
            (failed if record.state is TrialState.FAIL else done).update(record.recipe.mixture.tasks)
    return {task: count for task, count in sorted(failed.items()) if not done[task]}


def _unmeasured(studies: Studies, failed: Sequence[Record]) -> list[str]:
    """Targets on which nothing has a score, or the baseline alone because the mixtures failed."""
    tried = {target for record in failed if record.item and record.recipe.mixture for target in record.item.targets}
    unmeasured = []
    for target, records in studies.records.items():
        scored = [record for record in records if record.score and not record.is_estimate]
        if not scored or (target in tried and all(record.recipe.is_baseline for record in scored)):
            unmeasured.append(target)
    return unmeasured


def _counted(states: Iterable[MixState]) -> dict[str, int]:
    counts = Counter(states)
    return {**{state: counts[state] for state in get_args(MixState)}, "total": counts.total()}


def _failure(record: Record) -> FailureLine:
    failure = record.failure
    return FailureLine(
        **dict(work_item_line(record)),
        kind=failure.kind if failure else "exception",
        message=failure.message if failure else "",
        finished=_time(record.finished),
    )


def observed(workspace: Workspace, studies: Studies) -> SearchStatus:
    """Where a search stands, with its driver and what that is at.

    Raises:
        InputError, Failure: the database cannot be used.
    """
    holder, live = look_at(workspace)
    queued = read_ticket(workspace.folder) is not None
    return summarize(studies, holder is not None, queued, holder, live)


def look_at(workspace: Workspace) -> tuple[Holder | None, LiveFacts | None]:
    """Who drives a search now and what they are at. Raises as `observed`."""
    return observe_at(workspace.studies_url, workspace.name)


def _driver(holder: Holder) -> Driver:
    return Driver(host=holder.host, pid=holder.pid, since=_moment(holder.taken))


def _node(node: LiveNode) -> NodeLine:
    return NodeLine(name=node.name, state=node.state, why=node.why or None, since=_moment(node.since))


def _moment(seconds: float) -> str:
    """ISO 8601 with the time zone, of seconds since 1970."""
    return dt.datetime.fromtimestamp(seconds).astimezone().isoformat(timespec="seconds")


def _running(record: Record, at: Mapping[str, LiveItem]) -> WorkItemLine:
    item = at.get(record.item.key) if record.item else None
    if item is None:
        return work_item_line(record)
    known = {"phase": item.phase or "starting", "done": item.done, "node": item.node or None}
    return work_item_line(record).model_copy(update=known)


def work_item_line(record: Record) -> WorkItemLine:
    """A work item, from its owner."""
    return WorkItemLine(
        digest=record.recipe.digest,
        mix=str(record.recipe.mixture),
        seed=record.recipe.seed,
        rung=record.rung,
        targets=list(record.item.targets) if record.item else [record.target],
        purpose=record.purpose,
        started=_time(record.started),
    )


def _time(time: dt.datetime | None) -> str | None:
    """ISO 8601 with the time zone; Optuna's times are local ones."""
    return time.astimezone().isoformat(timespec="seconds") if time else None


def _line(
    name: str,
    look: Look | None,
    opened: Callable[[str], tuple[Workspace, Studies]],
) -> SearchLine:
    """A search in one line; what is wrong with it where it cannot be read."""
    try:
        workspace, studies = opened(name)
        queued = read_ticket(workspace.folder) is not None
        rows = StoredRows(workspace, studies, at_once=False)
        holder, live = look(workspace) if look else (None, None)
        driven = None if look is None else holder is not None
        line = search_line(studies, summarize(studies, driven, queued, holder, live), rows)
        return line.model_copy(update={"by": who_launched(workspace.folder)})
    except TaskmixError as error:
        problem = error.problems[0]
        found = f" ({problem.found})" if problem.found else ""
        return SearchLine(search=name, state="unreadable", problem=f"{str(problem).splitlines()[0]}{found}")
    except Exception as error:  # what is broken in one search hides no other
        return SearchLine(search=name, state="unreadable", problem=f"{type(error).__name__}: {error}")


def search_line(studies: Studies, status: SearchStatus | None = None, rows: RowSource | None = None) -> SearchLine:
    """A search in one line.

    Args:
        status: where it stands; default: as `summarize` says it.
        rows: as for `rank`.
    """
    status, ranked = status or summarize(studies), rank(studies, top=1, rows=rows)
    return SearchLine(
        search=status.search,
        state=status.state,
        recipes=status.budget.recipes,
        work_items=status.work_items,
        left=status.seconds.left,
        best={
            target: BestLine(
                mix=result.mix, best_mix=mixes.best_mix, score=result.score, gain=result.gain, worth=result.worth
            )
            for target, mixes in ranked.targets.items()
            for result in mixes.best
        },
    )
