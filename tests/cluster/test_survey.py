"""What nodes answer, on a real Ray cluster whose nodes differ: folders, packages, our own code, GPUs."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import ray

from cluster import survey
from cluster.gpus import MIB, Gpu, parse_gpus
from cluster.node_report import WORKER_PACKAGES, ReportRequest, list_software, make_report, new_probe_name
from cluster.survey import Answer, ask, compare_clocks
from tests.support.nodes import ROOT, Nodes, frozen
from trainables.store.filesystem import Files

pytestmark = pytest.mark.ray

DEVICES = """\
0, GPU-5f0c2a9e-51b7-7d7e-3c46-1d0a3e6f8b11, NVIDIA A100-SXM4-80GB, 81920, 4
1, GPU-9b1e7d34-08f2-61aa-9d0c-7f2b6c5a4e22, NVIDIA A100-SXM4-80GB, 81920, 40537
2, GPU-c3d4e5f6-1122-3344-5566-778899aabbcc, NVIDIA A100-SXM4-80GB MIG, [N/A], [N/A]
"""

PROCESSES = """\
GPU-9b1e7d34-08f2-61aa-9d0c-7f2b6c5a4e22, 51234, /usr/bin/python3, 40120
GPU-9b1e7d34-08f2-61aa-9d0c-7f2b6c5a4e22, 51300, [Not Found], [N/A]
"""

NVIDIA_SMI = f"""#!/bin/sh
case "$1" in
--query-gpu=*) cat <<'END'
{DEVICES}END
;;
*) cat <<'END'
{PROCESSES}END
;;
esac
"""


def executable(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def shadow(folder: Path) -> None:
    """An old taskmix, and another version of a package, to be found before the right ones."""
    for package in WORKER_PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "trainables" / "training" / "batches.py").open("a") as file:
        file.write("# as it was last week\n")
    metadata = folder / "tokenizers-0.1.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text("Metadata-Version: 2.1\nName: tokenizers\nVersion: 0.1\n")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nodes")


@pytest.fixture(scope="module")
def good_node() -> list[Any]:
    return []


@pytest.fixture(scope="module")
def nodes(folder: Path, good_node: list[Any]) -> Iterator[list[survey.Node]]:
    """A head, "good" with GPUs and "odd" with an old taskmix; this process is connected, in a folder of its own."""
    shadow(folder / "shadow")
    script = executable(folder / "bin" / "nvidia-smi", NVIDIA_SMI)
    here = folder / "driver"
    here.mkdir()
    made = Nodes(folder)
    try:
        path = f"{script.parent}:/usr/bin:/bin"
        good_node.append(made.add("good", {"PATH": path}, num_cpus=2, num_gpus=3))
        made.add("odd", {"PYTHONPATH": str(folder / "shadow")}, num_cpus=2, num_gpus=1)
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(here)
            ray.init(made.address, log_to_driver=False)
            yield survey.list_nodes()
    finally:
        ray.shutdown()
        made.close()


@pytest.fixture
def wanted(tmp_path: Path) -> ReportRequest:
    return ReportRequest(
        store=str(tmp_path / "store"), cache=str(tmp_path / "cache"), probe=new_probe_name(), temporary="/tmp"
    )


def answers(wanted: ReportRequest, nodes: list[survey.Node], seconds: float = 60) -> dict[str, Answer]:
    """By the first word of the node's name."""
    found = list(ask(wanted, nodes, seconds))
    assert len(found) == len(nodes)
    return {answer.node.name.partition(" ")[0]: answer for answer in found}


def test_nodes_of_one_store(nodes: list[survey.Node], wanted: ReportRequest, tmp_path: Path) -> None:
    store = Files(wanted.store)
    store.publish(wanted.probe, b"from the driver")
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / wanted.probe).write_text("from the driver")
    wanted = replace(wanted, folders=(str(tmp_path), str(tmp_path / "none")))

    found = answers(wanted, nodes)
    assert sorted(found) == ["good", "head", "odd"]
    for answer in found.values():
        assert answer.report is not None
        assert answer.probe_arrived and answer.report.store_shared and answer.report.cache_shared
        assert (answer.report.store_problem, answer.report.cache_error) == (None, None)
        assert answer.report.missing == (str(tmp_path / "none"),)
        assert abs(answer.clock_ahead) <= answer.clock_error + 0.01, "one machine has one clock"
        assert answer.report.open_files > 0 and min(answer.report.free.values()) > 0
    assert [listed.name for listed in store.list("")] == [wanted.probe], "the nodes leave nothing"

    here = list_software()
    assert found["good"].report is not None and found["odd"].report is not None
    assert found["good"].report.software == here
    other = found["odd"].report.software
    assert {name for name in here.code if here.code[name] != other.code[name]} == {"trainables"}
    assert {name for name in here.versions if here.versions[name] != other.versions[name]} == {"tokenizers"}
    assert other.versions["tokenizers"] == "0.1"

    assert found["good"].report.gpus == parse_gpus(DEVICES, PROCESSES)
    assert found["odd"].report.gpus is None
    assert found["odd"].report.gpu_error == "No such file or directory: nvidia-smi"


def test_a_store_that_is_not_shared(nodes: list[survey.Node], wanted: ReportRequest, folder: Path) -> None:
    """A relative path: each node has it, and each has another one."""
    wanted = replace(wanted, store="store", cache="cache")
    Files("store").publish(wanted.probe, b"from the driver")
    for answer in answers(wanted, nodes).values():
        assert answer.report is not None and answer.report.store_problem is None
        assert not answer.report.store_shared
        assert not answer.report.cache_shared
        assert not answer.probe_arrived
    assert (folder / "good" / "store").is_dir()
    assert list(folder.glob("*/store/probe-*")) == [folder / "driver" / "store" / wanted.probe]


def test_a_store_and_a_cache_that_cannot_be_written(
    nodes: list[survey.Node], wanted: ReportRequest, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    wanted = replace(wanted, store=str(tmp_path / "file" / "store"), cache=str(tmp_path / "file" / "cache"))
    for answer in answers(wanted, nodes).values():
        assert answer.report is not None and answer.report.store_problem is not None
        assert "cannot be" in answer.report.store_problem.what and answer.report.store_problem.fix
        assert "Not a directory" in (answer.report.cache_error or "")


def test_a_node_that_does_not_answer(nodes: list[survey.Node], wanted: ReportRequest, good_node: list[Any]) -> None:
    began = time.monotonic()
    with frozen(good_node[0]):
        found = answers(wanted, nodes, seconds=2)
    assert time.monotonic() - began < 10
    assert {name: answer.report is None for name, answer in found.items()} == {
        "good": True,
        "head": False,
        "odd": False,
    }
    assert found["good"].reason == "no answer within 2 s"
    assert answers(wanted, nodes)["good"].report, "and then it does again"


def test_a_node_that_is_not_there(nodes: list[survey.Node], wanted: ReportRequest) -> None:
    gone = survey.Node("e" * 56, "gone", {"CPU": 1.0})
    (answer,) = answers(wanted, [gone]).values()
    assert answer.report is None
    assert answer.reason


def test_a_driver_without_a_store_still_asks_for_the_rest(wanted: ReportRequest, tmp_path: Path) -> None:
    report = make_report(replace(wanted, probe="", hub_model="no/hub/id", suite=True), has_gpus=False)
    assert not report.store_shared and not report.cache_shared and not report.model_cached
    assert Files(wanted.store).read(report.probe) is not None


def test_how_far_another_clock_is_ahead() -> None:
    assert compare_clocks(sent=100.0, other=101.0, arrived=102.0) == (0.0, 1.0)
    assert compare_clocks(sent=100.0, other=131.0, arrived=102.0) == (30.0, 1.0)
    assert compare_clocks(sent=100.0, other=40.0, arrived=100.5) == (-60.25, 0.25)


def test_gpus_as_nvidia_smi_tells_them() -> None:
    idle, busy, split = parse_gpus(DEVICES, PROCESSES)
    assert idle == Gpu(0, "NVIDIA A100-SXM4-80GB", 81920 * MIB, 4 * MIB)
    assert busy.used == 40537 * MIB
    assert busy.used_by == ("process 51234 (python3) 40120 MiB", "process 51300 ([Not Found])")
    assert (split.total, split.used) == (None, None)
    with pytest.raises(ValueError, match="something else"):
        parse_gpus("No devices were found", "")
