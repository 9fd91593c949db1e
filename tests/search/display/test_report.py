"""Answers as tables, JSON and CSV."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

from search.display import report
from search.display.report import Kind
from search.results import status as query
from search.results.cards import tasks
from spaces.catalogue import Catalogue
from tests.support.searches import Filler


@pytest.fixture
def answers(filled: Filler) -> dict[Kind, dict[str, Any]]:
    search, studies = filled.search, filled.studies
    best, status = query.best(search, studies), query.status(search, studies, alive=False)
    line = {
        "search": "small",
        "state": "interrupted",
        "recipes": status["budget"]["recipes"],
        "work_items": status["work_items"],
        "best": {"related": {"mix": "paraphrase:1", "score": 0.62, "gain": 0.07}},
        "problem": None,
    }
    return {"best": best, "status": status, "searches": {"searches": [line]}, "tasks": tasks(Catalogue.load())}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_json_is_the_answer_itself(answers: dict[Kind, dict[str, Any]]) -> None:
    for kind, data in answers.items():
        text = report.render(data, kind, "json")
        assert json.loads(text) == data
        assert text.startswith("{\n  ")


def test_best_as_csv_has_a_row_per_target_and_rank(answers: dict[Kind, dict[str, Any]]) -> None:
    found = rows(report.render(answers["best"], "best", "csv"))
    assert [(row["target"], row["rank"]) for row in found] == [("related", "1"), ("related", "2"), ("verses", "1")]
    assert found[0]["mix"] == "paraphrase:0.7 + ner:0.3"
    assert float(found[0]["gain"]) == pytest.approx(0.08)
    assert float(found[0]["weight.ner"]) == 0.3
    assert found[1]["weight.ner"] == ""
    assert float(found[0]["hp.intermediate.learning_rate"]) == 5e-5
    assert float(found[0]["score.de"]) == pytest.approx(0.64)


def test_the_others_as_csv(answers: dict[Kind, dict[str, Any]]) -> None:
    (status,) = rows(report.render(answers["status"], "status", "csv"))
    assert (status["work_items.failed"], status["failures.count"]) == ("1", "1")
    (line,) = rows(report.render(answers["searches"], "searches", "csv"))
    assert line["best.related.mix"] == "paraphrase:1"
    cards = rows(report.render(answers["tasks"], "tasks", "csv"))
    assert {card["kind"] for card in cards} == {"task", "target"}
    assert len(cards) == len(answers["tasks"]["tasks"]) + len(answers["tasks"]["targets"])


@pytest.mark.parametrize("width", [40, 60, 120])
def test_tables_keep_to_the_width_and_lose_nothing(answers: dict[Kind, dict[str, Any]], width: int) -> None:
    for kind, data in answers.items():
        text = report.render(data, kind, width=width)
        assert max(map(len, text.splitlines())) <= width, kind
        assert "…" not in text, kind
    best = " ".join(report.render(answers["best"], "best", width=width).split())
    for part in ("62.0", "+8.0 ± 2.8", "+7.0", "54.0", "25.0", "64.0", "in %", "no mix beats the baseline"):
        assert part in best, part


def test_numbers_beside_each_other_where_they_fit(answers: dict[Kind, dict[str, Any]]) -> None:
    lines = report.render(answers["best"], "best", width=120).splitlines()
    assert lines[2].split() == ["mix", "score", "gain", "de", "fr", "ru", "ar", "test", "seeds", "cost"]
    row = "1 paraphrase:0.7 + ner:0.3 62.0 +8.0 ± 2.8 64.0 60.0 64.0 60.0 61.0 2 30 s, 300 examples"
    assert " ".join(lines[3].split()) == row


def test_the_final_answer(answers: dict[Kind, dict[str, Any]]) -> None:
    text = report.answer(answers["best"], answers["status"], "sqlite:////home/x/mlflow.db", width=100)
    for part in (
        "paraphrase:0.7 + ner:0.3",
        "intermediate.learning_rate 5e-05",
        "+8.0 ± 2.8 points over the baseline, 2 seeds",
        "no mix beats the baseline",
        "3 min 20 s",
        "1: 1 diverged",
        "best small",
        "status small",
        "resume small",
        "mlflow ui --backend-store-uri sqlite:////home/x/mlflow.db",
    ):
        assert part in text, part


def test_a_gain_within_the_noise_is_called_so(filler: Filler) -> None:
    for seed, base, mixed in ((1, 0.50, 0.51), (2, 0.50, 0.54)):
        filler.run("none", 1, {"related": base}, "baseline", seed=seed)
        filler.run("ner", 1, {"related": mixed}, seed=seed)
    text = report.render(query.best(filler.search, filler.studies, "related"), "best")
    assert "less than twice its spread" in text


def test_an_empty_search(filler: Filler) -> None:
    best, status = query.best(filler.search, filler.studies), query.status(filler.search, filler.studies)
    assert report.render(best, "best").count("no mix has been measured yet") == 2
    assert "no mix has been measured yet" in report.answer(best, status, "http://server:5000")
    assert report.render(best, "best", "csv") == ""
    assert "no searches yet" in report.render({"searches": []}, "searches")


def test_the_figure_is_a_picture(answers: dict[Kind, dict[str, Any]], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    report.figure(answers["best"], tmp_path / "gains.png")
    assert (tmp_path / "gains.png").read_bytes()[:4] == b"\x89PNG"
