"""MLflow beside the search: however slow it is, the driver never waits for it, and in the end all is written."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from search.tracking.beside import Beside, Turn
from tests.search.tracking.test_mlflow_runs import OVER, Broken, Database, Mortal, Step, database, run, story

pytestmark = pytest.mark.long

__all__ = ["database", "story"]  # fixtures


class Gated:
    """A client whose calls wait while its gate is shut, as those of a server that drops packets; it may fail, too."""

    def __init__(self, client: Any) -> None:
        self.client, self.broken, self.seconds = client, False, 0.0
        self.gate, self.waits = threading.Event(), threading.Event()
        self.gate.set()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **keywords: Any) -> Any:
            if not self.gate.is_set():
                self.waits.set()
                self.gate.wait()
            time.sleep(self.seconds)
            if self.broken:
                raise Broken("the server is away")
            return getattr(self.client, name)(*args, **keywords)

        return call


@pytest.fixture
def client(database: Database) -> Iterator[Gated]:
    made = Gated(database.client)
    yield made
    made.gate.set()


@pytest.fixture
def expected(database: Database, story: list[Step]) -> dict[str, Any]:
    """What the runs hold when nothing is slow."""
    name = next(database.names)
    run(database, story, name, Mortal(database.client))
    return database.runs(name)


class Launch:
    """A search whose runs are written beside it."""

    def __init__(self, database: Database, story: list[Step], client: Gated, **keywords: Any) -> None:
        self.name, self.turn, self.said, self.story = next(database.names), Turn(), list[str](), story
        search = story[0][0].search
        search = dataclasses.replace(search, config=search.config.model_copy(update={"name": self.name}))
        self.beside = Beside(
            search,
            story[0][0],
            database.uri,
            self.turn,
            self.said.append,
            opener=lambda uri: client,  # type: ignore[arg-type, return-value]
            **keywords,
        )
        self.beside.__enter__()
        self.beside.ready()

    def tell(self, start: int = 0, end: int | None = None) -> None:
        for studies, what, item, outcome in self.story[start:end]:
            with self.turn:
                self.beside._tracking.studies = studies
                if what == "started":
                    self.beside.started(item, "start")
                else:
                    self.beside.finished(item, outcome)


def test_a_server_that_does_not_answer_is_not_waited_for(
    database: Database, story: list[Step], client: Gated, expected: dict[str, Any]
) -> None:
    launch = Launch(database, story, client)
    begun = database.runs(launch.name)
    client.gate.clear()
    launch.tell(0, 2)
    assert client.waits.wait(30)
    launch.tell(2)  # comes back while nothing is answered
    assert database.runs(launch.name) == begun
    client.gate.set()
    launch.beside.end(OVER)  # type: ignore[arg-type]
    assert database.runs(launch.name) == expected
    assert launch.said == []


def test_a_slow_server_falls_behind_and_catches_up(
    database: Database, story: list[Step], client: Gated, expected: dict[str, Any]
) -> None:
    launch = Launch(database, story, client)
    client.seconds = 0.05
    launch.tell()
    assert database.runs(launch.name) != expected
    launch.beside.end(OVER)  # type: ignore[arg-type]
    assert database.runs(launch.name) == expected


def test_what_could_not_be_written_is_written_later_though_nothing_happens_then(
    database: Database, story: list[Step], client: Gated, expected: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.tracking.beside.IDLE_SECONDS", 0.05)
    monkeypatch.setattr("search.tracking.mlflow_runs.PAUSE", 0.05)
    monkeypatch.setattr("search.tracking.mlflow_runs.LONGEST_PAUSE", 0.1)
    launch = Launch(database, story, client)
    client.broken = True
    launch.tell()
    wait(lambda: launch.said)
    assert "the server is away" in launch.said[0]
    client.broken = False
    wait(lambda: len(database.runs(launch.name)) == len(expected))
    wait(lambda: len(launch.said) == 2)
    assert launch.said[1] == "MLflow works again"
    launch.beside.end(OVER)  # type: ignore[arg-type]
    assert database.runs(launch.name) == expected


def test_the_end_waits_for_a_limited_time(
    database: Database, story: list[Step], client: Gated, expected: dict[str, Any]
) -> None:
    launch = Launch(database, story, client, end_seconds=0.2)
    client.gate.clear()
    launch.tell()
    launch.beside.end(OVER)  # type: ignore[arg-type]
    assert [line.partition(",")[0] for line in launch.said] == [
        "writing what MLflow lacks",
        "MLflow lacks results of this search; launching it again writes them",
    ]
    client.gate.set()
    launch.beside._thread.join(30)
    assert database.runs(launch.name) == expected, "the thread goes on as long as the process does"


def test_an_exception_ends_the_search_as_failed(database: Database, story: list[Step], client: Gated) -> None:
    launch = Launch(database, story, client)
    launch.beside.__exit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert database.runs(launch.name)[""][0] == "FAILED"


def test_a_turn_is_lent_by_its_owner_alone() -> None:
    turn, seen = Turn(), list[str]()

    def other() -> None:
        with turn.lent():  # it is not this thread's: nothing happens
            pass
        with turn:
            seen.append("other")

    thread = threading.Thread(target=other)
    with turn:
        thread.start()
        seen.append("first")
        with turn.lent():
            thread.join(30)
        seen.append("first again")
    assert seen == ["first", "other", "first again"]


def wait(condition: Callable[[], Any], seconds: float = 30.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)
