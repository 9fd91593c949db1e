"""What is seen of a running search: its picture for a live view, and lines for everything else. Prints nothing."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import fmean

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from search.answers.mixes import TargetMixes
from search.config.search import Search
from search.display.verdict import in_short
from search.forecast.estimate import expected
from search.formatting import counts, duration, percent, points
from search.results.floor import at_floor
from search.results.ranking import rank
from search.scheduling.remaining import Remaining
from search.studies.live import LiveFacts, LiveItem, LiveNodes
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress

BAR = 16
"""Columns of a progress bar."""

COUNTED: tuple[Purpose, ...] = ("baseline", "catch_up")
"""Work items that are known before they begin."""

LOOKING = 0.02
"""The share of the time that may go into looking for the best mixes."""


@dataclass
class _Running:
    item: WorkItem
    since: float
    is_cold: bool = False
    progress: Progress | None = None

    @property
    def phase(self) -> str:
        """What is done; empty while its worker starts."""
        if self.progress is None:
            return ""
        training = self.progress.activity == "training"
        return self.progress.phase if training else f"{self.progress.phase}: {self.progress.activity}"


class Scene:
    """A running search.

    What costs nothing to know is shown as it is; the best mixes are looked for again when a work item ends, but for no
    more than a small share of the time.

    Args:
        concurrency: how many work items run at once.
    """

    def __init__(self, search: Search, studies: Studies, concurrency: int) -> None:
        self.search, self.studies, self.concurrency = search, studies, concurrency
        self._running: dict[str, _Running] = {}
        # rung -> of each work item that ended, but for those that the store had: what is to come is not there
        self._seconds: dict[int, list[float]] = defaultdict(list)
        for record in studies.owners():
            if record.cost and record.cost.examples:
                self._seconds[record.rung].append(record.cost.seconds)
        self._cold = concurrency  # work items whose worker has to start first
        self._next_look = 0.0
        self.nodes: LiveNodes | None = None
        self._read()

    @property
    def items(self) -> int:
        """Work items that were started, by this launch or before."""
        return self.studies.state.items

    def started(self, item: WorkItem) -> None:
        self._running[item.key] = _Running(item, time.monotonic(), is_cold=self._cold > 0)
        self._cold -= 1

    def progressed(self, item: WorkItem, progress: Progress) -> None:
        if item.key in self._running:
            self._running[item.key].progress = progress

    def finished(self, item: WorkItem, outcome: Outcome) -> None:
        """Learns how long such a work item takes, without the start of a worker: the next one finds it warm."""
        running = self._running.pop(item.key, None)
        if running is not None and not set(item.targets) <= set(outcome.reused):
            took = outcome.seconds if running.is_cold else time.monotonic() - running.since
            self._seconds[item.rung].append(took)
        self._read()

    def _read(self) -> None:
        self._read_at = now = time.monotonic()
        self._left = self._expected_seconds()
        if now >= self._next_look:
            self._best = rank(self.studies, top=1).targets
            took = time.monotonic() - now
            self._next_look = now + (took / LOOKING if took > 0.05 else 0.0)

    # --- for those elsewhere

    @property
    def live(self) -> LiveFacts:
        """What runs, and how long the rest will take."""
        left = self._seconds_left()
        items = [
            LiveItem(
                key=key,
                phase=running.phase,
                done=round(running.progress.done, 3) if running.progress else 0.0,
                node=running.progress.node if running.progress else "",
            )
            for key, running in list(self._running.items())
        ]
        left = None if left is None else float(round(left))
        return LiveFacts(seconds_left=left, items=tuple(items), nodes=self.nodes)

    # --- for a live view

    def picture(self) -> RenderableType:
        """Budget and time, work items that run, the best of each target, failures."""
        return Group(self._budget(), self._items(), self._targets(), self._failures())

    def _budget(self) -> RenderableType:
        total, grid = self.search.config.budget.recipes, Table.grid(padding=(0, 1))
        grid.add_column()  # cut first
        grid.add_column()  # then this
        grid.add_column(no_wrap=True)
        used = min(len(self.studies.state.tried), total)
        so_far = f"{used} of {total} recipes, {self._over()} work items, {duration(self._wall())}"
        text = so_far + self._left_text()
        grid.add_row(
            _cut(self.search.config.name, "bold"), ProgressBar(self._expected(), self._over(), width=BAR), Text(text)
        )
        return grid

    def _items(self) -> RenderableType:
        grid = Table.grid(padding=(0, 1))
        for is_whole in (True, True, True, False):
            grid.add_column(no_wrap=is_whole)
        for running in list(self._running.values()):
            progress, item = running.progress, running.item
            done, phase = progress.done if progress else 0.0, running.phase or "starting"
            bar = ProgressBar(1.0, done, width=BAR)
            age = duration(time.monotonic() - running.since)
            text = _cut(f"{item.name} · {phase} · rung {item.rung} · {age}")
            grid.add_row("  ", bar, Text(f"{done:4.0%}"), text)
        return grid

    def _targets(self) -> RenderableType:
        grid = Table.grid(padding=(0, 1))
        for is_whole in (True, True, False):
            grid.add_column(no_wrap=is_whole)
        for target, mixes in self._best.items():
            grid.add_row("  ", Text(target, "bold"), _cut(_best_text(mixes)))
        return grid

    def _failures(self) -> RenderableType:
        failures = self.studies.state.failures
        if not failures:
            return Text()
        by_kind = Counter(record.failure.kind for record in failures if record.failure)
        total = counts({**dict(sorted(by_kind.items())), "total": len(failures)})
        return Text(f"  failed work items {total}", "red")

    # --- lines

    def finished_line(self, item: WorkItem, outcome: Outcome) -> str:
        """What came of a work item."""
        if outcome.failure:
            found = f"failed, {outcome.failure.kind}: {outcome.failure.message}"
        else:
            found = ", ".join(f"{target} {self._result(item, target)}" for target in outcome.scores)
        if outcome.micro_batches:
            sizes = ", ".join(f"{phase} {size}" for phase, size in outcome.micro_batches.items())
            found += f"; batches cut to fit into memory: {sizes}"
        head = f"{self._over()}/{self._expected()} {item.name}, rung {item.rung}, {duration(outcome.seconds)}"
        return f"{head}: {found}{self._left_text()}"

    def floor_lines(self, item: WorkItem, outcome: Outcome) -> Iterator[str]:
        """What to raise where the baseline with the search's seed has learned nothing; said again at each rung."""
        if item.recipe.is_baseline and item.recipe.seed == self.search.config.seed:
            for target, score in outcome.scores.items():
                if score.dev and (
                    line := at_floor(self.search, target, item.rung, score.score, score.floor, "the baseline")
                ):
                    yield line

    def running_line(self) -> str:
        """What runs."""
        parts = [f"{running.item.name} {running.progress or 'starts'}" for running in self._running.values()]
        return f"{self._over()}/{self._expected()} running: {'; '.join(parts) or 'nothing'}{self._left_text()}"

    def _result(self, item: WorkItem, target: str) -> str:
        """Score, and gain over the baseline with the same seed at the same rung."""
        record = self.studies.state.at(target, item.recipe.digest, item.rung, item.merged)
        if record is None or record.score is None:
            return ""
        if not record.score.dev:
            return f"LogME {record.score.score:.3f}"
        gain = points(self.studies.state.gain_of(record)) if not item.recipe.is_baseline else ""
        if record.score.score <= record.score.floor:
            gain = "not above the floor"
        return percent(record.score.score) + (f" ({gain})" if gain else "")

    # --- time

    def _wall(self) -> float:
        """Seconds so far, those of earlier launches included."""
        return self.studies.wall_seconds + time.monotonic() - self._read_at

    def _over(self) -> int:
        """Work items that ended."""
        return self.studies.state.over

    def _expected(self) -> int:
        """Work items in all, as far as can be said."""
        return max(self._over() + len(self._running), self._expected_items)

    def _left_text(self) -> str:
        left = self._seconds_left()
        return f", about {duration(left)} left" if left is not None and left >= 1 else ""

    def _seconds_left(self) -> float | None:
        return None if self._left is None else max(0.0, self._left - (time.monotonic() - self._read_at))

    def _left_at_rungs(self) -> list[int]:
        """Work items that run or are to come, at each rung.

        Those of the baseline and for a later target one by one, of the others as many as a search usually has.
        """
        remaining, owners = Remaining(self.studies), self.studies.owners()
        left = [0] * len(self.search.config.halving.rungs)
        if not self._running and remaining.has_ended(self.studies.wall_seconds):
            return left  # what was expected was a bound: less was promoted, or repeated
        for items in expected(self.search):
            if items.kind != "baseline":
                left[items.rung] += items.items
        over = Counter(one.rung for one in owners if one.purpose not in COUNTED and one.state.is_finished())
        left = [max(0, count - over[rung]) for rung, count in enumerate(left)]
        for record in owners:
            left[record.rung] += record.purpose in COUNTED and not record.state.is_finished()
        for assignment in (*remaining.baselines(), *remaining.catching_up()):
            left[assignment.item.rung] += 1
        return left

    def _expected_seconds(self) -> float | None:
        """What the work items that are still expected will take, from the mean time of those of the same rung."""
        seconds, left = self._seconds, self._left_at_rungs()
        self._expected_items = self._over() + sum(left)
        if not any(seconds.values()):
            return None
        shares = self.search.config.halving.rungs
        per_share = sum(map(sum, seconds.values())) / sum(shares[rung] * len(found) for rung, found in seconds.items())
        return (
            sum(
                count * (fmean(seconds[rung]) if seconds[rung] else per_share * shares[rung])
                for rung, count in enumerate(left)
            )
            / self.concurrency
        )


def _cut(text: str, style: str = "") -> Text:
    """A line stays a line: what does not fit is cut, here and not in a column that never wraps."""
    return Text(text, style, no_wrap=True, overflow="ellipsis")


def _best_text(mixes: TargetMixes) -> str:
    """The best so far, or the baseline while there is nothing else."""
    if mixes.best:
        result = mixes.best[0]
        at = "" if mixes.rung.top else f", rung {mixes.rung.index}"
        if result.above_floor is False:
            return f"{percent(result.score)} at the floor {result.mix}{at}"
        return f"{in_short(result.mix, mixes.best_mix, result.score, result.worth)}{at}"
    return f"{percent(mixes.baseline.score)} baseline" if mixes.baseline else "nothing yet"
