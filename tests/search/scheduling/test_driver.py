"""The driver, the searcher and the trainable together, on a real Ray with a worker that acts."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import mean

import psutil
import pytest
import ray

from cluster.connect import Connection, connect
from cluster.resources import ItemResources
from search.scheduling.driver import SECOND_SIGNAL_EXIT, SearchEnd, run
from search.scheduling.searcher import AgendaSearcher
from spaces.mixture import Mixture
from spaces.recipe import Recipe, Value
from trainables.work.failures import NodeFault, OutOfMemory
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress
from trainables.work.plan import Plan
from trainables.work.settings import StageSettings

pytestmark = pytest.mark.ray

WORKERS = Path(__file__).parent / "workers"
WORKER = "acting_worker:ActingWorker"


def item(number: int, **asked: Value) -> WorkItem:
    """A work item that asks the acting worker for something."""
    return WorkItem(Recipe.of(Mixture({}), asked, "no model", number), 0, ("target",))


class ListAgenda:
    """Gives out a list of work items in its order."""

    def __init__(self, items: Sequence[WorkItem]) -> None:
        self.waiting = list(items)
        self.stop_reason: str | None = None
        self.outcomes: list[tuple[int, Outcome]] = []
        self.seen: list[int] = []

    @property
    def over(self) -> bool:
        return not self.waiting

    def next(self) -> WorkItem | None:
        return self.waiting.pop(0) if self.waiting else None

    def progress(self, item: WorkItem, progress: Progress) -> None:
        self.seen.append(item.recipe.seed)

    def done(self, item: WorkItem, outcome: Outcome) -> None:
        self.outcomes.append((item.recipe.seed, outcome))

    @property
    def by_number(self) -> dict[int, Outcome]:
        assert max(Counter(number for number, _ in self.outcomes).values()) == 1, "told twice"
        return dict(self.outcomes)


def told(outcome: Outcome) -> dict[str, str]:
    """What the acting worker wrote into the outcome about itself."""
    return dict(entry.split("=", 1) for entry in outcome.reused)


def starts(plan: Plan) -> Counter[int]:
    """How often each work item was started."""
    return Counter(int(line) for line in (Path(plan.store) / "ran").read_text().split())


@pytest.fixture(scope="module")
def local_ray() -> Iterator[Connection]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(WORKERS))
        with connect("local", cpus=2) as connection:
            yield connection


def plan_in(folder: Path | str) -> Plan:
    """A plan whose store is that folder."""
    stage = StageSettings(examples=1)
    return Plan(
        tasks={},
        targets={},
        training_cards={},
        rungs=[1.0],
        intermediate=stage,
        target=stage,
        store=str(folder),
        cache=str(folder),
    )


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return plan_in(tmp_path)


class Teller:
    """As a terminal: what it holds cannot be pickled, and Tune pickles what watches it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


def test_every_item_runs_once_and_two_at_a_time(
    local_ray: Connection, plan: Plan, capfd: pytest.CaptureFixture[str]
) -> None:
    agenda = ListAgenda([item(number, seconds=0.3) for number in range(16)])
    began = time.time()
    ending = run(plan, agenda, ItemResources(), 2, worker=WORKER, say=Teller().say)
    ended = time.time()
    printed = capfd.readouterr()

    assert ending is SearchEnd.OVER
    assert sorted(agenda.by_number) == list(range(16)) == sorted(agenda.seen)
    assert set(starts(plan).values()) == {1}
    facts = [told(outcome) for outcome in agenda.by_number.values()]
    by_actor: dict[str, list[tuple[float, float]]] = {}
    for fact in facts:
        by_actor.setdefault(fact["pid"], []).append((float(fact["began"]), float(fact["ended"])))
    assert len(by_actor) == 2, "actors are used again, and both are used"
    assert {fact["OMP_NUM_THREADS"] for fact in facts} == {"1"}
    assert {fact["DS_ACCELERATOR"] for fact in facts} == {"cpu"}
    assert {fact["cwd"] for fact in facts} == {str(Path.cwd())}, "relative paths mean the same in a worker"
    assert printed.out + printed.err == "", "one class of ours owns the terminal"
    gaps = [
        later[0] - one[1]
        for times in by_actor.values()
        for one, later in zip(sorted(times), sorted(times)[1:], strict=False)
    ]
    first = min(float(fact["began"]) for fact in facts) - began
    last = ended - max(float(fact["ended"]) for fact in facts)
    print(f"first item after {first:.1f} s; gap {mean(gaps):.3f} s, at most {max(gaps):.3f} s; end {last:.2f} s")


def test_failures_are_told_and_lost_workers_replaced(
    local_ray: Connection, plan: Plan, capfd: pytest.CaptureFixture[str]
) -> None:
    agenda = ListAgenda(
        [item(0, act="die"), item(1, act="raise"), item(2, act="die once"), item(3, act="fail"), item(4)]
    )
    ending = run(plan, agenda, ItemResources(), 2, worker=WORKER)

    outcomes = agenda.by_number
    failures = {number: outcome.failure.kind for number, outcome in outcomes.items() if outcome.failure}
    assert ending is SearchEnd.OVER
    assert sorted(outcomes) == list(range(5))
    assert failures == {0: "lost", 1: "exception", 3: "diverged"}
    assert starts(plan) == {0: 4, 1: 1, 2: 2, 3: 1, 4: 1}
    lost, raised = outcomes[0].failure, outcomes[1].failure
    assert lost and "died 4 times" in lost.message
    assert raised and "a mistake of the worker's author" in raised.message and "raise KeyError" in raised.details
    assert "\x1b" not in raised.details
    time.sleep(0.5)  # Ray's message about a dead worker comes from a thread
    printed = capfd.readouterr()
    assert printed.out + printed.err == ""


def test_a_worker_that_dies_between_items_costs_nothing(local_ray: Connection, plan: Plan) -> None:
    class Held(ListAgenda):
        """Holds the last item back until the idle worker of the one that ended first was killed."""

        def next(self) -> WorkItem | None:
            return None if len(self.waiting) == 1 and len(self.outcomes) < 2 else super().next()

        def done(self, item: WorkItem, outcome: Outcome) -> None:
            if len(self.outcomes) == 1:
                ((_, first),) = self.outcomes
                os.kill(int(told(first)["pid"]), signal.SIGKILL)
            super().done(item, outcome)

    agenda = Held([item(0), item(1, seconds=0.3), item(2)])
    assert run(plan, agenda, ItemResources(), 2, worker=WORKER) is SearchEnd.OVER
    assert sorted(number for number, _ in agenda.outcomes) == [0, 1, 2]
    assert not any(outcome.failure for outcome in agenda.by_number.values())


def test_idle_workers_are_kept_for_what_is_proposed_later(local_ray: Connection, plan: Plan) -> None:
    class Rounds(ListAgenda):
        """Gives out two at a time, some time after both workers became idle."""

        asked = 0

        def next(self) -> WorkItem | None:
            begun = 6 - len(self.waiting)
            self.asked = self.asked + 1 if begun == len(self.outcomes) else 0
            return super().next() if begun % 2 or self.asked == 3 else None

    agenda = Rounds([item(number, act="meet", count=number // 2 * 2 + 2) for number in range(6)])
    assert run(plan, agenda, ItemResources(), 2, worker=WORKER) is SearchEnd.OVER
    assert sorted(agenda.by_number) == list(range(6))
    assert len({told(outcome)["pid"] for outcome in agenda.by_number.values()}) == 2


def test_a_worker_that_starts_later_gets_its_turn(local_ray: Connection, plan: Plan) -> None:
    """With Tune's own scheduler one worker takes all of these, since each is shorter than the start of a worker."""

    class Late(ListAgenda):
        """The second item comes after the first one's end; then more until a second worker took part."""

        workers: frozenset[str] = frozenset()
        given = 0

        @property
        def over(self) -> bool:
            return len(self.workers) == 2 or self.given == 100

        def next(self) -> WorkItem | None:
            if self.over or (self.given == 1 and not self.workers):
                return None
            self.given += 1
            return item(self.given, seconds=0.3)

        def done(self, item: WorkItem, outcome: Outcome) -> None:
            super().done(item, outcome)
            self.workers |= {told(outcome)["pid"]}

    agenda = Late([])
    assert run(plan, agenda, ItemResources(), 2, worker=WORKER) is SearchEnd.OVER
    assert len(agenda.workers) == 2


def test_a_reason_to_stop_ends_the_run_and_its_workers(local_ray: Connection, plan: Plan) -> None:
    class Fussy(ListAgenda):
        def done(self, item: WorkItem, outcome: Outcome) -> None:
            super().done(item, outcome)
            self.stop_reason = "too many failures"
            self.at = time.monotonic()

    agenda = Fussy([item(0, seconds=600.0), item(1, act="fail"), item(2)])
    assert run(plan, agenda, ItemResources(), 2, worker=WORKER) is SearchEnd.STOPPED
    assert time.monotonic() - agenda.at < 5
    assert sorted(agenda.by_number) == [1]
    for _ in range(50):
        if ray.available_resources().get("CPU") == 2:
            break
        time.sleep(0.1)
    assert ray.available_resources()["CPU"] == 2, "what ran is gone"


def test_a_run_with_nothing_to_do(local_ray: Connection, plan: Plan) -> None:
    agenda = ListAgenda([])
    assert run(plan, agenda, ItemResources(), 2, worker=WORKER) is SearchEnd.OVER
    assert agenda.outcomes == []


def test_ctrl_c_ends_a_driver_within_seconds(tmp_path: Path) -> None:
    script = tmp_path / "driver.py"
    script.write_text(
        textwrap.dedent(
            """
            import sys
            from cluster.connect import connect
            from cluster.resources import ItemResources
            from search.scheduling.driver import run
            from test_driver import ListAgenda, WORKER, item
            from trainables.work.plan import Plan
            from trainables.work.settings import StageSettings

            class Loud(ListAgenda):
                def progress(self, item, progress):
                    print("running", flush=True)

            stage = StageSettings(examples=1)
            plan = Plan(tasks={}, targets={}, training_cards={}, rungs=[1.0], intermediate=stage, target=stage,
                        store=sys.argv[1], cache=sys.argv[1])
            with connect("local", cpus=2):
                agenda = Loud([item(0, seconds=600.0), item(1, seconds=600.0)])
                ending = run(plan, agenda, ItemResources(), 2, worker=WORKER)
            print(ending.value, len(agenda.outcomes), flush=True)
            """
        )
    )
    root = Path(__file__).parents[3]
    path = os.pathsep.join(map(str, (root, WORKERS, Path(__file__).parent)))
    process = subprocess.Popen(
        [sys.executable, script, tmp_path],
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=tmp_path,
    )
    assert process.stdout
    try:
        assert [process.stdout.readline(), process.stdout.readline()] == ["running\n"] * 2
        children = psutil.Process(process.pid).children(recursive=True)
        assert children
        began = time.monotonic()
        # To the whole group, as a terminal does it: the workers must not print tracebacks either.
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=20)
        took = time.monotonic() - began
    finally:
        process.kill()
    assert (out, err, process.returncode) == ("interrupted 0\n", "", 0)
    assert took < 10, "2 to 3 s on a machine with nothing else to do"
    assert psutil.wait_procs(children, timeout=5)[1] == [], "nothing of Ray is left"
    print(f"Ctrl-C to exit {took:.1f} s")


def test_a_second_signal_exits_at_once(local_ray: Connection, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    monkeypatch.setattr(os, "_exit", calls.append)
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)

    class Hasty(ListAgenda):
        def progress(self, item: WorkItem, progress: Progress) -> None:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.raise_signal(number)

    agenda = Hasty([item(0, seconds=600.0)])
    ending = run(plan, agenda, ItemResources(), 2, worker=WORKER, before_exit=lambda: calls.append("in order"))
    assert ending is SearchEnd.INTERRUPTED
    assert calls == ["in order", SECOND_SIGNAL_EXIT]
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))


def test_a_halt_ends_an_agenda_that_waits_with_nothing_running() -> None:
    class Waiting(ListAgenda):
        over = False  # type: ignore[assignment]

    searcher = AgendaSearcher(Waiting([]))
    assert searcher.suggest("a") is None
    searcher.halted = True
    assert searcher.suggest("b") == AgendaSearcher.FINISHED


def test_the_searcher_keeps_a_lost_item_when_the_agenda_is_over() -> None:
    agenda = ListAgenda([item(0)])
    searcher = AgendaSearcher(agenda, retries=1)
    assert searcher.suggest("a")
    assert agenda.over and searcher.suggest("b") is None, "FINISHED is for good"
    searcher.on_trial_complete("a", error=True)
    searcher.on_trial_broken("a", ray.exceptions.RayActorError())
    assert searcher.suggest("c")
    searcher.on_trial_broken("c", ray.exceptions.RayActorError())
    assert [outcome.failure.kind for _, outcome in agenda.outcomes if outcome.failure] == ["lost"]
    assert searcher.suggest("d") == AgendaSearcher.FINISHED


def test_a_fault_of_a_node_sends_its_item_elsewhere_and_one_of_all_nodes_ends_it() -> None:
    agenda, others, faults = ListAgenda([item(0)]), [True, True, True, True, True, False], []
    searcher = AgendaSearcher(agenda, retries=1, leave_out=lambda fault: faults.append(fault) or others.pop(0))
    for number in range(6):
        assert searcher.suggest(str(number)), "as often as there are nodes: it is no fault of the work item's"
        error = NodeFault(f"node{number}", "no credentials", "Traceback ...")
        told = error if number % 2 else ray.exceptions.RayTaskError("step", "Traceback ...", error)
        searcher.on_trial_broken(str(number), told)
    assert [fault.node for fault in faults] == [f"node{number}" for number in range(6)]
    (failure,) = [outcome.failure for _, outcome in agenda.outcomes]
    assert failure and (failure.kind, failure.message) == ("environment", "no credentials")


def test_where_memory_did_not_suffice_it_is_tried_with_smaller_batches() -> None:
    agenda = ListAgenda([item(0)])
    searcher = AgendaSearcher(agenda, max_batch_halvings=2)
    # Ray ended the worker, which could not remember anything; then a group ran out of memory, which did; then again
    killed = ray.exceptions.OutOfMemoryError("the node was running low on memory")
    group = ray.exceptions.RayTaskError("step", "Traceback ...", OutOfMemory("CUDA out of memory"))
    sent = []
    for number, error in enumerate((killed, group, killed)):
        config = searcher.suggest(str(number))
        assert isinstance(config, dict)
        sent.append(config["batch_halvings"])
        searcher.on_trial_broken(str(number), error)
    assert sent == [0, 1, 1]
    (failure,) = [outcome.failure for _, outcome in agenda.outcomes]
    assert failure and failure.kind == "out_of_memory"
    assert "3 times" in failure.message
    assert searcher.suggest("end") == AgendaSearcher.FINISHED


def test_run_outside_the_main_thread(local_ray: Connection, plan: Plan) -> None:
    endings: list[SearchEnd] = []
    thread = threading.Thread(target=lambda: endings.append(run(plan, ListAgenda([]), ItemResources(), 2)))
    thread.start()
    thread.join(timeout=60)
    assert endings == [SearchEnd.OVER]
