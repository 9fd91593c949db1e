"""Successive halving on hand-made rankings."""

from __future__ import annotations

from collections.abc import Sequence

from search.scheduling.halving import promotable

RANKINGS = ["abcdef", "", ""]
NONE: list[set[str]] = [set("abcdef"), set(), set()]


def test_the_best_of_each_rung_go_on() -> None:
    assert promotable(RANKINGS, NONE, [3, 3], closing=False) == [("a", 1), ("b", 1)]
    assert promotable(RANKINGS, NONE, [2, 2], closing=False) == [("a", 1), ("b", 1), ("c", 1)]


def test_what_was_started_there_is_not_started_again() -> None:
    assert promotable(RANKINGS, [set("abcdef"), {"a"}, set()], [3, 3], closing=False) == [("b", 1)]


def test_higher_rungs_first() -> None:
    rankings = [RANKINGS[0], "bac", ""]
    assert promotable(rankings, [set("abcdef"), set("abc"), set()], [2, 2], closing=False) == [("b", 2)]
    assert promotable(rankings, [set("abcdef"), {"b", "c"}, set()], [2, 2], closing=False) == [("b", 2), ("a", 1)]


def test_fewer_than_eta_wait_until_no_more_will_come() -> None:
    rankings = ["ba", ""]
    assert promotable(rankings, [set("ab"), set()], [3, 3], closing=False) == []
    assert promotable(rankings, [set("ab"), set()], [3, 3], closing=True) == [("b", 1)]
    assert promotable(["", ""], [set(), set()], [3, 3], closing=True) == []


def test_who_goes_on_is_the_samplers_word_and_how_many_is_not() -> None:
    def backwards(digests: Sequence[str]) -> Sequence[str]:
        return digests[::-1]

    assert promotable(RANKINGS, NONE, [3, 3], closing=False, rank=backwards) == [("f", 1), ("e", 1)]
    assert promotable(RANKINGS, [set("abcdef"), {"f"}, set()], [3, 3], closing=False, rank=backwards) == [("e", 1)]
    assert promotable(RANKINGS, [set("abcdef"), {"a", "c"}, set()], [3, 3], closing=False, rank=backwards) == []
    assert promotable(RANKINGS, [set("abcdef"), {"x", "y"}, set()], [3, 3], closing=False) == [("a", 1), ("b", 1)]


def test_a_result_that_comes_later_does_not_take_the_place_of_one_that_went_on() -> None:
    assert promotable(["abc", ""], [set("abc"), set()], [3, 3], closing=False) == [("a", 1)]
    assert promotable(["xabcde", ""], [set("abcdex"), {"a"}], [3, 3], closing=False) == [("x", 1)]
