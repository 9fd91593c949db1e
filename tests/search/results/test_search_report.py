"""A search, whole, and a mix: from studies filled by hand."""

from __future__ import annotations

import pytest

from search.results.ranking import rank_and_explain
from search.results.search_report import report_mix, report_search
from search.results.status import summarize
from spaces.errors import InputError
from tests.support.searches import Filler

WINNER = "paraphrase:0.7 + ner:0.3"


def test_it_says_what_status_and_best_say(filled: Filler) -> None:
    found = report_search(filled.studies, summarize(filled.studies, driven=True))
    assert found.status == summarize(filled.studies, driven=True)
    assert found.best == rank_and_explain(filled.studies)


def test_a_line_per_mix(filled: Filler) -> None:
    found = report_search(filled.studies)
    assert [line.mix for line in found.mixes] == [WINNER, "paraphrase:1", "ner:1", "crossref:1"]
    winner, single, _, failed = found.mixes
    assert (winner.state, winner.purpose, winner.gain_rung) == ("complete", "start", 1)
    assert winner.gain == pytest.approx((0.08 - 0.02) / 2)  # related +.06 and +.10, verses -.01 and -.03
    top = winner.at("related", 1)
    assert top is not None
    assert top.seeds == [0.61, 0.63]
    assert top.gain == pytest.approx(0.08)
    assert single.gain_rung == 0  # at the top rung it was measured on one of the targets alone
    assert single.gain == pytest.approx((0.06 - 0.05) / 2)
    assert (failed.state, failed.scores, failed.gain) == ("failed", {}, None)
    assert winner.cost.seconds == 30.0


def test_the_best_so_far_only_rises(filled: Filler) -> None:
    course = report_search(filled.studies).courses["related"]
    assert [one.gain for one in course.best_so_far] == pytest.approx([0.06, 0.07])
    assert [one.recipes for one in course.best_so_far] == [4, 4]
    assert [(one.rung, one.seeds) for one in course.baseline] == [(0, [0.50]), (1, [0.55, 0.53])]


def test_work_items_with_their_times(filled: Filler) -> None:
    running = filled.begin(filled.item("crossref:0.5 + ner:0.5", 0))
    spans = report_search(filled.studies).work_items
    assert spans[0].begun == 0.0
    assert [one.begun for one in spans] == sorted(one.begun for one in spans)
    assert (spans[-1].digest, spans[-1].state, spans[-1].ended) == (running.recipe.digest, "running", None)
    assert [one.failure for one in spans if one.state == "failed"] == ["diverged: loss is nan"]


def test_an_empty_search(filler: Filler) -> None:
    found = report_search(filler.studies)
    assert (found.mixes, found.work_items) == ([], [])
    assert all(not course.best_so_far and not course.baseline for course in found.courses.values())


def test_one_mix(filled: Filler) -> None:
    item = filled.item(WINNER, 1, seed=2)  # any of its seeds will do
    found = report_mix(filled.studies, item.recipe.digest)
    assert found.line.mix == WINNER
    related = found.measurements["related"]
    assert [(one.rung, one.seed, one.purpose) for one in related] == [
        (0, 1, "start"),
        (1, 1, "promotion"),
        (1, 2, "confirm"),
    ]
    assert related[2].gain == pytest.approx(0.10)
    assert related[2].test_score == pytest.approx(0.62)
    assert related[0].test_languages == {}
    assert len({one.encoder for one in related}) == 3
    assert len(found.work_items) == 3


def test_the_baseline_has_a_page_as_well(filled: Filler) -> None:
    found = report_mix(filled.studies, filled.item("none", 0).recipe.digest)
    assert found.line.mixture == {}
    assert [one.gain for one in found.measurements["verses"]] == [0.0, 0.0, 0.0]


def test_no_such_mix(filled: Filler) -> None:
    with pytest.raises(InputError, match="no recipe of that digest"):
        report_mix(filled.studies, "0" * 32)
