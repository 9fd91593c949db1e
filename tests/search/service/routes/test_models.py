"""Models over HTTP: what cannot be had is told; `tests/test_train_to_export.py` has the commands that make them."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from search.service.routes.models import told
from spaces.errors import Problem

pytestmark = pytest.mark.long

API = "/api/v1/searches"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/small/models/nix.tar", 404),
        ("/nix/models/related.tar", 404),
        ("/small/models/--help.tar", 422),
        ("/small/models/related.tar", 410),
    ],
)
def test_models_that_are_not_there(client: TestClient, path: str, status: int) -> None:
    """The search of the tests has results, and no encoders in its store."""
    answer = client.get(f"{API}{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"target": "nix"}, 404),
        ({"target": "related", "alias": "--force"}, 422),
        ({"target": "related", "force": True}, 422),
        ({}, 422),
    ],
)
def test_promotions_that_are_none(client: TestClient, body: dict[str, object], status: int) -> None:
    assert client.post(f"{API}/small/promotions", json=body).status_code == status


def test_what_a_command_prints_is_told_in_its_parts() -> None:
    first, second = (
        Problem("the encoder is not in the store", "s3://store", "book:1, seed 1", "the same with --fine-tuned"),
        Problem("is no mix"),
    )
    said = f"a warning\nerror: {first}\nerror: {second}\n2 problems\n"
    found = told(said)
    assert [(one.what, one.found, one.fix) for one in found] == [
        ("s3://store: the encoder is not in the store", "book:1, seed 1", "the same with --fine-tuned"),
        ("is no mix", "", ""),
    ]
    assert told("Killed")[0].found == "Killed"
