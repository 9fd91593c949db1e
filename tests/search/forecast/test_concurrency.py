"""How many work items run at once: `plan`, which starts no Ray, says what a launch on the same machine does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cluster.connect import Connection, connect, count_local_resources
from search.cli import main
from search.config.schema import ResourcesConfig
from search.config.search import Search
from search.forecast.concurrency import concurrency_here, concurrency_on
from spaces.errors import InputError

pytestmark = pytest.mark.ray

MACHINE = "RAY_OVERRIDE_RESOURCES"
"""What Ray takes a machine to have, as JSON."""

GPUS = {"CPU": 64, "GPU": 2}


def test_plan_says_how_many_run_at_once_on_this_machine(
    make_search: Callable[..., Search],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It divided the cores by those of a work item, and saw no GPU: 16."""
    for name, value in (("TASKMIX_CACHE", str(tmp_path)), ("HF_HUB_OFFLINE", "1"), ("COLUMNS", "200")):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(MACHINE, json.dumps(GPUS))
    make_search(tasks=["mnli"], targets=["xnli"], model="nobody/nothing", resources={"cpus": 4, "gpus": 1})
    assert main(["plan", str(tmp_path / "search.yaml"), "--offline"]) == 0
    assert "(2 at a time)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("machine", "resources", "count"),
    [
        (GPUS, {"cpus": 4, "gpus": 1}, 2),
        (GPUS, {"cpus": 4, "gpus": 0.25}, 8),
        (GPUS, {"cpus": 4, "gpus": 1, "workers": 2}, 1),
        (GPUS, {"cpus": 4}, 16),
        (GPUS, {"cpus": 4, "concurrency": 3}, 3),
        ({"CPU": 8}, {"cpus": 4, "concurrency": 3}, 2),
    ],
)
def test_here_and_on_a_local_ray_as_many_run(
    monkeypatch: pytest.MonkeyPatch, machine: dict[str, float], resources: dict[str, Any], count: int
) -> None:
    monkeypatch.setenv(MACHINE, json.dumps(machine))
    asked = ResourcesConfig(**resources)
    assert concurrency_here(asked, pytest.fail) == count
    assert concurrency_on(Connection(None, (machine,), Path()), asked) == count


def test_a_local_ray_has_what_is_counted_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    monkeypatch.setenv(MACHINE, json.dumps({"GPU": 3}))
    counted = count_local_resources()
    with connect() as connection:
        (node,) = connection.nodes
    assert {name: node[name] for name in ("CPU", "GPU")} == {name: counted[name] for name in ("CPU", "GPU")}


@pytest.mark.parametrize(("wanted", "count"), [({}, 1), ({"concurrency": 6}, 6)])
def test_a_search_for_a_cluster_that_does_not_fit_here(
    monkeypatch: pytest.MonkeyPatch, wanted: dict[str, Any], count: int
) -> None:
    monkeypatch.setenv(MACHINE, json.dumps({"CPU": 2}))
    said: list[str] = []
    asked = ResourcesConfig(cpus=4, gpus=1, **wanted)
    assert concurrency_here(asked, said.append) == count
    assert said == ["no work item fits on this machine: each takes 4 CPU and 1 GPU"]
    one = Connection("10.0.0.1:6379", ({"CPU": 8, "GPU": 1},), Path())
    assert concurrency_on(one, asked) == count  # its autoscaler adds nodes
    with pytest.raises(InputError, match="not even one work item fits"):
        concurrency_on(Connection(None, ({"CPU": 2},), Path()), asked)


def test_a_cluster_without_workers_is_named_as_such() -> None:
    with pytest.raises(InputError, match=r"no node has CPUs(.|\n)*are the workers started"):
        concurrency_on(Connection(None, ({"CPU": 0},), Path()), ResourcesConfig())


def test_what_ray_could_run_nowhere_is_a_mistake() -> None:
    with pytest.raises(InputError, match="not a share of GPUs"):
        concurrency_here(ResourcesConfig(gpus=1.5), pytest.fail)
