"""What a search will write, against what is free."""

from __future__ import annotations

import pytest

from search.checks.disk_space import DiskSpace


@pytest.mark.parametrize(
    ("free", "state", "is_told"),
    [(10e9, "ok", False), (4e9, "ok", True), (2e9, "failed", True)],
    ids=["enough", "not for all of them", "not for two"],
)
def test_what_is_free_is_weighed(free: float, state: str, is_told: bool) -> None:
    space = DiskSpace("/store", free, encoder=1.1e9, needed=5.5e9)
    assert space.check().state == state and "5.5 GB of encoders, 1.1 GB each" in space.check().text
    assert bool(list(space.shortage())) == is_told
