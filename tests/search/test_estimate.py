"""How many work items a search is expected to take, against what a made-up landscape really takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from search.agenda import Agenda
from search.config import Search
from search.estimate import expected
from search.studies import Studies
from tests.search.landscape import outcome


def per_rung(search: Search) -> Counter[int]:
    counts: Counter[int] = Counter()
    for items in expected(search):
        counts[items.rung] += items.items
    return counts


def test_counts_by_hand(search: Search) -> None:
    # rung 0: baseline and 4 recipes; rung 1: baseline, 3 promotions, and for one more seed baseline and 2 winners
    assert per_rung(search) == {0: 5, 1: 7}


@pytest.mark.parametrize("recipes", [6, 18])
def test_counts_are_about_what_a_search_takes(make_search: Callable[..., Search], tmp_path: Path, recipes: int) -> None:
    search = make_search(budget={"recipes": recipes}, halving={"rungs": [0.25, 0.5, 1.0], "eta": 2})
    agenda = Agenda(search, Studies.create(f"sqlite:///{tmp_path / 'studies.db'}", search))
    taken: Counter[int] = Counter()
    while (item := agenda.next()) is not None:
        agenda.done(item, outcome(search, item))
        taken[item.rung] += 1
    assert per_rung(search)[0] == taken[0]
    assert per_rung(search).total() == pytest.approx(taken.total(), rel=0.35)
