"""Launch: from a checked search to its answer. Launching a search that exists goes on with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from cluster.connect import connect
from cluster.resources import ItemResources, fitting
from search import driver
from search.agenda import Agenda
from search.config import Search
from search.home import Place
from search.studies import Studies
from search.terminal import Terminal
from search.tracking import Tracking
from spaces.errors import InputError, Problem
from trainables.item import Plan
from trainables.prepare import Findings, prepared
from trainables.store import Store


def launch(search: Search, place: Place, terminal: Terminal, address: str | None = None) -> driver.Ending:
    """Run a search whose folder was entered until it is over, stopped or interrupted.

    Raises:
        InputError: data, cards or resources are wrong, or another driver runs this search.
        Failure: store, database, MLflow or Ray cannot be used.
    """
    config = search.config
    with _alone(place):
        Store(place.store, place.cache).check()
        studies = Studies.create(place.studies, search)
        plan, _ = checked(search, place, terminal)
        terminal.say("starting Ray")
        with Tracking(search, studies, place.mlflow) as tracking, connect(address, log=place.folder / "ray.log") as ray:
            tracking.ready()
            item = ItemResources(cpus=config.resources.cpus, gpus=config.resources.gpus)
            concurrency = fitting(item, ray.nodes, config.resources.concurrency)
            agenda = Agenda(search, studies, [terminal, tracking])
            terminal.begin(search, studies, concurrency)
            ending = driver.run(
                plan,
                agenda,
                item,
                concurrency,
                retries=config.failures.retries,
                before_exit=terminal.close,
            )
            tracking.end(ending)
    return ending


def checked(search: Search, place: Place, terminal: Terminal, offline: bool = False) -> tuple[Plan, Findings]:
    """The plan for the workers, after everything it names was built, read and checked."""
    plan = search.plan(place.store, str(place.cache))
    findings = prepared(plan, search.config.model, search.config.resources.cpus, terminal.say, offline)
    return plan.model_copy(update={"versions": findings.versions}), findings


def is_alive(place: Place) -> bool:
    """Whether a driver on this machine runs the search."""
    try:
        with _alone(place):
            return False
    except InputError:
        return True


@contextmanager
def _alone(place: Place) -> Iterator[None]:
    """One driver per search: the lock goes with its process, however that ends."""
    lock = FileLock(place.folder / "driver.lock")
    try:
        lock.acquire(blocking=False)
    except Timeout as error:
        fix = f"watch it: taskmix status {place.folder.name}; or stop it with Ctrl-C where it runs"
        raise InputError(Problem("this search is running already", str(place.folder), fix=fix)) from error
    try:
        yield
    finally:
        lock.release()
