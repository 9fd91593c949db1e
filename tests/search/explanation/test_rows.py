"""Rows, from studies of a search; what is left out, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import pstdev

import pytest

from search.config.search import Search
from search.explanation.rows import Features, gather, in_units
from tests.support.gain_worlds import KINSHIP
from tests.support.searches import Filler, alike_everywhere, copied

DOMAIN = {"paraphrase": {"related": 1.0, "verses": 2.0}, "ner": {"related": 3.0, "verses": None}}


def features(search: Search) -> Features:
    return Features(search.tasks, search.targets, {**DOMAIN, "crossref": DOMAIN["ner"]}, KINSHIP)


def test_gains_at_the_top_rung_in_points_beside_the_baseline_of_their_seed(filled: Filler) -> None:
    rows, left_out = gather([(filled.search, filled.studies)], features(filled.search))
    alone = [row for row in rows if row.weights == {"paraphrase": 1.0}]
    assert {row.target for row in alone} == {"related"}  # it got to the top for that target alone
    assert all(row.gains == {1: pytest.approx(7.0)} for row in alone)
    mixed = [row for row in rows if len(row.weights) == 2]
    assert {row.target for row in mixed} == {"related"}
    assert all(row.gains == {1: pytest.approx(6.0), 2: pytest.approx(10.0)} for row in mixed)
    assert all(row.gain == pytest.approx(8.0) for row in mixed)
    assert all(row.domain == pytest.approx(0.7 * 1 + 0.3 * 3) for row in mixed)
    assert left_out.no_distance == len(filled.search.targets["verses"].languages) and left_out.failed == 1


def test_what_a_row_knows(filled: Filler) -> None:
    rows, _ = gather([(filled.search, filled.studies)], features(filled.search))
    row = next(row for row in rows if len(row.weights) == 2)
    assert row.sources == {"en": pytest.approx(1.0)}
    assert row.contents == {"paraphrase": pytest.approx(0.7), "ner": pytest.approx(0.3)}
    assert row.typology == pytest.approx(KINSHIP.typology.distance("en", row.language))
    own = filled.search.targets["related"].format
    assert row.format == pytest.approx({"pair_classification": 0.7, "tagging": 0.3}.get(own, 0.0))


def test_the_test_split_may_be_asked(filled: Filler) -> None:
    dev, _ = gather([(filled.search, filled.studies)], features(filled.search))
    test, _ = gather([(filled.search, filled.studies)], features(filled.search), "test")
    assert len(dev) == len(test)
    assert [row.gain for row in test] == pytest.approx([row.gain for row in dev])  # both are .01 lower


def test_in_units_no_target_counts_for_more(filled: Filler) -> None:
    rows, _ = gather([(filled.search, filled.studies)], features(filled.search))
    scaled = in_units(rows)
    gains = [row.gain for row in rows if row.target == "related"]
    units = [row.gain for row in scaled if row.target == "related"]
    assert pstdev(units) == pytest.approx(1.0)
    assert [unit * pstdev(gains) for unit in units] == pytest.approx(gains)
    assert in_units([replace(row, gains={1: 1.0}) for row in rows]) == [], "gains that are all alike have no unit"


def test_own_data_are_left_out(make_search: Callable[..., Search], empty_database: Path, tmp_path: Path) -> None:
    search = make_search(tasks=["pawsx.de", "ner"], targets=["pawsx"], halving={"rungs": [1.0]})
    filler = Filler(search, copied(empty_database, tmp_path, search))
    languages = search.targets["pawsx"].languages
    for mix, value in (("none", 0.5), ("pawsx.de", 0.6), ("ner", 0.55)):
        item = filler.begin(filler.item(mix, 0), "baseline" if mix == "none" else "start")
        score = alike_everywhere("pawsx", languages, value)
        filler.studies.finish(item, filler.outcome(item, {}).model_copy(update={"scores": {"pawsx": score}}))
    domain = {"pawsx.de": {"pawsx": 0.0}, "ner": {"pawsx": 1.0}}
    rows, left_out = gather([(search, filler.studies)], Features(search.tasks, search.targets, domain, KINSHIP))
    assert left_out.own_data == 1
    assert {row.language for row in rows if "pawsx.de" in row.weights} == set(languages) - {"de"}
    assert {row.language for row in rows if "ner" in row.weights} == set(languages)
