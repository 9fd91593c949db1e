"""What a launch shows: plain lines, a live view, and nothing at all when nobody listens."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from search.config.search import Search
from search.display import terminal as module
from search.display.live_view import Scene
from search.display.terminal import Terminal
from search.scheduling.agenda import Agenda
from search.studies.studies import Studies
from spaces.errors import Problem
from tests.support.landscape import outcome as trained
from tests.support.searches import Filler, kept_at
from trainables.work.outcome import Failed, Outcome, Progress


def play(filler: Filler, terminal: Terminal) -> None:
    """A start-up, a baseline, a mix, a failure, and a work item that still runs."""
    terminal.say("opening the records")
    terminal.begin(filler.search, filler.studies, 1)
    scores = {"related": 0.5, "verses": 0.6}
    for mix, gain in (("none", 0.0), ("paraphrase", 0.06)):
        item = filler.begin(filler.item(mix, 0))
        terminal.started(item, "start")
        for done in (0.1, 0.5, 0.9):
            terminal.progressed(item, Progress(phase="intermediate", done=done))
        outcome = filler.outcome(item, {target: score + gain for target, score in scores.items()})
        filler.studies.finish(item, outcome)
        terminal.finished(item, outcome)
    item = filler.begin(filler.item("ner", 0))
    terminal.started(item, "start")
    failure = Outcome(failure=Failed(kind="diverged", message="loss is nan [here]"))
    filler.studies.finish(item, failure)
    terminal.finished(item, failure)
    item = filler.begin(filler.item("crossref", 0))
    terminal.started(item, "start")
    terminal.progressed(item, Progress(phase="related", done=0.4))


def test_plain_lines(filler: Filler) -> None:
    out = io.StringIO()
    with Terminal(out=out) as terminal:
        play(filler, terminal)
    lines = out.getvalue().splitlines()
    texts = [line.split("] ", 1)[-1] for line in lines]
    assert texts[0] == "opening the records"
    assert texts[1].startswith("sampler mixture: 3 tasks to mix")
    assert texts[2] == "search small runs, one work item at a time"
    assert texts[3].startswith("1/12 baseline, rung 0, 10 s: related 50.0, verses 60.0")
    assert texts[4].startswith("2/12 paraphrase:1, rung 0, 10 s: related 56.0 (+6.0), verses 66.0 (+6.0)")
    assert texts[5].startswith("3/12 ner:1, rung 0, 0 s: failed, diverged: loss is nan [here]")
    assert len(lines) == 6
    assert "\x1b" not in out.getvalue()


def test_a_line_while_nothing_ends(filler: Filler, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where the worker reports nothing: a step, or a language that is scored, may take minutes."""
    monkeypatch.setattr(module, "QUIET", 0.05)
    out = io.StringIO()
    with Terminal(out=out) as terminal:
        play(filler, terminal)
        item = filler.item("crossref", 0)
        terminal.progressed(item, Progress(phase="related", done=1.0, activity="evaluating de (3 of 7)"))
        latest = time.monotonic() + 20
        while "running: crossref:1 related 100%, evaluating de (3 of 7)" not in out.getvalue():
            assert time.monotonic() < latest
            time.sleep(0.01)


def test_what_is_waited_for_is_said_at_once_and_once(filler: Filler) -> None:
    """All workers wait for the same."""
    out = io.StringIO()
    with Terminal(out=out) as terminal:
        play(filler, terminal)
        for node in ("w1", "w2"):
            said = "waiting for s3://team (timeout)"
            waiting = Progress(phase="related", done=0.4, activity=said, node=node, is_waiting=True)
            terminal.progressed(filler.item("crossref", 0), waiting)
    assert re.findall("waiting for .*", out.getvalue()) == ["waiting for s3://team (timeout) on w1"]


def test_the_live_view_shows_all_and_goes(filler: Filler) -> None:
    out = io.StringIO()
    with Terminal(out=out, live=True, width=70) as terminal:
        play(filler, terminal)
        assert terminal._live is not None
        terminal._live.refresh()
    shown = out.getvalue()
    for part in (
        "3 of 4 recipes",
        "crossref:1 · related",
        "paraphrase:1 56.0 +6.0 on dev",
        "failed work items 1: 1 diverged",
    ):
        assert part in shown, part
    assert shown.rstrip().endswith("\x1b[2K")  # erased
    assert "\x1b[?25h" in shown  # the cursor is back


def test_at_80_columns_numbers_are_whole(filler: Filler) -> None:
    """What is too long is cut in names and phases; a line that stays has no breaks of ours."""
    out, shown = io.StringIO(), io.StringIO()
    with Terminal(out=out, live=True, width=80) as terminal:
        play(filler, terminal)
        item = filler.begin(filler.item("crossref:0.5 + paraphrase:0.5", 0))
        terminal.started(item, "start")
        terminal.progressed(item, Progress(phase="related", done=0.25, activity="evaluating a language (3 of 7)"))
        terminal.say("a remark with a command that is longer than the line: taskmix " + "x" * 30)
        assert terminal._scene is not None
        Console(file=shown, width=80).print(terminal._scene.picture())
    assert "the line: taskmix " + "x" * 30 in out.getvalue()
    lines = [line.rstrip() for line in shown.getvalue().splitlines()]
    assert re.match(r"small [━╸╺]+ +4 of 4 recipes, 3 work items, .* left$", lines[0])
    assert "  25% crossref:0.5 + paraphrase:0.5 · related: evaluating" in lines[2] and lines[2].endswith("…")


def test_the_start_of_a_worker_is_not_expected_again(filler: Filler) -> None:
    scene = Scene(filler.search, filler.studies, 1)
    item = filler.begin(filler.item("none", 0))
    scene.started(item)
    scene._running[item.key].since -= 1000.0  # a worker that took long to start
    outcome = filler.outcome(item, {"related": 0.5, "verses": 0.6})  # of ten seconds
    filler.studies.finish(item, outcome)
    scene.finished(item, outcome)
    left = scene.live.seconds_left
    assert left is not None and left < 1000


def test_what_the_store_had_says_nothing_of_the_time_left(filler: Filler) -> None:
    scene = Scene(filler.search, filler.studies, 1)
    for mix, reused in (("none", ["related", "verses"]), ("paraphrase", []), ("ner", ["related", "verses"])):
        item = filler.begin(filler.item(mix, 0))
        scene.started(item)
        seconds, examples = (0.01, 0) if reused else (100.0, 100)
        scene._running[item.key].since -= seconds
        scored = filler.outcome(item, {"related": 0.5, "verses": 0.6}, seconds)
        outcome = scored.model_copy(update={"reused": reused, "examples": examples})
        filler.studies.finish(item, outcome)
        scene.finished(item, outcome)
        left = scene.live.seconds_left
        assert (left is None) == (mix == "none"), "nobody knows yet"
        assert left is None or left >= 100, mix
    again = Scene(filler.search, filler.studies, 1).live.seconds_left
    assert again is not None and again >= 100, "after a resume"


def test_the_last_line_says_how_many_there_were(filler: Filler) -> None:
    """Promotions and further seeds were expected, and all mixes failed."""
    out = io.StringIO()
    for rung in (0, 1):
        filler.run("none", rung, {"related": 0.5, "verses": 0.6}, "baseline")
    for mix in ("paraphrase", "ner", "crossref"):
        filler.fail(mix, 0)
    item = filler.begin(filler.item("paraphrase:0.7 + ner:0.3", 0))
    with Terminal(out=out) as terminal:
        terminal.begin(filler.search, filler.studies, 1)
        terminal.started(item, "start")
        failure = Outcome(failure=Failed(kind="diverged", message="loss is nan"))
        filler.studies.finish(item, failure)
        terminal.finished(item, failure)
    assert "] 6/6 paraphrase:0.7 + ner:0.3, rung 0" in out.getvalue()


def test_the_total_of_a_search_that_grew_does_not_rise(make_search: Callable[..., Search], tmp_path: Path) -> None:
    """What a later target is measured on is known beforehand."""
    settings: dict[str, Any] = {"confirm": {"seeds": 1, "top": 1}}
    small = make_search(budget={"recipes": 6}, targets=["related"], **settings)
    url = f"sqlite:///{tmp_path / 'studies.db'}"
    before = Studies.create(kept_at(url, small))
    before.remember(small.config)
    first = Agenda(small, before)
    while (item := first.next()) is not None:
        first.done(item, trained(small, item))
    large = make_search(budget={"recipes": 6}, targets=["related", "verses"], **settings)
    studies = Studies.create(kept_at(url, large))
    studies.remember(large.config)
    scene, agenda = Scene(large, studies, 1), Agenda(large, studies)
    totals = [scene._expected()]
    while (item := agenda.next()) is not None:
        scene.started(item)
        outcome = trained(large, item)
        agenda.done(item, outcome)
        scene.finished(item, outcome)
        totals.append(scene._expected())
    assert totals == sorted(totals, reverse=True) and len(totals) > 4


@pytest.mark.parametrize("live", [True, False])
def test_a_closed_output_stops_nothing(filler: Filler, live: bool) -> None:
    out = io.StringIO()
    with Terminal(out=out, err=out, live=live, width=20) as terminal:
        terminal.say("before")
        out.close()
        play(filler, terminal)
        terminal.error([Problem("went wrong")])


def test_errors_go_to_the_error_output() -> None:
    out, err = io.StringIO(), io.StringIO()
    Terminal(out=out, err=err).error([Problem("unknown task", "f.yaml: tasks.0", "nerr", "did you mean 'ner'?")])
    assert out.getvalue() == ""
    assert err.getvalue().splitlines() == [
        "error: f.yaml: tasks.0: unknown task",
        "  found: nerr",
        "  fix:   did you mean 'ner'?",
    ]


def test_no_color(filler: Filler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    out = io.StringIO()
    with Terminal(out=out, live=True, width=70) as terminal:
        play(filler, terminal)
    assert "\x1b[31m" not in out.getvalue()


def test_notes_and_smaller_batches_are_told(filler: Filler) -> None:
    out = io.StringIO()
    with Terminal(out=out, live=False) as terminal:
        terminal.begin(filler.search, filler.studies, 1)
        item = filler.begin(filler.item("paraphrase", 0))
        outcome = filler.outcome(item, {"related": 0.5, "verses": 0.6})
        outcome = outcome.model_copy(update={"notes": ["encoder abc is damaged"], "micro_batches": {"intermediate": 8}})
        filler.studies.finish(item, outcome)
        terminal.finished(item, outcome)
    assert "encoder abc is damaged" in out.getvalue()
    assert "batches cut to fit into memory: intermediate 8" in out.getvalue()
    assert filler.studies.owners()[-1].micro_batches == {"intermediate": 8}
    again = Studies.open(kept_at(str(filler.studies.storage.engine.url), filler.search))
    assert again.owners()[-1].micro_batches == {"intermediate": 8}


@pytest.mark.parametrize("live", [False, True])
def test_a_baseline_that_is_not_above_the_floor_is_told_at_once(filler: Filler, live: bool) -> None:
    out = io.StringIO()
    with Terminal(out, io.StringIO(), live=live, width=200) as terminal:
        terminal.begin(filler.search, filler.studies, 1)
        item = filler.begin(filler.item("none", 1), "baseline")
        terminal.started(item, "baseline")
        outcome = filler.outcome(item, {"related": 0.15, "verses": 0.5})
        filler.studies.finish(item, outcome)
        terminal.finished(item, outcome)
    assert "related: the baseline scores 15.0, not above the floor of 25.0" in out.getvalue()
    assert "verses: the baseline" not in out.getvalue()
    assert "baseline, rung 1, 10 s: related 15.0 (not above the floor), verses 50.0" in out.getvalue()
