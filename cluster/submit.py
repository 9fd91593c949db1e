"""Submit a search as a Ray job: its driver runs on the cluster, and this machine follows its log."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from cluster.jobs import Jobs
from cluster.one_machine import command
from cluster.packing import pack


def submit(
    name: str,
    search: str,
    cards: Sequence[Path],
    address: str,
    say: Callable[[str], None],
    write: Callable[[str], None] | None,
) -> bool:
    """Packs a search, submits it, and follows its log.

    Args:
        name, search, cards: of the search; see `pack`.
        address: see `Jobs`.
        say: told what happens.
        write: gets the job's log; None: the job is left alone.

    Returns:
        Whether the job succeeded; True when it is left alone.

    Raises:
        KeyboardInterrupt: after saying that the job goes on.
    """
    jobs = Jobs(address, say)
    with tempfile.TemporaryDirectory(prefix="taskmix-submit-") as scratch:
        say(f"ships {pack(Path(scratch), search, cards)}")
        job = jobs.submit(name, Path(scratch))
    return _leave_or_follow(jobs, job, say, write)


def submit_here(
    name: str, file: Path, address: str, say: Callable[[str], None], write: Callable[[str], None] | None
) -> bool:
    """Submits a search to a cluster that is this machine alone: it runs where its file lies. As `submit` otherwise."""
    jobs = Jobs(address, say)
    say(f"the cluster is this machine: it runs in {file.resolve().parent}, with what is kept as a launch here keeps it")
    return _leave_or_follow(jobs, jobs.submit(name, None, command(file)), say, write)


def _leave_or_follow(jobs: Jobs, job: str, say: Callable[[str], None], write: Callable[[str], None] | None) -> bool:
    say(f"submitted as {job}")
    if write is None:
        say(f"         {jobs.advice(job)}")
        return True
    try:
        return jobs.follow(job, write)
    except KeyboardInterrupt:
        say(f"{job} goes on\n         {jobs.advice(job)}")
        raise
