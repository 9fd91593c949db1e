"""What `plan` says of a machine that will not do."""

from __future__ import annotations

from search.checks.node_checks import MemoryNeed
from search.checks.plan import too_little_memory, too_slow
from search.forecast.estimate import Estimate, Line


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
