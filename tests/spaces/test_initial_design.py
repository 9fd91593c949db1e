"""Where a search starts: every mixture lies in its space, and says where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from spaces import initial_design
from spaces.card import Card
from spaces.catalogue import Catalogue
from spaces.errors import InputError
from spaces.initial_design import DesignContext, Finding, Prior
from spaces.mixture import Mixture
from spaces.space import Space

CATALOGUE = Catalogue.load()
STUDY = ["anli_plus", "mnli", "qqp", "squad_v1", "squad_v2", "hellaswag", "ccg", "cosmosqa", "csqa"]
NAMES: list[Prior] = [name for name in get_args(Prior) if name != "earlier"]


def pool(tasks: list[str], targets: list[str], examples: int = 200_000, **space: Any) -> DesignContext:
    """Built-in cards; at most four tasks of at least a tenth."""
    cards = {task: CATALOGUE.task(task) for task in sorted(tasks)}
    found = Space(tuple(cards), **space)
    return DesignContext(found, cards, {name: CATALOGUE.target(name) for name in targets}, CATALOGUE.suites, examples)


def sized(rows: Mapping[str, int | None], examples: int, **space: Any) -> DesignContext:
    """Tasks of these sizes."""
    like = CATALOGUE.task("mnli")
    cards: dict[str, Card] = {
        name: like.model_copy(update={"name": name, "sizes": {} if count is None else {"train": count}})
        for name, count in sorted(rows.items())
    }
    return DesignContext(Space(tuple(cards), **space), cards, {}, {}, examples)


def mixtures(name: Prior, pool: DesignContext) -> list[str]:
    return [str(start.mixture) for start in initial_design.starts([name], pool)]


@settings(deadline=None)
@given(
    rows=st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.integers(1, 10**7), min_size=2),
    examples=st.integers(1, 10**6),
    most=st.integers(1, 8),
    least=st.integers(1, 2),
    excluded=st.sets(st.sampled_from(["ab", "cd", "ef"])),
)
@example(rows={"a": 1, "b": 20_000}, examples=20_000, most=2, least=2, excluded=set())  # a share that rounds to nothing
def test_all_mixtures_are_in_the_space(
    rows: dict[str, int | None], examples: int, most: int, least: int, excluded: set[str]
) -> None:
    pairs = frozenset(frozenset(pair) for pair in excluded)
    try:
        made = sized(rows, examples, min_tasks=least, max_tasks=max(most, least), exclude=pairs)
    except InputError:  # the constraints contradict each other
        return
    for start in (*initial_design.starts(NAMES, made), *initial_design.single(made)):
        assert not made.space.problems(start.mixture)
        assert made.space.nearest(start.mixture) == start.mixture
        assert start.reason
    for name in ("proportional", "temperature", "uniform", "unimax"):
        assert len(mixtures(name, made)) == 1


def test_families_differ_as_they_should() -> None:
    made = sized({"a": 100, "b": 400, "c": 6400}, 1600, max_tasks=3, min_weight=0.01, step=0.01)
    assert mixtures("uniform", made) == ["a:0.34 + b:0.33 + c:0.33"]
    assert mixtures("proportional", made) == ["c:0.76 + b:0.19 + a:0.05"]  # 100, 400, 1600: the cap
    assert mixtures("temperature", made) == ["c:0.57 + b:0.29 + a:0.14"]  # 10, 20, 40
    assert mixtures("unimax", made) == ["c:0.69 + b:0.25 + a:0.06"]  # 100, 400, 1100


def test_unimax_gives_what_its_package_gives() -> None:
    """The numbers of the example in the description of PyPI's unimax-sampling, characters instead of rows."""
    characters = {
        "swe": 179955884499,
        "fas": 184595788282,
        "ekk": 42541080893,
        "isl": 10027573389,
        "fao": 549707867,
    }
    counts = initial_design.unimax_counts({name: 4.0 * count for name, count in characters.items()}, 250_000_000_000)
    assert counts == pytest.approx(
        {"fao": 2198831468, "isl": 40110293556, **dict.fromkeys(("ekk", "swe", "fas"), 69230291658.66667)}
    )


def test_the_largest_tasks_stand_for_all_and_excluded_ones_are_passed_over() -> None:
    exclude = frozenset({frozenset(("mnli", "anli_plus")), frozenset(("squad_v1", "squad_v2"))})
    (start,) = initial_design.uniform(pool(STUDY, ["xnli"], exclude=exclude))
    assert start.mixture == Mixture.parse("anli_plus + qqp + squad_v2 + ccg")
    assert start.reason == "the 4 largest tasks of 9 with equal weights; rows of ccg assumed"


def test_sizes_that_no_card_says_are_assumed_and_said() -> None:
    (start,) = initial_design.proportional(sized({"a": 100, "b": None, "c": 300}, 1000, max_tasks=3))
    assert str(start.mixture) == "c:0.5 + b:0.35 + a:0.15"  # b counts 200
    assert "rows of b assumed" in start.reason


def test_rows_of_a_card_in_parts() -> None:
    assert initial_design.train_rows(CATALOGUE.task("anli_plus")) == 550_152 + 392_702 + 162_865
    assert initial_design.train_rows(CATALOGUE.task("xnli")) == 392_702 * len(CATALOGUE.task("xnli").languages)
    assert initial_design.train_rows(CATALOGUE.task("xnli.de")) == 392_702


def test_published_claims_hold_for_their_benchmark_and_their_tasks() -> None:
    found = list(initial_design.published(pool(STUDY, ["tatoeba"], max_tasks=9)))
    assert [str(start.mixture) for start in found[:3]] == ["squad_v1:1", "mnli:1", "hellaswag:1"]
    assert set(found[3].mixture.tasks) == set(STUDY)
    assert all("arXiv 2005.13013" in start.reason for start in found)
    assert mixtures("published", pool(["qqp", "mnli"], ["xnli"], max_tasks=1)) == ["mnli:1", "mnli:1"]
    assert mixtures("published", pool(STUDY, ["genres"])) == []  # nobody claims anything about it


def finding(target: str, form: str, mix: str, gain: float, search: str = "old") -> Finding:
    return Finding(search, target, form, Mixture.parse(mix), gain)


def test_earlier_findings_for_the_same_target_come_first() -> None:
    made = pool(["mnli", "qqp", "squad_v1"], ["xnli", "xquad", "panx"])
    found = initial_design.earlier(
        made,
        [
            finding("pawsx", "pair_classification", "qqp", 0.09),
            finding("xnli", "pair_classification", "mnli:0.52 + qqp:0.48", 0.02),
            finding("xnli", "pair_classification", "qqp", 0.01, "older"),
            finding("mlqa", "span_qa", "squad_v1 + csqa", 0.2),  # csqa is not in this pool
            finding("mlqa", "span_qa", "squad_v1", -0.1),
            finding("tydiqa", "span_qa", "mnli", 0.03),
        ],
    )
    assert [(str(start.mixture), start.reason) for start in found] == [
        ("mnli:0.5 + qqp:0.5", "search old: +2.0 on xnli"),
        ("mnli:1", "search old: +3.0 on tydiqa"),
    ]
