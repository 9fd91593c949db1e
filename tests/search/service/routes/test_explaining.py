"""Explanations and recommendations over HTTP: those of the commands, and on the page."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from search.cli import main
from tests.search.explanation.test_pool import TARGETS, begun, fill

pytestmark = pytest.mark.long

API = "/api/v1"


@pytest.fixture
def explained(home: Path, tmp_path: Path, make_client: Callable[..., TestClient]) -> TestClient:
    """Of a service with a search whose texts were looked at."""
    fill(begun(tmp_path, "measured", sorted(TARGETS)))
    return make_client(searches=0)


def test_an_explanation_is_that_of_the_command_and_stands_on_the_page(
    explained: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    for format in ("json", "csv"):
        assert main(["explain", "measured", "--format", format]) == 0
        answer = explained.get(f"{API}/searches/measured/explanation?format={format}")
        assert answer.status_code == 200 and answer.text == capsys.readouterr().out
    page = explained.get("/searches/measured").text
    assert "distance of the domain" in page and "all tasks are in English" in page
    assert "style=" not in page


def test_texts_that_nobody_looked_at(client: TestClient) -> None:
    answer = client.get(f"{API}/searches/small/explanation")
    assert answer.status_code == 409
    assert "POST /api/v1/searches/small/explanation" in answer.json()["problems"][0]["fix"]
    assert "Nobody has looked at the texts" in client.get("/searches/small").text
    assert client.get(f"{API}/searches/nix/explanation").status_code == 404
    assert client.get(f"{API}/searches/small/explanation?names=nix").status_code == 404
    assert client.get(f"{API}/searches/small/explanation?measure=nix").status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"target": "--help"}, 422),
        ({"target": "genres", "names": ["nix"]}, 404),
        ({"target": "nix"}, 404),
        ({"nix": 1}, 422),
    ],
)
def test_recommendations_that_are_none(client: TestClient, body: dict[str, object], status: int) -> None:
    assert client.post(f"{API}/recommendations", json=body).status_code == status


@pytest.mark.slow
def test_what_takes_a_process_is_what_the_command_says(
    explained: TestClient, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["recommend", "genres", "--top", "3", "--format", "json"]) == 0
    answer = explained.post(f"{API}/recommendations", json={"target": "genres", "top": 3})
    assert (answer.status_code, answer.text) == (200, capsys.readouterr().out)
    assert main(["explain", "measured", "--split", "test", "--format", "json"]) == 0
    answer = explained.post(f"{API}/searches/measured/explanation", json={"split": "test"})
    assert (answer.status_code, answer.text) == (200, capsys.readouterr().out)
