"""Successive halving on hand-made results."""

from __future__ import annotations

from search.halving import promotable

RESULTS = [{"a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6, "e": 0.5, "f": 0.4}, {}, {}]
NONE: list[set[str]] = [set("abcdef"), set(), set()]


def test_the_best_of_each_rung_go_on() -> None:
    assert promotable(RESULTS, NONE, 3, closing=False) == [("a", 1), ("b", 1)]
    assert promotable(RESULTS, NONE, 2, closing=False) == [("a", 1), ("b", 1), ("c", 1)]


def test_what_was_started_there_is_not_started_again() -> None:
    assert promotable(RESULTS, [set("abcdef"), {"a"}, set()], 3, closing=False) == [("b", 1)]


def test_higher_rungs_first() -> None:
    results = [RESULTS[0], {"a": 0.9, "b": 0.95, "c": 0.7}, {}]
    assert promotable(results, [set("abcdef"), set("abc"), set()], 2, closing=False) == [("b", 2)]
    assert promotable(results, [set("abcdef"), {"b", "c"}, set()], 2, closing=False) == [("b", 2), ("a", 1)]


def test_fewer_than_eta_wait_until_no_more_will_come() -> None:
    results = [{"a": 0.1, "b": 0.2}, {}]
    assert promotable(results, [set("ab"), set()], 3, closing=False) == []
    assert promotable(results, [set("ab"), set()], 3, closing=True) == [("b", 1)]
    assert promotable([{}, {}], [set(), set()], 3, closing=True) == []


def test_ties_are_told_apart_the_same_way_each_time() -> None:
    results = [{"b": 0.5, "a": 0.5, "c": 0.5}, {}]
    assert promotable(results, [set("abc"), set()], 3, closing=False) == [("a", 1)]
    # a result that comes later does not take the place of one that went on
    results[0].update({"d": 0.5, "e": 0.5, "f": 0.5})
    assert promotable(results, [set("abcdef"), {"a"}], 3, closing=False) == [("b", 1)]
