"""The lease on real databases, with real drivers that die."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from search.studies import lease
from search.studies.database import connect
from search.studies.holder import find_holder
from search.studies.lease import Lease, LeaseLost
from spaces.errors import InputError
from tests.support.lease_holder import driver, kill
from tests.support.parallel import at_once
from tests.support.postgres import Server

pytestmark = pytest.mark.long

ELSEWHERE = "machine = 'another-host 8a7b 1'"
"""Makes a holder one of another machine, whose processes are not seen from here."""

STOLEN = "holder = 'thief', host = 'there', expires = expires + 1000"


def test_a_database_that_does_not_answer_is_named(postgres: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the lease, which asks every few seconds: whoever writes may hear of it much later."""
    monkeypatch.setattr(lease, "LOOK", 0.1)
    monkeypatch.setattr(lease, "SILENCE", 0.3)
    url, lines = postgres.url("silent"), list[str]()
    with Lease.take(url, "small", lines.append), connect(url).connect() as other:
        other.execute(text("LOCK TABLE taskmix_stops IN ACCESS EXCLUSIVE MODE"))
        until(lambda: lines)
    assert lines[0] == "the database has not answered for 0.3 s; the search waits for it"


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def write(url: str, changes: str) -> None:
    """What somebody else does to the row of the only search."""
    engine = connect(url)
    with engine.begin() as connection:
        assert connection.execute(text(f"UPDATE taskmix_leases SET {changes}")).rowcount == 1
    engine.dispose()


def expires(url: str) -> float:
    held = find_holder(url, "small")
    assert held is not None
    return held.expires


def test_one_driver_per_search(url: str) -> None:
    with Lease.take(url, "small") as held:
        held.check()
        refusal = rf"running already(.|\n)*{socket.gethostname()}, process {os.getpid()}, since"
        with pytest.raises(InputError, match=refusal):
            Lease.take(url, "small", pytest.fail)
        with Lease.take(url, "another", pytest.fail):
            assert find_holder(url, "another") is not None
        held.check()
    assert find_holder(url, "small") is None
    Lease.take(url, "small", pytest.fail).release()


def take_and_keep(number: int, url: str) -> bool:
    try:
        Lease.take(url, "small")
    except InputError:
        return False
    return True  # not released: the process ends with it


def test_of_several_takers_one_wins(url: str) -> None:
    assert sorted(at_once(4, take_and_keep, url)) == [False, False, False, True]


def test_a_driver_that_was_killed_here_is_replaced_at_once(url: str) -> None:
    with driver(url) as process:
        with pytest.raises(InputError, match=f"process {process.pid}"):
            Lease.take(url, "small", pytest.fail)
        kill(process)
        assert find_holder(url, "small") is None
        with Lease.take(url, "small", pytest.fail):  # it would say that it waits
            assert find_holder(url, "small") is not None


def test_a_driver_that_lives_elsewhere_is_seen_to_renew(url: str) -> None:
    said: list[str] = []
    with driver(url, time_to_live=6.0):
        write(url, ELSEWHERE)
        with pytest.raises(InputError, match="running already"):
            Lease.take(url, "small", said.append)
        assert find_holder(url, "small") is not None
    assert len(said) == 1


def test_a_driver_that_died_elsewhere_is_waited_for(url: str) -> None:
    said: list[str] = []
    with driver(url, time_to_live=4.0) as process:
        write(url, ELSEWHERE)
        kill(process)
        assert find_holder(url, "small") is not None
        with Lease.take(url, "small", said.append) as taken:
            taken.check()
    assert len(said) == 1
    assert f"{socket.gethostname()}, process {process.pid}" in said[0]


def test_a_lease_is_renewed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TIME_TO_LIVE", 0.9)
    with Lease.take(url, "small") as taken:
        first = expires(url)
        until(lambda: (held := find_holder(url, "small")) and held.expires > first + 1.0)
        taken.check()


def test_a_lease_that_was_taken_over_is_noticed(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "TIME_TO_LIVE", 0.9)
    with Lease.take(url, "small") as taken:
        write(url, STOLEN)

        def is_lost() -> bool:
            try:
                taken.check()
            except LeaseLost as error:
                return "there, process" in str(error)
            return False

        until(is_lost)
    held = find_holder(url, "small")  # releasing gave back nothing of the thief's
    assert held is not None
    assert held.id == "thief"


def test_a_lease_that_could_not_be_renewed_in_time_is_checked_before_the_next_write(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after a machine that slept: the thread, which waits for ten seconds, has not come round to renewing."""

    def sleep(times: int) -> None:
        """Makes the last renewal too old to write under: the longer a lease lasts, the longer ago it has to be."""
        monkeypatch.setattr(lease, "TIME_TO_LIVE", lease.TIME_TO_LIVE * times)

    with Lease.take(url, "small") as taken:
        sleep(100)
        before = expires(url)
        taken.check()
        assert expires(url) > before + 1000
        write(url, STOLEN)
        taken.check()  # young enough to write under
        sleep(100)
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
            for changes in steal:
                write(postgres_url, changes)

    with Lease.take(postgres_url, "small", back) as taken:
        postgres.stop()
        time.sleep(lease.TIME_TO_LIVE)
        taken.check()
        postgres.stop()
        time.sleep(lease.TIME_TO_LIVE)
        steal.append(STOLEN)
        with pytest.raises(LeaseLost):
            taken.check()
