"""The stand-in does what it says, to the real client."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx2
import pytest
from huggingface_hub import HfApi, hf_hub_download, snapshot_download
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from tests.hub import client

README = "---\nlicense: mit\n---\n# a\n"


@pytest.fixture
def repository(hub):
    return hub.add("dataset", "someone/rows", {"README.md": README, "a/rows.parquet": bytes(range(256)) * 40})


def fetched(tmp_path, revision="main"):
    folder = snapshot_download("someone/rows", repo_type="dataset", revision=revision, max_workers=1)
    assert folder.startswith(str(tmp_path / "hf"))
    return {path: Path(folder, path).read_bytes() for path in ("README.md", "a/rows.parquet")}


def test_a_repository_is_fetched_large_files_from_another_host_without_the_token(
    hub, repository, tmp_path, monkeypatch
):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert fetched(tmp_path) == {path: blob.content for path, blob in repository.files().items()}
    assert hub.counts == {"api": 2, "resolve": 3, "cdn": 1}
    assert hub.bytes["cdn"] == 256 * 40
    assert {request.kind: request.token for request in hub.requests} == {
        "api": "hf_secret",
        "resolve": "hf_secret",
        "cdn": None,
    }
    hub.forget()
    assert fetched(tmp_path, repository.main)
    assert not hub.requests


def test_what_is_said_of_a_repository_is_what_the_hub_says(hub, repository):
    info = HfApi().dataset_info("someone/rows", files_metadata=True)
    assert (info.sha, info.gated, info.private) == (repository.main, False, False)
    assert info.card_data.license == "mit"
    sizes = {sibling.rfilename: (sibling.size, sibling.lfs and sibling.lfs.sha256) for sibling in info.siblings}
    blob = repository.files()["a/rows.parquet"]
    assert sizes == {"README.md": (len(README), None), "a/rows.parquet": (blob.size, blob.sha256)}
    (file,) = HfApi().get_paths_info("someone/rows", ["a/rows.parquet"], repo_type="dataset")
    assert file.lfs.sha256 == blob.sha256


def test_long_lists_of_files_come_in_pages(hub):
    repository = hub.add("model", "someone/many", {f"{number // 100}/{number}": "x" for number in range(1200)})
    names = {entry.path for entry in HfApi().list_repo_tree("someone/many", recursive=True)}
    assert set(repository.files()) < names
    assert len(names) == 1200 + 12
    assert hub.counts == {"api": 2}


def test_main_moves_and_commits_stay(hub, repository, tmp_path):
    first = repository.main
    second = repository.commit({"a/rows.parquet": b"other"})
    assert fetched(tmp_path)["a/rows.parquet"] == b"other"
    assert fetched(tmp_path, first)["a/rows.parquet"] == repository.files(first)["a/rows.parquet"].content
    repository.move(first)
    assert HfApi().dataset_info("someone/rows").sha == first != second
    with pytest.raises(RevisionNotFoundError):
        fetched(tmp_path, "nowhere")


def test_an_old_name_leads_to_the_new_one(hub, repository, tmp_path):
    hub.rename("dataset", "someone/rows", "somebody/rows")
    assert fetched(tmp_path)
    assert HfApi().dataset_info("someone/rows").id == "somebody/rows"


def test_gates_and_tokens(hub, tmp_path, monkeypatch):
    hub.add("dataset", "someone/rows", {"README.md": README, "a/rows.parquet": b"x"}, gated="auto", readers={"hf_in"})
    assert HfApi().dataset_info("someone/rows").gated == "auto"
    with pytest.raises(GatedRepoError, match="Please log in"):
        fetched(tmp_path)
    monkeypatch.setenv("HF_TOKEN", "hf_out")
    with pytest.raises(GatedRepoError, match="not in the authorized list"):
        fetched(tmp_path)
    monkeypatch.setenv("HF_TOKEN", "hf_in")
    assert fetched(tmp_path)
    hub.repository("dataset", "someone/rows").is_private = True
    assert HfApi().dataset_info("someone/rows").private
    monkeypatch.setenv("HF_TOKEN", "hf_out")
    with pytest.raises(RepositoryNotFoundError):
        HfApi().dataset_info("someone/rows")
    hub.answers.tokens = {"hf_in"}
    with pytest.raises(HfHubHTTPError, match="Invalid credentials"):
        HfApi().dataset_info("someone/rows")


@pytest.mark.parametrize(
    ("do", "path", "raised"),
    [
        ("status", "/api/", LocalEntryNotFoundError),
        ("close", "/api/", httpx2.RemoteProtocolError),
        ("html", "/api/", ValueError),
        ("no_etag", "resolve", LocalEntryNotFoundError),
        ("no_commit", "resolve", LocalEntryNotFoundError),
        ("truncate", "", OSError),
    ],
)
def test_a_fault_happens_as_often_as_it_says(hub, repository, tmp_path, monkeypatch, do, path, raised):
    client.hurry(monkeypatch)
    rule = hub.fail(do, path, first=1, status=501)
    with pytest.raises(raised):
        fetched(tmp_path)
    assert rule.fired == 1
    assert fetched(tmp_path)


def test_the_client_goes_on_after_a_dropped_file_and_takes_wrong_bytes_as_they_come(
    hub, repository, tmp_path, monkeypatch
):
    dropped, corrupted = hub.fail("drop", kind="cdn", first=1), hub.fail("corrupt", kind="cdn", first=1)
    content = repository.files()["a/rows.parquet"].content
    got = fetched(tmp_path)["a/rows.parquet"]
    assert (dropped.fired, corrupted.fired) == (1, 1)
    assert len(got) == len(content)
    assert got != content


def test_hanging_and_stalled_requests_end_with_the_hub(hub, repository, monkeypatch):
    hub.fail("hang", "/api/", first=1)
    with pytest.raises(httpx2.TimeoutException):
        HfApi().dataset_info("someone/rows", timeout=0.2)
    hub.fail("stall", kind="cdn", first=1, seconds=0.1)
    assert hf_hub_download("someone/rows", "a/rows.parquet", repo_type="dataset")


def test_limits_are_refusals_with_the_time_to_wait(hub, repository, monkeypatch):
    hub.limits.api, hub.limits.window = 2, 60
    for _ in range(2):
        assert HfApi().dataset_info("someone/rows")
    with pytest.raises(HfHubHTTPError, match=r"Retry after (60|59) seconds"):
        HfApi().dataset_info("someone/rows")
    hub.recover()
    assert HfApi().dataset_info("someone/rows")


def test_a_share_of_requests_fails_the_same_ones_for_a_seed(hub, repository):
    def failed(seed):
        hub.recover()
        hub.fail("status", "/api/", status=501, chance=0.3, seed=seed)
        hub.forget()
        for _ in range(20):
            try:
                HfApi().dataset_info("someone/rows")
            except HfHubHTTPError:
                continue
        return [request.status for request in hub.requests]

    assert failed(1) == failed(1) != failed(2)
    assert 0 < failed(1).count(501) < 20


def test_a_hub_that_is_stopped_is_a_closed_port_until_it_starts_again(hub, repository, tmp_path):
    assert fetched(tmp_path)
    hub.stop()
    with pytest.raises(httpx2.ConnectError):
        HfApi().dataset_info("someone/rows")
    hub.start()
    assert HfApi().dataset_info("someone/rows").sha == repository.main


@pytest.mark.long
def test_a_program_of_its_own_asks_it_too(hub, repository, tmp_path):
    script = "from huggingface_hub import snapshot_download as s; print(s('someone/rows', repo_type='dataset'))"
    home = tmp_path / "another"
    environment = hub.environment(home, HF_TOKEN="hf_mine")
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.startswith(str(home / "hub")), done.stderr
    assert {request.token for request in hub.requests if request.kind != "cdn"} == {"hf_mine"}
