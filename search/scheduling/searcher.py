"""The searcher that Ray Tune asks for trials: a trial is a work item, and the agenda knows which one is next."""

from __future__ import annotations

import json
import re
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ray.exceptions import RayTaskError
from ray.tune.search import Searcher

from trainables.work.failures import NodeFault, is_out_of_memory
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, FailureKind, Outcome, Progress

TERMINAL_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


class WorkerDied(Exception):
    """A worker died; the first line says where."""


class Agenda(Protocol):
    """Which work item is next, and who remembers the results. Called from the driver's main thread alone."""

    @property
    def over(self) -> bool:
        """Nothing is to be started any more, now or ever."""
        ...

    @property
    def stop_reason(self) -> str | None:
        """Why the search has to stop now, leaving running work items behind; None: it goes on."""
        ...

    def next(self) -> WorkItem | None:
        """The next work item; from now on it counts as started. None: nothing to start right now."""
        ...

    def progress(self, item: WorkItem, progress: Progress) -> None:
        """A started work item got on."""
        ...

    def done(self, item: WorkItem, outcome: Outcome) -> None:
        """A started work item came to its end; called exactly once for each, unless the search is interrupted."""
        ...


@dataclass
class _Attempts:
    """Workers that a work item has used up.

    Args:
        died: killed, or lost with their node.
        full: ended because memory did not suffice; what such a worker could remember itself is in the store.
        killed: of these, by Ray or by the kernel, so that they could not.
    """

    died: int = 0
    full: int = 0
    killed: int = 0


class AgendaSearcher(Searcher):
    """Gives Tune the agenda's work items as trials, and the agenda what came of them.

    Work items whose worker died are given out again here and not by Tune (`max_failures`): Tune does not retry a trial
    whose worker died before it took the trial on, which is what happens to a warm worker on a lost node.

    Args:
        agenda: what is next, and where results go.
        retries: how often a work item is started again after its worker died.
        max_batch_halvings: how often it is started again, with smaller batches, after memory did not suffice.
        say: told in a line why a work item is started again.
        leave_out: given a node and what is wrong with it; whether others are left, on which work items go on.
    """

    def __init__(
        self,
        agenda: Agenda,
        retries: int = 3,
        max_batch_halvings: int = 3,
        say: Callable[[str], None] = lambda line: None,
        leave_out: Callable[[NodeFault], bool] = lambda fault: False,
    ) -> None:
        super().__init__()
        self.halted = False  # set from outside: start nothing more, and let go of what runs
        self.finished = False  # all is over, and Tune was told
        self._agenda = agenda
        self._retries, self._max_batch_halvings, self._say = retries, max_batch_halvings, say
        self._leave_out = leave_out
        self._live: dict[str, WorkItem] = {}
        self._again: deque[WorkItem] = deque()
        self._attempts: dict[str, _Attempts] = defaultdict(_Attempts)

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Tune pickles its searcher and callbacks, and nobody reads that; an agenda holds a database."""
        return {}

    @property
    def halting(self) -> bool:
        """Work items that run are not waited for."""
        return self.halted or self._agenda.stop_reason is not None

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]  # FINISHED is a text
        """The config of the next trial, FINISHED at the end, None when there is nothing to start now."""
        item = None if self.halting else self._next()
        if item is not None:
            self._live[trial_id] = item
            # Text, because Tune resolves, flattens and copies whatever is nested in a config.
            batch_halvings = self._attempts[item.key].killed if item.key in self._attempts else 0
            return {"item": json.dumps(item.to_dict()), "batch_halvings": batch_halvings}
        # Not before the last trial has ended: FINISHED is for good, and a trial whose worker dies has to come back.
        self.finished = not self._live and (self._agenda.over or self.halting)
        return str(Searcher.FINISHED) if self.finished else None

    def _next(self) -> WorkItem | None:
        return self._again.popleft() if self._again else self._agenda.next()

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        """Passes progress on."""
        if "progress" in result and trial_id in self._live:
            progress = Progress.model_validate_json(result["progress"])
            node = str(result.get("hostname", ""))  # Tune says it of every result
            self._agenda.progress(self._live[trial_id], progress.model_copy(update={"node": node}))

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Passes the outcome on. Of an error Tune tells the reason elsewhere: see `on_trial_broken`."""
        if error or result is None or "outcome" not in result:
            return
        item = self._live.pop(trial_id, None)
        if item is not None:
            self._attempts.pop(item.key, None)
            self._agenda.done(item, Outcome.model_validate_json(result["outcome"]))

    def on_trial_broken(self, trial_id: str, error: Exception) -> None:
        """A trial ended without an outcome: its work item is given out again, or failed for good.

        Args:
            trial_id: Tune's name of the trial.
            error: why, as far as is known; `OutOfMemory` where the worker was killed for lack of it, `NodeFault` where
                its node is at fault, `WorkerDied` where more is known than that.
        """
        item = self._live.pop(trial_id, None)
        if item is None or self.halting:  # on a halt the driver kills the workers itself
            return
        fault = getattr(error, "cause", None) or error
        if isinstance(fault, NodeFault):
            if self._leave_out(fault):
                self._again.append(item)
            else:
                self._fail(item, fault)
            return
        attempts = self._attempts[item.key]
        if is_out_of_memory(error):
            attempts.full += 1
            attempts.killed += _is_death(error)
            again = attempts.full <= self._max_batch_halvings
        else:
            attempts.died += 1
            again = attempts.died <= self._retries and _is_death(error)
        if again:
            self._say(f"{item.name}, rung {item.rung}: {_reason(error)}; it is started again{_how(error)}")
            self._again.append(item)
        else:
            del self._attempts[item.key]
            self._agenda.done(item, Outcome(failure=_failed(error, attempts)))

    def give_up(self, fault: NodeFault) -> None:
        """No node is left that could do what waits: a fault of one is the search's now, which stops."""
        waiting = [*self._live.values(), *self._again]
        if waiting and not self.halting:
            self._fail(waiting[0], fault)

    def _fail(self, item: WorkItem, fault: NodeFault) -> None:
        self._attempts.pop(item.key, None)
        failure = Failed(kind="environment", message=fault.reason, details=fault.details)
        self._agenda.done(item, Outcome(failure=failure))

    def save(self, checkpoint_path: str) -> None:
        """Saves nothing: a search goes on by launching it again, from the studies and never from Tune's state."""

    def restore(self, checkpoint_path: str) -> None:
        """Restores nothing, see `save`."""


def _is_death(error: Exception) -> bool:
    """The worker died, so that it may do better elsewhere; an exception inside it would come again."""
    return not isinstance(error, RayTaskError)


def _reason(error: Exception) -> str:
    """Why a worker ended, for people, in a line."""
    cause = getattr(error, "cause", None) or error
    if is_out_of_memory(error):
        return str(cause).splitlines()[0]
    if isinstance(error, WorkerDied):
        return str(error).splitlines()[0]
    if _is_death(error):
        return "the worker died (killed, or its node was lost)"
    return f"{type(cause).__name__}: {cause}".splitlines()[0]


def _how(error: Exception) -> str:
    """How a work item is done again after an error."""
    return " in another worker" + (", with smaller batches" if is_out_of_memory(error) else "")


def _failed(error: Exception, attempts: _Attempts) -> Failed:
    kind: FailureKind
    message = _reason(error)
    if is_out_of_memory(error):
        kind = "out_of_memory"
        message = f"memory did not suffice, {_times(attempts.full)}: {message}"
        if attempts.killed == attempts.full:
            message += "; smaller batches did not help: fewer work items at a time (resources.concurrency) may"
    elif _is_death(error):
        kind, message = "lost", f"the worker died {_times(attempts.died)}: killed, or its node was lost"
    else:
        kind = "exception"
    return Failed(kind=kind, message=message, details=TERMINAL_COLOUR.sub("", str(error)))


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
