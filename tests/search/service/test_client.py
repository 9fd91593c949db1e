"""The command line that asks a service says what it says beside the searches, and needs next to nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import yaml

from search.cli import main
from search.config.workspace import Workspace
from search.service.client import find_service
from search.studies.ticket import read_ticket
from spaces.errors import InputError
from tests.search.service.test_serve import ROOT, serving
from tests.support.searches import SEARCH

pytestmark = pytest.mark.long

LIGHT = """
import sys
class Nothing:
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in {"ray", "torch", "optuna", "sqlalchemy", "numpy", "mlflow", "fastapi", "fsspec"}:
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Nothing())
from search.cli import main
import search.display.report, search.service.client
for command in sys.argv[1:]:
    assert main(command.split()) == 0, command
"""


@pytest.fixture
def asked(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a client's environment needs is set when the block begins."""
    with serving("--searches", "0", "--cards", SEARCH["cards"][0]) as (_, url, token):
        monkeypatch.setenv("TASKMIX_URL", url)
        monkeypatch.setenv("TASKMIX_TOKEN", token)
        yield


def test_a_service_is_asked_and_answers_the_same(
    asked: None, workspace: Workspace, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    commands = (
        ["status"],
        ["status", "small"],
        ["best", "small", "--top", "1"],
        ["best", "small", "--suite", "small"],
        ["tasks", "mnli", "xnli"],
    )
    for command in commands:
        for format in ("table", "json", "csv"):
            assert main([*command, "--format", format]) == 0
    there = capsys.readouterr().out
    with monkeypatch.context() as here:
        here.delenv("TASKMIX_URL")
        for command in commands:
            for format in ("table", "json", "csv"):
                assert main([*command, "--format", format]) == 0
    assert capsys.readouterr().out == there
    file = workspace.folder / "other.yaml"
    file.write_text(yaml.safe_dump({**SEARCH, "name": "other", "cards": ["."]}))
    assert main(["launch", str(file)]) == 0
    assert "other: queued" in capsys.readouterr().out
    assert read_ticket(workspace.folder.parent / "other") is not None
    assert main(["launch", str(workspace.file)]) == 0  # its storage is the service's own
    assert main(["status", "nix"]) == 2
    assert "no search of that name" in capsys.readouterr().err
    assert main(["stop", "small"]) == 0
    monkeypatch.setenv("TASKMIX_TOKEN", "a-wrong-token-of-somebody")
    assert main(["status"]) == 2
    assert "wants another token" in capsys.readouterr().err
    monkeypatch.setenv("TASKMIX_URL", "http://127.0.0.1:9")
    assert main(["status"]) == 1
    assert "does not answer" in capsys.readouterr().err


@pytest.mark.slow
def test_a_client_needs_neither_ray_nor_torch(asked: None) -> None:
    run_lightly(
        "status", "status small", "best small", "best small --suite small", "tasks mnli", "resume small", "stop small"
    )


def test_what_a_client_imports() -> None:
    run_lightly()


def run_lightly(*commands: str) -> None:
    """Commands in an environment that has what a client needs, and nothing else."""
    command = [sys.executable, "-c", LIGHT, *commands]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("url", ["127.0.0.1:8717", "ftp://x", "http://", "http://me:pass@x"])
def test_addresses_of_no_service(url: str) -> None:
    with pytest.raises(InputError):
        find_service({"TASKMIX_URL": url, "TASKMIX_TOKEN": "x"})
    assert find_service({}) is None
