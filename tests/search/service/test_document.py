"""The document is what the service does: fuzzed by schemathesis, and made into a client by a generator."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
from pathlib import Path

import httpx2
import pytest

from search.config.workspace import Workspace
from tests.search.service.test_serve import serving

pytestmark = pytest.mark.slow

SCRIPTS = Path(sysconfig.get_path("scripts"))

SETTINGS = """
# What a search file has to say is no matter of a schema: tasks exist, weights add up, shares rise.
[[operations]]
include-name = ["PUT /api/v1/searches/{name}", "POST /api/v1/plans"]
[operations.checks]
positive_data_acceptance.enabled = false

# Each starts a program that loads a model.
[[operations]]
include-name = "POST /api/v1/searches/{name}/explanation"
enabled = false
"""

USE = """
import sys
from taskmix_client import AuthenticatedClient
from taskmix_client.api.searches import best
from taskmix_client.api.searches import status
client = AuthenticatedClient(base_url=sys.argv[1], token=sys.argv[2])
print(status.sync("small", client=client).work_items.done)
print(best.sync("small", client=client, top=1).targets["related"].best[0].mix)
"""


def program(name: str) -> str:
    """A program of the environment; the test is skipped where it is not installed."""
    file = SCRIPTS / name
    if not file.exists():
        pytest.skip(f"pip install {name}")
    return str(file)


def test_schemathesis_finds_nothing(workspace: Workspace, tmp_path: Path) -> None:
    fuzzer, settings = program("schemathesis"), tmp_path / "schemathesis.toml"
    settings.write_text(SETTINGS)
    with serving("--searches", "0") as (_, url, token):
        command = [fuzzer, "--config-file", str(settings), "run", f"{url}/api/v1/openapi.json", "--url", url]
        command += ["--phases", "examples,coverage,fuzzing,stateful", "--max-examples", "30", "--seed", "1"]
        # Streams have no end, and a plan loads a model.
        command += ["-H", f"Authorization: Bearer {token}", "--exclude-path-regex", "/events$|/plans$"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout[-5000:]


def test_a_generated_client_works(workspace: Workspace, tmp_path: Path) -> None:
    generator, document = program("openapi-python-client"), tmp_path / "openapi.json"
    with serving("--searches", "0") as (_, url, token):
        answer = httpx2.get(f"{url}/api/v1/openapi.json", headers={"Authorization": f"Bearer {token}"})
        document.write_text(json.dumps(answer.json()))
        made = subprocess.run(
            [generator, "generate", "--path", str(document), "--meta", "none", "--output-path", "taskmix_client"],
            cwd=tmp_path, capture_output=True, text=True, timeout=300,
        )  # fmt: skip
        assert made.returncode == 0 and "WARNING" not in made.stdout + made.stderr, made.stdout + made.stderr
        used = subprocess.run(
            [sys.executable, "-c", USE, url, token], cwd=tmp_path, capture_output=True, text=True, timeout=60
        )
    assert used.stdout.splitlines() == ["9", "paraphrase:0.7 + ner:0.3"], used.stderr
