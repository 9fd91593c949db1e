"""The command line with another worker: `python -m tests.chaos.drive WORKER COMMAND ...`, all else as it is."""

from __future__ import annotations

import sys
from functools import partial
from typing import Any

from search import cli, driver, launch
from search.config import Search
from search.home import Place
from trainables.item import Plan
from trainables.prepare import Findings

driver.run = partial(driver.run, worker=sys.argv[1])  # type: ignore[assignment]


def unchecked(search: Search, place: Place, *_: Any, **__: Any) -> tuple[Plan, Findings]:
    """What `launch.checked` gives, without a look at data and model: a simulated worker has neither."""
    return search.plan(place.store, str(place.cache)), Findings()


if sys.argv[1].endswith(":Simulated"):
    launch.checked = unchecked  # type: ignore[assignment]
    launch.doctor.examine = lambda *_: iter(())  # it would look at the same on every node

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[2:]))
