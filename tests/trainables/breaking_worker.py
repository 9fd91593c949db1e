"""A worker whose group breaks, as it does when the memory of one of its workers does not suffice. No torch here."""

from __future__ import annotations

import os
from pathlib import Path

from trainables.training.group import Group
from trainables.work.failures import OutOfMemory
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Report
from trainables.work.plan import Plan


class BreakingWorker:
    """Runs out of memory once; then tells the processes that it ran in."""

    def __init__(self, plan: Plan, group: Group) -> None:
        self.ran, self.group = Path(plan.store) / "ran", group

    def run(self, item: WorkItem, report: Report, batch_halvings: int) -> Outcome:
        first = not self.ran.exists()
        with self.ran.open("a") as file:
            file.write(f"{os.getpid()} ")
        if first:
            self.group.broken = True
            raise OutOfMemory("CUDA out of memory")
        return Outcome(examples=batch_halvings, reused=self.ran.read_text().split())
