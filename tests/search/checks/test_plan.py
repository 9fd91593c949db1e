"""What `plan` says of a machine that will not do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from search.checks.node_checks import MemoryNeed
from search.checks.plan import long_evaluation, too_little_memory, too_slow
from search.config.search import Search
from search.forecast.estimate import Estimate, Line
from trainables.work.preparation import PreparationReport, Sizes


def test_a_machine_on_which_a_step_takes_minutes() -> None:
    def line(seconds: float | None) -> Line:
        return Line("baseline at rung 0", 1, 320, seconds, steps=10)

    assert list(too_slow(Estimate([line(None), line(300.0)], 1))) == []
    (said,) = too_slow(Estimate([line(20.0), line(900.0)], 1))
    assert "a training step takes 1:30 here" in said or "a training step takes 1 min 30 s here" in said


def test_a_machine_with_too_little_memory() -> None:
    need = MemoryNeed(host=6_300_000_000, device=0)
    assert list(too_little_memory(need, 8e9)) == list(too_little_memory(None, 1.0)) == []
    assert list(too_little_memory(need, 0.0)) == [], "not known"
    assert list(too_little_memory(need, 4e9)) == [
        "memory: a worker takes 6.3 GB and what a batch needs; 4.0 GB are free here"
    ]


def test_new_recipes_that_are_mostly_evaluated(make_search: Callable[..., Search]) -> None:
    def said(rows: int, **config: Any) -> list[str]:
        search = make_search(**config)
        sizes = {
            card.name: Sizes(rows=1000, tokens=50.0, evaluation_rows=rows, evaluation_tokens=50.0)
            for card in [*search.tasks.values(), *search.targets.values()]
        }
        return list(long_evaluation(search, search.plan("", ""), PreparationReport(sizes=sizes)))

    (line,) = said(200_000)
    # 240 examples in three passes each, against twice 200,000 rows, or 500 in each of eight languages
    assert line.startswith(
        "evaluation is 100% of a new recipe; with evaluation: {low_rung_examples: 500} it would be 85%"
    )
    assert said(300) == [], "training is more"
    assert said(1500) == [], "there are no more rows than that"
    assert said(200_000, evaluation={"low_rung_examples": 1000}) == [], "somebody thought of it"
    assert said(200_000, halving={"rungs": [1.0]}) == [], "nothing is below the top"
