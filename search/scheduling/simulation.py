"""Simulation: the whole course of a search in seconds, with its real agenda and a made-up response surface.

What is tried, promoted and repeated is decided by the code that decides it in a search; only the scores are made up
(`trainables/simulated.py`), and a clock that jumps from one end of a work item to the next takes the place of waiting.
So it counts work items that targets share, and the time in which nothing can be started, which a formula cannot.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from statistics import fmean

from search.config.search import Search
from search.forecast.estimate import Estimate, Expected, Line, Work
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from trainables.simulated import Surface, outcome, usual_values
from trainables.work.item import WorkItem
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport


def simulate(search: Search, plan: Plan, findings: PreparationReport, concurrency: int, seed: int = 1) -> Estimate:
    """The work items of a search and its wall-clock, on one made-up surface.

    Args:
        findings: sizes of the data and the speed of this machine; where they lack, each work item takes its rung's
            share of a unit of time, and the estimate says no seconds.
        seed: of the surface.
    """
    work, studies, now = Work.of(search, plan, findings), Studies.in_memory(search), 0.0
    agenda = Agenda(search, studies, clock=lambda: now)
    surface = Surface(seed, usual_values(plan))
    running: list[tuple[float, int, WorkItem]] = []
    lines: dict[str, list[Line]] = defaultdict(list)
    while True:
        while len(running) < concurrency and (item := agenda.next()) is not None:
            owner = studies.state.owner(item)
            assert owner is not None
            line = work.line(_expected(plan, item, owner.purpose, search.config.seed))
            lines[line.kind].append(line)
            seconds = plan.rungs[item.rung] if line.seconds is None else line.seconds
            heapq.heappush(running, (now + seconds, studies.state.items, item))
        if not running:
            break
        now, _, item = heapq.heappop(running)
        share = plan.rungs[item.rung]
        agenda.done(item, outcome(surface, plan.targets, item, share, item.rung == plan.top_rung))
    return work.estimate([_sum(found) for found in lines.values()], concurrency, now)


def _expected(plan: Plan, item: WorkItem, kind: Purpose, seed: int) -> Expected:
    """One work item as the estimate describes it."""
    share = plan.rungs[item.rung]
    goes_on = item.rung > 0 and item.recipe.seed == seed
    below = plan.rungs[item.rung - 1] if goes_on else 0.0
    is_trained = not item.recipe.is_baseline and not item.merged
    grown = share - below if is_trained else 0.0
    encoders = 0 if not is_trained else 1 if goes_on else item.rung + 1
    names = {
        "start": "new recipes",
        "estimate": "estimates",
        "proposal": "new recipes",
        "promotion": "promotions",
        "confirm": "more seeds",
    }
    return Expected(names.get(kind, kind), 1, item.rung, grown, len(item.targets), encoders, item.merged)


def _sum(lines: list[Line]) -> Line:
    """Work items of one kind and rung, in the mean."""
    seconds = [line.seconds for line in lines if line.seconds is not None]
    mean = sum(seconds) / len(seconds) if len(seconds) == len(lines) else None
    return Line(
        lines[0].kind,
        len(lines),
        round(fmean(line.examples for line in lines)),
        mean,
        round(fmean(line.steps for line in lines)),
        fmean(line.trained for line in lines),
        fmean(line.scored for line in lines),
        round(fmean(line.encoders for line in lines)),
    )
