"""A record as attributes of an Optuna trial, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from search.studies.trial_record import Cost, Purpose, Record
from search.studies.trial_rows import TrialRow
from spaces.recipe import Recipe
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome, Score

RECORD, RESULT, COST, MICRO_BATCHES = "record", "result", "cost", "micro_batches"
"""Names of the attributes."""


def facts_of(item: WorkItem, purpose: Purpose) -> dict[str, Any]:
    """What each trial of a work item holds of it."""
    return {"recipe": item.recipe.to_dict(), "rung": item.rung, "kind": purpose}


def owner_facts_of(item: WorkItem, purpose: Purpose) -> dict[str, Any]:
    """What the owner's trial holds: the work item whole, so that it can be done again."""
    merged = {"merged": True} if item.merged else {}
    return facts_of(item, purpose) | {"item": {"targets": list(item.targets), **merged}}


def result_of(score: Score | None, outcome: Outcome) -> dict[str, Any]:
    """What came of it on the trial's target."""
    if score is not None:
        return {"score": score.model_dump(mode="json")}
    failure = outcome.failure or Failed(kind="exception", message="the work item gave no score for this target")
    return {"failure": failure.model_dump(mode="json")}


def failure_of(result: Mapping[str, Any]) -> Failed | None:
    """The failure in a result, if it is one."""
    return Failed.model_validate(result["failure"]) if "failure" in result else None


class Recipes:
    """One object per recipe, however many trials it has: its canonical form and digest are most of a reading."""

    def __init__(self) -> None:
        self._made: dict[Any, Recipe] = {}

    def get(self, data: Mapping[str, Any]) -> Recipe:
        """The recipe of its `to_dict`."""
        key = *data["mixture"].items(), *data["hyperparameters"].items(), data["model"], data["seed"]
        if key not in self._made:
            self._made[key] = Recipe.from_dict(data)
        return self._made[key]


def record_of(target: str, row: TrialRow, recipe: Callable[[Mapping[str, Any]], Recipe]) -> Record:
    """The record that a trial's attributes hold.

    Args:
        recipe: makes the recipe of what is kept of it, see `Recipes.get`.
    """
    record, result, cost = row.attributes[RECORD], row.attributes.get(RESULT, {}), row.attributes.get(COST)
    return Record(
        target=target,
        number=row.number,
        trial_id=row.trial_id,
        state=row.state,
        recipe=recipe(record["recipe"]),
        rung=record["rung"],
        purpose=record["kind"],
        score=Score.model_validate(result["score"]) if "score" in result else None,
        failure=failure_of(result),
        item=_item(record, recipe) if "item" in record else None,
        cost=Cost(**cost) if cost else None,
        micro_batches=row.attributes.get(MICRO_BATCHES, {}),
        started=row.started,
        finished=row.finished,
    )


def _item(record: Mapping[str, Any], recipe: Callable[[Mapping[str, Any]], Recipe]) -> WorkItem:
    """The work item of an owner; before version 0.2 it held the recipe and the rung once more."""
    targets, merged = tuple(record["item"]["targets"]), record["item"].get("merged", False)
    return WorkItem(recipe(record["recipe"]), record["rung"], targets, merged)
