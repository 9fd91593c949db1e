"""Write behind: beside what goes on, one at a time, and nothing that fails is passed over."""

from __future__ import annotations

from threading import Event

import pytest

from trainables.store.write_behind import WriteBehind


def test_what_goes_on_does_not_wait() -> None:
    may_end, written = Event(), list[int]()

    def write() -> None:
        may_end.wait(60)
        written.append(1)

    with WriteBehind() as writing:
        writing.begin(write)
        assert writing.is_writing and not written
        may_end.set()
        writing.wait()
        assert written == [1] and not writing.is_writing
        writing.begin(lambda: written.append(2))
        writing.begin(lambda: written.append(3))
    assert written == [1, 2, 3]


def fail() -> None:
    raise OSError("the disk is full")


def test_a_write_that_fails_is_raised_where_it_is_waited_for_once() -> None:
    with pytest.raises(OSError, match="full"), WriteBehind() as writing:
        writing.begin(fail)
    with WriteBehind() as writing:
        writing.begin(fail)
        with pytest.raises(OSError, match="full"):
            writing.begin(lambda: None)
        writing.wait()


def test_what_went_wrong_meanwhile_comes_first() -> None:
    with pytest.raises(ValueError, match="diverged"), WriteBehind() as writing:
        writing.begin(fail)
        raise ValueError("diverged")
