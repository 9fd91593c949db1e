"""The doctor: a real Ray, real databases and files that are well or not; and what each check says of what was seen."""

from __future__ import annotations

import os
import resource
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import create_engine, text

from cluster.gpus import MIB, Gpu
from cluster.node_report import HubCache, NodeReport, ReportRequest, Software, make_report, new_probe_name
from cluster.resources import ItemResources
from cluster.survey import Answer, Node
from search.checks import doctor
from search.checks.check import Check
from search.checks.node_checks import (
    LIBRARIES,
    MemoryNeed,
    fit_into_memory,
    memory_need,
    of_hub,
    of_memory,
    of_node,
)
from search.cli import main
from search.config.search import Search
from search.config.workspace import Workspace
from search.studies.database import parsed
from spaces.errors import Failure
from tests.support.nodes import ROOT
from tests.support.tiny import write_cards, write_data
from trainables.work.plan import Plan
from trainables.work.preparation import PreparationReport
from trainables.work.settings import EngineSettings, StageSettings

pytestmark = pytest.mark.ray

Capture = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny encoder, a task "words" and a target "texts"."""
    folder = tmp_path_factory.mktemp("lab")
    cards = {"tasks": {"words": "masked_lm"}, "targets": {"texts": "retrieval"}}
    write_cards(folder, **cards)
    write_data(folder, **cards)
    return folder


@pytest.fixture
def write_search(lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """A search file in the test's own folder; keywords replace its keys."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "500")

    def write(**changes: Any) -> Path:
        stage = {"examples": 32, "batch_size": 8, "max_length": 48}
        search = {
            "name": "tiny",
            "model": str(lab / "model"),
            "cards": [str(lab / "cards")],
            "tasks": ["words"],
            "targets": ["texts"],
            "stages": {"intermediate": stage, "target": stage},
            "budget": {"recipes": 1},
        }
        file = tmp_path / "search.yaml"
        file.write_text(yaml.safe_dump({**search, **changes}))
        return file

    return write


def closed_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def lines(out: str) -> dict[tuple[str, str], str]:
    """(check, first word of where) -> the line from its state on; the last line is left out."""
    found = {}
    for line in out.splitlines()[:-1]:
        words = line.partition("] ")[2].split()
        if words and words[0] in ("ok", "FAILED", "skipped"):
            key = words[1], words[2].rstrip(":")
            assert key not in found
            found[key] = " ".join(words)
    return found


# --- the whole


def test_all_is_well(write_search: Callable[..., Path], capsys: Capture, tmp_path: Path) -> None:
    assert main(["doctor", str(write_search())]) == 0
    out = capsys.readouterr().out
    found = lines(out)
    assert all(line.startswith("ok ") for line in found.values()), out
    names = [name for name, _ in found]
    on_the_node = ["taskmix", "packages", "store", "cache", "data", "clock", "limits", "memory"]
    assert sorted(names) == sorted(
        ["home", "database", "disk", "mlflow", "ray", "resources", "store", *on_the_node, "data", "data", "model"]
    )
    assert "1 of" not in out and out.splitlines()[-1] == f"{len(names)} checks passed"
    left = [path for path in tmp_path.rglob("*") if "probe" in path.name or path.suffix == ".db"]
    assert left == [], "it leaves nothing behind"
    assert not (tmp_path / "home" / "tiny").exists()


ON_A_CLUSTER = """
import sys
from pathlib import Path
from search.cli import main
from tests.support.nodes import Nodes
nodes = Nodes(Path(sys.argv[1]), cpus=1)
try:
    code = main(["doctor", sys.argv[2], "--address", nodes.address])
finally:
    nodes.close()
sys.exit(code)
"""


@pytest.mark.slow
def test_everything_that_is_wrong_is_said_at_once(write_search: Callable[..., Path], lab: Path, tmp_path: Path) -> None:
    """A cluster of one node, which is in another folder than this process."""
    (lab / "data" / "empty").mkdir(exist_ok=True)
    card = yaml.safe_load((lab / "cards" / "tasks" / "words.yaml").read_text())
    (tmp_path / "cards" / "tasks").mkdir(parents=True)
    lost = {**card, "source": {"files": str(lab / "data" / "empty")}}
    (tmp_path / "cards" / "tasks" / "lost.yaml").write_text(yaml.safe_dump(lost))
    file = write_search(
        cards=[str(lab / "cards"), str(tmp_path / "cards")],
        tasks=["words", "lost"],
        model=str(tmp_path / "no-model"),
        resources={"cpus": 64},
        storage={
            "store": "store",
            "studies": f"postgresql://me:secret@127.0.0.1:{closed_port()}/studies",
            "mlflow": f"http://127.0.0.1:{closed_port()}",
        },
    )
    # In a process of its own: an earlier local Ray of this one leaves it with a token that other clusters do not know.
    done = subprocess.run(
        [sys.executable, "-c", ON_A_CLUSTER, str(tmp_path / "nodes"), str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stderr
    found = lines(done.stdout)
    wrong = {key: line for key, line in found.items() if line.startswith("FAILED")}
    expected = {"database", "mlflow", "resources", "paths", "store", "data", "model"}
    assert {name for name, _ in wrong} == expected, done.stdout
    assert ("data", "lost") in wrong and ("data", "words") not in wrong
    assert ("data", "head") in wrong, "the model's folder is not there either"
    assert ("store", "head") in wrong, "relative: this machine's store is another folder"
    assert found["store", "this"].startswith("ok ")
    assert all("; fix: " in line for line in wrong.values()), wrong
    assert found["taskmix", "head"].startswith("ok "), "our packages were brought along"
    assert done.stdout.splitlines()[-1] == f"{len(wrong)} of {len(found)} checks failed"
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.slow
def test_launch_stops_before_the_first_work_item(write_search: Callable[..., Path], tmp_path: Path) -> None:
    file = write_search()

    def few_files() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (1000, 1000))

    done = subprocess.run(
        [sys.executable, "-m", "search", "launch", str(file)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        preexec_fn=few_files,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "limits: a process may open 1000 files" in done.stderr
    assert "fix:   ulimit -n 65536" in done.stderr
    assert "runs, " not in done.stdout
    assert not (tmp_path / "home" / "store" / "scores").exists()


# --- this machine


def only(checks: Iterator[Check] | list[Check], name: str) -> Check:
    (found,) = [check for check in checks if check.name == name]
    return found


def test_no_ray_at_the_address(make_search: Callable[..., Search], tmp_path: Path) -> None:
    search = make_search()
    checks = list(doctor.check_ray(Workspace.of(search), f"127.0.0.1:{closed_port()}", lambda: None))
    assert [(check.name, check.state) for check in checks] == [("ray", "failed"), ("answer", "skipped")]
    assert checks[0].fix


def test_databases(make_search: Callable[..., Search], tmp_path: Path, empty_database: Path, postgres_url: str) -> None:
    def look_at(studies: str) -> Check:
        return doctor.check_database(Workspace.of(make_search(storage={"studies": studies})))

    assert look_at(f"sqlite:///{empty_database}").state == "ok"
    assert look_at(f"sqlite:///{tmp_path}/none/studies.db").state == "failed"
    assert "launch makes it" in look_at(f"sqlite:///{tmp_path}/studies.db").text
    assert not (tmp_path / "studies.db").exists()

    old = tmp_path / "old.db"
    old.write_bytes(empty_database.read_bytes())
    with closing(sqlite3.connect(old)) as database:
        database.execute("UPDATE alembic_version SET version_num = 'v2.6.0.a'")
        database.commit()
    check = look_at(f"sqlite:///{old}")
    assert check.state == "failed"
    assert "optuna storage upgrade" in check.fix

    check = look_at(postgres_url)
    assert (check.state, "secret" in check.where) == ("ok", False)
    engine = create_engine(parsed(postgres_url, ""), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        connection.execute(text(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'))
    engine.dispose()
    check = look_at(postgres_url)
    assert check.state == "failed"
    assert "read-only" in check.text


def test_a_home_that_cannot_be_used(
    make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "not" / "yet"))
    assert doctor.check_home(Workspace.of(make_search())).state == "ok"
    assert not (tmp_path / "not").exists()
    monkeypatch.setenv("TASKMIX_HOME", "/proc/home")
    check = doctor.check_home(Workspace.of(make_search()))
    assert check.state == "failed"
    assert "TASKMIX_HOME" in check.fix


def test_require(capsys: Capture) -> None:
    said: list[str] = []
    good, skipped = Check("clock", "node", "ok", "well"), Check("gpus", "node", "skipped", "none")
    doctor.require([good, skipped, good], said.append)
    assert said == ["doctor: 2 checks passed"]
    with pytest.raises(Failure, match="clock: late") as caught:
        doctor.require([good, Check("clock", "b", "failed", "late", "wind it"), skipped], said.append)
    assert [(problem.where, problem.fix) for problem in caught.value.problems] == [("b", "wind it")]


def test_one_node_that_does_not_do_is_left_out_where_another_does() -> None:
    nodes, lines = [Node("1", "a", {}), Node("2", "b", {})], list[str]()
    late = Check("clock", "b", "failed", "late", "wind it")
    assert doctor.require([Check("clock", "a", "ok", "well"), late], lines.append, nodes) == {"2": "clock: late"}
    assert lines == ["node b is left out: clock: late; fix: wind it", "doctor: 1 checks passed"]
    for others in (
        [Check("clock", "a", "failed", "late")],
        [Check("clock", "a", "ok", "well"), Check("paths", "here", "failed", "relative")],
        [],
    ):
        with pytest.raises(Failure):
            doctor.require([late, *others], lines.append, nodes)


# --- what is said of a node


@pytest.fixture
def asked(tmp_path: Path) -> ReportRequest:
    return ReportRequest(
        store=str(tmp_path / "store"), cache=str(tmp_path / "cache"), probe=new_probe_name(), temporary="/tmp"
    )


@pytest.fixture
def answer(asked: ReportRequest) -> Answer:
    """What this machine answers, but that the store is shared."""
    node = Node("id", "b", {"CPU": 4.0, "GPU": 2.0, "memory": 8e9, "object_store_memory": 2e9})
    return Answer(node, replace(make_report(asked, has_gpus=False), store_shared=True), probe_arrived=True)


def said(answer: Answer, asked: ReportRequest, item: ItemResources | None = None, **changes: Any) -> dict[str, Check]:
    """The checks of an answer of which some things are different; the rest has to be well."""
    assert answer.report is not None
    here = answer.report.software
    changed = replace(answer, report=replace(answer.report, **changes))
    return {check.name: check for check in of_node(changed, asked, here, item or ItemResources())}


def failing(checks: dict[str, Check]) -> Check:
    (found,) = [check for check in checks.values() if check.state == "failed"]
    assert found.fix
    return found


def test_each_thing_that_may_be_wrong_with_a_node(answer: Answer, asked: ReportRequest) -> None:
    assert {check.state for check in said(answer, asked).values()} == {"ok"}
    assert answer.report is not None
    here = answer.report.software
    for name, changes in (
        ("taskmix", {"software": Software(here.versions, {**here.code, "trainables": "other"})}),
        ("packages", {"software": Software({**here.versions, "torch": None}, here.code)}),
        ("store", {"store_shared": False}),
        ("cache", {"cache_error": "Read-only file system"}),
        ("cache", {"free": {asked.cache: 10**8, "/tmp": 10**10}}),
        ("limits", {"free": {asked.cache: 10**10, "/tmp": 10**8}}),
        ("limits", {"open_files": 256}),
        ("data", {"missing": ("/data/model",)}),
    ):
        assert failing(said(answer, asked, **changes)).name == name, changes
    assert failing(said(replace(answer, probe_arrived=False), asked)).name == "store"
    silent = list(of_node(replace(answer, report=None, reason="no answer within 60 s"), asked, here, ItemResources()))
    assert [(check.name, check.state) for check in silent] == [("answer", "failed")]
    assert said(answer, replace(asked, probe=""), store_shared=False)["store"].state == "skipped"


def test_the_clock(answer: Answer, asked: ReportRequest) -> None:
    assert said(replace(answer, clock_ahead=-4.9), asked)["clock"].state == "ok"
    assert said(replace(answer, clock_ahead=9.0, clock_error=5.0), asked)["clock"].state == "ok", (
        "not known for certain"
    )
    check = failing(said(replace(answer, clock_ahead=-37.0, clock_error=0.1), asked))
    assert check.text.startswith("37.00 s behind the clock of this machine (± 0.10 s)")


def test_what_comes_from_the_hub(answer: Answer, asked: ReportRequest) -> None:
    away = {"hub_error": "timed out"}
    hub = replace(asked, hub=True, hub_model="some/encoder")
    assert "data and model" in failing(said(answer, hub, **away)).text
    assert "model would" in failing(said(answer, hub, **away, cache_shared=True)).text
    assert said(answer, hub, **away, cache_shared=True, model_cached=True)["data"].state == "ok"
    assert said(answer, hub)["data"].text == "the hub can be reached"


def test_room_for_what_comes_from_the_hub(answer: Answer, asked: ReportRequest) -> None:
    hub = replace(asked, hub=True)
    report = answer.report
    assert report is not None

    def checked(cache: HubCache | None, needed: int = 10**9, **changes: Any) -> list[tuple[str, str]]:
        there = replace(answer, report=replace(report, hub_cache=cache, **changes))
        return [(check.state, check.text) for check in of_hub(there, hub, needed)]

    room = HubCache("/hf/hub", None, 2 * 10**9)
    assert checked(None) == [] and checked(room)[0][0] == "ok"
    assert checked(room, 3 * 10**9) == [("failed", "2.0 GB free for /hf/hub; the search reads 3.0 GB of the hub")]
    assert "Read-only" in checked(replace(room, error="Read-only file system"))[0][1]
    assert checked(room, 3 * 10**9, cache_shared=True, model_cached=True) == []  # nothing is fetched there


def test_shared_memory_matters_to_gpus_that_train_together(answer: Answer, asked: ReportRequest) -> None:
    small = {"shared_memory": 64 * MIB}
    assert said(answer, asked, ItemResources(gpus=1), **small)["limits"].state == "ok"
    assert "--shm-size" in failing(said(answer, asked, ItemResources(gpus=1, workers=2), **small)).fix


# --- memory


def plan(zero: Any = 0, workers: int = 1, frozen: bool = False) -> Plan:
    stage = StageSettings(examples=8, freeze_embeddings=frozen)
    rest: dict[str, Any] = {"tasks": {}, "targets": {}, "training_cards": {}, "rungs": [1.0], "target": stage}
    engine = EngineSettings(zero=zero)
    return Plan(intermediate=stage, engine=engine, workers=workers, store="", cache="", **rest)


@pytest.mark.parametrize(
    ("zero", "workers", "measured"),
    [(0, 1, 5.16), (0, 2, 5.29), (1, 1, 7.90), (1, 2, 5.68), (2, 1, 7.80), (2, 2, 5.65), (3, 1, 9.37), (3, 2, 8.02)],
)
def test_what_training_takes_is_as_measured(zero: int, workers: int, measured: float) -> None:
    """Of a baseline on CPUs, batches of 4 x 32; in sizes of the encoder, beside the libraries (docs/scale.md)."""
    need = memory_need(plan(zero, workers), PreparationReport(parameters=277_500_000, embeddings=192_000_000))
    assert need is not None and need.device == 0
    assert (need.host - LIBRARIES) / 4 / 277_500_000 == pytest.approx(measured, rel=0.15)


def test_what_is_known_of_memory() -> None:
    findings = PreparationReport(parameters=1_000_000_000, embeddings=750_000_000)
    plain, frozen = memory_need(plan(), findings), memory_need(plan(frozen=True), findings)
    assert plain and frozen and plain.host - frozen.host == 9_000_000_000
    gpu = memory_need(plan(), findings, gpus=1)
    assert gpu and gpu.host == LIBRARIES + 8_000_000_000 and gpu.device == 20_000_000_000
    mixed = memory_need(plan().model_copy(update={"tasks": {"x": None}}), findings)
    assert mixed and mixed.host - plain.host == 4_000_000_000, "the encoder that a target begins with"
    assert memory_need(plan(), PreparationReport()) is None


def test_as_many_work_items_as_fit_into_memory() -> None:
    node = {"CPU": 8.0, "memory": 14e9, "object_store_memory": 6e9}
    need = MemoryNeed(host=6_000_000_000, device=0)
    assert fit_into_memory(8, [node], ItemResources(), need) == 3
    assert fit_into_memory(2, [node], ItemResources(), need) == 2
    assert fit_into_memory(8, [node, node], ItemResources(workers=2), need) == 3
    assert fit_into_memory(8, [node], ItemResources(), MemoryNeed(host=90_000_000_000, device=0)) == 1
    assert fit_into_memory(8, [{"CPU": 8.0}], ItemResources(), need) == 8, "where Ray does not say"
    assert fit_into_memory(8, [node], ItemResources(), None) == 8


def memory(answer: Answer, gpus: list[Gpu] | None, least: int | None, item: ItemResources, lent: float = 0) -> Check:
    assert answer.report is not None
    report: NodeReport = replace(answer.report, gpus=None if gpus is None else tuple(gpus), gpu_error="not found")
    need = None if least is None else MemoryNeed(host=0 if item.gpus else least, device=least if item.gpus else 0)
    check, *_ = of_memory(replace(answer, report=report), item, need, concurrency=4, lent=lent)
    return check


def test_gpus_are_free_and_large_enough(answer: Answer) -> None:
    idle = Gpu(0, "A", 80_000 * MIB, 4 * MIB)
    busy = Gpu(1, "A", 80_000 * MIB, 40_000 * MIB, ("process 51234 (python3)",))
    unknown = Gpu(2, "A MIG", None, None)
    whole, quarter = ItemResources(gpus=1), ItemResources(gpus=0.25)
    least = 4_480_000_000  # XLM-R base

    assert memory(answer, [idle, idle], least, whole).state == "ok"
    assert memory(answer, [idle, unknown], least, whole).state == "ok"
    check = memory(answer, [idle, busy], least, whole)
    assert check.state == "failed"
    assert "GPU 1 (A) has 41.9 GB of 83.9 GB in use by process 51234 (python3)" in check.text
    assert "CUDA_VISIBLE_DEVICES" in check.fix
    assert memory(answer, [idle, busy, idle], least, whole).state == "ok", "Ray has two of three"
    assert memory(answer, [idle, busy], least, whole, lent=1).state == "ok", "another search has it from Ray"
    assert memory(answer, [idle], least, whole).state == "failed", "one of two is gone"
    assert memory(answer, None, least, whole).state == "skipped"

    small = Gpu(0, "B", 16_000 * MIB, 0)
    assert memory(answer, [small, small], least, whole).state == "ok"
    check = memory(answer, [small, small], least, quarter)
    assert (check.state, "17.9 GB" in check.text, "larger" in check.fix) == ("failed", True, True)


def test_the_memory_of_a_node_without_gpus(answer: Answer) -> None:
    assert memory(answer, None, 2_500_000_000, ItemResources(cpus=1)).state == "ok"
    check = memory(answer, None, 2_500_000_001, ItemResources(cpus=1))
    assert (check.state, "10.0 GB free" in check.text, "4 processes" in check.text) == ("failed", True, True)
    assert memory(answer, None, 2_500_000_001, ItemResources(cpus=2)).state == "ok"
