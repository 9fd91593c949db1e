"""What the service tells is what the command line prints."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from search.cli import main
from search.config.workspace import Workspace
from tests.support.searches import Filler

API = "/api/v1"


@pytest.mark.parametrize("format", ["json", "csv"])
@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/searches", ["status"]),
        ("/searches/small", ["status", "small"]),
        ("/searches/small/best?top=2", ["best", "small", "--top", "2"]),
        ("/searches/small/best?target=related", ["best", "small", "--target", "related"]),
        ("/searches/small/best?suite=small", ["best", "small", "--suite", "small"]),
        ("/tasks", ["tasks"]),
        ("/tasks/mnli", ["tasks", "mnli"]),
    ],
)
def test_answers_are_those_of_the_commands_byte_for_byte(
    client: TestClient, path: str, command: list[str], format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--format", format]) == 0
    answer = client.get(f"{API}{path}{'&' if '?' in path else '?'}format={format}")
    assert answer.text == capsys.readouterr().out
    assert answer.status_code == 200


def test_what_did_not_change_is_not_sent_again(client: TestClient, filled: Filler) -> None:
    path = f"{API}/searches/small"
    tag = client.get(path).headers["etag"]
    again = client.get(path, headers={"If-None-Match": f'W/"other", {tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    filled.run("ner", 1, {"related": 0.5}, "promotion")
    changed = client.get(path, headers={"If-None-Match": tag})
    assert changed.status_code == 200
    assert changed.json()["work_items"]["done"] == 10


def test_recipes_have_all_their_scores(client: TestClient) -> None:
    found = client.get(f"{API}/searches/small/recipes").json()
    assert [line["mix"] for line in found["recipes"]] == [
        "paraphrase:1", "ner:1", "crossref:1", "paraphrase:0.7 + ner:0.3",
    ]  # fmt: skip
    mix = found["recipes"][3]
    assert mix["state"] == "complete"
    assert [(one["target"], one["rung"], one["seed"], one["score"]) for one in mix["scores"]] == [
        ("related", 0, 1, 0.58), ("related", 1, 1, 0.61), ("related", 1, 2, 0.63),
        ("verses", 0, 1, 0.62), ("verses", 1, 1, 0.65), ("verses", 1, 2, 0.61),
    ]  # fmt: skip
    assert [one["gain"] for one in mix["scores"][:3]] == pytest.approx([0.08, 0.06, 0.10])
    one_target = client.get(f"{API}/searches/small/recipes?target=verses").json()["recipes"][3]
    assert {one["target"] for one in one_target["scores"]} == {"verses"}


@pytest.mark.parametrize("noun", ["recipes", "work-items"])
def test_pages_of_a_list_are_the_list(client: TestClient, noun: str) -> None:
    key = noun.replace("-", "_")
    whole = client.get(f"{API}/searches/small/{noun}").json()
    assert whole["next"] is None
    pages, after = [], ""
    while after is not None:
        page = client.get(f"{API}/searches/small/{noun}?limit=3{after}").json()
        assert len(page[key]) <= 3
        pages += page[key]
        after = f"&after={page['next']}" if page["next"] else None
    assert pages == whole[key]


def test_work_items_say_why_they_failed(client: TestClient) -> None:
    failed = client.get(f"{API}/searches/small/work-items?state=failed").json()["work_items"]
    assert [(one["mix"], one["failure"]["kind"], one["number"]) for one in failed] == [("crossref:1", "diverged", 4)]
    assert failed[0]["started"] <= failed[0]["finished"]
    rows = list(csv.DictReader(io.StringIO(client.get(f"{API}/searches/small/work-items?format=csv").text)))
    assert [row["purpose"] for row in rows[:2]] == ["baseline", "baseline"]


def test_work_items_without_a_driver_are_interrupted(client: TestClient, filled: Filler) -> None:
    item = filled.item("ner", 1)
    filled.studies.begin(item, "promotion", "related")
    found = client.get(f"{API}/searches/small/work-items").json()["work_items"]
    assert found[-1]["state"] == "interrupted"
    assert found[-1]["finished"] is None


def test_the_file_shows_no_password(client: TestClient, workspace: Workspace) -> None:
    text = workspace.file.read_text()
    workspace.file.write_text(f"{text}storage:\n  mlflow: postgresql://me:se:cret@db/x?password=other\n")
    shown = client.get(f"{API}/searches/small/file").text
    assert "postgresql://me:***@db/x" in shown
    assert "cret" not in shown and "other" not in shown


def test_a_log_is_read_from_where_one_was(client: TestClient, workspace: Workspace) -> None:
    assert client.get(f"{API}/searches/small/log").text == ""
    log = workspace.folder / "launch.log"
    log.write_text("<b>first</b>\npostgresql://me:secret@db/x\n")
    first = client.get(f"{API}/searches/small/log")
    assert first.text == "<b>first</b>\npostgresql://me:***@db/x\n"
    assert first.headers["content-type"].startswith("text/plain")
    end = first.headers["taskmix-log-end"]
    with log.open("a") as file:
        file.write("más\n")
    assert client.get(f"{API}/searches/small/log?after={end}").text == "más\n"
    log.write_text("x" * 10 + "\n" + "y" * 65530 + "\nz\n")
    assert client.get(f"{API}/searches/small/log").text.startswith("y")


@pytest.mark.parametrize(
    ("path", "status", "what"),
    [
        ("/searches/nix", 404, "no search of that name"),
        ("/searches/nix/best", 404, "no search of that name"),
        ("/searches/small/best?target=nix", 404, "no target of this search"),
        ("/searches/small/best?suite=nix", 404, "unknown suite"),
        ("/searches/small/recipes?after=nix", 404, "no configuration of this search"),
        ("/searches/small/best?top=0", 422, "greater than"),
        ("/searches/small?format=table", 422, "'json' or 'csv'"),
        ("/tasks/nix", 404, "no card of that name"),
        ("/searches/.hidden", 422, "pattern"),
        ("/searches/..%2f..%2fetc", 404, "Not Found"),
        ("/searches/small%00", 422, "pattern"),
        (f"/searches/{'x' * 300}", 422, "at most 240"),
    ],
)
def test_mistakes_are_told_as_problems(client: TestClient, path: str, status: int, what: str) -> None:
    answer = client.get(f"{API}{path}")
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert what in answer.json()["problems"][0]["what"]


def test_a_database_that_is_away_is_no_mistake_of_who_asks(client: TestClient, workspace: Workspace) -> None:
    for file in workspace.folder.glob("studies.db*"):
        file.rename(file.with_name(f"away-{file.name}"))
    answer = client.get(f"{API}/searches/small")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert client.get(f"{API}/searches").json()["searches"][0]["state"] == "unreadable"
    assert not (workspace.folder / "studies.db").exists()


def test_a_database_that_was_replaced_is_read_anew(client: TestClient, filled: Filler, workspace: Workspace) -> None:
    """Its trials have the same numbers."""
    item = filled.item("ner", 1, ("related",))
    filled.studies.begin(item, "promotion", "related")
    filled.studies.storage.engine.dispose()  # type: ignore[attr-defined]
    shutil.copy(workspace.folder / "studies.db", workspace.folder / "one.db")
    filled.studies.finish(item, filled.outcome(item, {"related": 0.7}))
    path = f"{API}/searches/small/best?target=related"
    assert client.get(path).json()["targets"]["related"]["candidates"] == 3
    filled.studies.storage.engine.dispose()  # type: ignore[attr-defined]
    for file in workspace.folder.glob("studies.db*"):
        file.unlink()
    (workspace.folder / "one.db").rename(workspace.folder / "studies.db")
    assert client.get(path).json()["targets"]["related"]["candidates"] == 2


def test_reading_writes_nothing(client: TestClient, workspace: Workspace, home: Path) -> None:
    client.get(f"{API}/searches/small/best")
    before = {path: path.stat().st_mtime_ns for path in home.rglob("*") if "studies.db-" not in path.name}
    for path in ("", "/small", "/small/best", "/small/recipes", "/small/work-items", "/small/file", "/small/log"):
        assert client.get(f"{API}/searches{path}").status_code == 200
    assert {path: path.stat().st_mtime_ns for path in home.rglob("*") if "studies.db-" not in path.name} == before


def test_the_document_names_every_answer(client: TestClient) -> None:
    document = client.get(f"{API}/openapi.json").json()
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            for status, answer in operation["responses"].items():
                for kind, content in answer.get("content", {}).items():
                    schema = content["schema"]
                    named = all("$ref" in one for one in schema.get("anyOf", [schema]))
                    assert named or kind.startswith(("text/", "application/octet-stream")), (
                        path,
                        method,
                        status,
                    )


def test_metrics_count_searches(client: TestClient) -> None:
    found = client.get("/metrics").text
    assert 'taskmix_searches{state="interrupted"} 1\n' in found
    assert 'taskmix_work_items{search="small",state="done"} 9\n' in found
