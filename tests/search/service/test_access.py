"""Who may ask: tokens, cookies, hosts, origins."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from search.config.workspace import Workspace
from search.service.access import FILE, allowed_hosts, read_tokens
from spaces.errors import InputError
from tests.search.service.conftest import READER, WRITER

Make = Callable[..., TestClient]
SEARCHES = "/api/v1/searches"


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer wrong", f"Basic {WRITER.secret}", f"Bearer {WRITER.cookie}", "Bearer \xff"],
)
def test_without_a_token_nothing_is_told(workspace: Workspace, make_client: Make, header: str) -> None:
    client = make_client(None)
    for path in (SEARCHES, "/api/v1/openapi.json", "/api/v1/nix", "/", "/metrics"):
        answer = client.get(path, headers={"Authorization": header.encode("latin-1")} if header else {})
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        assert "small" not in answer.text
    assert client.get("/healthz").text == "ok\n"


def test_a_link_gives_a_browser_a_cookie(workspace: Workspace, make_client: Make) -> None:
    client = make_client(None)
    page = {"Accept": "text/html"}
    assert 'name="token"' in client.get("/", headers=page).text
    assert client.get(f"{SEARCHES}?token={WRITER.secret}").status_code == 401  # not in addresses of the interface
    answer = client.get(f"/searches/x?a=1&token={WRITER.secret}", headers=page)
    assert (answer.status_code, answer.headers["location"]) == (303, "/searches/x?a=1")
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=strict" in cookie and WRITER.secret not in cookie
    assert client.get(SEARCHES).status_code == 200


def test_a_link_leads_to_no_other_site(workspace: Workspace, make_client: Make) -> None:
    answer = make_client(None).get(f"http://127.0.0.1:8717//evil.example/x?token={WRITER.secret}")
    assert answer.headers["location"] == "/evil.example/x"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8717", 200),
        ("localhost", 200),
        ("[::1]:80", 200),
        ("taskmix.example:443", 200),
        ("TASKMIX.example", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("evil.example@127.0.0.1", 421),
        ("127.0.0.1:x", 421),
        ("[::1", 421),
        ("", 421),
    ],
)
def test_other_names_are_refused(client: TestClient, host: str, status: int) -> None:
    assert client.get(SEARCHES, headers={"Host": host}).status_code == status


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", "file://127.0.0.1:8717"])
def test_other_origins_are_refused(client: TestClient, origin: str) -> None:
    for method in ("GET", "POST"):
        assert client.request(method, SEARCHES, headers={"Origin": origin}).status_code == 403


def test_a_cookie_changes_nothing_from_elsewhere(workspace: Workspace, make_client: Make) -> None:
    client = make_client(None)
    client.get(f"/?token={WRITER.secret}")
    path = f"{SEARCHES}/small/stop"
    assert client.post(path, json={}).status_code == 403
    assert client.post(path, json={}, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    own = {"Origin": "http://127.0.0.1:8717"}
    assert client.post(path, json={}, headers=own).status_code not in (401, 403)


def test_who_may_read_may_not_write(workspace: Workspace, make_client: Make) -> None:
    client = make_client(READER)
    assert client.get(SEARCHES).status_code == 200
    for method, path in (("PUT", "/small"), ("POST", "/small/stop"), ("DELETE", "/small/queued")):
        assert client.request(method, f"{SEARCHES}{path}").status_code == 403


def test_every_answer_has_the_headers(client: TestClient) -> None:
    for path in (SEARCHES, "/nix", "/healthz"):
        headers = client.get(path).headers
        assert "unsafe" not in headers["content-security-policy"]
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["x-content-type-options"] == "nosniff"
        assert "cache-control" in headers


def test_a_token_is_made_once_for_its_owner_alone(home: Path) -> None:
    (made,) = read_tokens(home, {})
    assert (home / FILE).stat().st_mode & 0o777 == 0o600
    assert read_tokens(home, {}) == (made,)
    given = read_tokens(home, {"TASKMIX_TOKEN": "x" * 20})
    assert [token.name for token in given] == ["environment", "admin"]


def test_tokens_in_a_file_have_names_and_roles(home: Path) -> None:
    home.mkdir()
    (home / FILE).write_text("write ann 0123456789abcdef\n\nread bob fedcba9876543210\n")
    (home / FILE).chmod(0o600)
    assert [(token.name, token.role) for token in read_tokens(home, {})] == [("ann", "write"), ("bob", "read")]
    for wrong in ("admin ann 0123456789abcdef", "write ann short", "write ann"):
        (home / FILE).write_text(wrong)
        with pytest.raises(InputError) as error:
            read_tokens(home, {})
        assert "0123456789abcdef" not in str(error.value)
    (home / FILE).chmod(0o644)
    with pytest.raises(InputError, match="chmod 600"):
        read_tokens(home, {})


def test_other_machines_are_let_in_by_name_alone() -> None:
    with pytest.raises(InputError, match="--allow-host"):
        allowed_hosts("0.0.0.0", [])
    assert "cluster.example" in allowed_hosts("0.0.0.0", ["Cluster.example"])
