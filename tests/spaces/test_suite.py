"""Suites: averages as the benchmarks make them, published rows, and what does not fit its cards."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from spaces import suite as suites
from spaces.catalogue import BUILT_IN, Catalogue
from spaces.errors import InputError
from spaces.suite import PublishedRow, Suite, load_suites

MINI = Catalogue.load().suites["mini"]
SEVEN = ("xnli", "pawsx", "udpos", "panx", "xquad", "mlqa", "tydiqa")


@pytest.fixture(scope="module")
def xtreme() -> Suite:
    return Catalogue.load().suites["xtreme"]


def published(suite: Suite, name: str) -> dict[str, float | None]:
    """Task -> number of the published test row whose name begins so."""
    (row,) = (row for row in suite.published if row.split == "test" and row.name.startswith(name))
    return {task: row.number(task, suite.tasks[task].metric) for task in suite.order}


@pytest.mark.parametrize(
    ("name", "qa", "seven"), [("XLM-R Large", 62.05, 70.14), ("X-STILTs row of RemBERT", 67.27, 72.66)]
)
def test_the_averages_of_published_rows(xtreme: Suite, name: str, qa: float, seven: float) -> None:
    numbers = published(xtreme, name)
    assert {task for task, number in numbers.items() if number is not None} == set(SEVEN)
    averages = xtreme.averages(numbers)
    assert averages.groups["qa"] is not None and averages.present is not None
    assert 100 * averages.groups["qa"] == pytest.approx(qa, abs=0.005)
    assert 100 * averages.present == pytest.approx(seven, abs=0.005)
    assert averages.count == 7
    assert averages.groups["retrieval"] is None and averages.overall is None and averages.over_groups is None


def test_f1_alone_is_no_number_of_question_answering(xtreme: Suite) -> None:
    numbers = published(xtreme, "X-STILTs (as quoted by mT5")
    assert numbers["xquad"] is None and numbers["mlqa"] is None
    assert numbers["xnli"] == pytest.approx(0.804)


def test_every_published_row_names_its_source(xtreme: Suite) -> None:
    assert xtreme.published
    for row in xtreme.published:
        assert row.source and row.split in ("dev", "test")
        assert set(row.scores) <= set(xtreme.tasks)
        assert all(0 < value < 1 for metrics in row.scores.values() for value in metrics.values())


def test_overall_is_the_mean_over_tasks_and_not_over_groups(xtreme: Suite) -> None:
    numbers: dict[str, float | None] = dict.fromkeys(xtreme.order, 0.0)
    numbers.update(dict.fromkeys(xtreme.groups["qa"], 0.9))
    averages = xtreme.averages(numbers)
    assert averages.overall == pytest.approx(0.3)  # three of nine tasks
    assert averages.over_groups == pytest.approx(0.225)  # one of four groups


@given(st.dictionaries(st.sampled_from(sorted(MINI.tasks)), st.floats(0, 1)))
def test_an_average_is_shown_if_all_it_needs_is_there(numbers: dict[str, float]) -> None:
    averages = MINI.averages(numbers)
    for group, tasks in MINI.groups.items():
        found = averages.groups[group]
        assert (found is not None) == all(task in numbers for task in tasks)
        if found is not None:
            assert found == pytest.approx(sum(numbers[task] for task in tasks) / len(tasks))
    assert (averages.overall is not None) == (len(numbers) == len(MINI.tasks))
    assert averages.count == len(numbers)


def test_language_counts_are_those_of_the_benchmarks() -> None:
    found = {name: suite.tasks for name, suite in Catalogue.load().suites.items()}
    counts = {name: {task: len(entry.languages) for task, entry in tasks.items()} for name, tasks in found.items()}
    assert counts["xtreme"] == {
        "pawsx": 7, "xnli": 15, "udpos": 33, "panx": 40, "xquad": 11, "mlqa": 7, "tydiqa": 9, "bucc2018": 4,
        "tatoeba": 36,
    }  # fmt: skip
    assert counts["xtreme-r"] == {
        "xnli": 15, "xcopa": 11, "udpos": 38, "panx": 48, "xquad": 12, "mlqa": 7, "tydiqa": 9, "tatoeba": 41,
        "mewslix": 11, "lareqa": 11,
    }  # fmt: skip


def test_numbers_of_parts() -> None:
    row = PublishedRow(name="x", split="test", source="y", scores={"a": {"exact": 0.4, "f1": 0.6}, "b": {"f1": 0.6}})
    assert row.number("a", "qa") == row.number("a", "qa_mlqa") == pytest.approx(0.5)
    assert row.number("a", "f1") == 0.6
    assert row.number("b", "qa") is None and row.number("c", "qa") is None


SMALL = {
    "description": "d",
    "source": "s",
    "groups": {"g": ["genres"]},
    "tasks": {"genres": {"metric": "accuracy", "languages": ["de"]}},
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"groups": {"g": ["genres"], "h": ["genres"]}}, "exactly one group"),
        ({"groups": {"g": ["genre"]}}, "genre, genres"),
        ({"tasks": {"genres": {"metric": "accuracy", "languages": ["xx"]}}}, "languages that the card lacks"),
        ({"tasks": {"genres": {"metric": "f1", "languages": ["de"]}}}, "another metric"),
        ({"tasks": {"genres": {"target": "genre", "metric": "f1", "languages": ["de"]}}}, "did you mean 'genres'"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_suite_that_does_not_fit_is_refused(tmp_path: Path, changes: dict[str, object], words: str) -> None:
    file = tmp_path / suites.FOLDER / "odd.yaml"
    file.parent.mkdir()
    file.write_text(yaml.safe_dump({**SMALL, **changes}))
    with pytest.raises(InputError, match=words):
        load_suites([BUILT_IN, tmp_path], Catalogue.load().targets)
