"""Submitting to a real head node: what is shipped, the log, the exit code, a second submit, a stop, and going on."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from cluster import jobs as module
from cluster.connect import PACKAGES
from cluster.jobs import Jobs
from cluster.packing import check_shared, pack
from search.cli import main
from search.config.search_file import load
from search.studies.database import open_storage
from spaces.errors import Failure, InputError
from tests.support.head import Head
from tests.support.postgres import Server
from tests.support.tiny import write_cards, write_data

pytestmark = pytest.mark.ray

ROOT = Path(__file__).parents[2]
CARDS = {"tasks": {"tags": "tagging"}, "targets": {"pairs": "pair_classification"}}


# --- no cluster needed


def test_what_would_be_left_behind_is_named_with_what_to_write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "encoder").mkdir()
    storage = {"studies": None, "mlflow": "sqlite:///runs.db", "store": "store", "cache": None, "mirror": None}
    problems = check_shared({"model": "encoder", "storage": storage}, "f.yaml")
    assert [problem.where for problem in problems] == [
        *[f"f.yaml: storage.{key}" for key in ("studies", "mlflow", "store", "cache")],
        "f.yaml: model",
    ]
    assert "postgresql://" in problems[0].fix
    shared = {"studies": "postgresql://u@h/d", "mlflow": "http://h:5000", "store": "s3://b/s", "cache": "/shared"}
    assert check_shared({"model": "xlm-roberta-base", "storage": {**shared, "mirror": "/shared/hub"}}, "f.yaml") == []


def test_a_search_with_the_defaults_is_refused_before_anything_is_sent(capsys: pytest.CaptureFixture[str]) -> None:
    file = str(ROOT / "examples" / "mini" / "search.yaml")
    assert main(["submit", file, "--address", "http://127.0.0.1:1"]) == 2
    assert "storage.studies" in capsys.readouterr().err


def test_data_that_nodes_cannot_see_are_named_before_anything_is_sent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_cards(tmp_path, **CARDS)
    config = {
        "name": "mine",
        "model": "xlm-roberta-base",
        "cards": ["cards"],
        "tasks": ["tags"],
        "targets": ["pairs"],
        "stages": {"intermediate": {"examples": 640}, "target": {"examples": 640}},
        "budget": {"recipes": 1},
        "storage": {
            "studies": "postgresql://u@h/d",
            "mlflow": "http://h:5000",
            "store": "s3://b/s",
            "cache": "/shared",
        },
    }
    file = tmp_path / "search.yaml"
    file.write_text(yaml.safe_dump(config))
    assert main(["submit", str(file), "--address", "http://127.0.0.1:1"]) == 1
    said = capsys.readouterr()
    assert "every node has to see it: " in said.out and str(tmp_path) in said.out, said
    card = tmp_path / "cards" / "tasks" / "tags.yaml"
    card.write_text(yaml.safe_dump({**yaml.safe_load(card.read_text()), "source": {"files": "data/tags"}}))
    assert main(["submit", str(file), "--address", "http://127.0.0.1:1"]) == 2
    said = capsys.readouterr()
    assert "tags.yaml: source.files" in said.err and "copy it to a folder that all nodes share" in said.err


def test_a_command_without_a_package_that_it_needs_says_so() -> None:
    """As after `pip install 'ray[default]'` alone."""
    code = "import sys; sys.modules['optuna'] = None; from search.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", code, "submit", "examples/mini/search.yaml", "--address", "http://127.0.0.1:1"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "optuna" in done.stderr and "pip install" in done.stderr and "mistake in taskmix" not in done.stderr


def test_what_is_shipped_is_a_list(tmp_path: Path) -> None:
    cards = tmp_path / "mine"
    cards_of_ours = ("tasks/deep/one.yaml", "targets/two.yaml", "suites/our.yaml")
    for name in (*cards_of_ours, "tasks/rows.parquet", "secret.txt", ".gitignore"):
        (cards / name).parent.mkdir(parents=True, exist_ok=True)
        (cards / name).write_text("*")
    parcel = tmp_path / "parcel"
    parcel.mkdir()
    line = pack(parcel, "name: a\ncards: [/somewhere/mine]\n", [cards])
    expected = {*PACKAGES, "requirements.txt", "search.yaml", "cards"}
    assert {path.name for path in parcel.iterdir()} == expected
    assert {str(path.relative_to(parcel)) for path in (parcel / "cards").rglob("*") if path.is_file()} == {
        f"cards/0/{name}" for name in cards_of_ours
    }
    assert yaml.safe_load((parcel / "search.yaml").read_text()) == {"name": "a", "cards": ["cards/0"]}
    endings = {path.suffix for path in parcel.rglob("*") if path.is_file()}
    assert endings == {".css", ".csv", ".js", ".py", ".txt", ".yaml"}, "pages are drawn where a search ends"
    size = sum(path.stat().st_size for path in parcel.rglob("*") if path.is_file())
    assert f"{size / 1000:,.0f} kB" in line
    done = subprocess.run([sys.executable, "-m", "search", "--help"], cwd=parcel, capture_output=True, text=True)
    assert "submit" in done.stdout


@pytest.mark.parametrize("address", ["head:8265", "ray://head:10001", "http://", "auto"])
def test_addresses_that_jobs_are_not_submitted_to(address: str) -> None:
    with pytest.raises(InputError) as caught:
        Jobs(address, print)
    assert "http://HOST:8265" in caught.value.problems[0].fix


def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: the port refuses
        with pytest.raises(Failure, match="refused") as caught:
            Jobs(f"http://127.0.0.1:{taken.getsockname()[1]}", print)
    assert "ray[default]" in caught.value.problems[0].fix


def test_something_listens_and_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "REACH_SECONDS", 0.5)
    with (
        socket.create_server(("127.0.0.1", 0)) as silent,
        pytest.raises(Failure, match="timed out"),
    ):
        Jobs(f"http://127.0.0.1:{silent.getsockname()[1]}", print)


@pytest.mark.parametrize(
    ("status", "answer", "found"),
    [
        (200, json.dumps({"version": "4", "ray_version": "2.9.0"}), "2.9.0; here it is"),
        (200, "<html>", "no head node of Ray"),
        (404, "", "it answers 404"),
    ],
)
def test_what_answers_is_another_ray_or_none(
    status: int, answer: str, found: str, capsys: pytest.CaptureFixture[str]
) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: Any) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with pytest.raises(Failure, match=found):
            Jobs(f"http://127.0.0.1:{server.server_port}", print)
        server.shutdown()
    # It answered without a token: everybody's cluster.
    assert ("wants no token" in capsys.readouterr().out) == answer.startswith("{")


# --- on a head node


ITEMS = 61
"""Work items of the search: they take a minute, within which its job is left, refused and stopped."""


@pytest.fixture(scope="module")
def head() -> Iterator[Head]:
    with Head() as head:
        yield head


@pytest.fixture(scope="module")
def search(head: Head, postgres: Server) -> Path:
    """The file of a tiny search that keeps everything where a job's end leaves it."""
    write_cards(head.folder, **CARDS)
    write_data(head.folder, **CARDS)
    stage = {"examples": 32, "batch_size": 8, "max_length": 48, "learning_rate": 1e-3}
    text = {
        "name": "small",
        "model": str(head.folder / "model"),
        "cards": ["cards"],
        "tasks": ["tags"],
        "targets": ["pairs"],
        "space": {"hyperparameters": {"target.learning_rate": {"low": 1e-5, "high": 1e-2, "log": True}}},
        "stages": {"intermediate": stage, "target": stage},
        "halving": {"rungs": [1.0]},
        "budget": {"recipes": ITEMS - 1},
        "confirm": {"top": 0, "seeds": 1},
        "resources": {"cpus": 1, "concurrency": 1},
        "storage": {
            "studies": postgres.url("submitted"),
            "mlflow": postgres.url("submitted_mlflow"),
            "store": str(head.folder / "store"),
            "cache": str(head.folder / "cache"),
        },
    }
    file = head.folder / "search.yaml"
    file.write_text(yaml.safe_dump(text))
    return file


@pytest.mark.slow
def test_without_the_token_or_with_another_one_nothing_is_told(head: Head, search: Path) -> None:
    for token, found in (("", "the cluster wants a token"), ("0" * 64, "another token than the one here")):
        done = head.run(*head.submit(search), token=token)
        assert (done.returncode, done.stdout.count("\n")) == (1, 1), "which data nodes have to see"
        assert found in done.stderr and "export RAY_AUTH_MODE=token" in done.stderr
        assert head.token not in done.stderr


@pytest.mark.slow
def test_a_job_that_fails(head: Head, search: Path) -> None:
    """The mistake of the launch on the cluster is seen here, and the exit code is its own."""
    config = yaml.safe_load(search.read_text())
    config["storage"]["studies"] = "postgresql://nobody@127.0.0.1:1/nowhere"
    broken = search.with_name("broken.yaml")
    broken.write_text(yaml.safe_dump({**config, "name": "bad"}))
    done = head.run(*head.submit(broken))
    assert (done.returncode, done.stderr) == (1, "")
    assert "submitted as taskmix-bad-1\n" in done.stdout
    assert "the studies' database cannot be opened" in done.stdout  # the job's log
    assert "taskmix-bad-1: failed: Job entrypoint command failed with exit code 1\n" in done.stdout

    left = head.run(*head.submit(broken, "--detach"))
    assert left.returncode == 0
    assert "submitted as taskmix-bad-2\n" in left.stdout and "--follow taskmix-bad-2" in left.stdout
    assert "cannot be opened" not in left.stdout


@pytest.mark.slow
def test_a_second_submit_is_refused_while_the_job_runs_and_not_when_it_was_stopped(head: Head, search: Path) -> None:
    script = """
import sys
from pathlib import Path
from ray.job_submission import JobSubmissionClient
from cluster.jobs import Jobs
from cluster.packing import pack
from spaces.errors import InputError
address, file, folder = sys.argv[1:]
jobs, client = Jobs(address, print), JobSubmissionClient(address)
Path(folder).mkdir()
pack(Path(folder), Path(file).read_text(), [Path(file).parent / "cards"])
job = jobs.submit("two", Path(folder))
try:
    jobs.submit("two", Path(folder))
except InputError as error:
    print(error)
print(jobs.submit("other", Path(folder)))
for name in (job, "taskmix-other-1"):
    client.stop_job(name)
    print(jobs.follow(name, lambda text: None))
print(jobs.submit("two", Path(folder)))
client.stop_job("taskmix-two-2")
"""
    done = head.run(sys.executable, "-c", script, head.address, str(search), str(head.folder / "parcel"))
    assert (done.returncode, done.stderr) == (0, "")
    refusal, rest = done.stdout.split("taskmix-other-1\n", 1)
    assert "a job runs this search already\n  found: taskmix-two-1\n" in refusal
    assert f"RAY_AUTH_MODE=token taskmix jobs --address {head.address} --stop taskmix-two-1" in refusal
    assert "taskmix-two-1: stopped" in rest and rest.count("\nFalse\n") == 2
    assert rest.endswith("taskmix-two-2\n")


@pytest.mark.slow
def test_followed_left_refused_stopped_and_gone_on(head: Head, search: Path) -> None:
    process = head.start(*head.submit(search))
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if f"2/{ITEMS}" in line:
            break
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    said = "".join(lines) + out
    assert process.returncode == 130, said + err
    assert "kB in" in said and "taskmix-small-1 goes on" in said
    assert "Traceback" not in said + err

    again = head.run(*head.submit(search))
    assert again.returncode == 2
    assert "a job runs this search already" in again.stderr

    # What it says to type, typed.
    advice = next(line for line in again.stderr.splitlines() if "--stop" in line).partition("stop it:")[2].strip()
    assert advice == f"RAY_AUTH_MODE=token python -m search jobs --address {head.address} --stop taskmix-small-1"
    stopped = head.run("sh", "-c", advice.replace("python", sys.executable))
    assert (stopped.returncode, stopped.stdout) == (0, "taskmix-small-1 is stopped\n"), stopped.stderr
    unknown = head.run(sys.executable, "-m", "search", "jobs", "--stop", "nobody-1", "--address", head.address)
    assert unknown.returncode == 1 and "python -m search jobs --address" in unknown.stderr
    listed = head.run(sys.executable, "-m", "search", "jobs", "--address", head.address)
    assert listed.returncode == 0 and "taskmix-small-1  stopped" in listed.stdout and "search small" in listed.stdout
    before = trials(search)
    finished = [trial for trial in before if trial.state.is_finished()]
    assert 0 < len(finished) < ITEMS

    done = head.run(*head.submit(search))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "submitted as taskmix-small-2\n" in done.stdout and "taskmix-small-2: succeeded" in done.stdout
    assert "goes on after" in done.stdout and "best mix" in done.stdout
    after = trials(search)
    assert len(after) == len({json.dumps(trial.user_attrs["record"]["recipe"]) for trial in after}) == ITEMS
    assert {trial.state for trial in after} == {optuna.trial.TrialState.COMPLETE}
    assert [after[trial.number].value for trial in finished] == [trial.value for trial in finished]


@pytest.mark.slow
def test_on_one_machine_it_works_with_what_a_launch_works_with(head: Head, search: Path) -> None:
    """SQLite and folders of its own: it runs where its file lies, and the answer is asked for here."""
    config = yaml.safe_load(search.read_text())
    (head.folder / "alone").mkdir()
    (head.folder / "alone" / "cards").symlink_to(head.folder / "cards")
    here = {**config, "name": "alone", "storage": {}, "budget": {"recipes": 2}}
    file = head.folder / "alone" / "search.yaml"
    file.write_text(yaml.safe_dump(here))
    home = {"TASKMIX_HOME": str(head.folder / "home"), "TASKMIX_CACHE": str(head.folder / "cache")}
    process = head.start(*head.submit(file), **home)
    out, err = process.communicate(timeout=600)
    assert (process.returncode, err) == (0, ""), out + err
    assert "the cluster is this machine" in out and "taskmix-alone-1: succeeded" in out
    best = head.start(sys.executable, "-m", "search", "best", "alone", "--format", "json", **home)
    out, err = best.communicate(timeout=300)
    assert best.returncode == 0 and json.loads(out)["targets"]["pairs"]["best"], err


def trials(file: Path) -> list[optuna.trial.FrozenTrial]:
    config = load(file).config
    assert config.storage.studies
    return optuna.load_study(study_name="small/pairs", storage=open_storage(config.storage.studies)).trials
