"""Searches of a team on hosts with a network of their own, whose database, store, MLflow and head go away or are slow.

Run by hand, as root: `pytest -m slow tests/cluster/test_faults_of_services.py -s`. It prints the seconds.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from search.answers.status import SearchStatus
from search.config import search_file
from search.results.status import summarize
from search.studies.database import open_storage
from search.studies.live import observe_at
from search.studies.studies import Studies
from tests.chaos.lab import Lab
from tests.chaos.proofs import History, Truth
from tests.support import hosts, relay
from tests.support.host_cluster import HostCluster, wait
from tests.support.hosts import SUPERVISOR
from tests.support.postgres import Server
from tests.support.s3 import client_environment
from tests.support.searches import kept_at

pytestmark = [
    pytest.mark.slow,
    pytest.mark.ray,
    pytest.mark.skipif(not hosts.can_be_made(), reason="network namespaces cannot be made: root alone can"),
]

SIMULATED, REAL = "tests.chaos.worker:Simulated", "trainables.worker:Worker"

SOON = 300.0
"""Seconds within which everything is to happen, on a busy machine, too."""

BUCKET = "import s3fs; s3fs.S3FileSystem().mkdir('team')"

HEALTH = "from urllib.request import urlopen; urlopen('http://127.0.0.1:5000/health')"


@dataclass
class Team:
    """A cluster with a database, a store and MLflow, each on a host of its own."""

    cluster: HostCluster
    postgres: Server
    storage: dict[str, str]
    number: int = 0

    def search(self, folder: Path, worker: str = SIMULATED, supervised: bool = False, **changes: Any) -> TeamSearch:
        """A search that was just launched on the head, under a new name."""
        self.number += 1
        made = TeamSearch(self, folder, f"search{self.number}", worker, changes)
        made.launch(supervised)
        return made


class TeamSearch:
    """One search: simulated work items of about a second, more than there is time for.

    Args:
        changes: of the search file.
    """

    def __init__(self, team: Team, folder: Path, name: str, worker: str, changes: dict[str, Any]) -> None:
        self._team, self.name, self._worker = team, name, worker
        self._studies = studies = team.postgres.url(name)  # by the socket, which no fault of the network touches
        lab = Lab.made(folder / name, data=worker == REAL)
        _, self._file = lab.search("home", {**team.storage, "studies": f"{team.storage['studies']}/{name}"}, 500, 2)
        settings = {**yaml.safe_load(self._file.read_text()), "name": name, **changes}
        self._file.write_text(yaml.safe_dump(settings))
        self.search = search_file.load(self._file)
        self._storage = open_storage(studies)
        self._history = History(2)
        self.out = self._file.parent / "driver.log"
        home = self._file.parent
        self._variables = {"TASKMIX_HOME": str(home), "TASKMIX_CACHE": str(home / "cache")}

    def launch(self, supervised: bool = False, out: Path | None = None) -> subprocess.Popen[bytes] | None:
        command = [sys.executable, "-m", "tests.chaos.drive", self._worker, "launch", str(self._file)]
        command += ["--address", self._team.cluster.address]
        options: dict[str, Any] = {"out": out or self.out, "variables": self._variables}
        if supervised:
            self._team.cluster.hosts.supervise("head", *command, **options)
            return None
        self.process = self._team.cluster.hosts.start("head", *command, **options)
        return self.process

    def ended(self) -> int:
        """Work items that came to their end, as the database has them."""
        return sum(trial.state != "RUNNING" for trial in Truth(self._storage, self.search).owners())

    def goes_on(self, what: str, items: int = 1) -> float:
        """Wait for the next results."""
        before = self.ended()
        took = wait(lambda: self.ended() >= before + items, f"{what}: a result after", SOON, self.out)
        self.look()
        return took

    def says(self, what: str, *words: str) -> float:
        """Wait for a line with these words."""
        return wait(lambda: self.lines(*words), what, SOON, self.out)

    def lines(self, *words: str) -> list[str]:
        text = self.out.read_text(errors="replace") if self.out.exists() else ""
        return [line for line in text.splitlines() if all(word in line for word in words)]

    def status(self) -> SearchStatus:
        """What `status` says."""
        holder, live = observe_at(self._studies, self.name)
        return summarize(Studies.open(kept_at(self._studies, self.search)), holder is not None, False, holder, live)

    def look(self) -> None:
        """What was finished is there still, nothing is there twice, and nothing failed."""
        self._history.look(Truth(self._storage, self.search))

    def stop(self) -> None:
        """As Ctrl-C does."""
        hosts = self._team.cluster.hosts
        hosts.end("head", str(self._file), SUPERVISOR)
        hosts.end("head", str(self._file), by=signal.SIGINT)
        wait(lambda: not hosts.find("head", str(self._file)), "stopped after", SOON, self.out)
        self.look()


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory, postgres: Server) -> Iterator[Team]:
    folder = tmp_path_factory.mktemp("t")
    addresses = {"db": 5432, "s3": 9000, "mlflow": 5000}
    with HostCluster(folder, workers=(), variables=client_environment("http://10.213.0.3:9000")) as cluster:
        at = {name: f"{cluster.hosts.add(name)}:{port}" for name, port in addresses.items()}
        assert at["s3"].startswith("10.213.0.3:")
        socket = str(postgres.folder / ".s.PGSQL.5432")
        cluster.hosts.start("db", sys.executable, relay.__file__, "5432", socket)
        cluster.hosts.start("s3", sys.executable, "-m", "moto.server", "-H", "0.0.0.0", "-p", "9000")
        options = ["--backend-store-uri", f"sqlite:///{folder}/runs.db", "--workers", "1"]
        cluster.hosts.start("mlflow", sys.executable, "-m", "mlflow", "server", "--host", "0.0.0.0", *options)
        for name in ("w1", "w2"):
            cluster.join(name)
        for name, code in (("s3", BUCKET), ("mlflow", HEALTH)):  # until they answer
            log = folder / "hosts" / f"{name}.log"
            wait(partial(runs, cluster, name, code), f"{name} answers after", SOON, log)
        storage = {
            "studies": f"postgresql://postgres:secret@{at['db']}",
            "mlflow": f"http://{at['mlflow']}",
            "store": "s3://team/taskmix",
        }
        yield Team(cluster, postgres, storage)


def runs(cluster: HostCluster, name: str, code: str) -> bool:
    """Whether a program on a host comes to a good end."""
    return cluster.hosts.start(name, sys.executable, "-c", code).wait() == 0


@pytest.fixture
def search(team: Team, tmp_path: Path) -> Iterator[TeamSearch]:
    """One that has results."""
    begun = team.search(tmp_path)
    begun.goes_on("begun", items=4)
    yield begun
    begun.stop()


def test_the_database_away_for_a_minute(team: Team, search: TeamSearch) -> None:
    with away(team, "db", 60):
        assert search.says("database away: first line after", "the database has not answered") < 30
    search.goes_on("database back")


def test_the_store_away_for_a_minute(team: Team, search: TeamSearch) -> None:
    with away(team, "s3", 60):
        search.says("store away: first line after", "waiting for", "s3://team")
    search.goes_on("store back")


def test_mlflow_away_for_a_minute(team: Team, search: TeamSearch) -> None:
    """Nobody waits for it."""
    with away(team, "mlflow", 60):
        for number in range(1, 11):
            assert search.goes_on(f"MLflow away: {number}") < 45


@pytest.mark.parametrize("name", ["db", "s3", "mlflow"])
@pytest.mark.parametrize(("seconds", "loss"), [(0.25, 0.0), (0.0, 0.05)], ids=["500 ms", "5 % lost"])
def test_a_service_that_is_far(team: Team, search: TeamSearch, name: str, seconds: float, loss: float) -> None:
    team.cluster.hosts.slow(name, seconds, loss)
    try:
        search.goes_on(f"{name} is far: three", items=3)
    finally:
        team.cluster.hosts.quick(name)
    search.goes_on(f"{name} is near again: three", items=3)


def test_a_host_that_is_lost_stands_in_the_status(team: Team, search: TeamSearch) -> None:
    def is_so(at_once: int, **states: str) -> bool:
        found = search.status()
        nodes = [(node.name.partition(" ")[0], node.state) for node in found.nodes]
        return nodes == sorted(states.items()) and found.at_once == at_once

    wait(lambda: is_so(2, w1="works", w2="works"), "both stand in the status after", SOON, search.out)
    team.cluster.hosts.kill("w2", supervisors=True)
    wait(lambda: is_so(1, w1="works", w2="lost"), "w2 lost in the status after", SOON, search.out)
    team.cluster.up("w2")
    wait(lambda: is_so(2, w1="works", w2="works"), "w2 back in the status after", SOON, search.out)


def test_the_head_killed_twice(team: Team, tmp_path: Path) -> None:
    """Ray is started again on all hosts, and the search is launched again, by who starts things again."""
    search = team.search(tmp_path, supervised=True)
    search.goes_on("begun", items=4)
    for number in (1, 2):
        team.cluster.hosts.kill("head")
        search.goes_on(f"head killed, {number}")
        search.goes_on(f"head killed, {number}: the next", items=2)
    search.stop()


def test_two_users_and_one_name_twice(team: Team, tmp_path: Path) -> None:
    resources = {"cpus": 1, "concurrency": 1}
    mine, theirs = (team.search(tmp_path, resources=resources) for _ in range(2))
    mine.goes_on("one user begun")
    theirs.goes_on("another user begun")
    again = tmp_path / "again.log"
    process = mine.launch(out=again)
    assert process is not None
    wait(lambda: process.poll() is not None, "the same name refused after", SOON, again)
    assert process.returncode == 2 and "is running already" in again.read_text(), again.read_text()
    mine.goes_on("one user goes on")
    theirs.goes_on("another user goes on")
    mine.stop()
    theirs.stop()


def test_a_pair_over_two_hosts_one_of_which_is_killed(team: Team, tmp_path: Path) -> None:
    search = team.search(tmp_path, worker=REAL, resources={"cpus": 1, "workers": 2, "concurrency": 1})
    search.goes_on("pair begun")
    team.cluster.hosts.kill("w2")
    search.goes_on("w2 of a pair killed")
    search.stop()


@contextmanager
def away(team: Team, name: str, seconds: float) -> Iterator[None]:
    """Packets from and to a service are lost for so long, however long what is within takes."""
    until = time.monotonic() + seconds
    team.cluster.hosts.cut(name)
    try:
        yield
        time.sleep(max(0.0, until - time.monotonic()))
    finally:
        team.cluster.hosts.heal(name)
