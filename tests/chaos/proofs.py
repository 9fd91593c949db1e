"""What must be true of a search whatever was killed: read from the studies, the store and MLflow themselves."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec
import optuna
from mlflow import MlflowClient
from optuna.storages import RDBStorage
from optuna.trial import FrozenTrial

from search.config.search import Search
from search.studies.studies import study_name
from spaces.recipe import Recipe
from tests.chaos.world import WorkLog
from trainables.store.store import Store
from trainables.work.item import WorkItem
from trainables.work.plan import Plan

Place = tuple[str, str, int]
"""Target, recipe digest, rung: what has a score at most once."""

FINISHED = {"COMPLETE", "PRUNED"}


@dataclass(frozen=True)
class Trial:
    """A trial as the database has it; `item` is the owner's alone."""

    target: str
    number: int
    state: str
    recipe: Recipe
    rung: int
    kind: str
    score: float | None
    item: WorkItem | None
    started: dt.datetime
    finished: dt.datetime | None
    failure: str | None = None

    @property
    def place(self) -> Place:
        return self.target, self.recipe.digest, self.rung

    @property
    def is_searched(self) -> bool:
        return self.kind != "confirm" and not self.recipe.is_baseline

    def known_at(self, time: dt.datetime) -> bool:
        """Whether its score was there."""
        return self.score is not None and self.finished is not None and self.finished <= time


class Truth:
    """The studies of a search, read anew."""

    def __init__(self, storage: RDBStorage, search: Search) -> None:
        self.search = search
        self.trials: dict[str, list[Trial]] = {}
        for target in search.config.targets:
            trials: list[FrozenTrial] = []
            with suppress(KeyError):  # a driver may be killed before it has made the studies
                trials = optuna.load_study(study_name=study_name(search.config.name, target), storage=storage).trials
            self.trials[target] = [_trial(target, trial) for trial in trials]

    def all(self) -> list[Trial]:
        return [trial for trials in self.trials.values() for trial in trials]

    def owners(self) -> list[Trial]:
        """One per work item, in the order of their start."""
        return sorted((trial for trial in self.all() if trial.item), key=lambda trial: trial.started)

    def running(self) -> list[WorkItem]:
        return [trial.item for trial in self.owners() if trial.state == "RUNNING" and trial.item]

    def scores(self) -> dict[Place, float]:
        return {trial.place: trial.score for trial in self.all() if trial.score is not None}

    def brought_in(self) -> list[str]:
        """New recipes in the order in which they were proposed."""
        return [trial.recipe.digest for trial in self.owners() if trial.kind in ("start", "proposal")]

    def promoted(self, target: str) -> set[Place]:
        """Places of a target that were reached by promotion."""
        return {trial.place for trial in self.trials[target] if trial.kind == "promotion"}

    def facts(self) -> dict[str, list[Any]]:
        """Everything but times: two runs that did the same in the same order have equal facts."""
        return {
            target: [(t.number, t.state, t.place, t.kind, t.score, t.item and t.item.to_dict()) for t in trials]
            for target, trials in self.trials.items()
        }


def _trial(target: str, trial: FrozenTrial) -> Trial:
    record, result = trial.user_attrs["record"], trial.user_attrs.get("result", {})
    finished = trial.state.is_finished()
    assert trial.datetime_start is not None
    if finished and "score" in result:  # Optuna's value and ours are one
        assert trial.value == result["score"]["score"]
        assert trial.intermediate_values == {record["rung"]: trial.value}
    return Trial(
        target=target,
        number=trial.number,
        state=trial.state.name,
        recipe=Recipe.from_dict(record["recipe"]),
        rung=record["rung"],
        kind=record["kind"],
        score=trial.value if finished and "score" in result else None,
        item=_item(record) if "item" in record else None,
        started=trial.datetime_start,
        finished=trial.datetime_complete,
        failure=result.get("failure", {}).get("message"),
    )


def _item(record: dict[str, Any]) -> WorkItem:
    item = record["item"]
    return WorkItem(Recipe.from_dict(record["recipe"]), record["rung"], tuple(item["targets"]), "merged" in item)


@dataclass
class History:
    """What was seen of one search so far: what was finished once stays as it was."""

    at_once: int
    scores: dict[Place, float] = field(default_factory=dict)
    started: list[tuple[Place, int]] = field(default_factory=list)

    def look(self, truth: Truth) -> None:
        """Compare the studies with what was seen before."""
        trials = truth.all()
        places = Counter(trial.place for trial in trials)
        assert not places or max(places.values()) == 1, "a recipe is twice at one rung of one target"
        failures = {trial.failure for trial in trials if trial.state not in {"RUNNING", *FINISHED}}
        assert failures == set(), "a kill is nobody's failure"
        assert all(trial.score is not None for trial in trials if trial.state in FINISHED)
        assert all(trial.item for trial in trials if trial.state == "RUNNING"), "only owners wait for their result"
        assert len(truth.running()) <= self.at_once, "more is RUNNING than may run"
        now = truth.scores()
        assert {place: now.get(place) for place in self.scores} == self.scores, "a finished score is lost or changed"
        owners = {(trial.place, trial.number) for trial in trials if trial.item}
        assert owners >= set(self.started), "a work item is lost or has another number"
        self.scores, self.started = now, sorted(owners)


def the_store_is_whole(store: str, cache: Path, truth: Truth, log: WorkLog) -> int:
    """Every score of the studies is in the store under its key, and no encoder is damaged; gives their number."""
    found, keys = Store(store, cache), {}
    for begun in log.read().begun:
        keys |= {(target, begun.recipe, begun.rung): key for target, key in begun.keys.items()}
    for place, score in truth.scores().items():
        stored = found.score(keys[place])
        assert stored is not None, f"{place} is not in the store"
        assert (stored["target"], stored["score"]) == (place[0], score)
    files, root = fsspec.core.url_to_fs(store)
    manifests = files.glob(f"{root.rstrip('/')}/encoders/*.json")
    for manifest in manifests:
        assert found.encoder(Path(manifest).stem) is not None, f"{manifest}: {found.complaints or 'it is gone'}"
    return len(manifests)


def mlflow_agrees(uri: str, truth: Truth) -> None:
    """One run per recipe and configuration, all FINISHED, and each score once, equal to that of the studies."""
    client = MlflowClient(uri)
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = list(client.search_runs(experiments, max_results=10_000))
    children = {run.data.tags["recipe.digest"]: run for run in runs if "recipe.digest" in run.data.tags}
    recipes = {trial.recipe.digest for trial in truth.all()}
    assert not recipes - children.keys(), f"no run for {recipes - children.keys()}"
    assert not children.keys() - recipes, f"runs of no recipe: {[children[it] for it in children.keys() - recipes]}"
    families = {trial.recipe.family for trial in truth.all()}
    assert len(runs) == len(recipes) + len(families) + 1, "a recipe has two runs, or a configuration, or the search"
    assert {run.info.status for run in runs} == {"FINISHED"}
    for digest, run in children.items():
        for target in truth.search.config.targets:
            rows = client.get_metric_history(run.info.run_id, f"{target}/score")
            expected = {trial.rung: trial.score for trial in truth.trials[target] if trial.recipe.digest == digest}
            found = sorted((row.step, row.value) for row in rows)
            assert found == sorted(expected.items()), f"{run.info.run_name} on {target}"


def promotions_are_right(truth: Truth) -> int:
    """A rung never sent on more than 1/eta of what it had by then, and in the end it has sent on as many.

    Returns:
        Promotions, by target.
    """
    halving, count = truth.search.config.halving, 0
    for owner in truth.owners():
        if owner.kind != "promotion":
            continue
        assert owner.item is not None
        for target in owner.item.targets:
            here, above = _of_rung(truth, target, owner.rung - 1), _of_rung(truth, target, owner.rung)
            known = [trial for trial in here if trial.known_at(owner.started)]
            assert owner.recipe.digest in _ranked(known)
            gone_on = [trial for trial in above if trial.started <= owner.started]
            if len(gone_on) > len(known) // halving.eta:  # the one exception: one goes on of a rung that stays small
                assert len(gone_on) == 1
                assert not _still_searching(truth, owner.started)
            count += 1
    for target in truth.search.config.targets:
        for rung in range(len(halving.rungs) - 1):
            here, above = _of_rung(truth, target, rung), _of_rung(truth, target, rung + 1)
            scored = _ranked(here)
            gone_on = {trial.recipe.digest for trial in above}
            assert len(gone_on) == max(1, len(scored) // halving.eta)
            assert gone_on <= set(scored)
    return count


def _of_rung(truth: Truth, target: str, rung: int) -> list[Trial]:
    return [trial for trial in truth.trials[target] if trial.rung == rung and trial.is_searched]


def _ranked(trials: Sequence[Trial]) -> list[str]:
    ranking = sorted(trials, key=lambda trial: (-(trial.score or 0.0), trial.recipe.digest))
    return [trial.recipe.digest for trial in ranking]


def _still_searching(truth: Truth, time: dt.datetime) -> bool:
    """Whether new recipes were to come, or a work item ran that might change a rung."""
    later = any(t.kind in ("start", "proposal") and t.started > time for t in truth.owners())
    owners = [trial for trial in truth.owners() if trial.kind != "confirm" and trial.started < time]
    return later or any(trial.finished is None or trial.finished > time for trial in owners)


def needed_examples(plan: Plan, truth: Truth) -> int:
    """Training examples of a run that does each part of these work items once."""
    highest: dict[Recipe, int] = {}
    total = 0
    for owner in truth.owners():
        assert owner.item is not None
        highest[owner.recipe] = max(owner.rung, highest.get(owner.recipe, 0))
        for target in owner.item.targets:
            if plan.targets[target].is_trained:
                total += plan.target_for(owner.recipe, target).at(plan.rungs[owner.rung]).examples
    return total + sum(sum(plan.segments(recipe, rung)) for recipe, rung in highest.items())


def without(entry: Any, key: str) -> Any:
    """A nested value less all that is under a key."""
    if isinstance(entry, dict):
        return {name: without(value, key) for name, value in entry.items() if name != key}
    return [without(value, key) for value in entry] if isinstance(entry, list) else entry
