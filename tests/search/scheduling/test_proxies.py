"""Estimates by merged encoders within a search: when they come, what they count for, and what they must not touch."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from optuna.trial import TrialState
from rich.console import Console

from search.config.search import Search
from search.config.workspace import Workspace
from search.display import tables
from search.display.live_view import Scene
from search.results.ranking import rank
from search.results.status import summarize
from search.retention.inventory import EncoderInventory
from search.scheduling.agenda import Agenda
from search.scheduling.proxies import Merges
from search.scheduling.simulation import simulate
from search.studies.studies import Studies
from search.surrogate.history import History
from search.surrogate.observations import ESTIMATED
from spaces.errors import InputError
from spaces.mixture import Mixture
from tests.search.scheduling.test_agenda import drive
from tests.support.landscape import outcome
from tests.support.searches import Filler, kept_at
from trainables.work.item import WorkItem
from trainables.work.keys import single_keys
from trainables.work.outcome import Failed, Outcome
from trainables.work.preparation import PreparationReport

MakeSearch = Callable[..., Search]

RUNGS = {"rungs": [0.25, 1.0], "eta": 3}


@pytest.fixture
def search(make_search: MakeSearch) -> Search:
    return make_search(budget={"recipes": 9}, halving=RUNGS, sampler={"estimates": 6})


def singles(search: Search) -> set[str]:
    return {recipe.digest for recipe in Merges(search, Studies.in_memory(search).state).singles.values()}


@pytest.mark.parametrize(("at_once", "seed"), [(1, 0), (3, 2), (3, 3)])
def test_estimates_come_after_each_task_alone_and_are_no_results(search: Search, at_once: int, seed: int) -> None:
    studies = Studies.in_memory(search)
    items = drive(Agenda(search, studies), at_once, seed)
    owners, state = studies.owners(), studies.state
    kinds = [owner.purpose for owner in owners]
    first = kinds.index("estimate")
    begun = {owner.recipe.digest for owner in owners[:first] if owner.purpose == "start"}
    assert kinds.count("estimate") == 6 and singles(search) <= begun
    if at_once == 1:
        assert "proposal" not in kinds[:first] and "start" not in kinds[first:]
        between = kinds[first : kinds.index("proposal")]
        assert between.count("estimate") == 6 and set(between) <= {"estimate", "promotion"}
    assert [item.merged for item in items].count(True) == 6
    estimates = [owner for owner in owners if owner.is_estimate]
    assert all(owner.item and owner.item.merged and owner.rung == 0 for owner in estimates)
    assert all(
        len(owner.recipe.mixture) >= 2 and search.space.problems(owner.recipe.mixture) == [] for owner in estimates
    )
    assert all(owner.state is TrialState.PRUNED for owner in estimates)
    assert {owner.recipe.digest for owner in estimates} == set(state.estimated)
    # nine recipes were trained all the same, and nothing was promoted or ranked for its estimate
    trained = {item.recipe.digest for item in items if not item.merged}
    assert len(state.tried) == 9 and sum(state.proposals_by_target.values()) == 9
    for target, rungs in state.rungs.items():
        assert all(rung.started <= trained and set(rung.ranked) <= state.tried for rung in rungs)
        assert len(studies.estimates[target]) == 6
        assert not any(record.is_estimate for record in studies.records[target])
    found = summarize(studies).to_json()
    assert found["recipes"]["total"] == 9 and found["work_items"]["total"] == len(items)
    for answer in rank(studies, top=20).to_json()["targets"].values():
        assert {entry["digest"] for entry in answer["best"]} <= state.tried


def test_what_is_estimated_follows_from_the_seed_and_more_begin_alike(make_search: MakeSearch, tmp_path: Path) -> None:
    found = []
    for count in (3, 3, 6):
        search = make_search(budget={"recipes": 9}, halving=RUNGS, sampler={"estimates": count})
        studies = Studies.in_memory(search)
        drive(Agenda(search, studies), at_once=2, seed=count)
        found.append(list(studies.state.estimated))
    assert found[0] == found[1] == found[2][:3]
    assert len(found[2]) == len(set(found[2])) == 6


def test_a_task_without_an_encoder_is_in_no_estimate(search: Search) -> None:
    studies = Studies.in_memory(search)
    agenda = Agenda(search, studies)
    while (item := agenda.next()) is not None:
        alone = item.recipe.mixture == Mixture.of({"ner": 1.0})
        failed = Outcome(failure=Failed(kind="diverged", message="the loss is nan"))
        agenda.done(item, failed if alone else outcome(search, item))
    assert agenda.stop_reason is None
    assert len(studies.state.estimated) == 6
    assert {task for recipe in studies.state.estimated.values() for task in recipe.mixture.tasks} == {
        "paraphrase",
        "crossref",
    }


def test_failed_estimates_are_failures_and_leave_the_search_its_recipes(make_search: MakeSearch) -> None:
    search = make_search(budget={"recipes": 9}, halving=RUNGS, sampler={"estimates": 6}, failures={"max_share": 0.5})
    studies = Studies.in_memory(search)
    agenda = Agenda(search, studies)
    while (item := agenda.next()) is not None:
        failed = Outcome(failure=Failed(kind="exception", message="InputError: encoders are not in the store"))
        agenda.done(item, failed if item.merged else outcome(search, item))
    assert agenda.over and agenda.stop_reason is None
    assert len(studies.state.failures) == 6 == summarize(studies).failures.count
    assert len(studies.state.tried) == 9
    assert History.of(studies.state).failed == []


def test_a_small_space_has_fewer_and_no_budget_none(make_search: MakeSearch) -> None:
    halves = {"max_tasks": 2, "min_weight": 0.5, "weight_step": 0.5}
    space = {**halves, "exclude": [["ner", "crossref"]]}
    search = make_search(budget={"recipes": 9}, space=space, sampler={"estimates": 6})
    studies = Studies.in_memory(search)
    drive(Agenda(search, studies))
    assert {str(recipe.mixture) for recipe in studies.state.estimated.values()} == {
        "crossref:0.5 + paraphrase:0.5",
        "ner:0.5 + paraphrase:0.5",
    }
    # each of them was trained as well, beside its estimate
    assert set(studies.state.estimated) <= studies.state.tried
    spent = make_search(budget={"recipes": 4}, sampler={"estimates": 6}, start={"priors": [], "all_tasks": True})
    studies = Studies.in_memory(spent)
    drive(Agenda(spent, studies))
    assert len(studies.state.tried) == 4 and not studies.state.estimated


def test_the_sampler_sees_them_below_the_lowest_rung(filled: Filler) -> None:
    state, space = filled.studies.state, filled.search.space
    before = History.of(state).observations(space)
    assert before is not None
    estimate(filled, "ner:0.5 + crossref:0.5", {"related": 0.4, "verses": 0.7})
    estimate(filled, "paraphrase:0.7 + ner:0.3", {"related": 0.6})
    measured = History.of(state)
    found = measured.observations(space)
    assert found is not None
    assert [str(mixture) for mixture, _ in measured.estimated_candidates] == [
        "paraphrase:0.7 + ner:0.3",
        "crossref:0.5 + ner:0.5",
    ]
    at = found.rung == ESTIMATED
    # less the baseline of the lower rung, .5 and .6
    assert sorted(zip(found.target[at], found.gains[at].round(6), strict=True)) == [(0, -0.1), (0, 0.1), (1, 0.1)]
    for name in ("target", "rung", "gains"):
        assert (getattr(found, name)[~at] == getattr(before, name)).all()
    assert measured.failed and measured.scored_on(0) == History.of(state).scored_on(0)
    again = Studies.open(kept_at(str(filled.studies.storage.engine.url), filled.search))
    assert again.estimates == filled.studies.estimates and again.records == filled.studies.records
    assert History.of(again.state) == measured


def estimate(filler: Filler, mix: str, scores: dict[str, float]) -> WorkItem:
    item = filler.item(mix, 0, tuple(scores))
    item = WorkItem(item.recipe, 0, item.targets, merged=True)
    filler.begin(item, "estimate")
    filler.studies.finish(item, filler.outcome(item, scores))
    return item


def test_it_is_told_as_what_it_is(filled: Filler) -> None:
    before = rank(filled.studies)
    scene = Scene(filled.search, filled.studies, 1)
    item = estimate(filled, "paraphrase:0.7 + ner:0.3", {"related": 0.99, "verses": 0.3})
    assert rank(filled.studies) == before
    line = scene.finished_line(item, filled.outcome(item, {"related": 0.99}))
    assert "estimate of paraphrase:0.7 + ner:0.3, rung 0" in line and "related 99.0 (+49.0)" in line
    scores = filled.outcome(item, {"related": -0.25}).scores
    evidence = scores["related"].model_copy(update={"dev": {}})
    told = WorkItem(filled.item("paraphrase:0.6 + ner:0.4", 0).recipe, 0, ("related",), merged=True)
    filled.begin(told, "estimate")
    filled.studies.finish(told, Outcome(scores={"related": evidence}))
    assert scene.finished_line(told, Outcome(scores={"related": evidence})).count("related LogME -0.250") == 1
    running = WorkItem(filled.item("ner:0.5 + crossref:0.5", 0).recipe, 0, ("related",), merged=True)
    filled.begin(running, "estimate")
    found = summarize(filled.studies)
    assert [told.purpose for told in found.running] == ["estimate"]
    lines = [str(part) for part in tables.status(found, Console())]
    assert "runs: estimate of crossref:0.5 + ner:0.5 (seed 1) at rung 0 for related" in lines
    assert any(line.startswith("failed: crossref:1 (seed 1) at rung 0: diverged") for line in lines)


# --- encoders that estimates need


@pytest.mark.usefixtures("home")
def test_single_encoders_stay_as_long_as_something_is_to_be_estimated(search: Search) -> None:
    studies, dice = Studies.in_memory(search), random.Random(4)
    agenda, workspace = Agenda(search, studies), Workspace.of(search)
    encoders = EncoderInventory(workspace, studies)
    keys = {encoders.key(recipe, 0) for recipe in Merges(search, studies.state).singles.values()}
    stored, running, merges = set[str](), list[WorkItem](), 0
    while True:
        while len(running) < 3 and (item := agenda.next()) is not None:
            running.append(item)
        for item in running:
            if item.merged:
                parts = set(single_keys(workspace.plan, item.recipe, 0).values())
                assert parts <= keys and parts <= encoders.running(stored) and parts <= stored
        if not running:
            break
        item = running.pop(dice.randrange(len(running)))
        agenda.done(item, outcome(search, item))
        if item.merged:
            merges += 1
            assert encoders.predictions_of(item) == set()
        elif not item.recipe.is_baseline:
            stored |= {encoders.key(item.recipe, rung) for rung in range(item.rung + 1)}
        needed = encoders.running(stored) | encoders.worth(stored, 1).keys()
        stored &= needed  # what nothing needs goes at once
    assert merges == 6
    assert not keys <= encoders.worth(keys, 1).keys()


# --- what cannot be estimated


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"sampler": {"name": "tpe", "estimates": 5}}, "only the sampler of mixtures reads estimates"),
        ({"sampler": {"estimates": 5}, "tasks": ["ner"]}, "only the sampler of mixtures reads estimates"),
        ({"sampler": {"estimates": 5}, "space": {"max_tasks": 1}}, "estimates merge single tasks"),
        ({"sampler": {"estimates": 5}, "space": {"min_tasks": 2}}, "estimates merge single tasks"),
        ({"sampler": {"estimates": -1}}, "sampler.estimates"),
    ],
)
def test_what_cannot_be_estimated_is_refused(make_search: MakeSearch, changes: dict[str, object], problem: str) -> None:
    with pytest.raises(InputError, match=problem):
        make_search(**changes)


def test_a_plan_counts_them(search: Search, tmp_path: Path) -> None:
    plan = search.plan(str(tmp_path), str(tmp_path))
    found = simulate(search, plan, PreparationReport(), 2)
    (line,) = [line for line in found.lines if line.kind.startswith("estimates at rung 0")]
    target_stages = sum(stage.examples for name in plan.targets for _, stage in plan.target_stages(name, 0))
    assert (line.items, line.encoders, line.examples) == (6, 0, target_stages)
