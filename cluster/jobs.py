"""The jobs of a Ray cluster: submitted, listed, followed, stopped."""

from __future__ import annotations

import asyncio
import datetime as dt
import importlib.metadata
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from cluster.connect import REACH_SECONDS, TOKEN_FIX, environment, quiet
from cluster.packing import SEARCH_FILE
from spaces.errors import Failure, InputError, Problem

ENTRYPOINT = f"python -m search launch {SEARCH_FILE}"
SEARCH_KEY = "taskmix.search"
"""Of the job's metadata: the name of its search."""

POLL_SECONDS = 0.5

STOP_SECONDS = 60.0
"""How long a job may take to end in order."""

START_SECONDS = 60.0
"""How long a head node that was just started may take until it can run jobs, after it answers."""


@dataclass(frozen=True)
class Job:
    """A submitted search.

    Args:
        status: Ray's word, as "running" or "succeeded".
        started: for people.
        is_over: whether it has ended, one way or another.
        message: why, if it failed; the first line.
    """

    id: str
    search: str
    status: str
    started: str
    is_over: bool = False
    message: str = ""


class Jobs:
    """The jobs of a Ray cluster.

    Args:
        address: "http://HOST:8265", the dashboard of the head node.
        say: told what the user should know.

    Raises:
        InputError: the address is of another kind.
        Failure: nothing answers there, it wants a token, or it runs another Ray.
    """

    def __init__(self, address: str, say: Callable[[str], None]) -> None:
        self.address = address.rstrip("/")
        self._say = say
        if urlsplit(address).scheme not in ("http", "https") or not urlsplit(address).hostname:
            fix = "http://HOST:8265, the dashboard of the head node (on a cluster of `ray up`: ray dashboard FILE.yaml)"
            raise InputError(Problem("not an address that jobs are submitted to", "--address", address, fix))
        self.knock()
        quiet(None)
        from ray.job_submission import JobSubmissionClient

        # Ray's client prefers the variable to the address that it is given.
        with self._errors(), environment({"RAY_API_SERVER_ADDRESS": self.address}):
            self._client = JobSubmissionClient(self.address)
        here, there = importlib.metadata.version("ray"), self._client._server_ray_version
        if here != there:
            fix = f"pip install 'ray[default]=={here}' on the nodes, with the rest of requirements.txt"
            raise Failure(Problem("the cluster runs another Ray", self.address, f"{there}; here it is {here}", fix))

    def submit(self, search: str, folder: Path | None, entrypoint: str = ENTRYPOINT) -> str:
        """Submits a packed search; its job's id.

        Args:
            search: its name.
            folder: filled by `pack`; None: nothing is shipped.
            entrypoint: what the job runs in it, a command of a shell.

        Raises:
            InputError: a job of this cluster runs the search.
            Failure: the cluster refuses.
        """
        from ray.job_submission import JobStatus

        with self._errors():
            jobs = [job for job in self._client.list_jobs() if (job.metadata or {}).get(SEARCH_KEY) == search]
        for job in jobs:
            if not JobStatus(job.status).is_terminal():
                fix = self.advice(str(job.submission_id))
                raise InputError(Problem("a job runs this search already", self.address, str(job.submission_id), fix))
        numbers = [int(str(job.submission_id).rpartition("-")[2]) for job in jobs]
        # Ray takes an id once: of two that submit at the same moment one is refused.
        request: dict[str, Any] = {
            "entrypoint": entrypoint,
            "submission_id": f"taskmix-{search}-{max(numbers, default=0) + 1}",
            "metadata": {SEARCH_KEY: search},
            "runtime_env": {} if folder is None else {"working_dir": str(folder)},
        }
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with self._errors():
                    return str(self._client.submit_job(**request))
            except Failure as error:
                if "No available agent" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS)

    def list(self) -> list[Job]:
        """The searches that were submitted since the head was started, the oldest first. Raises Failure."""
        from ray.job_submission import JobStatus

        with self._errors():
            found = [job for job in self._client.list_jobs() if SEARCH_KEY in (job.metadata or {})]
        return [
            Job(
                str(job.submission_id),
                str((job.metadata or {})[SEARCH_KEY]),
                JobStatus(job.status).value.lower(),
                f"{dt.datetime.fromtimestamp((job.start_time or 0) / 1000):%Y-%m-%d %H:%M:%S}",
                JobStatus(job.status).is_terminal(),
                str(job.message or "").partition("\n")[0] if job.status == JobStatus.FAILED else "",
            )
            for job in sorted(found, key=lambda job: job.start_time or 0)
        ]

    def stop(self, job: str) -> None:
        """Ends a job as Ctrl-C would, and waits for its end.

        Raises:
            Failure: there is none of that name, or it does not end.
        """
        from ray.job_submission import JobStatus

        deadline = time.monotonic() + STOP_SECONDS
        with self._errors(fix=f"see which there are: taskmix jobs --address {self.address}"):
            self._client.stop_job(job)
            while not JobStatus(self._client.get_job_status(job)).is_terminal():
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{job} has not ended after {STOP_SECONDS:g} s")
                time.sleep(POLL_SECONDS)

    def follow(self, job: str, write: Callable[[str], None]) -> bool:
        """Hands the job's log to `write` until the job is over; whether it succeeded.

        Raises:
            Failure: the connection was lost; the job may well go on.
        """
        from ray.job_submission import JobStatus

        async def tail() -> None:
            async for lines in self._client.tail_job_logs(job):
                write(lines)

        with self._errors(fix=self.advice(job)):
            asyncio.run(tail())
            while not (status := JobStatus(self._client.get_job_status(job))).is_terminal():
                time.sleep(POLL_SECONDS)
            message = str(self._client.get_job_info(job).message or "")
        # What follows is the end of the log once more.
        self._say(
            f"{job}: {status.value.lower()}: {message.partition(', last available logs')[0].partition(chr(10))[0]}"
        )
        return bool(status == JobStatus.SUCCEEDED)

    def ask_to_stop(self, job: str) -> None:
        """As `stop`, without waiting for its end. Raises Failure."""
        with self._errors():
            self._client.stop_job(job)

    def find(self, search: str) -> str | None:
        """The job that runs a search, or waits to, as far as this head node knows. Raises Failure."""
        return next((job.id for job in self.list() if job.search == search and not job.is_over), None)

    def state(self, job: str) -> Job | None:
        """What this head node knows of a job; None: nothing, as it forgets its jobs when it dies. Raises Failure."""
        return next((one for one in self.list() if one.id == job), None)

    def advice(self, job: str) -> str:
        """What to type to follow a job, and to stop it."""
        token = "RAY_AUTH_MODE=token " if os.environ.get("RAY_AUTH_MODE") == "token" else ""
        return (
            f"follow it: {token}taskmix jobs --address {self.address} --follow {job}\n"
            f"         stop it:   {token}taskmix jobs --address {self.address} --stop {job}"
        )

    def knock(self) -> None:
        """See whether the head node answers. Raises Failure.

        Asks without a token, and for seconds only: Ray's own client waits for ever for an answer."""
        try:
            with urllib.request.urlopen(f"{self.address}/api/version", timeout=REACH_SECONDS) as answer:
                json.load(answer)["ray_version"]
        except urllib.error.HTTPError as error:
            if error.code != 401:
                raise self._unreachable(
                    f"it answers {error.code} {error.reason}, as no head node of Ray does"
                ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise self._unreachable("what answers is no head node of Ray") from error
        except OSError as error:
            raise self._unreachable(str(getattr(error, "reason", error))) from error
        else:
            self._say("this cluster wants no token: everyone who reaches this address can run code on it")

    @contextmanager
    def _errors(self, fix: str = "") -> Iterator[None]:
        """Errors of Ray's client as ours."""
        import aiohttp
        import requests
        from ray.exceptions import AuthenticationError

        try:
            yield
        except AuthenticationError as error:
            lacking = "Authentication required" in str(error) or "no authentication token" in str(error)
            found = "the cluster wants a token" if lacking else "the cluster has another token than the one here"
            raise Failure(Problem("the cluster refuses", self.address, found, TOKEN_FIX)) from error
        except (aiohttp.ClientError, requests.RequestException, OSError) as error:
            raise self._unreachable(str(error), fix) from error
        except RuntimeError as error:
            raise Failure(Problem("the cluster refuses", self.address, str(error)[:1000], fix)) from error

    def _unreachable(self, reason: str, fix: str = "") -> Failure:
        fix = fix or "on the head node: ray status; its dashboard needs ray[default], and a way from here to its port"
        return Failure(Problem("the cluster does not answer", self.address, reason, fix))
