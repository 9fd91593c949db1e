"""The agenda on a made-up landscape: order, budgets, sharing, and what is left after a crash at any write."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from search.config.search import Search
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from search.studies.trial_record import Record
from tests.support.landscape import outcome
from tests.support.searches import kept_at
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome

MakeSearch = Callable[..., Search]


def drive(agenda: Agenda, at_once: int = 1, seed: int = 0, most: int = 500) -> list[WorkItem]:
    """Run the agenda to its end with `at_once` work items in flight that finish in a random order."""
    order, running, finished = random.Random(seed), [], []
    for _ in range(most):
        while len(running) < at_once and (item := agenda.next()) is not None:
            running.append(item)
        if not running:
            assert agenda.over
            return finished
        item = running.pop(order.randrange(len(running)))
        agenda.done(item, outcome(agenda.search, item))
        finished.append(item)
    raise AssertionError("the agenda does not come to an end")


def url(tmp_path: Path, name: str = "studies") -> str:
    return f"sqlite:///{tmp_path / name}.db"


def facts(studies: Studies) -> dict[str, list[Any]]:
    """All that must be the same whatever happened on the way: trials in order, states, values."""

    def fact(record: Record) -> Any:
        return record.number, record.key, record.state.name, record.purpose, record.score and record.score.score

    beside = studies.estimates
    return {
        target: [fact(record) for record in (*records, *beside[target])] for target, records in studies.records.items()
    }


@pytest.fixture
def search(make_search: MakeSearch) -> Search:
    return make_search(budget={"recipes": 9}, halving={"rungs": [0.25, 1.0], "eta": 3})


def test_a_search_from_start_to_end(search: Search, tmp_path: Path) -> None:
    studies = Studies.create(kept_at(url(tmp_path), search))
    items = drive(Agenda(search, studies))
    kinds = [record.purpose for record in studies.owners()]
    assert kinds[:2] == ["baseline", "baseline"]
    assert items[0].recipe.is_baseline
    assert [item.rung for item in items[:2]] == [0, 1]
    assert len({r.recipe.digest for r in studies.all() if r.purpose in ("start", "proposal")}) == 9
    for records in studies.records.values():
        assert not [record for record in records if record.state is TrialState.RUNNING]
        places = Counter(record.key for record in records)
        assert max(places.values()) == 1
        searched = [r for r in records if not r.recipe.is_baseline and r.purpose != "confirm"]
        first = {r.recipe.digest: r.score.score for r in searched if r.rung == 0 and r.score}
        promoted = {r.recipe.digest for r in searched if r.rung == 1}
        assert len(promoted) == len(first) // 3 == 3 and promoted <= set(first)
        assert all(record.state is TrialState.PRUNED for record in records if record.rung == 0)
        assert all(record.state is TrialState.COMPLETE for record in records if record.rung == 1)


def test_winners_and_baseline_get_fresh_seeds(search: Search, tmp_path: Path) -> None:
    studies = Studies.create(kept_at(url(tmp_path), search))
    drive(Agenda(search, studies))
    for records in studies.records.values():
        top = [r for r in records if r.rung == 1 and r.purpose == "promotion" and r.score]
        winner = max(top, key=lambda record: record.score.score if record.score else 0)
        seeds = {r.recipe.seed for r in records if r.rung == 1 and r.recipe.family == winner.recipe.family}
        assert seeds == {1, 2}
        assert {r.recipe.seed for r in records if r.rung == 1 and r.recipe.is_baseline} == {1, 2}


def test_fresh_seeds_run_side_by_side(make_search: MakeSearch, tmp_path: Path) -> None:
    search = make_search(budget={"recipes": 4}, confirm={"top": 2, "seeds": 4})
    agenda, running, together = Agenda(search, Studies.create(kept_at(url(tmp_path), search))), [], 0
    while not agenda.over:
        while len(running) < 3 and (item := agenda.next()) is not None:
            running.append(item)
        together = max(together, sum(item.recipe.seed > 1 for item in running))
        agenda.done(running[0], outcome(search, running.pop(0)))
    assert together == 3


def test_one_mixture_serves_every_target_and_targets_take_turns(search: Search, tmp_path: Path) -> None:
    studies = Studies.create(kept_at(url(tmp_path), search))
    items = drive(Agenda(search, studies))
    assert all(set(item.targets) == {"related", "verses"} for item in items if item.rung == 0)
    proposals_by_target = Counter(r.target for r in studies.owners() if r.purpose in ("start", "proposal"))
    assert proposals_by_target == {"related": 5, "verses": 4}


@pytest.mark.long
def test_same_seed_same_search(search: Search, tmp_path: Path) -> None:
    one, other = (Studies.create(kept_at(url(tmp_path, name), search)) for name in ("one", "other"))
    drive(Agenda(search, one))
    drive(Agenda(search, other))
    assert facts(one) == facts(other)


@pytest.mark.parametrize("seed", range(3))
def test_several_at_once_break_nothing(search: Search, tmp_path: Path, seed: int) -> None:
    studies = Studies.create(kept_at(url(tmp_path), search))
    items = drive(Agenda(search, studies), at_once=4, seed=seed)
    assert len({item.key for item in items}) == len(items)
    for records in studies.records.values():
        assert max(Counter(record.key for record in records).values()) == 1
        assert all(record.state.is_finished() for record in records)


@pytest.mark.parametrize("seed", range(2))
def test_no_encoder_is_trained_twice_at_the_same_time(make_search: MakeSearch, seed: int) -> None:
    search = make_search(budget={"recipes": 20}, halving={"rungs": [0.25, 0.5, 1.0], "eta": 2})
    agenda, running, order = Agenda(search, Studies.in_memory(search)), list[WorkItem](), random.Random(seed)
    while not agenda.over:
        while len(running) < 4 and (item := agenda.next()) is not None:
            running.append(item)
        encoders = [(item.recipe.digest, item.rung) for item in running if not item.recipe.is_baseline]
        assert len(set(encoders)) == len(encoders)
        item = running.pop(order.randrange(len(running)))
        agenda.done(item, outcome(search, item))


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


@pytest.mark.long
@pytest.mark.parametrize("estimates", [0, 4])
def test_a_crash_between_any_two_writes_changes_nothing(
    make_search: MakeSearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, estimates: int
) -> None:
    halving = {"rungs": [0.25, 1.0], "eta": 3}
    search = make_search(budget={"recipes": 9}, halving=halving, sampler={"estimates": estimates})
    whole = Studies.create(kept_at(url(tmp_path, "whole"), search))
    drive(Agenda(search, whole))

    left = [0]
    for owner, name in (
        (RDBStorage, "set_trial_user_attr"),
        (RDBStorage, "set_trial_intermediate_value"),
        (RDBStorage, "set_trial_state_values"),
        (RDBStorage, "set_study_user_attr"),
        (RDBStorage, "create_new_trial"),
    ):
        original = getattr(owner, name)

        def write(*arguments: Any, _original: Any = original, **keywords: Any) -> Any:
            left[0] -= 1
            if left[0] == 0:
                raise Killed
            return _original(*arguments, **keywords)

        monkeypatch.setattr(owner, name, write)

    kills, numbers = 0, random.Random(5)
    for _ in range(200):
        left[0] = numbers.randint(1, 15)
        try:
            studies = Studies.create(kept_at(url(tmp_path, "killed"), search))
            agenda = Agenda(search, studies)
            drive(agenda)
            break
        except Killed:
            kills += 1
    else:
        raise AssertionError("not over after 200 launches")
    left[0] = 0
    assert kills >= 10
    assert facts(Studies.open(kept_at(url(tmp_path, "killed"), search))) == facts(whole)


def test_budgets_are_totals(make_search: MakeSearch, tmp_path: Path) -> None:
    small = make_search(budget={"recipes": 3})
    drive(Agenda(small, Studies.create(kept_at(url(tmp_path), small))))
    large = make_search(budget={"recipes": 9})
    studies = Studies.create(kept_at(url(tmp_path), large))
    drive(Agenda(large, studies))
    assert len({r.recipe.digest for r in studies.all() if r.purpose in ("start", "proposal")}) == 9
    assert drive(Agenda(large, Studies.create(kept_at(url(tmp_path), large)))) == []


def test_a_limit_of_work_items_ends_the_search(make_search: MakeSearch, tmp_path: Path) -> None:
    search = make_search(budget={"recipes": 9, "work_items": 5})
    assert len(drive(Agenda(search, Studies.create(kept_at(url(tmp_path), search))))) == 5


def test_a_space_that_is_exhausted_ends_the_search(make_search: MakeSearch, tmp_path: Path) -> None:
    space = {"max_tasks": 1, "min_weight": 1.0, "weight_step": 1.0}
    search = make_search(budget={"recipes": 50}, space=space)
    studies = Studies.create(kept_at(url(tmp_path), search))
    drive(Agenda(search, studies))
    digests = {r.recipe.digest for r in studies.all() if r.purpose in ("start", "proposal")}
    assert len(digests) == 3
    for target, rungs in studies.state.rungs.items():  # the budget of recipes has no better use
        assert digests <= rungs[1].started, target


def test_the_last_of_a_budget_leave_promotions_as_they_are(make_search: MakeSearch, tmp_path: Path) -> None:
    """Also where they are the last of the space."""
    space = {"max_tasks": 1, "min_weight": 1.0, "weight_step": 1.0}
    search = make_search(budget={"recipes": 3}, space=space, halving={"rungs": [0.25, 1.0], "eta": 3})
    studies = Studies.create(kept_at(url(tmp_path), search))
    drive(Agenda(search, studies))
    for rungs in studies.state.rungs.values():
        assert len(rungs[1].started & studies.state.tried) == 1


def test_failures_are_recorded_and_too_many_stop_the_search(make_search: MakeSearch, tmp_path: Path) -> None:
    search = make_search(model="broken", budget={"recipes": 9})
    studies = Studies.create(kept_at(url(tmp_path), search))
    agenda = Agenda(search, studies)
    items = drive_until_stopped(agenda)
    assert len(items) == 3
    assert agenda.stop_reason is not None
    assert "3 of 3 work items failed" in agenda.stop_reason
    assert "the loss is nan" in agenda.stop_reason
    assert all(r.state is TrialState.FAIL and r.failure for records in studies.records.values() for r in records)


def test_a_broken_environment_stops_the_search_and_costs_no_recipe(search: Search, tmp_path: Path) -> None:
    agenda = Agenda(search, Studies.create(kept_at(url(tmp_path), search)))
    item = agenda.next()
    assert item is not None
    failure = Failed(kind="environment", message="No space left on device")
    agenda.done(item, Outcome(failure=failure))
    assert agenda.stop_reason == "No space left on device"
    assert agenda.over
    later = Agenda(search, Studies.create(kept_at(url(tmp_path), search)))
    assert later.next() == item


def drive_until_stopped(agenda: Agenda) -> list[WorkItem]:
    items = []
    while (item := agenda.next()) is not None:
        agenda.done(item, outcome(agenda.search, item))
        items.append(item)
    return items


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_each_sampler_proposes_within_the_space(make_search: MakeSearch, tmp_path: Path, sampler: str) -> None:
    search = make_search(sampler={"name": sampler, "startup": 5}, budget={"recipes": 8})
    studies = Studies.create(kept_at(url(tmp_path), search))
    drive(Agenda(search, studies))
    proposed = [r.recipe for r in studies.owners() if r.purpose == "proposal"]
    assert len(proposed) >= 4
    for recipe in proposed:
        assert search.space.problems(recipe.mixture) == []
        assert 1e-5 <= dict(recipe.hyperparameters)["intermediate.learning_rate"] <= 1e-4


# --- a search that grows


def test_a_target_that_came_later_is_measured_on_what_the_others_have_found(
    make_search: MakeSearch, tmp_path: Path
) -> None:
    """From stored encoders: of recipes that are at the top, and then it proposes its own."""
    small = make_search(budget={"recipes": 6}, targets=["related"], confirm={"seeds": 1, "top": 1})
    place = kept_at(url(tmp_path), small)
    before = Studies.create(place)
    before.remember(small.config)
    drive(Agenda(small, before))
    at_top = set(before.state.rungs["related"][1].ranked)
    assert len(at_top) > 1
    large = make_search(budget={"recipes": 8}, targets=["related", "verses"], confirm={"seeds": 1, "top": 1})
    studies = Studies.create(kept_at(url(tmp_path), large))
    studies.remember(large.config)
    done = len(studies.owners())
    drive(Agenda(large, studies))
    new = studies.owners()[done:]
    assert [(one.recipe.is_baseline, one.rung) for one in new[:2]] == [(True, 0), (True, 1)]
    caught_up = [one for one in new if one.purpose == "catch_up"]
    assert at_top <= {one.recipe.digest for one in caught_up} <= studies.state.rungs["related"][1].started
    assert all(one.item is not None and one.item.targets == ("verses",) and one.rung == 1 for one in caught_up)
    assert len(studies.state.tried) == 8
    proposed = {one.recipe.digest for one in new if one.purpose in ("start", "proposal")}
    assert len(proposed) == 2
    assert all(studies.state.at(target, digest, 0) for target in ("related", "verses") for digest in proposed)
    again = Agenda(large, Studies.create(kept_at(url(tmp_path), large)))
    assert again.over and again.next() is None


def test_a_task_that_came_later_is_tried(make_search: MakeSearch, tmp_path: Path) -> None:
    """Also where the sampler had found nothing new any more."""
    changes: dict[str, Any] = {"space": {"max_tasks": 1}, "halving": {"rungs": [1.0]}, "start": {"single_tasks": True}}
    small = make_search(budget={"recipes": 9}, tasks=["paraphrase", "ner"], **changes)
    studies = Studies.create(kept_at(url(tmp_path), small))
    studies.remember(small.config)
    drive(Agenda(small, studies))
    assert studies.exhausted
    large = make_search(budget={"recipes": 9}, tasks=["crossref", "paraphrase", "ner"], **changes)
    said: list[str] = []
    studies = Studies.create(kept_at(url(tmp_path), large), say=said.append)
    done = len(studies.owners())
    studies.remember(large.config)
    assert said == ["the search has grown by crossref, and goes on from what is there"]
    drive(Agenda(large, studies))
    new = {str(one.recipe.mixture) for one in studies.owners()[done:] if one.purpose in ("start", "proposal")}
    assert new == {"crossref:1"}
