"""Searches beside each other, and those that cannot be."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.cli import main
from search.config.search import Search
from search.config.workspace import Workspace
from search.display import report
from search.results.compare import Given, compare_searches
from search.results.ranking import rank
from search.studies.studies import Studies
from spaces.errors import InputError
from tests.support.searches import Filler

MakeSearch = Callable[..., Search]


def other(make_search: MakeSearch, **changes: Any) -> Filler:
    """Another search, in which one mix and the baseline were measured on `related`."""
    search = make_search(**{"name": "other", **changes})
    filler = Filler(search, Studies.in_memory(search))
    filler.run("none", 1, {"related": 0.55}, "baseline", seconds=7.0)
    filler.run("paraphrase", 1, {"related": 0.60}, seconds=5.0)
    filler.run("ner", 1, {"related": 0.50}, seconds=100.0)
    return filler


def given(*fillers: Filler) -> list[Given]:
    return [(filler.studies, None) for filler in fillers]


def test_the_same_numbers_as_best(filled: Filler, make_search: MakeSearch) -> None:
    found = compare_searches(given(filled, other(make_search)))
    assert found.searches == ["small", "other"]
    related = found.targets[0]
    assert (related.target, related.metric) == ("related", "accuracy")
    mine, theirs = related.searches
    best = rank(filled.studies, top=1).targets["related"]
    assert mine.gain == best.best[0].claim
    assert (mine.score, mine.mix) == (best.best[0].score, "paraphrase:0.7 + ner:0.3")
    assert theirs.gain is not None
    assert theirs.gain.mean == pytest.approx(0.05)
    assert theirs.gain.low is None  # nothing was repeated there


def test_what_was_spent_until_the_mix_was_measured(filled: Filler, make_search: MakeSearch) -> None:
    mine, theirs = compare_searches(given(filled, other(make_search))).targets[0].searches
    assert theirs.reached is not None
    assert theirs.reached.seconds == 12.0  # what came later is not counted
    assert mine.reached is not None
    assert mine.reached.seconds == 65.0  # six work items, one of them failed after 5 s


def test_targets_that_only_one_has_are_left_out(filled: Filler, make_search: MakeSearch) -> None:
    found = compare_searches(given(filled, other(make_search, targets=["related"])))
    assert [one.target for one in found.targets] == ["related"]


def test_settings_that_differ(filled: Filler, make_search: MakeSearch) -> None:
    found = compare_searches(given(filled, other(make_search, budget={"recipes": 9}, tasks=["paraphrase", "ner"])))
    lines = {line.key: line.values for line in found.differences}
    assert lines == {"budget.recipes": ["4", "9"], "tasks": ["paraphrase, ner, crossref", "paraphrase, ner"]}


def edited(make_search: MakeSearch, tmp_path: Path, **changes: Any) -> Search:
    """The search on cards of which `related` was changed."""
    cards = Path(__file__).parents[2] / "cards"
    shutil.copytree(cards, tmp_path / "cards")
    file = next((tmp_path / "cards").rglob("related.yaml"))
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text(encoding="utf-8")), **changes}), encoding="utf-8")
    return make_search(name="other", cards=[str(tmp_path / "cards")])


def test_a_target_that_means_something_else_is_refused(filled: Filler, make_search: MakeSearch, tmp_path: Path) -> None:
    search = edited(make_search, tmp_path, languages=["de", "fr", "ru", "ar", "es"])
    with pytest.raises(InputError, match="a target's languages differs") as raised:
        compare_searches([(filled.studies, None), (Studies.in_memory(search), None)])
    assert raised.value.problems[0].found == "['de', 'fr', 'ru', 'ar'] and ['de', 'fr', 'ru', 'ar', 'es']"


def test_other_rows_are_refused(filled: Filler, make_search: MakeSearch) -> None:
    with pytest.raises(InputError, match="not the same rows are scored"):
        compare_searches(given(filled, other(make_search, evaluation={"max_examples": 10})))


def test_other_data_are_refused(filled: Filler, make_search: MakeSearch) -> None:
    begun = other(make_search)
    filled.studies.remember_data({"related": "a" * 32, "paraphrase": "b" * 32})
    begun.studies._attributes["versions"] = {"related": "c" * 32, "paraphrase": "d" * 32}
    with pytest.raises(InputError, match="the data of a target differ") as raised:
        compare_searches(given(filled, begun))
    assert len(raised.value.problems) == 1  # what is trained on may differ


def test_no_target_in_common_is_refused(filled: Filler, make_search: MakeSearch) -> None:
    search = make_search(name="other", targets=["xnli"])
    with pytest.raises(InputError, match="no target in common"):
        compare_searches([(filled.studies, None), (Studies.in_memory(search), None)])


def test_one_search_is_too_few(filled: Filler) -> None:
    for names in (given(filled), given(filled, filled)):
        with pytest.raises(InputError, match="at least two different searches"):
            compare_searches(names)


@pytest.mark.parametrize("width", [60, 120])
def test_for_people_and_programs(filled: Filler, make_search: MakeSearch, width: int) -> None:
    found = compare_searches(given(filled, other(make_search, budget={"recipes": 9})))
    text = report.render(found, width=width)
    assert max(map(len, text.splitlines())) <= width
    whole = report.render(found, width=120)
    for part in ("+9.0 (+1.2 to +16.8) test", "+5.0 test", "budget.recipes", "own baseline"):
        assert part in whole, part
    assert json.loads(report.render(found, "json")) == found.to_json()
    rows = list(csv.DictReader(io.StringIO(report.render(found, "csv"))))
    assert [(row["target"], row["search"]) for row in rows][:2] == [("related", "small"), ("related", "other")]
    assert float(rows[1]["gain.mean"]) == pytest.approx(0.05)


def test_the_command(
    filled_database: Path, make_search: MakeSearch, home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = Workspace.of(make_search())
    workspace.enter(tmp_path / "search.yaml")
    for file in filled_database.parent.glob(f"{filled_database.name}*"):  # SQLite's log lies beside it
        shutil.copy(file, workspace.folder / file.name.replace(filled_database.name, "studies.db"))
    assert main(["compare", "small", "small"]) == 2
    assert "at least two different searches" in capsys.readouterr().err
