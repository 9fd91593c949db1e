"""A whole search with real Ray, DeepSpeed, Optuna and MLflow on a tiny encoder: run, killed, and run again."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from mlflow import MlflowClient
from optuna.trial import TrialState

from search.cli import main
from tests.support.tiny import write_cards, write_data

pytestmark = pytest.mark.ray

ROOT = Path(__file__).parent.parent

TASKS = {"tags": "tagging", "words": "masked_lm", "books": "sentence_classification"}
TARGETS = {"pairs": "pair_classification", "texts": "retrieval"}


@dataclass
class Lab:
    """A folder with a tiny encoder, data, cards and a search file; runs the real command line in it."""

    folder: Path

    def environment(self, home: str) -> dict[str, str]:
        return {
            **os.environ,
            "TASKMIX_HOME": str(self.folder / home),
            "TASKMIX_CACHE": str(self.folder / "cache"),
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "120",
        }

    def start(self, home: str, *arguments: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "search", *arguments]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, cwd=self.folder, env=self.environment(home), text=True, **pipes)  # type: ignore[call-overload,no-any-return]

    def started(self, home: str, scores: int) -> subprocess.Popen[str]:
        """A launch that has come as far as `scores` scores in its store, of which a whole search makes 21."""
        process, store = self.start(home, "launch", "search.yaml"), self.folder / home / "store" / "scores"
        while not store.is_dir() or len(list(store.iterdir())) < scores:
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        return process

    def run(self, home: str, *arguments: str, code: int = 0) -> str:
        process = self.start(home, *arguments)
        out, err = process.communicate(timeout=300)
        assert process.returncode == code, out + err
        return out if code == 0 else err

    def json(self, home: str, *arguments: str) -> Any:
        return json.loads(self.run(home, *arguments, "--format", "json"))

    def studies(self, home: str) -> dict[str, list[optuna.trial.FrozenTrial]]:
        storage = optuna.storages.RDBStorage(f"sqlite:///{self.folder / home / 'small' / 'studies.db'}")
        return {target: optuna.load_study(study_name=f"small/{target}", storage=storage).trials for target in TARGETS}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    folder = tmp_path_factory.mktemp("lab")
    write_cards(folder, TASKS, TARGETS)
    write_data(folder, TASKS, TARGETS)
    stage = {"examples": 32, "batch_size": 8, "max_length": 48, "learning_rate": 1e-3}
    search = {
        "name": "small",
        "model": str(folder / "model"),
        "cards": ["cards"],
        "tasks": list(TASKS),
        "targets": list(TARGETS),
        "space": {"max_tasks": 2, "min_weight": 0.2, "weight_step": 0.2},
        "stages": {"intermediate": stage, "target": stage},
        "halving": {"rungs": [0.5, 1.0], "eta": 2},
        "budget": {"recipes": 4},
        "confirm": {"top": 1, "seeds": 2},
        "resources": {"cpus": 1, "concurrency": 1},
    }
    (folder / "search.yaml").write_text(yaml.safe_dump(search))
    return Lab(folder)


@pytest.fixture(scope="module")
def whole(lab: Lab) -> str:
    """The home of a search that nothing disturbed; its name."""
    out = lab.run("whole", "launch", "search.yaml")
    assert "best mix" in out
    assert re.search(r"gain +(none: its score is not above the floor|.* points over the baseline)", out)
    return "whole"


def answer(lab: Lab, home: str) -> Any:
    """What was found, without what it cost in time."""
    found = lab.json(home, "best", "small")
    for target in found["targets"].values():
        for entry in target["best"]:
            del entry["cost"]
    return found


def check(lab: Lab, home: str) -> None:
    """No recipe twice, none lost, nothing RUNNING, one MLflow run per recipe."""
    digests = set()
    for trials in lab.studies(home).values():
        assert trials
        assert {trial.state for trial in trials} <= {TrialState.COMPLETE, TrialState.PRUNED}
        places = Counter((json.dumps(t.user_attrs["record"]["recipe"]), t.user_attrs["record"]["rung"]) for t in trials)
        assert max(places.values()) == 1
        digests |= {recipe for recipe, _ in places}
    found = lab.json(home, "status", "small")
    assert found["over"]
    assert found["work_items"]["running"] == found["work_items"]["failed"] == 0
    assert found["budget"]["recipes"] == {"used": 4, "total": 4}
    client = MlflowClient(f"sqlite:///{lab.folder / home / 'small' / 'mlflow.db'}")
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    runs = client.search_runs(experiments)
    children = [run for run in runs if "recipe.digest" in run.data.tags]
    assert len(children) == len({run.data.tags["recipe.digest"] for run in children}) == len(digests)
    configurations = [run for run in runs if run.data.tags["taskmix.role"] == "configuration"]
    assert len(configurations) == len({run.data.tags["recipe.family"] for run in configurations})
    assert len(runs) == len(children) + len(configurations) + 1
    assert {run.info.status for run in runs} == {"FINISHED"}


def test_a_search_from_launch_to_answer(lab: Lab, whole: str) -> None:
    check(lab, whole)
    found = lab.json(whole, "best", "small")
    assert found["search"] == "small"
    assert set(found["targets"]) == set(TARGETS)
    for target in found["targets"].values():
        best = target["best"][0]
        assert set(target["baseline"]["languages"]) == {"en"}
        assert sum(best["mixture"].values()) == pytest.approx(1)
        assert best["cost"]["seconds"] > 0
        assert best["cost"]["examples"] > 0
        assert len(best["seeds"]) == 2
        assert best["gain"] == pytest.approx(best["score"] - target["baseline"]["score"])


def test_the_lists_have_all_formats(
    lab: Lab, whole: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(lab.folder / whole))
    for arguments in (
        ["status"],
        ["status", "small"],
        ["best", "small"],
        ["tasks", "--cards", str(lab.folder / "cards")],
    ):
        for form in ("table", "json", "csv"):
            assert main([*arguments, "--format", form]) == 0
            out = capsys.readouterr().out
            assert out.count("\n") > 1
            assert form != "json" or json.loads(out)


def test_launching_again_and_resuming_change_nothing(lab: Lab, whole: str) -> None:
    before = answer(lab, whole)
    lab.run(whole, "launch", "search.yaml")
    lab.run(whole, "resume", "small")
    assert answer(lab, whole) == before
    check(lab, whole)


@pytest.mark.slow
def test_interrupted_then_killed_then_launched_again_it_finds_the_same(lab: Lab, whole: str) -> None:
    process = lab.started("killed", scores=3)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert re.search(r"or go on as it was: .*\bresume small", err)
    assert "Traceback" not in out + err

    process = lab.started("killed", scores=8)
    process.kill()
    process.communicate()
    assert not lab.json("killed", "status", "small")["over"]
    assert TrialState.RUNNING in {trial.state for trials in lab.studies("killed").values() for trial in trials}

    out = lab.run("killed", "resume", "small")
    assert "goes on after" in out
    check(lab, "killed")
    assert answer(lab, "killed") == answer(lab, whole)


def test_a_changed_file_is_refused_with_the_difference(lab: Lab, whole: str) -> None:
    changed = lab.folder / "changed.yaml"
    text = (lab.folder / "search.yaml").read_text()
    changed.write_text(text.replace("max_tasks: 2", "max_tasks: 3"))
    err = lab.run(whole, "launch", str(changed), code=2)
    assert re.search(r"setting +the search has +the file has\n +space.max_tasks +2 +3\n", err)
    assert "search resume small" in err
