"""What is asked of the hub, and what is made of its answers: the real client at the stand-in."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from huggingface_hub import constants

import trainables.hub.hub as module
from spaces.errors import Failure, InputError
from spaces.repository import Repository
from tests.hub import server
from tests.hub.client import hurry
from trainables.hub.hub import Hub
from trainables.hub.needs import Needs

ROOT = Path(__file__).parents[3]

SET = Repository("dataset", "some/set")

FILES = {"README.md": "# A set\n", "one.parquet": b"one" * 100, "two.parquet": b"two" * 100}


class Clock:
    """Time of the hub's client of ours alone, which passes when that sleeps: other threads sleep as they do."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def monotonic(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture(autouse=True)
def published(hub: server.Hub) -> server.Hub:
    hub.add("dataset", SET.id, FILES)
    return hub


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def asker(tmp_path: Path, said: list[str]) -> Hub:
    return Hub(tmp_path / "cache", say=said.append)


def content(files: list[Path]) -> list[bytes]:
    return [file.read_bytes() for file in files]


# --- once


def test_a_commit_is_asked_for_once_and_a_file_fetched_once(hub: server.Hub, asker: Hub, tmp_path: Path) -> None:
    assert content(asker.fetch(SET, ["one.parquet"])) == [FILES["one.parquet"]]
    assert asker.commit(SET) == hub.repository("dataset", SET.id).main
    hub.forget()
    assert asker.missing(SET, ["one.parquet", "two.parquet"]) == ["two.parquet"]
    asker.fetch(SET, ["one.parquet"])
    Hub(tmp_path / "cache", {str(SET): asker.commit(SET)}).fetch(SET, ["one.parquet"])  # as another process
    assert hub.requests == []


def test_many_are_settled_with_everything_that_is_wrong_at_once(hub: server.Hub, asker: Hub) -> None:
    hub.add("dataset", "other/set", FILES)
    others = [Repository("dataset", "other/set"), Repository("dataset", "no/set"), Repository("dataset", "no/where")]
    with pytest.raises(InputError) as error:
        asker.settle([SET, *others])
    assert sorted(problem.where for problem in error.value.problems) == ["no/set", "no/where"]
    assert set(asker.settle([SET, others[0]])) == {"datasets/some/set", "datasets/other/set"}


def test_a_mistake_is_asked_about_once(hub: server.Hub, asker: Hub) -> None:
    for _ in range(3):
        with pytest.raises(InputError):
            asker.commit(Repository("dataset", "no/set"))
    assert hub.counts["api"] == 1


def test_that_main_moved_is_news_and_changes_nothing(hub: server.Hub, asker: Hub) -> None:
    before = asker.commit(SET)
    assert asker.has_moved(SET) is None
    after = hub.repository("dataset", SET.id).commit({"one.parquet": b"new"})
    assert (asker.has_moved(SET), asker.commit(SET)) == (after, before)
    assert content(asker.fetch(SET, ["one.parquet"])) == [FILES["one.parquet"]]


def test_workers_that_begin_at_once_fetch_each_file_once(hub: server.Hub, asker: Hub, tmp_path: Path) -> None:
    asker.files(SET)
    hub.forget()
    threads = [
        threading.Thread(target=lambda: Hub(tmp_path / "cache", {str(SET): asker.commit(SET)}).fetch(SET, list(FILES)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert hub.counts["cdn"] == 2


FETCH = """
import sys
from pathlib import Path
from spaces.repository import Repository
from trainables.hub.hub import Hub
Hub(Path(sys.argv[1])).fetch(Repository("dataset", "some/set"), ["one.parquet", "two.parquet"])
"""


def test_a_process_that_is_killed_in_a_download_leaves_nothing_that_harms(
    hub: server.Hub, asker: Hub, tmp_path: Path
) -> None:
    hub.fail("stall", kind="cdn", path="")
    environment = hub.environment(tmp_path / "hf") | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", FETCH, str(tmp_path / "cache")], env=environment)
    while not hub.counts["cdn"]:
        assert process.poll() is None
        time.sleep(0.02)
    process.kill()
    process.wait()
    hub.recover()
    assert content(asker.fetch(SET, ["one.parquet", "two.parquet"])) == [FILES["one.parquet"], FILES["two.parquet"]]


# --- borne


@pytest.mark.parametrize("place", range(8))
@pytest.mark.parametrize("do", ["close", "status"])
def test_one_bad_answer_at_any_place_ends_nothing(
    hub: server.Hub, asker: Hub, monkeypatch: pytest.MonkeyPatch, place: int, do: str
) -> None:
    monkeypatch.setattr(module, "time", Clock())
    hurry(monkeypatch)
    hub.fail(do, skip=place, first=1, **({"status": 503} if do == "status" else {}))
    assert content(asker.fetch(SET, ["one.parquet", "two.parquet"])) == [FILES["one.parquet"], FILES["two.parquet"]]


def test_a_limit_is_waited_for_as_long_as_the_hub_says(
    hub: server.Hub, asker: Hub, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    hurry(monkeypatch)
    hub.fail("status", status=429, first=1, headers={"RateLimit": '"api";r=0;t=55'})
    asker.commit(SET)
    assert clock.waits == [56.0]
    assert len(said) == 1 and SET.id in said[0] and "56 s" in said[0]


def test_a_hub_that_fails_for_long_is_given_up_and_named(
    hub: server.Hub, asker: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    hurry(monkeypatch)
    asker.commit(SET)
    hub.fail("status", status=503)
    with pytest.raises(Failure, match="the hub answers 503"):
        asker.files(SET)
    assert module.PATIENCE / 2 < clock.monotonic() <= module.PATIENCE
    assert not asker.is_away


# --- whole


@pytest.mark.parametrize("do", ["corrupt", "truncate"])
def test_a_damaged_file_is_named_and_fetched_again(hub: server.Hub, asker: Hub, said: list[str], do: str) -> None:
    hub.fail(do, path="", kind="cdn", first=1)
    assert content(asker.fetch(SET, ["one.parquet"])) == [FILES["one.parquet"]]
    assert do == "truncate" or any("one.parquet" in line for line in said)


def test_a_file_that_was_damaged_here_is_fetched_again(hub: server.Hub, asker: Hub, tmp_path: Path) -> None:
    (file,) = asker.fetch(SET, ["one.parquet"])
    file.resolve().write_bytes(b"One" * 100)
    later = Hub(tmp_path / "cache", {str(SET): asker.commit(SET)})
    assert content(later.fetch(SET, ["one.parquet"])) == [FILES["one.parquet"]]


def test_what_comes_damaged_every_time_is_an_error(hub: server.Hub, asker: Hub) -> None:
    hub.fail("corrupt", kind="cdn")
    with pytest.raises(Failure, match=r"is not what the hub names[\s\S]*one\.parquet"):
        asker.fetch(SET, ["one.parquet"])


def test_needs_name_what_is_gated_before_it_is_fetched(
    hub: server.Hub, asker: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_in")
    gated = Repository("dataset", "some/gated")
    hub.add("dataset", gated.id, FILES, gated="manual", readers={"hf_in"})
    needs = Needs(asker, {SET: ["one.parquet"], gated: ["one.parquet"]})
    assert [line.is_gated for line in needs.lines] == [True, False]
    assert needs.describe().endswith("; gated, so with your token: some/gated")
    assert hub.counts["cdn"] == 0


# --- in Xet, where most of the hub's large files lie


def test_files_in_xet_are_asked_for_by_their_list_alone(hub: server.Hub, asker: Hub) -> None:
    hub.answers.has_xet = True
    large = ["one.parquet", "two.parquet"]
    assert content(asker.fetch(SET, large)) == [FILES[path] for path in large]
    assert not [request for request in hub.requests if "/resolve/" in request.path and "parquet" in request.path]
    assert len([request for request in hub.requests if "xet-read-token" in request.path]) == 1
    assert hub.counts["cdn"] == len(large)


@pytest.mark.parametrize(
    "fault",
    [
        {"do": "close", "kind": "xet"},
        {"do": "status", "kind": "xet"},
        {"do": "close", "kind": "cdn"},
        {"do": "drop", "kind": "cdn"},
        {"do": "truncate", "kind": "cdn"},
        {"do": "corrupt", "kind": "cdn"},
        {"do": "close", "path": "xet-read-token"},
        {"do": "status", "path": "xet-read-token"},
    ],
    ids=lambda fault: "-".join(fault.values()),
)
def test_one_bad_answer_of_xet_ends_nothing(
    hub: server.Hub, asker: Hub, monkeypatch: pytest.MonkeyPatch, fault: dict[str, str]
) -> None:
    monkeypatch.setattr(module, "time", Clock())
    hurry(monkeypatch)
    hub.answers.has_xet = True
    hub.fail(first=1, **fault)  # type: ignore[arg-type]
    assert content(asker.fetch(SET, ["one.parquet"])) == [FILES["one.parquet"]]
    assert hub.rules[0].fired == 1


# --- away


def test_a_hub_out_of_reach_is_found_out_in_seconds_and_then_not_asked(
    hub: server.Hub, asker: Hub, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    by_itself = hurry(monkeypatch)
    hub.stop()
    others = [Repository("dataset", f"some/set{number}") for number in range(5)]
    with pytest.raises(Failure) as error:
        asker.settle([SET, *others])
    assert clock.monotonic() + sum(by_itself) <= module.FIRST_CONTACT and asker.is_away
    (problem,) = error.value.problems
    assert all(each.id in problem.found for each in [SET, *others]) and "taskmix download" in problem.fix
    assert len([line for line in said if "taken as it is" in line]) == 1


def test_offline_is_named_as_what_it_is(asker: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    asker.fetch(SET, ["one.parquet"])
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert content(asker.fetch(SET, ["one.parquet"])) == [FILES["one.parquet"]]
    with pytest.raises(Failure, match=r"HF_HUB_OFFLINE is set[\s\S]*two\.parquet"):
        asker.fetch(SET, ["two.parquet"])


def test_a_name_that_was_resolved_before_is_known_without_the_hub(
    hub: server.Hub, asker: Hub, tmp_path: Path, said: list[str]
) -> None:
    commit = asker.commit(SET)
    hub.stop()
    assert Hub(tmp_path / "cache", say=said.append).commit(SET) == commit
    assert len(said) == 1


# --- needs


def test_needs_say_what_is_missing_and_fetch_it(hub: server.Hub, asker: Hub, said: list[str]) -> None:
    needs = Needs(asker, {SET: ["one.parquet", "two.parquet"]})
    (line,) = needs.lines
    assert (line.files, line.size, line.missing, line.license) == (2, 600, 600, None)
    assert needs.describe() == "2 files, 600 B, from 1 repositories of the hub (the most: some/set, 600 B)"
    needs.fetch()
    assert needs.missing == {} and needs.describe() == "all 2 files that are needed of the hub are here"
    hub.forget()
    needs.fetch()
    assert hub.requests == [] and len(said) == 1
