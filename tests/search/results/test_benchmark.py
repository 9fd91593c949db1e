"""The benchmark's table: which recipe stands in a cell, averages, marks, published rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search.config.search import Search
from search.display import report
from search.results.benchmark import tabulate
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from spaces.errors import InputError
from tests.support.landscape import outcome
from tests.support.searches import Filler, kept_at


def rows(data: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in data["rows"]}


def test_rows_are_those_of_the_study(filled: Filler) -> None:
    found = rows(tabulate(filled.studies, "small").to_json())
    # crossref failed; all three tasks together are no mixture of this space, whose first two were not measured together
    assert list(found) == [
        "no intermediate training", "ner", "paraphrase", "best mix per target", "someone",
    ]  # fmt: skip


def test_cells_by_hand(filled: Filler) -> None:
    found = rows(tabulate(filled.studies, "small").to_json())
    base, best = found["no intermediate training"], found["best mix per target"]
    assert base["dev"]["cells"]["related"]["score"] == pytest.approx((0.55 + 0.53) / 2)
    assert base["test"]["cells"]["verses"]["score"] == pytest.approx((0.66 + 0.64) / 2 - 0.01)
    assert (
        best["dev"]["cells"]["related"]["mix"] == "paraphrase:0.7 + ner:0.3"
    )  # with both seeds, before one seed's .62
    assert best["dev"]["cells"]["related"]["score"] == pytest.approx(0.62)
    assert best["test"]["cells"]["related"]["seeds"] == 2
    assert best["test"]["groups"] == {"pairs": pytest.approx(0.61), "retrieval": pytest.approx(0.62)}
    assert best["test"]["overall"] == pytest.approx(0.615)
    alone = found["paraphrase"]
    assert alone["dev"]["cells"]["related"]["top"] and alone["dev"]["cells"]["related"]["seeds"] == 1
    assert not alone["dev"]["cells"]["verses"]["top"]  # it was promoted for `related` alone
    assert alone["test"]["cells"]["verses"] is None and alone["test"]["overall"] is None
    assert alone["test"]["present"] == pytest.approx(0.61) and alone["test"]["count"] == 1


def test_published_rows_stand_on_their_own_split(filled: Filler) -> None:
    table = tabulate(filled.studies, "small")
    data = table.to_json()
    dev, test = (row for row in data["rows"] if row["kind"] == "published")
    if dev["dev"]["count"] == 0:
        dev, test = test, dev
    assert dev["dev"]["cells"]["related"]["score"] == 0.61 and dev["dev"]["overall"] is None
    assert test["test"]["overall"] == pytest.approx(0.65) and test["dev"]["count"] == 0
    assert test["source"] == "a paper"


@pytest.mark.parametrize("width", [60, 140])
def test_the_table_marks_what_it_rests_on(filled: Filler, width: int) -> None:
    text = report.render(tabulate(filled.studies, "small"), width=width)
    assert max(map(len, text.splitlines())) <= width
    words = " ".join(text.split())
    for part in (
        "61.5",  # overall of the best mixes on test
        "55.0*'",  # paraphrase on verses: the lower rung, one seed
        "* measured at a lower rung",
        "' one seed",
        "someone [1]",
        "[1] a paper",
        "related: paraphrase:0.7 + ner:0.3",
    ):
        assert part in words, part
    assert "some languages are missing" not in words


def test_json_and_csv(filled: Filler) -> None:
    table = tabulate(filled.studies, "small")
    data = table.to_json()
    assert json.loads(report.render(table, "json")) == data
    lines = list(csv.DictReader(io.StringIO(report.render(table, "csv"))))
    (best,) = [line for line in lines if line["kind"] == "best" and line["split"] == "test"]
    assert float(best["overall"]) == pytest.approx(0.615)
    assert float(best["related"]) == pytest.approx(0.61)


def test_missing_languages_are_marked_and_averaged_nowhere(filled: Filler) -> None:
    suite = filled.search.catalogue.suites["small"]
    more = suite.tasks["related"].model_copy(update={"languages": ["de", "fr", "ru", "ar", "sw"]})
    wider = suite.model_copy(update={"tasks": {**suite.tasks, "related": more}})
    filled.studies.search = Search(
        filled.search.config,
        type(filled.search.catalogue)(
            **{**vars(filled.search.catalogue), "suites": {**filled.search.catalogue.suites, "small": wider}}
        ),
        filled.search.space,
    )
    table = tabulate(filled.studies, "small")
    data = table.to_json()
    best = rows(data)["best mix per target"]["test"]
    assert best["cells"]["related"]["missing_languages"] == ["sw"]
    assert best["groups"]["pairs"] is None and best["overall"] is None
    assert "61.0°" in report.render(table, width=140)


def test_a_suite_of_which_the_search_has_a_part(make_search: Callable[..., Search], filled: Filler) -> None:
    filled.studies.search = make_search(targets=["related"])
    table = tabulate(filled.studies, "small")
    data = table.to_json()
    assert data["missing"] == ["verses"]
    assert "no overall mean: verses" in report.render(table)


def test_no_such_suite(filled: Filler) -> None:
    with pytest.raises(InputError, match="did you mean 'small'"):
        tabulate(filled.studies, "smal")
    with pytest.raises(InputError, match="no target of the suite 'mini'"):
        filled.studies.search = rowless(filled)
        tabulate(filled.studies, "mini")


def rowless(filled: Filler) -> Search:
    """The search without the target that `mini` has."""
    config = filled.search.config.model_copy(update={"targets": ["related"]})
    return Search(config, filled.search.catalogue, filled.search.space)


def test_a_whole_search_fills_the_table(make_search: Callable[..., Search], tmp_path: Path) -> None:
    search = make_search(
        space={"max_tasks": 3}, halving={"rungs": [1.0]}, confirm={"top": 4, "seeds": 3}, start={"single_tasks": True}
    )
    studies = Studies.create(kept_at(f"sqlite:///{tmp_path / 'studies.db'}", search))
    agenda = Agenda(search, studies)
    while (item := agenda.next()) is not None:
        agenda.done(item, outcome(search, item))
    table = tabulate(studies, "small")
    data = table.to_json()
    found = rows(data)
    assert list(found)[:6] == [
        "no intermediate training", "crossref", "ner", "paraphrase", "all tasks together", "best mix per target",
    ]  # fmt: skip
    measured = [row for row in data["rows"] if row["kind"] != "published"]
    assert all(cell and cell["seeds"] >= 2 for row in measured for cell in row["test"]["cells"].values())
    best = found["best mix per target"]["dev"]["cells"]
    for task in best:
        assert best[task]["score"] == max(
            row["dev"]["cells"][task]["score"] for row in measured if row["kind"] != "baseline"
        )
    assert "*" not in report.render(table).split("averages:")[0]
