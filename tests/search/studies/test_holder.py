"""The row that says who drives a search, on real databases."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from search.studies.holder import Holder, claim, find_holder, give_back, open_leases, read, renew


@pytest.fixture
def leases(url: str) -> Iterator[Engine]:
    engine = open_leases(url)
    yield engine
    engine.dispose()


def write(engine: Engine, changes: str) -> None:
    """What somebody else does to the row of `small`."""
    with engine.begin() as connection:
        assert connection.execute(text(f"UPDATE taskmix_leases SET {changes} WHERE search = 'small'")).rowcount == 1


def seen(engine: Engine) -> Holder:
    holder = read(engine, "small")
    assert holder is not None
    return holder


def test_nobody_holds_what_is_not_there(tmp_path: Path, postgres_url: str) -> None:
    assert find_holder(f"sqlite:///{tmp_path / 'studies.db'}", "small") is None
    assert not (tmp_path / "studies.db").exists()
    assert find_holder(postgres_url, "small") is None


def test_a_holder_is_this_process_until_its_lease_is_over(url: str, leases: Engine) -> None:
    id = claim(leases, "small", None, seconds=30.0)
    holder = find_holder(url, "small")
    assert holder is not None
    assert (holder.id, holder.host, holder.pid) == (id, socket.gethostname(), os.getpid())
    assert holder.is_here and not holder.is_over
    assert 25.0 < holder.left <= 30.0 and holder.expires - holder.taken == pytest.approx(30.0)
    assert find_holder(url, "another") is None
    write(leases, "expires = taken")
    assert find_holder(url, "small") is None and seen(leases).is_over


def test_claiming_is_a_compare_and_set(leases: Engine) -> None:
    """Claimers that saw the same: nobody, a holder that renewed since, a holder that did not."""

    def claims(holder: Holder | None) -> bool:
        return claim(leases, "small", holder, seconds=30.0) is not None

    assert [claims(None), claims(None)] == [True, False]
    before = seen(leases)
    assert renew(leases, "small", before.id, seconds=60.0)
    assert not claims(before)
    before = seen(leases)
    assert [claims(before), claims(before)] == [True, False]


def test_renewing_and_giving_back_touch_nobody_elses_lease(leases: Engine) -> None:
    id = claim(leases, "small", None, seconds=30.0)
    assert id is not None
    write(leases, "holder = 'thief'")
    before = seen(leases)
    assert not renew(leases, "small", id, seconds=60.0)
    give_back(leases, "small", id)
    assert seen(leases).expires == before.expires
    give_back(leases, "small", "thief")
    assert read(leases, "small") is None
    assert not renew(leases, "small", "thief", seconds=60.0)


@pytest.mark.parametrize(
    ("changes", "is_here", "is_dead"),
    [
        ("taken = taken", True, False),
        ("born = '1'", True, True),  # a later process of the same number
        ("machine = 'another-host 8a7b 1', born = '1'", False, False),
        ("machine = '', born = '1'", False, False),  # written where there is no Linux
    ],
)
def test_whose_end_is_seen_from_here(leases: Engine, changes: str, is_here: bool, is_dead: bool) -> None:
    claim(leases, "small", None, seconds=30.0)
    write(leases, changes)
    holder = seen(leases)
    assert (holder.is_here, holder.is_dead, holder.is_over) == (is_here, is_dead, is_dead)


def test_a_process_that_ended_and_was_not_waited_for_is_dead(url: str) -> None:
    """As in a container whose first process takes in no orphans."""
    child = os.fork()
    if child == 0:
        os._exit(claim(open_leases(url), "small", None, seconds=300.0) is None)
    try:
        ended = os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
        assert ended is not None and ended.si_status == 0
        engine = open_leases(url)
        assert seen(engine).pid == child and seen(engine).is_dead
        engine.dispose()
    finally:
        os.waitpid(child, 0)
