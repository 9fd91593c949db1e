"""The studies and their state: what is read is what Optuna holds, what is kept is what is counted anew."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from optuna.storages import RDBStorage
from optuna.trial import TrialState

from search.config.search import Search
from search.studies.state import SearchState
from search.studies.studies import RECORD, RESULT, Studies, study_name
from spaces.errors import InputError
from tests.support.searches import Filler, kept_at


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
