"""The studies and their state: what is read is what Optuna holds, what is kept is what is counted anew."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from search.config.schema import BudgetConfig
from search.config.search import Search
from search.studies.begun_with import card_differences
from search.studies.state import SearchState
from search.studies.studies import CARDS, RECORD, RESULT, Studies, study_name
from spaces.errors import InputError
from tests.support.searches import SEARCH, Filler, kept_at, load


def test_rows_are_what_optuna_reads(filled: Filler) -> None:
    url = str(filled.studies.storage.engine.url)
    storage = RDBStorage(url)
    for target, records in Studies.open(kept_at(url, filled.search)).records.items():
        trials = storage.get_all_trials(storage.get_study_id_from_name(study_name(filled.search.config.name, target)))
        assert len(trials) == len(records) > 5
        for trial, record in zip(trials, records, strict=True):
            assert (trial._trial_id, trial.number, trial.state) == (record.trial_id, record.number, record.state)
            assert (trial.datetime_start, trial.datetime_complete) == (record.started, record.finished)
            assert trial.user_attrs[RECORD]["recipe"] == record.recipe.to_dict()
            assert trial.value == (record.score.score if record.score else None)
            assert ("score" in trial.user_attrs.get(RESULT, {})) == (record.score is not None)


def test_what_was_written_is_what_is_read_again(filled: Filler) -> None:
    """Times included, of which MLflow's rows are made: it would show a score twice."""
    filled.run("ner:0.5 + crossref:0.5", 0, {"related": 0.58, "verses": 0.61})
    again = Studies.open(kept_at(str(filled.studies.storage.engine.url), filled.search))
    assert filled.studies.records == again.records


def test_state_is_the_same_kept_up_to_date_or_counted_anew(filled: Filler) -> None:
    filled.run("ner:0.5 + crossref:0.5", 0, {"related": 0.58, "verses": 0.61})
    filled.begin(filled.item("crossref:0.8 + paraphrase:0.2", 0))
    kept, anew = (
        filled.studies.state,
        SearchState(filled.search.config.targets, 2, filled.studies.all()),
    )
    assert kept.rungs == anew.rungs
    assert kept.cost == anew.cost
    assert (kept.items, kept.over, kept.proposals_by_target, kept.tried) == (
        anew.items,
        anew.over,
        anew.proposals_by_target,
        anew.tried,
    )
    assert [owner.key for owner in kept.owners()] == [owner.key for owner in anew.owners()]
    assert [owner.key for owner in kept.running()] == [owner.key for owner in anew.running()]
    assert (kept.items, kept.over, len(kept.failures)) == (12, 11, 1)


def test_equal_scores_are_ranked_by_digest_whatever_came_first(filled: Filler) -> None:
    mixes = ["ner:0.5 + crossref:0.5", "crossref:0.8 + paraphrase:0.2", "ner:0.2 + crossref:0.8"]
    for mix in mixes:
        filled.run(mix, 0, {"related": 0.77, "verses": 0.6})
    ranked = filled.studies.state.rungs["related"][0].ranked
    assert ranked[:3] == sorted(filled.item(mix, 0).recipe.digest for mix in mixes)


def test_a_work_item_that_was_begun_or_told_is_not_written_twice(filled: Filler) -> None:
    item = filled.begin(filled.item("ner:0.5 + crossref:0.5", 0))
    filled.studies.begin(item, "start", item.targets[0])
    outcome = filled.outcome(item, {"related": 0.5, "verses": 0.5})
    filled.studies.finish(item, outcome)
    before = {target: len(records) for target, records in filled.studies.records.items()}
    filled.studies.finish(item, outcome)
    assert {target: len(records) for target, records in filled.studies.records.items()} == before


def test_of_a_trial_that_optuna_wrote_twice_one_counts(filled: Filler) -> None:
    """Its `create_new_trial` tries again after a lost connection, although the first try may have arrived."""
    item = filled.begin(filled.item("ner:0.5 + crossref:0.5", 0))
    studies, target = filled.studies, item.targets[0]
    storage = studies.storage
    owner = studies.state.owner(item)
    assert owner is not None
    storage.create_new_trial(studies.study_ids[target], storage.get_trial(owner.trial_id))

    again = Studies.create(kept_at(str(storage.engine.url), filled.search))
    assert [record.item for record in again.state.running()] == [item]
    again.finish(item, filled.outcome(item, {"related": 0.5, "verses": 0.5}))
    filled_again = Filler(filled.search, again)
    filled_again.run("crossref:0.8 + paraphrase:0.2", 0, {"related": 0.58, "verses": 0.61})
    trials = storage.get_all_trials(studies.study_ids[target])
    assert TrialState.RUNNING not in {trial.state for trial in trials}
    assert len(Studies.open(kept_at(str(storage.engine.url), filled.search)).records[target]) == len(trials) - 1


def test_a_search_that_was_begun_otherwise_is_refused(filled: Filler, make_search: Callable[..., Search]) -> None:
    url = str(filled.studies.storage.engine.url)
    filled.studies.remember(filled.search.config)
    larger = make_search(budget={"recipes": 50})
    Studies.create(kept_at(url, larger)).remember(larger.config)  # a budget may change
    other = make_search(space={"max_tasks": 3})
    with pytest.raises(InputError) as raised:
        Studies.create(kept_at(url, other)).remember(other.config)
    assert "space.max_tasks" in str(raised.value)


@pytest.fixture
def edited(tmp_path: Path) -> Callable[..., Search]:
    """Gives the search with keys of its target's card replaced: `related`, which it has from a folder of its own."""
    shutil.copytree(SEARCH["cards"][0], tmp_path / "cards")
    file = tmp_path / "cards" / "targets" / "related.yaml"
    card = yaml.safe_load(file.read_text(encoding="utf-8"))

    def edit(**changes: Any) -> Search:
        file.write_text(yaml.safe_dump({**card, **changes}), encoding="utf-8")
        return load(tmp_path, cards=["cards"])

    return edit


EDITS = {
    "labels": ["yes", "no"],
    "languages": ["de", "fr", "ru", "ar", "sw"],
    "columns": {"text_a": "left"},
    "values": {"label": {"0": "yes"}},
    "train_from": "crossref",
    "source": {"suite": "mini", "path": "paraphrase", "config": "{lang}", "rows": {"domain": "news"}},
    "splits": {"train": "train", "dev": "test", "test": "test"},
}
"""Key of the card -> another value."""


@pytest.mark.parametrize("key", EDITS)
def test_a_card_that_was_edited_is_refused(filled: Filler, edited: Callable[..., Search], key: str) -> None:
    url, search = str(filled.studies.storage.engine.url), edited()
    Studies.create(kept_at(url, search)).remember(search.config)
    other = edited(**{key: EDITS[key]})
    more = other.config.model_copy(update={"budget": BudgetConfig(recipes=50)})
    with pytest.raises(InputError) as raised:
        Studies.create(kept_at(url, other)).remember(more)
    *problems, _ = raised.value.problems
    assert {problem.where.partition(".yaml: ")[0] for problem in problems} == {"related"}
    assert all(problem.where.partition(": ")[2].startswith(key) for problem in problems)
    assert all("(the search has " in problem.found for problem in problems)
    kept = Studies.open(kept_at(url, search))._attributes["config"]
    assert kept == search.config.model_dump(mode="json"), "nothing was written"
    again = edited()
    Studies.create(kept_at(url, again)).remember(again.config)


def test_another_metric_is_shown_with_the_one_of_before(filled: Filler, make_search: Callable[..., Search]) -> None:
    """Cards of the catalogue, with tagging, which is scored in two ways."""
    url, search = str(filled.studies.storage.engine.url), make_search()
    studies = Studies.create(kept_at(url, search))
    studies.remember(search.config)
    deciding = search.plan("", "").deciding()
    assert card_differences(deciding, deciding) == []
    changed = {**deciding, "targets/verses": {**deciding["targets/verses"], "metric": "f1"}}
    (problem,) = card_differences(deciding, changed)
    assert str(problem) == (
        "verses.yaml: metric: differs from the card that the search was begun with\n"
        "  found: f1 (the search has accuracy)"
    )


def test_what_decides_nothing_may_change_on_a_card(filled: Filler, edited: Callable[..., Search]) -> None:
    url, search = str(filled.studies.storage.engine.url), edited()
    Studies.create(kept_at(url, search)).remember(search.config)
    other = edited(description="better words", licence="MIT", origin="elsewhere", sizes={"test": 7}, unverified="sizes")
    Studies.create(kept_at(url, other)).remember(other.config)


def test_a_key_that_a_later_version_knows_makes_no_difference(filled: Filler) -> None:
    url, search = str(filled.studies.storage.engine.url), filled.search
    filled.studies.remember(search.config)
    before = filled.studies._attributes[CARDS]
    for card in before.values():
        del card["unanswerable"], card["source"]["names"], card["values"]
    filled.studies._note(CARDS, before)
    Studies.create(kept_at(url, search)).remember(search.config)


def test_a_task_that_its_license_leaves_out_is_named(filled: Filler, make_search: Callable[..., Search]) -> None:
    """Of the cards alone, as the search file is the same one."""
    url = str(filled.studies.storage.engine.url)
    filled.studies.remember(filled.search.config)
    fewer = replace(filled.search, space=replace(filled.search.space, tasks=("ner", "paraphrase")))
    with pytest.raises(InputError, match=r"crossref.yaml: is not in the search any more"):
        Studies.create(replace(kept_at(url, filled.search), search=fewer)).remember(fewer.config)


def test_a_search_that_was_begun_without_its_cards_takes_the_present_ones(
    filled: Filler, edited: Callable[..., Search]
) -> None:
    url, search, said = str(filled.studies.storage.engine.url), edited(), list[str]()
    workspace = kept_at(url, search)
    old = Studies.create(workspace)
    old._note("config", search.config.model_dump(mode="json"))
    for _ in range(2):
        Studies.create(workspace, say=said.append).remember(search.config)
    assert len(said) == 1 and "the present ones are from now on" in said[0]
    other = edited(labels=EDITS["labels"])
    with pytest.raises(InputError, match=r"related.yaml: labels"):
        Studies.create(kept_at(url, other)).remember(other.config)


def test_a_search_keeps_what_its_model_was(filler: Filler) -> None:
    url, plan = str(filler.studies.storage.engine.url), filler.search.plan("", "")
    filler.studies.remember_data({"ner": "aaa"}, "files:one")
    assert filler.studies.versioned(plan) == plan.model_copy(
        update={"versions": {"ner": "aaa"}, "model_version": "files:one"}
    )
    again = Studies.create(kept_at(url, filler.search))
    again.remember_data({"ner": "aaa"})  # it is not known
    with pytest.raises(InputError) as raised:
        again.remember_data({"ner": "xxx"}, "files:two")
    assert [problem.where for problem in raised.value.problems] == ["some/encoder", "ner"]
    assert "the model's files changed since the search was begun" in str(raised.value)
    assert (again.versions, again.model_version) == ({"ner": "aaa"}, "files:one")


def test_keys_stay_without_the_model_in_a_search_that_was_begun_so(filled: Filler) -> None:
    """What it has stored is found; and that the model changes is seen from now on."""
    url = str(filled.studies.storage.engine.url)
    filled.studies.remember_data({"ner": "aaa"}, "files:one")
    again = Studies.create(kept_at(url, filled.search))
    assert again.versions == {"ner": "aaa"} and again.model_version is None
    with pytest.raises(InputError, match="the model's files changed"):
        again.remember_data({"ner": "aaa"}, "files:two")
    again.remember_data({"ner": "aaa"}, "files:one")
    assert again.model_version is None


def test_cards_of_one_name_stay_one_in_a_search_that_was_begun_so(filler: Filler) -> None:
    filler.studies.remember_data({"ner": "aaa"})
    filler.studies.remember_data({"ner": "aaa", "task/ner": "bbb"})
    assert filler.studies.versions == {"ner": "aaa"}


def test_data_that_changed_are_refused(filled: Filler) -> None:
    url = str(filled.studies.storage.engine.url)
    filled.studies.remember_data({"ner": "aaa", "verses": "bbb"})
    again = Studies.create(kept_at(url, filled.search))
    again.remember_data({"ner": "aaa", "verses": "bbb", "related": "ccc"})
    assert again.versions == {"ner": "aaa", "verses": "bbb", "related": "ccc"}
    with pytest.raises(InputError) as raised:
        again.remember_data({"ner": "xxx", "verses": "bbb"})
    assert [problem.where for problem in raised.value.problems] == ["ner"]
    assert again.versions["ner"] == "aaa"
