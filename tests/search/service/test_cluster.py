"""Cluster mode: searches as jobs of a real head node with a token; service, driver and head are killed in between.

The head, the service and the test share a folder, as a cluster shares one over the network.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import optuna
import psutil
import pytest
import yaml

from search.studies.database import open_storage
from search.studies.holder import find_holder
from tests.support.head import Head
from tests.support.postgres import Server
from tests.support.tiny import write_cards, write_data

pytestmark = [pytest.mark.ray, pytest.mark.slow]

CARDS = {"tasks": {"tags": "tagging"}, "targets": {"pairs": "pair_classification"}}
PATIENCE = 600.0
"""Seconds for what takes some ten on a machine that has nothing else to do."""

WORK_ITEMS = 13
"""Of one search: the baseline, and twelve recipes."""


def search_file(head: Head, name: str) -> str:
    stage = {"examples": 32, "batch_size": 8, "max_length": 48, "learning_rate": 1e-3}
    return yaml.safe_dump(
        {
            "name": name,
            "model": str(head.folder / "model"),
            "cards": [str(head.folder / "cards")],
            "tasks": ["tags"],
            "targets": ["pairs"],
            "space": {"hyperparameters": {"target.learning_rate": {"low": 1e-5, "high": 1e-2, "log": True}}},
            "stages": {"intermediate": stage, "target": stage},
            "halving": {"rungs": [1.0]},
            "budget": {"recipes": WORK_ITEMS - 1},
            "confirm": {"top": 0, "seeds": 1},
            "resources": {"cpus": 1, "concurrency": 1},
        }
    )


class Service:
    """`taskmix serve` of a cluster, which is killed and started again."""

    def __init__(self, head: Head, studies: str, mlflow: str) -> None:
        self._head, self.studies = head, studies
        self.home = head.folder / "home"
        self._storage = head.folder / "storage.yaml"
        stored = {
            "studies": studies,
            "mlflow": mlflow,
            "store": str(head.folder / "store"),
            "cache": str(head.folder / "cache"),
        }
        self._storage.write_text(yaml.safe_dump(stored))
        self.begin()

    def begin(self) -> None:
        folder = str(self._head.folder)
        options = ["--address", self._head.address, "--storage", str(self._storage), "--resume-interrupted"]
        options += ["--cards", folder, "--models", folder, "--searches", "1", "--port", "0"]
        self._process = self._head.start(
            sys.executable, "-m", "search", "serve", *options, TASKMIX_HOME=str(self.home), TASKMIX_TOKEN="t" * 20
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "serves" in line, line + self._process.communicate()[1]
        address = line.split(" at ")[1].strip().rstrip("/")
        self.client = httpx2.Client(
            base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {'t' * 20}"}, timeout=60
        )

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def put(self, name: str) -> dict[str, Any]:
        file = search_file(self._head, name)
        answer = self.client.put(f"/searches/{name}", content=file, headers={"Content-Type": "application/yaml"})
        assert answer.status_code in (200, 201), answer.text
        return dict(answer.json())

    def status(self, name: str) -> dict[str, Any]:
        answer = self.client.get(f"/searches/{name}")
        return dict(answer.json()) if answer.status_code == 200 else {"state": answer.text}

    def done(self, name: str) -> int:
        found = self.status(name).get("work_items") or {}
        return int(found.get("done", 0))

    def driver(self, name: str) -> psutil.Process | None:
        held = find_holder(self.studies, name)
        return psutil.Process(held.pid) if held else None

    def log(self, name: str) -> str:
        return str(self.client.get(f"/searches/{name}/log?after=0").text)

    def trials(self, name: str) -> list[optuna.trial.FrozenTrial]:
        return optuna.load_study(study_name=f"{name}/pairs", storage=open_storage(self.studies)).trials


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    with Head() as head:
        write_cards(head.folder, **CARDS)
        write_data(head.folder, **CARDS)
        yield head


@pytest.fixture(scope="module")
def service(head: Head, postgres: Server) -> Iterator[Service]:
    service = Service(head, postgres.url("served"), postgres.url("served_mlflow"))
    yield service
    service.kill()


def until(true: Callable[[], object], service: Service, name: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, f"{service.status(name)}\n{service.log(name)}"
        time.sleep(0.2)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """A request waits for no cluster."""
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def is_whole(service: Service, name: str) -> bool:
    """Every recipe was measured, and none twice."""
    found = service.trials(name)
    recipes = {json.dumps(trial.user_attrs["record"]["recipe"], sort_keys=True) for trial in found}
    states = {trial.state for trial in found}
    return len(found) == len(recipes) == WORK_ITEMS and states == {optuna.trial.TrialState.COMPLETE}


def test_searches_run_as_jobs_whoever_is_killed(head: Head, service: Service) -> None:
    with within(30):
        assert service.put("one")["state"] in ("queued", "starting")
        assert service.put("two")["state"] == "queued", "one at a time"
    until(lambda: service.done("one") >= 1, service, "one")
    assert service.status("one")["state"] == "running"
    assert service.status("two")["state"] == "queued"
    with within(30):
        assert service.client.post("/searches/one/stop", json={}).json()["state"] == "stopping"
    until(lambda: service.driver("one") is None, service, "one")
    assert 0 < service.done("one") < WORK_ITEMS
    assert service.status("one")["state"] in ("interrupted", "unfinished")
    until(lambda: service.driver("two"), service, "two")  # its turn

    service.kill()  # the driver does not notice
    service.begin()
    until(lambda: service.done("two") >= 1, service, "two")
    assert service.log("two").count("submitted by") == 1
    driver = service.driver("two")
    assert driver is not None
    driver.kill()  # nobody asked for that, so it is launched again
    until(lambda: (other := service.driver("two")) is not None and other != driver, service, "two")
    until(lambda: service.done("two") >= 2, service, "two")

    head.kill()
    until(lambda: service.driver("two") is None, service, "two")
    with within(30):
        answer = service.client.post("/searches/one/resume", json={})  # while there is no cluster
    assert answer.json()["state"] in ("queued", "starting")
    head.begin()
    until(lambda: service.status("one")["state"] == "over", service, "one")
    until(lambda: service.status("two")["state"] == "over", service, "two")
    assert is_whole(service, "one") and is_whole(service, "two")
    assert "Traceback" not in service.log("one")


def test_a_job_that_is_only_starting_is_stopped(head: Head, service: Service) -> None:
    service.put("three")
    with within(30):
        answer = service.client.post("/searches/three/stop", json={})
    assert answer.json()["state"] in ("stopping", "stopped")
    until(lambda: not (service.home / "three" / "queued.json").exists(), service, "three")
    until(lambda: service.driver("three") is None, service, "three")
    assert service.put("three")["state"] in ("queued", "starting")
    until(lambda: service.status("three")["state"] == "over", service, "three")
    assert is_whole(service, "three")


def test_without_the_token_of_the_cluster_a_search_waits_and_says_why(head: Head, service: Service) -> None:
    command = [sys.executable, "-m", "search", "serve", "--address", head.address, "--port", "0", "--searches", "1"]
    home = head.folder / "other"
    environment = {"TASKMIX_HOME": str(home), "TASKMIX_TOKEN": "t" * 20, "PATH": os.environ["PATH"]}
    folder = str(head.folder)
    options = ["--cards", folder, "--models", folder, "--storage", str(head.folder / "storage.yaml")]
    process = subprocess.Popen(
        [*command, *options],
        cwd=Path(__file__).parents[3],
        env={**environment, "HOME": str(head.folder / "elsewhere")},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = process.stdout.readline().split(" at ")[1].strip().rstrip("/")
        headers = {"Authorization": f"Bearer {'t' * 20}", "Content-Type": "application/yaml"}
        url = f"{address}/api/v1/searches/four"
        assert httpx2.put(url, content=search_file(head, "four"), headers=headers, timeout=60).status_code == 201
        log = home / "four" / "launch.log"
        until(lambda: log.exists() and "wants a token" in log.read_text(), service, "four")
        assert httpx2.get(url, headers=headers, timeout=60).json()["state"] == "queued"
    finally:
        process.kill()
        process.wait()
