"""One Optuna study per target on one storage: the only truth about a search.

A trial is a recipe at a rung on a target. Of the trials that one work item fills, exactly one, its *owner*, is
written before the work starts: RUNNING, with the work item in its attributes. When the work is done the other
targets' trials are added, finished, and the owner is told last. So after a crash the owners that are still RUNNING
are the work items to do again, under the same trial numbers, and doing them again adds nothing twice.

States: COMPLETE is the top rung; PRUNED a lower rung (with its value: a recipe that is promoted gets a further trial
at the next rung); FAIL a failed work item. `docs/decisions.md` says why every rung is a trial of its own.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Literal

import optuna
from optuna.exceptions import OptunaError
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from search.config import Search
from spaces.errors import Failure, Problem
from spaces.recipe import Recipe
from trainables.item import WorkItem
from trainables.outcome import Failed, Outcome, Score

Kind = Literal["baseline", "start", "proposal", "promotion", "confirm"]
"""Why a work item exists: the empty mixture, a start recipe, a sampler's proposal, successive halving, a fresh seed
for a winner."""

RECORD, RESULT, COST, WALL = "record", "result", "cost", "wall_seconds"
"""Attributes of the trials, and of the first target's study."""

optuna.logging.set_verbosity(optuna.logging.WARNING)


@dataclass(frozen=True)
class Cost:
    """What a work item cost when it was computed; nothing where its parts came from the store."""

    seconds: float = 0.0
    training_seconds: float = 0.0
    gpu_seconds: float = 0.0
    examples: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.seconds + other.seconds,
            self.training_seconds + other.training_seconds,
            self.gpu_seconds + other.gpu_seconds,
            self.examples + other.examples,
        )


@dataclass(frozen=True)
class Record:
    """A trial as this program sees it. `item` and `cost` are the owner's alone."""

    target: str
    number: int
    state: TrialState
    recipe: Recipe
    rung: int
    kind: Kind
    score: Score | None = None
    failure: Failed | None = None
    item: WorkItem | None = None
    cost: Cost | None = None
    started: dt.datetime | None = None
    finished: dt.datetime | None = None

    @property
    def place(self) -> tuple[str, int]:
        """What exists at most once per study: recipe digest and rung."""
        return self.recipe.digest, self.rung


class Studies:
    """The studies of one search. One driver writes; anybody may read (`Studies.open`).

    `records[target]` mirrors the study in memory, in trial order.
    """

    def __init__(self, storage: RDBStorage, search: Search) -> None:
        self.search = search
        self._storage = storage
        self._space, self._top = search.space, len(search.config.halving.rungs) - 1
        self._studies = {
            target: optuna.load_study(study_name=study_name(search.config.name, target), storage=storage)
            for target in search.config.targets
        }
        self.records: dict[str, list[Record]] = {
            target: [_record(target, trial) for trial in study.get_trials(deepcopy=False)]
            for target, study in self._studies.items()
        }

    @classmethod
    def create(cls, url: str, search: Search) -> Studies:
        """Open for writing; studies that do not exist are made. Raises Failure when the database cannot be used."""
        with _usable(url):
            storage = _storage(url)
            for target in search.config.targets:
                name = study_name(search.config.name, target)
                optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
            return cls(storage, search)

    @classmethod
    def open(cls, url: str, search: Search) -> Studies:
        """Open what exists. Raises Failure when the database cannot be used or holds no such search."""
        with _usable(url):
            return cls(_storage(url), search)

    # --- reading

    def all(self) -> list[Record]:
        """Records of all targets."""
        return [record for records in self.records.values() for record in records]

    def owners(self) -> list[Record]:
        """One record per work item, in the order in which they were started."""
        owners = [record for record in self.all() if record.item is not None]
        return sorted(owners, key=lambda record: (record.started or dt.datetime.min, record.target, record.number))

    def running(self) -> list[WorkItem]:
        """Work items that were started and are not over: in flight, or lost with their driver."""
        return [record.item for record in self.owners() if record.state is TrialState.RUNNING and record.item]

    @property
    def wall_seconds(self) -> float:
        """Wall-clock that drivers have spent on the search."""
        return float(self._first.user_attrs.get(WALL, 0.0))

    # --- writing

    def begin(self, item: WorkItem, kind: Kind, owner: str) -> None:
        """Write the owner of a work item, RUNNING."""
        record = {"recipe": item.recipe.to_dict(), "rung": item.rung, "kind": kind, "item": item.to_dict()}
        self._append(owner, item.recipe, TrialState.RUNNING, {RECORD: record})

    def finish(self, item: WorkItem, outcome: Outcome) -> None:
        """Tell every target of the work item, its owner last. Safe to repeat after a crash in the middle."""
        owner = next(record for record in self.owners() if record.item == item and record.state is TrialState.RUNNING)
        record = {"recipe": item.recipe.to_dict(), "rung": item.rung, "kind": owner.kind}
        for target in item.targets:
            known = {other.place for other in self.records[target]}
            if target != owner.target and owner.place not in known:
                score = outcome.scores.get(target)
                attributes = {RECORD: record, RESULT: _result(score, outcome)}
                self._append(target, item.recipe, self._state(item, score), attributes, score)
        self._tell(owner, outcome)

    def add_wall_seconds(self, seconds: float) -> None:
        self._first.set_user_attr(WALL, self.wall_seconds + seconds)

    @property
    def _first(self) -> optuna.Study:
        return next(iter(self._studies.values()))

    def _append(
        self,
        target: str,
        recipe: Recipe,
        state: TrialState,
        attributes: dict[str, Any],
        score: Score | None = None,
    ) -> None:
        """One trial, written in one piece."""
        rung = attributes[RECORD]["rung"]
        trial = create_trial(
            state=state,
            value=score.score if score else None,
            params=self._space.encode(recipe.mixture, dict(recipe.hyperparameters)),
            distributions=self._space.distributions,
            user_attrs=attributes,
            intermediate_values={rung: score.score} if score else {},
        )
        study = self._studies[target]
        study.add_trial(trial)
        self.records[target].append(_record(target, study.get_trials(deepcopy=False)[-1]))

    def _tell(self, owner: Record, outcome: Outcome) -> None:
        """Finish the owner: what is known about it first, its state last."""
        assert owner.item is not None
        study, score = self._studies[owner.target], outcome.scores.get(owner.target)
        trial_id = study.get_trials(deepcopy=False)[owner.number]._trial_id
        cost = Cost(outcome.seconds, outcome.training_seconds, outcome.gpu_seconds, outcome.examples)
        self._storage.set_trial_user_attr(trial_id, RESULT, _result(score, outcome))
        self._storage.set_trial_user_attr(trial_id, COST, asdict(cost))
        if score:
            self._storage.set_trial_intermediate_value(trial_id, owner.rung, score.score)
        state = self._state(owner.item, score)
        self._storage.set_trial_state_values(trial_id, state, [score.score] if score else None)
        trial = study.get_trials(deepcopy=False)[owner.number]
        self.records[owner.target][owner.number] = _record(owner.target, trial)

    def _state(self, item: WorkItem, score: Score | None) -> TrialState:
        if score is None:
            return TrialState.FAIL
        return TrialState.COMPLETE if item.rung == self._top else TrialState.PRUNED


def study_name(search: str, target: str) -> str:
    """The name of a target's study: searches that share a storage never share trials."""
    return f"{search}/{target}"


def _storage(url: str) -> RDBStorage:
    storage = RDBStorage(url)
    if storage.engine.dialect.name == "sqlite":
        # A commit that waits for the disk takes longer than all else here. Without the wait a power cut may undo the
        # last commits, never half of one; the work that they were about is in the store.
        event.listen(storage.engine, "connect", _relax)
        storage.engine.dispose()  # connections from before the line above
    return storage


def _relax(connection: Any, _: Any) -> None:
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")


@contextmanager
def _usable(url: str) -> Iterator[None]:
    """Errors of the database as one that says what to do."""
    try:
        yield
    except KeyError as error:
        fix = "launch the search first, or see that storage.studies is the one it was launched with"
        raise Failure(Problem("the studies of the search are not there", url, str(error), fix)) from error
    except (SQLAlchemyError, OptunaError, ImportError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        fix = "see that the database runs, the folder exists and can be written, and storage.studies is right"
        raise Failure(Problem("the studies' database cannot be opened", url, reason, fix)) from error


def _result(score: Score | None, outcome: Outcome) -> dict[str, Any]:
    if score is not None:
        return {"score": score.model_dump(mode="json")}
    failure = outcome.failure or Failed(kind="exception", message="the work item gave no score for this target")
    return {"failure": failure.model_dump(mode="json")}


def _record(target: str, trial: FrozenTrial) -> Record:
    attributes = trial.user_attrs
    record, result, cost = attributes[RECORD], attributes.get(RESULT, {}), attributes.get(COST)
    return Record(
        target=target,
        number=trial.number,
        state=trial.state,
        recipe=Recipe.from_dict(record["recipe"]),
        rung=record["rung"],
        kind=record["kind"],
        score=Score.model_validate(result["score"]) if "score" in result else None,
        failure=Failed.model_validate(result["failure"]) if "failure" in result else None,
        item=WorkItem.from_dict(record["item"]) if "item" in record else None,
        cost=Cost(**cost) if cost else None,
        started=trial.datetime_start,
        finished=trial.datetime_complete,
    )
