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
max-stream-events = 2  # a stream has no end

# Half of the requests are about what is there.
[dictionaries]
searches = {values = ["small"]}
targets = {values = ["related", "verses"]}
cards = {values = ["mnli", "xnli"]}

[parameters]
"path.name" = {dictionary = "searches", probability = 0.5}
"path.target" = {dictionary = "targets", probability = 0.5}
"query.target" = {dictionary = "targets", probability = 0.5}
"query.suite" = {dictionary = "searches", probability = 0.5}
"body.target" = {dictionary = "targets", probability = 0.5}

[[operations]]
include-name = "GET /api/v1/tasks/{name}"
[operations.parameters]
"path.name" = {dictionary = "cards", probability = 0.5}

# What a search file has to say is no matter of a schema: tasks exist, weights add up, shares rise.
[[operations]]
include-name = ["PUT /api/v1/searches/{name}", "POST /api/v1/plans"]
[operations.checks]
positive_data_acceptance.enabled = false

# Each of these starts a program, of a search whose model cannot be had and whose store is empty: 503 and 410 are right.
[[operations]]
include-name = [
    "POST /api/v1/searches/{name}/explanation",
    "POST /api/v1/recommendations",
    "POST /api/v1/searches/{name}/promotions",
    "GET /api/v1/searches/{name}/models/{target}.tar",
]
generation.max-examples = 5
[operations.checks]
not_a_server_error.expected-statuses = ["2xx", "4xx", 503]
positive_data_acceptance.expected-statuses = ["2xx", 404, 409, 410, 503]
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
        command += ["-H", f"Authorization: Bearer {token}", "--request-timeout", "120"]
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
