"""What the real client raises, at a hub that does not do as it should, is a problem that says what to do."""

from __future__ import annotations

import errno
import os
import ssl

import httpx2
import pytest
from huggingface_hub import constants, snapshot_download

from spaces.errors import Failure, InputError, TaskmixError
from spaces.repository import Repository
from tests.hub import client
from trainables.hub import errors
from trainables.hub.errors import explain, is_transient, wait_for

ROWS = Repository("dataset", "someone/rows")
FILES = {"README.md": "# rows\n", "rows.parquet": b"rows" * 100}


@pytest.fixture(autouse=True)
def waits(monkeypatch):
    """How long the client would have waited by itself."""
    return client.hurry(monkeypatch)


@pytest.fixture
def rows(hub):
    return hub.add("dataset", ROWS.id, FILES)


def raised(repository: Repository = ROWS) -> Exception:
    """What the client raises when the repository is fetched."""
    with pytest.raises(Exception) as caught:
        snapshot_download(repository.id, repo_type=repository.type, revision=repository.revision, max_workers=1)
    return caught.value


def explained(repository: Repository = ROWS) -> tuple[TaskmixError, str]:
    """What is made of it, and its text in one line."""
    found = explain(raised(repository), repository)
    return found, " ".join(str(found).split())


# --- mistakes of the user


@pytest.mark.parametrize(
    ("token", "fix"),
    [(None, "then `hf auth login`, or set HF_TOKEN"), ("hf_out", "with the account of the token")],
)
@pytest.mark.parametrize(("kind", "folder"), [("dataset", "datasets/"), ("model", "")])
def test_gated(hub, monkeypatch, token, fix, kind, folder):
    hub.add(kind, ROWS.id, FILES, gated="manual")
    if token:
        monkeypatch.setenv("HF_TOKEN", token)
    error, text = explained(Repository(kind, ROWS.id))
    assert isinstance(error, InputError)
    assert "is gated" in text
    assert f"fix: ask for access at {hub.url}/{folder}someone/rows, {fix}" in text


def test_not_there_or_private(hub, monkeypatch):
    error, text = explained()
    assert isinstance(error, InputError)
    assert "someone/rows: no such data set on the hub, or a private one" in text
    assert "`source.hub`; if the data set is private: `hf auth login`, or set HF_TOKEN" in text
    hub.add("model", "someone/weights", {"config.json": "{}"}, is_private=True)
    monkeypatch.setenv("HF_TOKEN", "hf_out")
    error, text = explained(Repository("model", "someone/weights"))
    assert isinstance(error, InputError)
    assert "`model`; if the model is private: the token's account needs access to it" in text


def test_a_token_that_is_not_taken(hub, rows, monkeypatch, tmp_path):
    hub.answers.tokens = {"hf_good"}
    monkeypatch.setenv("HF_TOKEN", "hf_old")
    error, text = explained()
    assert isinstance(error, InputError)
    assert "the hub does not take the token" in text
    assert "found: HF_TOKEN: Invalid credentials" in text
    assert "hf_old" not in text
    monkeypatch.delenv("HF_TOKEN")
    (tmp_path / "hf").mkdir(exist_ok=True)
    (tmp_path / "hf" / "token").write_text("hf_stored")
    _, text = explained()
    assert f"found: {tmp_path}/hf/token: Invalid credentials" in text
    assert "`hf auth login`" in text


@pytest.mark.parametrize(("kind", "key"), [("dataset", "source.revision"), ("model", "model")])
def test_no_such_revision(hub, kind, key):
    hub.add(kind, ROWS.id, FILES)
    error, text = explained(Repository(kind, ROWS.id, "v9"))
    assert isinstance(error, InputError)
    assert text.startswith(
        f"someone/rows: {key}: no such revision on the hub found: v9 fix: a branch, tag or commit of"
    )


def test_no_id_at_all(hub):
    error, text = explained(Repository("model", "a/b/c"))
    assert isinstance(error, InputError)
    assert "OWNER/NAME" in text


def test_a_token_without_the_right(hub, rows, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_narrow")
    hub.fail("status", status=403, message="Fine-grained token lacks a permission")
    error, text = explained()
    assert isinstance(error, InputError)
    assert "the token does not allow this found: Fine-grained token lacks a permission" in text


# --- failures of the world


@pytest.mark.parametrize("path", ["/api/", "/resolve/"])
@pytest.mark.parametrize("status", [500, 503])
def test_the_hub_is_ill(hub, rows, path, status):
    hub.fail("status", path, status=status, message="overloaded")
    error, text = explained()
    assert isinstance(error, Failure)
    assert f"the hub answers {status}" in text


def test_too_many_requests(hub, rows):
    hub.limits.api, hub.limits.window = 0, 300
    error, text = explained()
    assert isinstance(error, Failure)
    assert "too many requests for the hub's limits" in text
    assert "with a token (`hf auth login`, HF_TOKEN) the limits are higher" in text


def test_disabled(hub, rows):
    hub.fail("status", status=403, message="Access to this resource is disabled.")
    error, text = explained()
    assert isinstance(error, Failure)
    assert "the data set was disabled on the hub" in text


@pytest.mark.parametrize(
    ("do", "path"), [("html", "/api/"), ("html", "/resolve/"), ("no_commit", "/resolve/"), ("no_etag", "/resolve/")]
)
def test_a_captive_portal(hub, rows, do, path):
    hub.fail(do, path)
    error, text = explained()
    assert isinstance(error, Failure)
    assert "the hub cannot be reached (something else answers in its place)" in text
    assert "log in to the network" in text
    assert hub.url in text


def test_closed_port(hub, rows):
    hub.stop()
    error, text = explained()
    assert isinstance(error, Failure)
    assert f"the port of {hub.url.removeprefix('http://')} is closed" in text
    assert f"check HF_ENDPOINT ({hub.url})" in text


def test_no_name(hub, tmp_path, monkeypatch):
    client.point(monkeypatch, "http://hub.invalid", tmp_path / "hf")
    error, text = explained()
    assert isinstance(error, Failure)
    assert "the hub cannot be reached (no such name: hub.invalid)" in text


def test_no_answer(hub, rows):
    hub.fail("hang")
    with pytest.raises(httpx2.TimeoutException) as caught:
        httpx2.get(hub.url, timeout=0.1)
    text = str(explain(caught.value, ROWS))
    assert "the hub cannot be reached (127.0.0.1 does not answer in time)" in text


def test_dropped_connections(hub, rows):
    hub.fail("close")
    error, text = explained()
    assert isinstance(error, Failure)
    assert "the hub cannot be reached (127.0.0.1 closes the connection)" in text


def test_a_proxy_that_leads_nowhere_is_named_without_its_password(hub, rows, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:9")
    error, text = explained()
    assert isinstance(error, Failure)
    assert text.startswith("http_proxy: the hub cannot be reached (the proxy lets nothing through)")
    assert "http://127.0.0.1:9: [Errno 111] Connection refused" in text
    assert "secret" not in text
    assert "NO_PROXY=127.0.0.1" in text
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    hub.stop()
    from huggingface_hub import close_session

    close_session()
    assert "is closed" in explained()[1]


def test_a_certificate_that_is_not_trusted(hub, tmp_path):
    error = httpx2.ConnectError("certificate verify failed", request=httpx2.Request("GET", "https://hub.example"))
    error.__cause__ = ssl.SSLCertVerificationError("self-signed certificate in certificate chain")
    text = str(explain(error, ROWS))
    assert "the certificate of hub.example is not trusted" in text
    assert "SSL_CERT_FILE" in text
    assert not is_transient(error)


def test_offline(hub, rows, monkeypatch):
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    error, text = explained()
    assert isinstance(error, Failure)
    assert "HF_HUB_OFFLINE is set" in text
    assert "unset HF_HUB_OFFLINE" in text
    assert not hub.requests


def test_xet_is_refused(hub, rows):
    hub.answers.has_xet = True
    hub.fail("status", "xet-read-token", status=404)
    error, text = explained()
    assert isinstance(error, Failure)
    assert "(Xet) cannot be reached" in text
    assert "HF_HUB_DISABLE_XET=1" in text
    assert not is_transient(raised())


# --- the disk


def test_the_cache_is_in_the_way_of_a_file(hub, rows, tmp_path):
    (tmp_path / "hf").write_text("not a folder")
    error, text = explained()
    assert isinstance(error, Failure)
    assert text.startswith(f"HF_HUB_CACHE: {tmp_path}/hf/hub: the hub's cache is no folder")
    assert "GB free" in text


@pytest.mark.parametrize(
    ("number", "state", "fix"),
    [(errno.ENOSPC, "full", "free some space there"), (errno.EROFS, "read-only", "make it writable")],
)
def test_the_cache_is_full_or_read_only(hub, rows, tmp_path, monkeypatch, number, state, fix):
    monkeypatch.delenv("HF_HUB_CACHE")

    def write(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))  # no test fills a disk, or may make one read-only

    monkeypatch.setattr("huggingface_hub.file_download.http_get", write)
    error, text = explained()
    assert isinstance(error, Failure)
    assert text.startswith(f"HF_HOME: {tmp_path}/hf: the hub's cache is {state}")
    assert f"fix: {fix}, or set HF_HOME to a folder on another disk" in text
    assert not is_transient(raised())


# --- what may pass


@pytest.mark.parametrize(
    ("do", "how", "passes"),
    [
        ("close", {}, True),
        ("status", {"status": 503}, True),
        ("status", {"status": 429}, True),
        ("status", {"status": 404, "code": "RepoNotFound"}, False),
        ("status", {"status": 403}, False),
        ("truncate", {"kind": "cdn"}, True),
        ("html", {}, True),
    ],
)
def test_what_may_pass(hub, rows, do, how, passes):
    hub.fail(do, **how)
    assert is_transient(raised()) is passes


def test_a_closed_port_may_open_and_a_mistake_stays(hub, rows, monkeypatch):
    assert not is_transient(raised(Repository("dataset", ROWS.id, "v9")))
    assert not is_transient(raised(Repository("model", "a/b/c")))
    hub.stop()
    assert is_transient(raised())
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    assert not is_transient(raised())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"RateLimit": '"api";r=0;t=55'}, 56.0),
        ({"RateLimit": '"api";r=3;t=55', "Retry-After": "2"}, 2.0),
        ({"Retry-After": "soon"}, None),
    ],
)
def test_how_long_the_hub_wants_to_be_left_alone(hub, rows, headers, seconds):
    hub.fail("status", status=429, headers=headers)
    assert wait_for(raised()) == seconds


def test_a_time_to_wait_may_be_a_date(hub, rows, monkeypatch):
    hub.fail("status", status=503, headers={"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"})
    error = raised()
    monkeypatch.setattr(errors, "time", type("Clock", (), {"time": staticmethod(lambda: 1792567650.0)}))
    assert wait_for(error) == 30.0
    assert wait_for(OSError()) is None
