"""The pages in the real service, without a browser."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace
from search.display.page.search_page import report_page
from search.results.search_report import report_search
from search.results.status import summarize
from search.service.routes import views
from search.studies.lease import acquire
from search.studies.studies import Studies
from tests.search.service.conftest import READER
from tests.support.searches import Filler

WINNER = "paraphrase:0.7 + ner:0.3"
PAGES = ("/", "/searches/small", "/new", "/new?like=small", "/tasks")


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_html_without_anything_inline(client: TestClient, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "unsafe-inline" not in response.headers["content-security-policy"]
    assert not re.search(r"<style|<script(?! src=)| style=| on[a-z]+=\"", response.text)
    assert client.get(path, headers={"If-None-Match": response.headers["etag"]}).status_code == 304


def test_all_links_of_a_search_lead_somewhere(client: TestClient) -> None:
    page = client.get("/searches/small").text
    links = set(re.findall(r'(?:href|src)="([^"]+)"', page))
    known = {link.replace("&amp;", "&") for link in links if "/models/" not in link and not link.startswith("/compare")}
    assert len(known) > 10
    assert not {link: status for link in known if (status := client.get(link).status_code) != 200}


def test_the_list_has_every_search(client: TestClient) -> None:
    page = client.get("/").text
    assert 'href="/searches/small"' in page
    assert "‖ interrupted" in page
    assert "related +8.0, verses -2.0" in page


def test_buttons_fit_the_state(client: TestClient, workspace: Workspace) -> None:
    page = client.get("/searches/small").text
    assert 'data-post="/api/v1/searches/small/resume"' in page
    assert "/stop" not in page
    with acquire(workspace, lambda text: None):
        page = client.get("/searches/small").text
    assert 'data-post="/api/v1/searches/small/stop"' in page
    assert "/resume" not in page
    assert "▶ running" in page


def test_a_card_has_buttons_for_what_the_service_can_do(client: TestClient) -> None:
    paths = client.get("/api/v1/openapi.json").json()["paths"]
    page = client.get("/searches/small").text
    for name in ("promotions", "models"):
        offered = any(path.startswith(f"/api/v1/searches/{{name}}/{name}") for path in paths)
        assert (f"/searches/small/{name}" in page) == offered, name


def test_a_mix_has_a_page(client: TestClient, filled: Filler) -> None:
    digest = filled.item(WINNER, 0).recipe.digest
    assert f'href="/searches/small/recipes/{digest}"' in client.get("/searches/small").text
    page = client.get(f"/searches/small/recipes/{digest}").text
    for part in (WINNER, "+10.0", "a repeated seed", digest):
        assert part in page, part
    assert client.get("/searches/small/recipes/none").status_code == 404


def test_the_report_is_that_of_the_command_and_may_use_its_own_style_alone(client: TestClient, filled: Filler) -> None:
    response = client.get("/searches/small/report.html")
    assert response.text == report_page(report_search(filled.studies, summarize(filled.studies, driven=False)))
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        text = re.search(rf"<{kind}>(.*?)</{kind}>", response.text, re.DOTALL)[1]  # type: ignore[index]
        made = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{made}'" in policy
    assert client.get("/api/v1/searches/small/report.html").text == response.text


def test_a_new_search_begins_with_a_file_that_is_one_or_with_another_search(client: TestClient, tmp_path: Path) -> None:
    assert "name: small" in client.get("/new?like=small").text
    (tmp_path / "new.yaml").write_text(views.EMPTY, encoding="utf-8")
    assert search_file.load(tmp_path / "new.yaml").config.name == "my-search"
    assert client.get("/new?like=nothing").status_code == 404
    assert views.EMPTY in client.get("/new").text


def test_searches_are_compared_on_a_page(
    client: TestClient, make_search: Callable[..., Search], tmp_path: Path
) -> None:
    search = make_search(name="other", targets=["related"])
    workspace = Workspace.of(search)
    workspace.enter(tmp_path / "search.yaml")
    filler = Filler(search, Studies.create(workspace))
    filler.run("none", 1, {"related": 0.55}, "baseline")
    filler.run("paraphrase", 1, {"related": 0.60})
    assert '<input type="checkbox" name="names" value="other">' in client.get("/compare?names=small").text
    for address in ("/compare?names=small,other", "/compare?names=small&names=other"):
        page = client.get(address).text
        for part in ("What they found", "+9.0 (+1.2 to +16.8) test", "+5.0 test", "targets"):
            assert part in page, part
    assert "at least two different searches" in client.get("/compare?names=small,small").text
    answer = client.get("/api/v1/compare?names=small,other").json()
    assert answer["searches"] == ["small", "other"]
    assert client.get("/api/v1/compare?names=small").status_code == 422


def test_results_change_the_page(client: TestClient, filled: Filler) -> None:
    before = client.get("/searches/small")
    filled.run("none", 1, {"related": 0.52, "verses": 0.62}, "baseline", seed=3)
    assert client.get("/searches/small").headers["etag"] != before.headers["etag"]


def test_what_runs_is_had_without_the_rest(client: TestClient, filled: Filler) -> None:
    filled.begin(filled.item("crossref:0.5 + ner:0.5", 0))
    part = client.get("/searches/small/now").text
    assert "crossref:0.5 + ner:0.5" in part
    assert 'id="mixtures"' not in part
    page = client.get("/searches/small").text
    for name in ("progress", "actions", "now"):
        kept = re.search(rf'<(\w+)[^>]* id="{name}".*?</\1>', part, re.DOTALL)
        assert kept is not None
        assert kept[0] in page, name


def test_nobody_sees_a_page_without_a_token(workspace: Workspace, make_client: Callable[..., TestClient]) -> None:
    stranger, reader = make_client(None), make_client(READER)
    assert {stranger.get(path).status_code for path in PAGES} == {401}
    assert stranger.get("/static/app.css").status_code == 200
    assert reader.get("/searches/small").status_code == 200


@pytest.mark.parametrize(
    "path", ["/static/views.py", "/static/..%2Fdocument.py", "/searches/..%2Fx", "/searches/nothing"]
)
def test_what_is_not_there_is_not_found(client: TestClient, path: str) -> None:
    assert client.get(path).status_code in (404, 422)
