"""A mixture that trained on the target's own data in a language is marked, wherever it is shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from search.checks.plan import own_data
from search.config.search import Search
from search.display import report
from search.results.benchmark import tabulate
from search.results.ranking import rank
from search.studies.studies import Studies
from tests.support.searches import Filler, alike_everywhere, copied


@pytest.fixture
def filled_with_own_data(make_search: Callable[..., Search], empty_database: Path, tmp_path: Path) -> Studies:
    search = make_search(tasks=["pawsx.de", "ner"], targets=["pawsx"], halving={"rungs": [1.0]})
    filler = Filler(search, copied(empty_database, tmp_path, search))
    languages = search.targets["pawsx"].languages
    for mix, value in (("none", 0.5), ("pawsx.de:0.5 + ner:0.5", 0.6), ("ner", 0.55)):
        item = filler.item(mix, 0)
        outcome = filler.outcome(item, {})
        filler.begin(item, "baseline" if mix == "none" else "start")
        scored = alike_everywhere("pawsx", languages, value)
        filler.studies.finish(item, outcome.model_copy(update={"scores": {"pawsx": scored}}))
    return filler.studies


def test_best_marks_it(filled_with_own_data: Studies) -> None:
    ranked = rank(filled_with_own_data)
    first, second = ranked.targets["pawsx"].best[:2]
    assert first.seen_languages == ["de"] and second.seen_languages == []
    assert ranked.to_json()["targets"]["pawsx"]["best"][0]["seen_languages"] == ["de"]
    for width in (60, 160):
        assert report.render(ranked, width=width).count("not zero-shot in de") == 1


def test_the_benchmark_s_table_marks_it(filled_with_own_data: Studies) -> None:
    table = tabulate(filled_with_own_data, "xtreme")
    (best,) = (row for row in table.table if row.kind == "best")
    (ner,) = (row for row in table.table if row.name == "ner")
    assert best.dev.cells["pawsx"].seen_languages == ["de"]  # type: ignore[union-attr]
    assert ner.dev.cells["pawsx"].seen_languages == []  # type: ignore[union-attr]
    assert "not zero-shot there" in report.render(table, width=160)


def test_plan_says_it(filled_with_own_data: Studies) -> None:
    (line,) = own_data(filled_with_own_data.search)
    assert "pawsx.de: trains on pawsx's own data in de" in line
