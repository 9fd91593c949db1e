"""A search as Optuna Dashboard shows it: its best trial is the answer."""

from __future__ import annotations

import warnings
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState

from search.export.optuna_view import LUCKY, export_view
from search.results.ranking import rank
from spaces.errors import InputError
from tests.support.searches import Filler


def studies_in(file: Path) -> dict[str, optuna.Study]:
    url = f"sqlite:///{file}"
    return {name: optuna.load_study(study_name=name, storage=url) for name in optuna.get_all_study_names(url)}


def test_a_trial_per_configuration(filled: Filler, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert export_view(filled.studies, tmp_path / "view.db") == ["small/related", "small/verses"]
    study = studies_in(tmp_path / "view.db")["small/related"]
    trials = {trial.user_attrs["mix"]: trial for trial in study.trials}
    assert len(study.trials) == 5, "whatever the seeds"
    assert study.metric_names == ["gain in points"]
    assert {mix: trial.state for mix, trial in trials.items()} == {
        "baseline": TrialState.COMPLETE,
        "paraphrase:1": TrialState.PRUNED,  # as high as the best, by one seed
        "ner:1": TrialState.PRUNED,
        "crossref:1": TrialState.FAIL,
        "paraphrase:0.7 + ner:0.3": TrialState.COMPLETE,
    }
    best = trials["paraphrase:0.7 + ner:0.3"]
    assert best.value == pytest.approx(8.0)
    assert best.intermediate_values == {0: pytest.approx(8.0), 1: pytest.approx(8.0)}
    assert best.params == {"paraphrase": 0.7, "ner": 0.3, "crossref": 0.0, "intermediate.learning_rate": 5e-5}
    assert best.user_attrs["seeds"] == "1, 2"
    assert best.user_attrs["gain"] == "+8.0 ± 2.8 points"
    assert best.user_attrs["gain on the test split"].startswith("+9.0 points on the test split (+1.2 to")
    assert trials["baseline"].value == 0.0 and trials["ner:1"].value == pytest.approx(-5.0)
    assert trials["crossref:1"].user_attrs["failure"] == "loss is nan"
    assert study.best_trial.user_attrs["mix"] == rank(filled.studies).targets["related"].best_mix
    assert study.user_attrs["best mix"] == "paraphrase:0.7 + ner:0.3"


def test_where_nothing_gains_the_baseline_is_best(filled: Filler, tmp_path: Path) -> None:
    export_view(filled.studies, tmp_path / "view.db", ["verses"])
    (study,) = studies_in(tmp_path / "view.db").values()
    assert (study.user_attrs["best mix"], study.best_trial.user_attrs["mix"]) == ("none", "baseline")


def test_one_lucky_seed_is_not_the_best(filled: Filler, tmp_path: Path) -> None:
    filled.run("ner", 1, {"related": 0.90}, "promotion")
    export_view(filled.studies, tmp_path / "view.db", ["related"])
    (study,) = studies_in(tmp_path / "view.db").values()
    assert study.best_trial.user_attrs["mix"] == "paraphrase:0.7 + ner:0.3"
    (lucky,) = [trial for trial in study.trials if trial.user_attrs["mix"] == "ner:1"]
    assert (lucky.state, lucky.user_attrs["pruned"]) == (TrialState.PRUNED, LUCKY)
    assert lucky.value == pytest.approx(35.0)


def test_what_is_there_is_not_written_over(filled: Filler, tmp_path: Path) -> None:
    (tmp_path / "view.db").write_text("mine")
    with pytest.raises(InputError) as raised:
        export_view(filled.studies, tmp_path / "view.db", ["nothing"])
    assert [problem.where for problem in raised.value.problems] == ["--target", "--out"]
    assert (tmp_path / "view.db").read_text() == "mine"


def test_a_search_that_has_only_begun(filler: Filler, tmp_path: Path) -> None:
    filler.run("none", 0, {"related": 0.5}, "baseline")
    filler.begin(filler.item("ner", 0))
    export_view(filler.studies, tmp_path / "view.db")
    related, verses = studies_in(tmp_path / "view.db").values()
    assert [trial.state for trial in related.trials] == [TrialState.PRUNED], "nothing at the top rung yet"
    assert verses.trials == []
