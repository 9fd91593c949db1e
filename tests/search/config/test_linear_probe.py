"""Linear probes in a search file: refused where there is nothing to probe, said where they change nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from search.config import differences
from search.config.linear_probe import without_labels
from search.config.search import Search
from spaces.errors import InputError
from tests.support.searches import SEARCH

MakeSearch = Callable[..., Search]
TARGET = SEARCH["stages"]["target"]
PROBED = {**TARGET, "head_start": "probe"}


def stages(**changes: Any) -> dict[str, Any]:
    return {**SEARCH["stages"], **changes}


def searched(name: str, *choices: str) -> dict[str, Any]:
    return {"space": {"hyperparameters": {name: {"choices": list(choices)}}}}


@pytest.mark.parametrize(
    ("changes", "where", "words"),
    [
        (
            {"stages": stages(intermediate={"examples": 640, "head_start": "probe"})},
            "stages.intermediate.head_start",
            "stages.target.head_start",
        ),
        (searched("intermediate.head_start", "none", "probe"), "hyperparameters.intermediate.head_start", "of targets"),
        (searched("target.low_rung", "stage", "probe"), "hyperparameters.target.low_rung", "is no setting"),
        ({"targets": ["verses"], "stages": stages(target={**TARGET, "low_rung": "probe"})}, "target.low_rung", "stage"),
        ({"targets": ["verses"], "stages": stages(target=PROBED)}, "stages.target.head_start", "no target of"),
        (
            {"stages": stages(per_target={"verses": {"head_start": "probe"}})},
            "per_target.verses.head_start",
            "not trained on labels",
        ),
        ({"stages": stages(target={**PROBED, "head": "native"})}, "stages.target.head_start", "related: head: native"),
        (
            {**searched("target.head", "mean", "native"), "stages": stages(target=PROBED)},
            "stages.target.head_start",
            "head: mean, or head_start: none",
        ),
    ],
)
def test_refused_where_there_is_nothing_to_probe(
    make_search: MakeSearch, changes: dict[str, Any], where: str, words: str
) -> None:
    with pytest.raises(InputError) as caught:
        make_search(**changes)
    (problem,) = caught.value.problems
    assert where in problem.where and words in str(problem)


def test_of_targets_without_labels_it_is_said(make_search: MakeSearch) -> None:
    """Verses are not trained at all, so nothing is drawn there."""
    begun = make_search(targets=["related", "verses", "xquad"], tasks=["squad_v1"], stages=stages(target=PROBED))
    (line,) = without_labels(begun)
    assert line.startswith("xquad: span_qa has no labels") and line.endswith("in spite of head_start: probe")
    plan = begun.plan("", "")
    assert plan.probed_card("related", 0) == begun.targets["related"]
    assert plan.probed_card("verses", 0) is plan.probed_card("xquad", 0) is None


def test_it_may_be_searched_and_must_not_change(make_search: MakeSearch) -> None:
    assert make_search(**searched("target.head_start", "none", "probe")).space.defaults["target.head_start"] == "none"
    (changed,) = differences.differences(make_search().config, make_search(stages=stages(target=PROBED)).config)
    assert changed.where == "stages.target.head_start"
