"""One Optuna study per target on one storage: the only truth about a search.

A trial is a recipe at a rung on a target. Of the trials that one work item fills, exactly one, its *owner*, is
written before the work starts: RUNNING, with the work item in its attributes. When the work is done the other
targets' trials are added, finished, and the owner is told last. So after a crash the owners that are still RUNNING
are the work items to do again, under the same trial numbers, and doing them again adds nothing twice.

States: COMPLETE is the top rung; PRUNED a lower rung (with its value: a recipe that is promoted gets a further trial
at the next rung) or an estimate; FAIL a failed work item. `docs/decisions.md` says why every rung is a trial of its
own.

What the whole search shares lies in attributes of the first target's study: the search file as it was launched, what
of its cards decides a score, the versions of data and model, what earlier searches had found, the wall-clock spent,
whether the space is exhausted.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any, TypeVar

import optuna
from optuna.storages import BaseStorage, InMemoryStorage
from optuna.trial import TrialState, create_trial

from search.config.differences import another_search, differences, grown
from search.config.schema import SearchConfig
from search.config.search import Search
from search.config.workspace import Workspace
from search.studies import trial_rows
from search.studies.begun_with import card_differences, model_differences, version_differences
from search.studies.database import open_storage, persistently, usable
from search.studies.state import SearchState
from search.studies.trial_attributes import (
    COST,
    MICRO_BATCHES,
    RECORD,
    RESULT,
    Recipes,
    facts_of,
    failure_of,
    owner_facts_of,
    record_of,
    result_of,
)
from search.studies.trial_record import Cost, Purpose, Record
from search.studies.trial_rows import TrialRow
from spaces.errors import Failure, InputError, Problem
from spaces.initial_design import Start
from spaces.mixture import Mixture
from spaces.recipe import Recipe
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome, Score
from trainables.work.plan import Plan

CONFIG, CARDS, VERSIONS, MODEL = "config", "cards", "versions", "model"
COMMITS, MOVED = "commits", "moved"
WALL, EXHAUSTED = "wall_seconds", "exhausted"
EARLIER, RECOMMENDED, EXPECTED = "earlier", "recommended", "expected_gain"
"""Attributes of the first target's study."""

ALL_GO_ON = "all go on"
"""The value of `EXHAUSTED` where all recipes of the space go to the top; searches that ended before that have True."""

T = TypeVar("T")

optuna.logging.set_verbosity(optuna.logging.WARNING)


class Studies:
    """The studies of one search. One driver writes (`create`); anybody may read (`open`).

    `storage` is Optuna's, a study per target (`study_ids`). `records[target]` mirrors one in memory, in trial order,
    `estimates[target]` those of its trials that are estimates; `state` is what both add up to.
    """

    def __init__(
        self,
        storage: BaseStorage,
        search: Search,
        guard: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda text: None,
    ) -> None:
        self.search = search
        self.storage, self._guard, self._say = storage, guard, say
        self._space, self._top = search.space, search.config.halving.top_rung
        self.study_ids = {
            target: storage.get_study_id_from_name(study_name(search.config.name, target))
            for target in search.config.targets
        }
        self._read()

    @classmethod
    def create(
        cls,
        workspace: Workspace,
        guard: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda text: None,
    ) -> Studies:
        """Open for writing; studies that do not exist are made.

        Args:
            guard: called before each write; raises when this process may not write any more.
            say: told when the database is away, and when it is back.

        Raises:
            Failure: the database cannot be used.
        """
        url, search = workspace.studies_url, workspace.search
        with usable(url):
            storage = open_storage(url)
            _make(storage, search)
            studies = cls(storage, search, guard, say)
            studies._end_twins()
            return studies

    @classmethod
    def open(cls, workspace: Workspace) -> Studies:
        """Open what exists. Raises Failure when the database cannot be used or holds no such search."""
        with usable(workspace.studies_url):
            return cls(open_storage(workspace.studies_url), workspace.search)

    @classmethod
    def in_memory(cls, search: Search) -> Studies:
        """Empty ones that nobody will read later."""
        storage = InMemoryStorage()
        _make(storage, search)
        return cls(storage, search)

    # --- reading

    def all(self) -> list[Record]:
        """Records of all targets, estimates last."""
        each = (*self.records.values(), *self.estimates.values())
        return [record for records in each for record in records]

    def owners(self) -> list[Record]:
        """One record per work item, in the order in which they were started."""
        return self.state.owners()

    def running(self) -> list[WorkItem]:
        """Work items that were started and are not over: in flight, or lost with their driver."""
        return [record.item for record in self.state.running() if record.item]

    @property
    def wall_seconds(self) -> float:
        """Wall-clock that drivers have spent on the search."""
        return float(self._attributes.get(WALL, 0.0))

    @property
    def exhausted(self) -> bool:
        """Whether the sampler found no recipe any more that was not tried."""
        return bool(self._attributes.get(EXHAUSTED, False))

    @property
    def all_go_on(self) -> bool:
        """Whether all recipes go to the top, since the sampler finds no other ones and the budget has room for more."""
        return (
            self._attributes.get(EXHAUSTED) == ALL_GO_ON and len(self.state.tried) < self.search.config.budget.recipes
        )

    @property
    def expected_gain(self) -> float | None:
        """What more recipes were last expected to gain, as a share of 1; None: not asked yet."""
        found = self._attributes.get(EXPECTED)
        return None if found is None else float(found)

    @property
    def versions(self) -> dict[str, str]:
        """Card -> digest of its data, as the search was begun on."""
        return dict(self._attributes.get(VERSIONS, {}))

    @property
    def model_version(self) -> str | None:
        """What the model is, for the keys; None: they have its name, as when the search was begun."""
        model = self._attributes.get(MODEL)
        return model["version"] if model and model["in_keys"] else None

    @property
    def begun_model(self) -> str | None:
        """What the model was when somebody first looked, in the keys or not; None: nobody did."""
        return (self._attributes.get(MODEL) or {}).get("version")

    @property
    def commits(self) -> dict[str, str]:
        """What of the hub the search reads, as `Plan.commits`."""
        return dict(self._attributes.get(COMMITS, {}))

    @property
    def moved(self) -> dict[str, str]:
        """What of it had another commit when somebody last looked, and that one."""
        return dict(self._attributes.get(MOVED, {}))

    def note_moved(self, moved: Mapping[str, str]) -> None:
        """Keep what has another commit by now, for people: the search goes on with its own."""
        if moved != self.moved:
            self._note(MOVED, dict(moved))

    def versioned(self, plan: Plan) -> Plan:
        """The plan with what the search was begun with: versions, which are in the keys of its store, and commits."""
        known = {"versions": self.versions, "model_version": self.model_version, "commits": self.commits}
        return plan.model_copy(update=known)

    @property
    def earlier(self) -> list[Start] | None:
        """What the search begins with because of earlier ones; None as long as nobody has looked."""
        return self._starts(EARLIER)

    @property
    def recommended(self) -> list[Start] | None:
        """What the search begins with by recommendation; None as long as nobody has looked."""
        return self._starts(RECOMMENDED)

    def _starts(self, name: str) -> list[Start] | None:
        kept = self._attributes.get(name)
        return None if kept is None else [Start(Mixture.of(one["mixture"]), one["reason"]) for one in kept]

    # --- writing: everything may be repeated after it was broken off

    def begin(self, item: WorkItem, purpose: Purpose, owner: str) -> None:
        """Write the owner of a work item, RUNNING."""

        def write() -> None:
            if self.state.owner(item) is None:
                self._append(owner, item.recipe, TrialState.RUNNING, {RECORD: owner_facts_of(item, purpose)})

        self._write(write)

    def finish(self, item: WorkItem, outcome: Outcome) -> None:
        """Tell every target of the work item, its owner last."""

        def write() -> None:
            owner = self.state.owner(item)
            if owner is None:  # told, and the answer was lost with the connection
                return
            record = facts_of(item, owner.purpose)
            for target in item.targets:
                if target != owner.target and self.state.at(target, *owner.key) is None:
                    score = outcome.scores.get(target)
                    attributes = {RECORD: record, RESULT: result_of(score, outcome)}
                    self._append(target, item.recipe, self._state(item, score), attributes, score)
            self._tell(owner, outcome)

        self._write(write)

    def add_wall_seconds(self, seconds: float) -> None:
        self._note(WALL, self.wall_seconds + seconds)

    def note_exhausted(self) -> None:
        """The sampler finds nothing new: no launch needs to ask it again."""
        self._note(EXHAUSTED, ALL_GO_ON)

    def note_expected_gain(self, gain: float) -> None:
        """What more recipes are expected to gain: it may be the end of the search."""
        self._note(EXPECTED, gain)

    def remember(self, config: SearchConfig) -> None:
        """Keep the search file with its studies, where every machine that drives the search finds it, and its cards.

        Raises:
            InputError: the search was begun with other fixed settings, or with cards that would give other scores.
        """
        kept, now = self._attributes.get(CONFIG), config.model_dump(mode="json")
        cards, deciding = self._attributes.get(CARDS), self.search.plan("", "").deciding()
        if changed := [] if kept in (None, now) else differences(SearchConfig.model_validate(kept), config):
            raise InputError(another_search(changed, config.name, f"taskmix resume {config.name}"))
        new = [] if kept is None else grown(SearchConfig.model_validate(kept), config)
        if cards is not None:
            # a card that came with what is new was never one of another search
            known = {name: card for name, card in deciding.items() if name in cards} if new else deciding
            if others := card_differences(cards, known):
                fix = "bring them back as they were, or give the search another name"
                raise InputError([*others, Problem("its cards are others", config.name, fix=fix)])
        if cards is None:
            if kept is not None:
                self._say("cards were not kept with searches when this one was begun: the present ones are from now on")
            self._note(CARDS, deciding)
        elif new and cards != (all_cards := {**cards, **deciding}):
            self._note(CARDS, all_cards)
        if new:
            self._say(f"the search has grown by {', '.join(new)}, and goes on from what is there")
            for name, before in ((EXHAUSTED, False), (EXPECTED, None)):  # there is more to find now
                if self._attributes.get(name):
                    self._note(name, before)
        if kept != now:
            self._note(CONFIG, now)

    def remember_earlier(self, starts: Sequence[Start]) -> None:
        """Keep what earlier searches had found when this one began, so that a resume begins alike."""
        self._note(EARLIER, [{"mixture": start.mixture.weights, "reason": start.reason} for start in starts])

    def remember_recommended(self, starts: Sequence[Start]) -> None:
        """Keep what was recommended when this one began, so that a resume begins alike."""
        self._note(RECOMMENDED, [{"mixture": start.mixture.weights, "reason": start.reason} for start in starts])

    def remember_data(
        self, versions: Mapping[str, str], model: str | None = None, commits: Mapping[str, str] | None = None
    ) -> None:
        """Keep on what data the search is and from which model it starts.

        Args:
            versions: as `Plan.versions`. One that tells apart two cards whose digest was one when the search was begun
                is left out: its keys are made without.
            model: as `Plan.model_version`, where known. It enters the keys of searches that begin with it.
            commits: as `Plan.commits`.

        Raises:
            InputError: they changed since the search was begun, so that its scores could not be compared any more.
        """
        kept, begun = self.versions, self._attributes.get(MODEL, {})
        is_new = not kept and not self.all()
        versions = {card: of for card, of in versions.items() if card in kept or card.rpartition("/")[2] not in kept}
        changed = model_differences(self.search.config.model, begun.get("version"), model)
        changed += version_differences(kept, versions)
        if changed:
            raise InputError(changed)
        if commits and self.commits != {**self.commits, **commits}:
            self._note(COMMITS, {**self.commits, **commits})
        if model and not begun:  # before the data: who finds those takes the search for one that is begun
            self._note(MODEL, {"version": model, "in_keys": is_new})
        if kept != {**kept, **versions}:
            self._note(VERSIONS, {**kept, **versions})

    def _write(self, operation: Callable[[], T]) -> T:
        """An operation that is safe to repeat, with the lease held, through lost connections."""

        def guarded() -> T:
            self._guard()
            return operation()

        patience = self.search.config.failures.patience
        return persistently(guarded, self._read_again, seconds=patience, say=self._say)

    def _note(self, name: str, value: Any) -> None:
        self._write(lambda: self.storage.set_study_user_attr(self._first, name, value))
        self._attributes[name] = value

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
        trial_id = self.storage.create_new_trial(self.study_ids[target], trial)
        times = trial.datetime_start, trial.datetime_complete
        row = TrialRow(trial_id, self._numbers[target], state, *times, attributes)
        record = record_of(target, row, lambda _: recipe)
        self._numbers[target] += 1
        self._beside(record).append(record)
        self.state.add(record)

    def _tell(self, owner: Record, outcome: Outcome) -> None:
        """Finish the owner: what is known about it first, its state last."""
        assert owner.item is not None
        trial_id, score = owner.trial_id, outcome.scores.get(owner.target)
        cost = Cost(outcome.seconds, outcome.training_seconds, outcome.gpu_seconds, outcome.examples)
        result = result_of(score, outcome)
        self.storage.set_trial_user_attr(trial_id, RESULT, result)
        if outcome.micro_batches:
            self.storage.set_trial_user_attr(trial_id, MICRO_BATCHES, outcome.micro_batches)
        self.storage.set_trial_user_attr(trial_id, COST, asdict(cost))
        if score:
            self.storage.set_trial_intermediate_value(trial_id, owner.rung, score.score)
        state = self._state(owner.item, score)
        self.storage.set_trial_state_values(trial_id, state, [score.score] if score else None)
        # Not this moment: a resume reads the database's, and would write other times into MLflow beside these.
        at, failure, sizes = trial_rows.finished(self.storage, trial_id), failure_of(result), outcome.micro_batches
        told = replace(owner, state=state, score=score, failure=failure, cost=cost, micro_batches=sizes, finished=at)
        records = self._beside(owner)
        records[bisect_left(records, owner.number, key=lambda record: record.number)] = told
        self.state.replace(told)

    def _state(self, item: WorkItem, score: Score | None) -> TrialState:
        if score is None:
            return TrialState.FAIL
        return TrialState.COMPLETE if item.rung == self._top and not item.merged else TrialState.PRUNED

    def _beside(self, record: Record) -> list[Record]:
        """The list that a record stands in."""
        return (self.estimates if record.is_estimate else self.records)[record.target]

    # --- the database

    @property
    def _first(self) -> int:
        return next(iter(self.study_ids.values()))

    def _read(self) -> None:
        self._attributes: dict[str, Any] = self.storage.get_study_user_attrs(self._first)
        self.records: dict[str, list[Record]] = {target: [] for target in self.study_ids}
        self.estimates: dict[str, list[Record]] = {target: [] for target in self.study_ids}
        self._numbers = dict.fromkeys(self.study_ids, 0)
        self._twins: list[Record] = []
        recipes = Recipes()
        for target, study in self.study_ids.items():
            keys = set()
            for row in trial_rows.read(self.storage, study):
                record = record_of(target, row, recipes.get)
                (self._twins if record.key in keys else self._beside(record)).append(record)
                keys.add(record.key)
                self._numbers[target] = row.number + 1
        self.state = SearchState(self.search.config.targets, self._top + 1, self.all())

    def _read_again(self) -> None:
        """After a lost connection: what was being written may be there or not."""
        self._read()
        self._end_twins()

    def _end_twins(self) -> None:
        """A connection that is lost in a commit makes Optuna write the trial again, perhaps a second time."""
        for record in self._twins:
            if record.state is TrialState.RUNNING:
                failure = Failed(kind="lost", message="written twice when the connection to the database was lost")
                self.storage.set_trial_user_attr(record.trial_id, RESULT, result_of(None, Outcome(failure=failure)))
                self.storage.set_trial_state_values(record.trial_id, TrialState.FAIL)
        self._twins.clear()


def study_name(search: str, target: str) -> str:
    """The name of a target's study: searches that share a storage never share trials."""
    return f"{search}/{target}"


def never_began(error: Failure) -> bool:
    """Whether studies could not be opened because there are none: their search was never launched to the end of it."""
    return isinstance(error.__cause__, KeyError)


def _make(storage: BaseStorage, search: Search) -> None:
    for target in search.config.targets:
        name = study_name(search.config.name, target)
        optuna.create_study(storage=storage, study_name=name, direction="maximize", load_if_exists=True)
