"""Everything that a launch shows. One class owns the terminal: a live view on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterable
from io import TextIOBase
from types import TracebackType
from typing import IO, Any, TextIO, cast

from rich.console import Console
from rich.live import Live
from rich.text import Text

from search.checks.check import Check
from search.config.search import Search
from search.display.live_view import Scene
from search.formatting import duration, typed
from search.studies.live import LiveFacts, LiveNodes
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from spaces.errors import Problem
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress

QUIET = 30.0
"""Seconds between plain lines while nothing ends."""

REFRESHES = 2
"""Pictures of the live view per second."""


class Terminal:
    """Start-up steps, the progress of a search, errors and the answer, on standard output; errors on standard error.

    A closed output is no reason to stop a search: what cannot be written is lost.

    Args:
        out, err: where to write; default: standard output and error.
        live: whether a view is redrawn in place; default: when `out` is a terminal.
        width: columns; default: the terminal's.
    """

    def __init__(
        self, out: TextIO | None = None, err: TextIO | None = None, live: bool | None = None, width: int | None = None
    ) -> None:
        output = cast(IO[str], _Unbreakable(out or sys.stdout))
        errors = cast(IO[str], _Unbreakable(err or sys.stderr))
        terminal = output.isatty() if live is None else live
        force = True if live else None
        plain: dict[str, Any] = {"width": width, "highlight": False, "force_jupyter": False}  # a notebook shows lines
        self._console = Console(file=output, force_terminal=force, **plain)
        self._errors = Console(file=errors, soft_wrap=True, **plain)
        self._is_live = terminal and not self._console.is_dumb_terminal
        self._started = self._last_line = time.monotonic()
        self._live: Live | None = None
        self._scene: Scene | None = None
        self._over = threading.Event()
        self._waits: dict[str, float] = {}  # what a worker waits for -> when it was said last

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def say(self, text: str) -> None:
        """A step of the start-up, or a remark while the search runs."""
        self._line(Text(typed(text), "dim"))

    def check(self, check: Check) -> None:
        """A line of the doctor; its word says what its colour says."""
        word, style = {"ok": ("ok", "green"), "failed": ("FAILED", "bold red"), "skipped": ("skipped", "yellow")}[
            check.state
        ]
        fix = typed(f"; fix: {check.fix}") if check.fix else ""
        self._line(Text.assemble((f"{word:<8}", style), f"{check.name:<9} ", f"{check.where}: {check.text}{fix}"))

    def show_nodes(self, nodes: LiveNodes) -> None:
        """Where the search runs, for whoever looks on; of what changed there a line is said beside it."""
        if self._scene is not None:
            self._scene.nodes = nodes

    def begin(self, search: Search, studies: Studies, concurrency: int) -> None:
        """From now on the search is shown: what its studies hold, and what it tells as a listener."""
        self._scene = Scene(search, studies, concurrency)
        done = self._scene.items
        went_on = f"; goes on after {done} work items" if done else ""
        if search.config.sampler.name == "auto":
            self._line(Text(f"sampler {search.sampler.name}: {search.sampler.reason}"))
        at_once = "one work item" if concurrency == 1 else f"{concurrency} work items"
        self._line(Text(f"search {search.config.name} runs, {at_once} at a time{went_on}"))
        if self._is_live:
            self._live = Live(
                get_renderable=self._scene.picture, console=self._console, refresh_per_second=REFRESHES, transient=True
            )
            self._live.start()
        else:
            threading.Thread(target=self._show_life, daemon=True).start()

    def _show_life(self) -> None:
        """A line where nothing else was said for a while: a step, or a language that is scored, may take minutes."""
        while not self._over.wait(QUIET / 10):
            if time.monotonic() - self._last_line >= QUIET and self._scene is not None:
                self._line(Text(self._scene.running_line()))

    @property
    def live(self) -> LiveFacts | None:
        """What runs now; None before the search began."""
        return None if self._scene is None else self._scene.live

    def close(self) -> None:
        """Ends the live view and leaves the terminal in order; safe to repeat."""
        self._over.set()
        if self._live is not None:
            live, self._live = self._live, None
            live.stop()

    def error(self, problems: Iterable[Problem]) -> None:
        """Problems, each with its fix."""
        self.close()
        for problem in problems:
            self._errors.print(Text.assemble(("error: ", "red"), typed(str(problem))))

    # --- agenda.Listener

    def started(self, item: WorkItem, purpose: Purpose) -> None:
        if self._scene:
            self._scene.started(item)

    def progressed(self, item: WorkItem, progress: Progress) -> None:
        if self._scene is None:
            return
        self._scene.progressed(item, progress)
        if progress.is_waiting and time.monotonic() - self._waits.get(progress.activity, -QUIET) >= QUIET / 2:
            self._waits[progress.activity] = time.monotonic()  # other workers wait for the same
            self._line(Text(f"{progress.activity}{f' on {progress.node}' if progress.node else ''}", "yellow"))

    def finished(self, item: WorkItem, outcome: Outcome) -> None:
        if self._scene is None:
            return
        self._scene.finished(item, outcome)
        for line in self._scene.floor_lines(item, outcome):
            self._line(Text(line, "yellow"))
        for note in outcome.notes:
            self._line(Text(note, "yellow"))
        line = self._scene.finished_line(item, outcome)  # of a live view, above it
        self._line(Text(line, "red" if outcome.failure else ""))

    def _line(self, text: Text) -> None:
        """A line that stays; where nothing is redrawn it begins with the time since the start."""
        self._last_line = time.monotonic()
        stamp = "" if self._is_live else f"[{duration(self._last_line - self._started)}] "
        self._console.print(Text(stamp) + text, soft_wrap=True)  # what is copied from a terminal has no breaks of ours


class _Unbreakable(TextIOBase):
    """A text file whose writes never raise: the reader may be gone, the terminal closed."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._file, "encoding", None) or "utf-8"

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except UnicodeEncodeError:
            return self.write(text.encode("ascii", "replace").decode())
        except (OSError, ValueError):
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except (OSError, ValueError):
            return

    def isatty(self) -> bool:
        try:
            return self._file.isatty()
        except (OSError, ValueError):
            return False

    def fileno(self) -> int:
        return self._file.fileno()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)
