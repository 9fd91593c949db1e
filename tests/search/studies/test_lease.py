"""The lease on real databases, with real drivers that die."""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from search.studies import lease
from search.studies.database import connect
from search.studies.lease import Holder, Lease, LeaseLost, holder
from spaces.errors import InputError
from tests.support.parallel import CONTEXT, at_once
from tests.support.postgres import Server

ELSEWHERE = "another-host 8a7b 1"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'studies.db'}"
    return str(request.getfixturevalue("postgres_url"))


@contextmanager
def driver(url: str, machine: str | None = None, time_to_live: float = lease.TIME_TO_LIVE) -> Iterator[int]:
    """The process of a driver that holds the lease of `small`, on this machine or on another; killed at the end."""
    here, there = CONTEXT.Pipe()
    process = CONTEXT.Process(target=drive, args=(there, url, machine, time_to_live), daemon=True)
    process.start()
    assert here.recv() == "taken"
    assert process.pid is not None
    try:
        yield process.pid
    finally:
        process.kill()
        process.join()


def drive(pipe: Any, url: str, machine: str | None, time_to_live: float) -> None:
    lease.TIME_TO_LIVE = time_to_live
    if machine is not None:
        lease._machine = lambda: machine
    with Lease.take(url, "small"):
        pipe.send("taken")
        signal.pause()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: not lease._born(pid))


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def write(url: str, statement: str) -> None:
    engine = connect(url)
    with engine.begin() as connection:
        assert connection.execute(text(statement)).rowcount == 1
    engine.dispose()


def test_one_driver_per_search(url: str) -> None:
    with Lease.take(url, "small") as held:
        held.check()
        found = holder(url, "small")
        assert found is not None
        assert (found.host, found.pid) == (socket.gethostname(), os.getpid())
        assert 0 < found.left <= lease.TIME_TO_LIVE
        with pytest.raises(InputError, match=rf"running already(.|\n)*{found.host}, process {os.getpid()}, since"):
            Lease.take(url, "small", pytest.fail)
        with Lease.take(url, "another", pytest.fail):
            assert holder(url, "another") is not None
        held.check()
    assert holder(url, "small") is None
    Lease.take(url, "small", pytest.fail).release()


def test_nobody_holds_what_is_not_there(tmp_path: Path, postgres_url: str) -> None:
    assert holder(f"sqlite:///{tmp_path / 'studies.db'}", "small") is None
    assert not (tmp_path / "studies.db").exists()
    assert holder(postgres_url, "small") is None


def take_and_keep(number: int, url: str) -> str:
    try:
        taken = Lease.take(url, "small")
    except InputError:
        return ""
    return taken._holder  # not released: the process ends with it


def test_of_several_takers_one_wins(url: str) -> None:
    assert len([id for id in at_once(4, take_and_keep, url) if id]) == 1


def test_taking_is_a_compare_and_set(url: str) -> None:
    """Takers that saw the same: nobody, a holder that renewed since, a holder that did not."""
    Lease.take(url, "small").release()
    engine = connect(url)

    def takes(seen: Holder | None) -> bool:
        return lease._take(engine, "small", seen) is not None

    assert [takes(None), takes(None)] == [True, False]
    seen = holder(url, "small")
    write(url, "UPDATE taskmix_leases SET expires = expires + 1")
    assert not takes(seen)
    seen = holder(url, "small")
    assert [takes(seen), takes(seen)] == [True, False]
    engine.dispose()


def test_a_driver_that_was_killed_here_is_replaced_at_once(url: str) -> None:
    with driver(url) as pid:
        with pytest.raises(InputError, match=f"process {pid}"):
            Lease.take(url, "small", pytest.fail)
        kill(pid)
        assert holder(url, "small") is None
        with Lease.take(url, "small", pytest.fail):  # it would say that it waits
            assert holder(url, "small") is not None


def test_a_process_of_the_same_number_is_another_one(url: str) -> None:
    with driver(url):
        write(url, "UPDATE taskmix_leases SET born = '1'")
        with Lease.take(url, "small", pytest.fail):
            pass


def test_a_driver_that_lives_elsewhere_is_seen_to_renew(url: str) -> None:
    said: list[str] = []
    with driver(url, ELSEWHERE, time_to_live=6.0):
        with pytest.raises(InputError, match="running already"):
            Lease.take(url, "small", said.append)
        assert holder(url, "small") is not None
    assert len(said) == 1


def test_a_driver_that_died_elsewhere_is_waited_for(url: str) -> None:
    said: list[str] = []
    with driver(url, ELSEWHERE, time_to_live=4.0) as pid:
        kill(pid)
        assert holder(url, "small") is not None
        with Lease.take(url, "small", said.append) as taken:
            taken.check()
    assert len(said) == 1
    assert f"{socket.gethostname()}, process {pid}" in said[0]


def test_a_lease_is_renewed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TIME_TO_LIVE", 0.9)
    with Lease.take(url, "small") as taken:
        first = taken._until
        until(lambda: taken._until > first + 1.0)
        taken.check()


def test_a_lease_that_was_taken_over_is_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TIME_TO_LIVE", 0.9)
    with Lease.take(url, "small") as taken:
        write(url, "UPDATE taskmix_leases SET holder = 'thief', host = 'there', expires = expires + 1000")

        def is_lost() -> bool:
            try:
                taken.check()
            except LeaseLost as error:
                return "there, process" in str(error)
            return False

        until(is_lost)
    found = holder(url, "small")  # releasing gave back nothing of the thief's
    assert found is not None
    assert found.id == "thief"


def test_a_lease_that_could_not_be_renewed_in_time_is_checked_before_the_next_write(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a machine that slept: the thread has not come round to renewing."""
    with Lease.take(url, "small") as taken:
        taken._until -= lease.TIME_TO_LIVE
        taken.check()
        write(url, "UPDATE taskmix_leases SET holder = 'thief'")
        taken.check()  # young enough to write under
        taken._until -= lease.TIME_TO_LIVE
        with pytest.raises(LeaseLost):
            taken.check()


def test_a_database_that_is_away_for_longer_than_the_lease_lasts(
    postgres: Server, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody can take a lease over while the database is away; afterwards it is ours, unless somebody was quicker."""
    monkeypatch.setattr(lease, "TIME_TO_LIVE", 0.9)
    steal: list[str] = []

    def back(text: str) -> None:
        if "away" in text:
            postgres.start()
            for statement in steal:
                write(postgres_url, statement)

    with Lease.take(postgres_url, "small", back) as taken:
        for statement in ("", "UPDATE taskmix_leases SET holder = 'thief'"):
            postgres.stop()
            until(lambda: lease._clock() > taken._until)
            if not statement:
                taken.check()
            else:
                steal.append(statement)
                with pytest.raises(LeaseLost):
                    taken.check()
