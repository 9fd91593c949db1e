"""`taskmix jobs`: the searches that were submitted to a Ray cluster; one of them followed again, or stopped."""

from __future__ import annotations

import argparse

from search.commands.command import Commands
from search.formatting import typed


def add_to(commands: Commands) -> None:
    parser = commands.add("jobs", _jobs, "the searches that were submitted to a Ray cluster")
    parser.add_argument("--address", required=True, help="of the cluster's dashboard, http://HOST:8265")
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--follow", metavar="JOB", help="show its log until it is over")
    asked.add_argument("--stop", metavar="JOB", help="end its search in order; submit it again to go on")


def _jobs(options: argparse.Namespace) -> int:
    from cluster.jobs import Jobs

    def say(text: str) -> None:
        print(typed(text), flush=True)

    jobs = Jobs(options.address, say)
    if options.stop:
        jobs.stop(options.stop)
        say(f"{options.stop} is stopped")
        return 0
    if options.follow:
        return 0 if jobs.follow(options.follow, lambda text: print(text, end="", flush=True)) else 1
    found = jobs.list()
    for job in found:
        say(f"{job.id}  {job.status}  since {job.started}  search {job.search}")
    if not found:
        say("no search was submitted to this cluster since its head was started")
    return 0
