"""A small search from start to end on data and a model of the hub: the real clients and command line, two workers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from spaces.catalogue import Catalogue
from tests.hub import benchmarks, models
from tests.hub.server import Hub

pytestmark = pytest.mark.ray

ROOT = Path(__file__).parent.parent

STAGE = {"examples": 16, "batch_size": 8, "max_length": 64, "learning_rate": 1e-4}

SEARCH: dict[str, Any] = {
    "name": "small",
    "model": models.OLD_NAME,
    "tasks": ["csqa", "siqa"],
    "targets": ["tydiqa"],
    "space": {"max_tasks": 2, "min_weight": 0.1},
    "stages": {"intermediate": STAGE, "target": STAGE},
    "evaluation": {"batch_size": 32, "max_examples": 16},
    "halving": {"rungs": [1.0]},
    "start": {"mixtures": ["csqa"], "priors": [], "all_tasks": False},
    "budget": {"recipes": 2},
    "confirm": {"top": 0, "seeds": 1},
    "resources": {"cpus": 1, "concurrency": 2},
}


@dataclass
class Lab:
    """A folder with a search file, and the hub that its commands ask."""

    folder: Path
    hub: Hub

    def write(self, **changes: Any) -> None:
        (self.folder / "search.yaml").write_text(yaml.safe_dump({**SEARCH, **changes}))

    def run(self, *arguments: str, code: int = 0, **environment: str) -> str:
        """What a command writes to both outputs."""
        of_ours = {"TASKMIX_HOME": str(self.folder / "searches"), "TASKMIX_CACHE": str(self.folder / "cache")}
        done = subprocess.run(
            [sys.executable, "-m", "search", *arguments],
            cwd=self.folder,
            env=self.hub.environment(self.folder / "hf") | of_ours | {"PYTHONPATH": str(ROOT), **environment},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=1200,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("status", "small", "--format", "json")))


@pytest.fixture
def lab(tmp_path: Path, hub: Hub) -> Lab:
    catalogue = Catalogue.load([])
    benchmarks.publish(hub, [catalogue.tasks["csqa"], catalogue.tasks["siqa"], catalogue.targets["tydiqa"]])
    models.publish(hub)
    lab = Lab(tmp_path, hub)
    lab.write()
    return lab


@pytest.mark.slow
def test_a_search_goes_on_with_the_commits_that_it_began_with(lab: Lab) -> None:
    """Main of every repository moves on, to other rows and other weights: nothing of them is read."""
    hub = lab.hub
    lab.run("launch", "search.yaml")
    first, asked = lab.status(), len(hub.requests)
    assert first["over"] and first["failures"]["count"] == 0
    repositories = {f"{kind}s/{id}": each for (kind, id), each in hub.answers.repositories.items()}
    model = repositories[f"models/{models.XLM_R}"]
    commits = {name: each.main for name, each in repositories.items() if each is not model}
    assert first["commits"] == {**commits, f"models/{models.OLD_NAME}": model.main}
    assert asked < 60  # of driver and workers, in all

    hub.forget()
    for command in (["resume", "small"], ["best", "small"], ["status", "small"]):
        lab.run(*command)
    assert hub.requests == []

    other = models.files_of(seed=1)
    model.commit({"model.safetensors": other["model.safetensors"]})
    repositories["datasets/tau/commonsense_qa"].commit({"README.md": "# rewritten\n"})
    lab.write(budget={"recipes": 3})
    told = lab.run("launch", "search.yaml")
    second = lab.status()
    assert second["commits"] == first["commits"] and second["failures"]["count"] == 0
    assert set(second["moved"]) == {"datasets/tau/commonsense_qa", f"models/{models.OLD_NAME}"}
    assert second["work_items"]["done"] == first["work_items"]["done"] + 1, told
    assert not [request for request in hub.requests if request.kind == "cdn"]
    assert "moved on to" in lab.run("status", "small")


@pytest.mark.slow
def test_without_a_network_there_is_one_problem_and_after_a_download_none(lab: Lab) -> None:
    lab.hub.stop()
    told = lab.run("plan", "search.yaml", code=1)
    assert told.count("error:") == 1 and "python -m search download" in told
    assert "Retrying" not in told and "thrown while" not in told  # lines of the hub's own client
    assert all(name in told for name in ("tau/commonsense_qa", "lighteval/siqa", "tydiqa", models.OLD_NAME))
    lab.hub.start()
    listed = lab.run("download", "search.yaml", "--list")
    assert "tau/commonsense_qa" in listed and "mit" in listed
    assert "are here" in lab.run("download", "search.yaml")
    lab.hub.stop()
    assert "is taken as it is" in lab.run("plan", "search.yaml")
    lab.run("plan", "search.yaml", HF_HUB_OFFLINE="1")


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_one_bad_answer_in_fifty_ends_nothing(lab: Lab, seed: int) -> None:
    lab.hub.fail("close", chance=0.01, seed=seed)
    lab.hub.fail("status", chance=0.01, seed=seed + 10)
    lab.run("launch", "search.yaml")
    assert lab.status()["failures"]["count"] == 0


@pytest.mark.slow
def test_nodes_with_caches_of_their_own_keep_to_the_hubs_limits(lab: Lab) -> None:
    """Sixteen workers at a twentieth of the published limits: they wait as long as they are told, and come through."""
    lab.run("download", "search.yaml")
    lab.hub.limits.api, lab.hub.limits.resolve, lab.hub.limits.window = 25, 150, 15.0
    script = (
        "import sys; from pathlib import Path; from trainables.data.card_data import Data;"
        "from spaces.catalogue import Catalogue; c = Catalogue.load([]); d = Data(Path(sys.argv[1]));"
        "[d.rows(c.tasks[n], 'train', 'en') for n in ('csqa', 'siqa')]"
    )
    homes = [lab.folder / f"node{number}" for number in range(16)]
    nodes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(home / "cache")],
            env=lab.hub.environment(home / "hf") | {"PYTHONPATH": str(ROOT)},
        )
        for home in homes
    ]
    assert [node.wait(timeout=1800) for node in nodes] == [0] * 16
