"""Connecting to Ray: a local one that nobody else can reach, and addresses where there is none."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from cluster import connect as module
from cluster.connect import PACKAGES, connect, reach, runtime_environment
from spaces.errors import Failure, InputError

pytestmark = pytest.mark.ray

ROOT = Path(__file__).parents[2]
NOT_INHERITED = ("PYTHONPATH", "RAY_ADDRESS", "RAY_TMPDIR")


def test_a_local_ray_listens_on_loopback_and_its_workers_find_our_packages(tmp_path: Path) -> None:
    """In a process of its own: Ray is told before its import to stay on loopback, and told again after it."""
    script = tmp_path / "driver.py"
    script.write_text(
        textwrap.dedent(
            """
            import json, os, sys
            import psutil
            sys.path.insert(0, sys.argv[1])  # as it is for `python -m search` in a checkout
            import ray  # imported first, as by anyone who uses Ray already
            from cluster.connect import connect

            def worker():
                import spaces, trainables, search
                return os.environ["RAY_CHDIR_TO_TRIAL_DIR"], ray.get_runtime_context().get_node_id() != ""

            with connect("local", cpus=1) as connection:
                seen = ray.get(ray.remote(worker).remote())
                processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
                sockets = [
                    (socket.laddr.ip, process.name())
                    for process in processes
                    for socket in process.net_connections("inet")
                    if socket.status == psutil.CONN_LISTEN
                ]
                auth = os.environ.get("RAY_AUTH_MODE", "token")
            left = "RAY_CHDIR_TO_TRIAL_DIR" in os.environ
            print(json.dumps([seen, sockets, connection.address, connection.nodes[0]["CPU"], auth, left]))
            """
        )
    )
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "RAY_ADDRESS")}
    answer = subprocess.run(
        [sys.executable, script, ROOT], capture_output=True, text=True, cwd=tmp_path, env=environment, timeout=120
    )
    assert (answer.stderr, answer.returncode) == ("", 0)
    seen, sockets, address, cpus, auth, left = json.loads(answer.stdout)
    assert seen == ["0", True]
    # Of the servers, of the worker that was just used, and of both families.
    assert {"gcs_server", "raylet"} < {name for _, name in sockets}
    assert [ip for ip, name in sockets if name.startswith("ray::")]
    assert [ip for ip, _ in sockets if ":" in ip] and [ip for ip, _ in sockets if ":" not in ip]
    assert [name for ip, name in sockets if ip.removeprefix("::ffff:") not in ("127.0.0.1", "::1")] == []
    assert (address, cpus, auth, left) == (None, 1, "token", False)


@pytest.mark.parametrize("address", ["ray://head:10001", "http://head:8265", "head", "head:port", ":6379"])
def test_addresses_that_a_search_cannot_be_driven_from(address: str) -> None:
    with pytest.raises(InputError) as caught, connect(address):
        pass
    assert "HOST:PORT" in caught.value.problems[0].fix


def test_nothing_listens() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: the port refuses
        began = time.monotonic()
        with pytest.raises(Failure, match="refused") as caught, connect(f"127.0.0.1:{taken.getsockname()[1]}"):
            pass
    assert time.monotonic() - began < 5
    assert caught.value.exit_code == 1 and "ray status" in caught.value.problems[0].fix


def test_a_dead_cluster_of_the_environment_is_named_as_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        monkeypatch.setenv("RAY_ADDRESS", f"127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(Failure, match="refused") as caught, connect():
            pass
    assert caught.value.problems[0].where == "RAY_ADDRESS"
    assert "unset RAY_ADDRESS" in caught.value.problems[0].fix
    monkeypatch.setenv("RAY_ADDRESS", "ray://head:10001")
    with pytest.raises(InputError) as refused, connect():
        pass
    assert refused.value.problems[0].where == "RAY_ADDRESS"


def driven(folder: Path, body: str, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A program that connects to a local Ray, in a process of its own."""
    script = folder / "driver.py"
    script.write_text(
        f"import os, signal, sys\nsys.path.insert(0, {str(ROOT)!r})\n"
        "from cluster.connect import connect\nfrom spaces.errors import TaskmixError\n" + textwrap.dedent(body)
    )
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    return subprocess.run(
        command or (sys.executable, str(script)),
        capture_output=True,
        text=True,
        cwd=folder,
        env={**inherited, **environment},
        timeout=120,
        check=False,
    )


def test_a_folder_too_deep_for_sockets_is_named(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    deep.mkdir()
    body = """
        try:
            with connect("local", cpus=1):
                print("connected")
        except TaskmixError as error:
            print(error)
        """
    answer = driven(tmp_path, body, TMPDIR=str(deep))
    assert "Ray could not be started" in answer.stdout
    assert "TMPDIR=/tmp" in answer.stdout
    assert "df -h" not in answer.stdout


def test_under_uv_run_the_working_folder_stays_where_it_is(tmp_path: Path) -> None:
    """Ray's hook for `uv run` sends the working folder to the workers, with all searches in it, up to 512 MiB."""
    with (tmp_path / "encoder.bin").open("wb") as file:
        file.truncate(600 * 2**20)
    body = """
        import ray

        def folder():
            return os.getcwd()

        with connect("local", cpus=1):
            print(ray.get(ray.remote(folder).remote()))
        """
    (tmp_path / "run").write_text(f"{sys.executable} driver.py\nexit $?\n")
    answer = driven(tmp_path, body, "bash", "-c", "exec -a uv bash run")
    assert (answer.stdout.strip(), answer.returncode) == (str(tmp_path), 0), answer.stderr


def test_a_sigterm_while_ray_starts_is_an_interrupt(tmp_path: Path) -> None:
    """Ray's own handler would end the process with 15, and nobody would know why."""
    body = """
        import threading

        import ray

        def told(signum, frame):
            raise KeyboardInterrupt

        signal.signal(signal.SIGTERM, told)
        init = ray.init

        def starting(*args, **options):
            threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
            return init(*args, **options)

        ray.init = starting
        try:
            with connect("local", cpus=1):
                signal.pause()
        except KeyboardInterrupt:
            print("interrupted", signal.getsignal(signal.SIGTERM) is told)
        """
    answer = driven(tmp_path, body)
    assert (answer.stdout.strip(), answer.returncode) == ("interrupted True", 0), answer.stderr


def test_what_listens_is_not_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWER_SECONDS", 3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        began = time.monotonic()
        with pytest.raises(Failure, match="does not answer as Ray does"):
            reach(f"127.0.0.1:{server.getsockname()[1]}")
    assert time.monotonic() - began < 10


def test_workers_on_a_cluster_get_our_packages_as_they_are_here() -> None:
    ours = runtime_environment({})
    assert ours["env_vars"] == {"RAY_CHDIR_TO_TRIAL_DIR": "0"}
    assert [Path(folder).name for folder in ours["py_modules"]] == list(PACKAGES)
    assert all(Path(folder, "__init__.py").exists() for folder in ours["py_modules"])


def test_inside_a_ray_job_nothing_is_said_twice() -> None:
    job = {"runtime_env": {"working_dir": "gcs://x.zip", "env_vars": {"RAY_CHDIR_TO_TRIAL_DIR": "1"}}}
    assert runtime_environment({"RAY_JOB_CONFIG_JSON_ENV_VAR": json.dumps(job)}) == {"env_vars": {}}
