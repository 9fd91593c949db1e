"""Best, status and searches on studies filled by hand, with numbers reckoned by hand."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from search.cli import main
from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace, find
from search.display import report
from search.results.cards import list_cards
from search.results.ranking import rank
from search.results.status import list_searches, summarize
from search.studies.holder import Holder
from search.studies.live import LiveFacts, LiveNode, LiveNodes
from search.studies.studies import Studies
from search.studies.ticket import note_launch
from spaces.catalogue import Catalogue
from spaces.errors import InputError
from tests.support.searches import Filler, kept_at
from trainables.work.outcome import Failed, Outcome

WINNER = {"paraphrase": 0.7, "ner": 0.3}


def test_the_best_of_a_target(filled: Filler) -> None:
    found = rank(filled.studies, "related").to_json()["targets"]["related"]
    assert found["rung"] == {"index": 1, "share": 1.0, "top": True}
    assert found["baseline"]["score"] == pytest.approx(0.54)
    assert found["baseline"]["seeds"] == [0.55, 0.53]
    assert found["baseline"]["languages"] == pytest.approx({"de": 0.56, "fr": 0.52, "ru": 0.56, "ar": 0.52})
    assert found["floor"] == {"score": 0.25, "languages": dict.fromkeys(["de", "fr", "ru", "ar"], 0.25)}
    assert found["beats_baseline"] is True
    assert found["candidates"] == 2
    first, second = found["best"]
    assert (first["mixture"], first["mix"]) == (WINNER, "paraphrase:0.7 + ner:0.3")
    assert first["digest"] == filled.item("paraphrase:0.7 + ner:0.3", 0).recipe.digest
    assert first["hyperparameters"] == {"intermediate.learning_rate": 5e-5}
    assert first["seeds"] == [0.61, 0.63]
    assert first["score"] == pytest.approx(0.62)
    assert first["spread"] == pytest.approx(0.02 / 2**0.5)
    assert first["gain_seeds"] == pytest.approx([0.06, 0.10])  # each against the baseline with the same seed
    assert first["gain"] == pytest.approx(0.08)
    assert first["gain_spread"] == pytest.approx(0.04 / 2**0.5)
    assert first["gain_languages"] == pytest.approx(dict.fromkeys(["de", "fr", "ru", "ar"], 0.08))
    assert first["languages"]["de"] == pytest.approx(0.64)
    assert first["confirmed"] is True
    assert first["test"]["score"] == pytest.approx(0.61)
    assert first["test"]["gain"] == pytest.approx(0.08)
    assert first["cost"] == {"seconds": 30.0, "training_seconds": 24.0, "gpu_seconds": 0.0, "examples": 300}
    assert second["mix"] == "paraphrase:1"
    assert (second["confirmed"], second["spread"], second["gain_spread"]) == (False, None, None)
    assert second["gain"] == pytest.approx(0.07)


def test_the_test_split_may_have_other_languages_than_the_development_split(filler: Filler) -> None:
    """UD-POS has no development rows in Thai; XQuAD's are those of another data set."""
    for mix, gain in (("none", 0.0), ("ner", 0.1)):
        item = filler.begin(filler.item(mix, 1, ("related",)))
        score = filler.outcome(item, {"related": 0.5}).scores["related"]
        changed = score.model_copy(
            update={
                "dev": {"en": {"accuracy": 0.5 + gain}},
                "floors": {"en": {"accuracy": 0.25}},
                "test": {language: {"accuracy": 0.4 + gain} for language in ("de", "th")},
                "score": 0.5 + gain,
            }
        )
        filler.studies.finish(item, Outcome(scores={"related": changed}, seconds=1.0))
    answer = rank(filler.studies, "related")
    found = answer.to_json()["targets"]["related"]
    best = found["best"][0]
    assert found["languages"] == list(best["languages"]) == list(best["gain_languages"]) == ["en"]
    assert found["floor"]["languages"] == {"en": 0.25}
    assert best["test"]["languages"] == pytest.approx({"de": 0.5, "th": 0.5})
    assert best["test"]["gain_languages"] == pytest.approx({"de": 0.1, "th": 0.1})
    for width in (60, 200):
        shown = report.render(answer, width=width)
        assert "en" in shown
        assert "50.0" in shown, "the baseline"


def test_what_was_measured_with_all_seeds_comes_first(filled: Filler) -> None:
    filled.run("crossref:0.5 + ner:0.5", 1, {"related": 0.9}, "promotion")
    mixes = [entry["mix"] for entry in rank(filled.studies).to_json()["targets"]["related"]["best"]]
    assert mixes == ["paraphrase:0.7 + ner:0.3", "crossref:0.5 + ner:0.5", "paraphrase:1"]


@pytest.mark.parametrize("seconds", [10.0, 30.0])
def test_a_tie_goes_to_the_simpler_mix_and_never_by_time(filler: Filler, seconds: float) -> None:
    filler.run("none", 1, {"related": 0.5}, "baseline")
    for mix, spent in (("ner:0.5 + paraphrase:0.5", 1.0), ("ner", seconds), ("crossref", 20.0)):
        filler.run(mix, 1, {"related": 0.6}, seconds=spent)
    best = rank(filler.studies).to_json()["targets"]["related"]["best"]
    assert [entry["mix"] for entry in best] == ["crossref:1", "ner:1", "ner:0.5 + paraphrase:0.5"]


def test_a_target_that_no_mix_helps_says_so(filled: Filler) -> None:
    found = rank(filled.studies).to_json()["targets"]["verses"]
    assert found["beats_baseline"] is False
    assert found["best"][0]["gain"] == pytest.approx(-0.02)


def test_gains_compare_the_same_rung_and_the_highest_so_far_is_named(filler: Filler) -> None:
    filler.run("none", 0, {"related": 0.50, "verses": 0.60}, "baseline")
    filler.run("none", 1, {"related": 0.70, "verses": 0.70}, "baseline")
    filler.run("paraphrase", 0, {"related": 0.56, "verses": 0.55})
    found = rank(filler.studies).to_json()["targets"]["related"]
    assert found["rung"] == {"index": 0, "share": 0.25, "top": False}
    assert found["baseline"]["score"] == 0.5
    assert found["best"][0]["gain"] == pytest.approx(0.06)
    assert found["best"][0]["test"] is None


def test_nothing_measured_yet(filler: Filler) -> None:
    found = rank(filler.studies).to_json()["targets"]["related"]
    assert (found["baseline"], found["floor"], found["beats_baseline"], found["best"]) == (None, None, None, [])
    filler.run("paraphrase", 0, {"related": 0.56, "verses": 0.55})  # faster than the baseline
    found = rank(filler.studies).to_json()["targets"]["related"]
    assert found["baseline"] is None
    assert found["best"][0]["gain"] is None
    assert found["beats_baseline"] is None
    assert found["floor"]["score"] == 0.25


def test_an_unknown_target_is_the_users_mistake(filler: Filler) -> None:
    with pytest.raises(InputError, match="related"):
        rank(filler.studies, "relatd")


def test_status_counts(filled: Filler) -> None:
    found = summarize(filled.studies, driven=False).to_json()
    assert found["recipes"] == {"running": 0, "waiting": 1, "stopped": 0, "complete": 2, "failed": 1, "total": 4}
    assert found["work_items"] == {"running": 0, "interrupted": 0, "done": 9, "failed": 1, "total": 10}
    assert found["budget"]["recipes"] == {"used": 4, "total": 4}
    assert found["budget"]["work_items"] == {"used": 10, "total": None}
    # eight work items of 10 s, one of 20 s, and a failed one of 5 s; 4/5 of it training
    assert found["seconds"]["work_items"] == pytest.approx(105.0)
    assert found["seconds"]["training"] == pytest.approx(84.0)
    assert found["seconds"]["wall"] == 200.0
    assert found["seconds"]["training_share"] == pytest.approx(0.8)
    assert found["examples"] == 950
    assert (found["failures"]["count"], found["failures"]["by_kind"]) == (1, {"diverged": 1})
    last = found["failures"]["last"][0]
    assert (last["mix"], last["kind"], last["message"]) == ("crossref:1", "diverged", "loss is nan")


def test_what_runs_is_interrupted_when_no_driver_lives(filled: Filler) -> None:
    filled.begin(filled.item("crossref:0.5 + ner:0.5", 0))
    alive, dead = (summarize(filled.studies, alive).to_json() for alive in (True, False))
    assert (alive["state"], dead["state"]) == ("running", "interrupted")
    assert (alive["work_items"]["running"], alive["work_items"]["interrupted"]) == (1, 0)
    assert (dead["work_items"]["running"], dead["work_items"]["interrupted"]) == (0, 1)
    assert dead["recipes"]["running"] == 1
    assert [item["mix"] for item in dead["running"]] == ["crossref:0.5 + ner:0.5"]
    assert summarize(filled.studies).to_json()["state"] == "unfinished"


def test_the_nodes_of_a_search_that_runs(filled: Filler) -> None:
    """As its driver tells them; those on which nothing is started stand out."""
    lost = LiveNode(name="w2 (10.0.0.3)", state="lost", why="health check failed", since=1e9)
    nodes = (LiveNode(name="w1 (10.0.0.2)", since=1e9), lost, LiveNode(name="w3", state="left_out", why="no disk"))
    live = LiveFacts(nodes=LiveNodes(nodes=nodes, at_once=4))
    assert LiveFacts.model_validate_json('{"seconds_left": null, "items": []}').nodes is None, "of a driver before"
    status = summarize(filled.studies, True, live=live)
    found = status.to_json()
    assert found["at_once"] == 4
    assert [(node["name"], node["state"], node.get("why")) for node in found["nodes"]] == [
        ("w1 (10.0.0.2)", "works", None),
        ("w2 (10.0.0.3)", "lost", "health check failed"),
        ("w3", "left_out", "no disk"),
    ]
    shown = report.render(status, width=120)
    assert "1 works, 1 left out, 1 lost; 4 work items at a time" in shown
    assert "node w2 (10.0.0.3) is lost since 2001-09-09" in shown and "health check failed" in shown
    assert not {"nodes", "at_once"} & summarize(filled.studies, True).to_json().keys()


def test_a_search_that_is_over_has_stopped_what_was_not_promoted(
    make_search: Callable[..., Search], tmp_path: Path
) -> None:
    search = make_search(budget={"recipes": 2, "work_items": 5})
    filler = Filler(search, Studies.create(kept_at(f"sqlite:///{tmp_path / 'other.db'}", search)))
    filler.run("none", 0, {"related": 0.50, "verses": 0.60}, "baseline")
    filler.run("none", 1, {"related": 0.55, "verses": 0.66}, "baseline")
    filler.run("paraphrase", 0, {"related": 0.56, "verses": 0.65})
    filler.run("ner", 0, {"related": 0.45, "verses": 0.20})
    assert summarize(filler.studies).to_json()["over"] is False
    filler.run("paraphrase", 1, {"related": 0.62, "verses": 0.70}, "promotion")
    found = summarize(filler.studies).to_json()
    assert found["state"] == "over"
    assert found["recipes"] == {"running": 0, "waiting": 0, "stopped": 1, "complete": 1, "failed": 0, "total": 2}


def test_all_searches(make_search: Callable[..., Search], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    assert list_searches().searches == []
    for name in ("one", "two"):
        search = make_search(name=name)
        workspace = Workspace.of(search)
        workspace.enter(tmp_path / "search.yaml")
    filler = Filler(search, Studies.create(workspace))
    filler.run("none", 0, {"related": 0.50, "verses": 0.60}, "baseline")
    filler.run("paraphrase", 0, {"related": 0.56, "verses": 0.65})
    note_launch(workspace.folder, "ada")
    holder = Holder("x", "node-3", "", 1, "", taken=0.0, expires=9.0, left=9.0)

    def look(workspace: Workspace) -> tuple[Holder | None, LiveFacts | None]:
        return (holder, LiveFacts(seconds_left=60.0)) if workspace.name == "two" else (None, None)

    one, two = list_searches(look).to_json()["searches"]
    assert (one["search"], one["state"], one["best"]) == ("one", "unreadable", {})
    assert one["problem"]
    assert (two["search"], two["state"], two["problem"]) == ("two", "running", None)
    assert (two["left"], two["by"]) == (60.0, "ada")
    assert two["recipes"] == {"used": 1, "total": 4}
    assert two["best"]["related"]["mix"] == "paraphrase:1"
    assert two["best"]["related"]["gain"] == pytest.approx(0.06)


def test_what_cannot_be_read_hides_no_other_search(
    make_search: Callable[..., Search],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("TASKMIX_HOME", str(home))
    dead = "postgresql://ada:secret@127.0.0.1:1/studies"
    for name, storage in (("broken-db", {}), ("broken-yaml", {}), ("dead", {"studies": dead}), ("fine", {})):
        make_search(name=name, storage=storage)
        Workspace.of(search_file.load(tmp_path / "search.yaml")).enter(tmp_path / "search.yaml")
    Studies.create(find("fine"))
    (home / "broken-db" / "studies.db").write_bytes(b"no database" * 1000)
    (home / "broken-yaml" / "search.yaml").write_text("name: [")
    (home / "folder" / "search.yaml").mkdir(parents=True)
    (home / "no-cards").mkdir()
    (home / "no-cards" / "search.yaml").write_text("name: no-cards\ncards: [/nowhere]\n")
    (home / "store").mkdir()
    assert main(["status", "--format", "json"]) == 0
    lines = {line["search"]: line for line in json.loads(capsys.readouterr().out)["searches"]}
    assert {name: line["state"] for name, line in lines.items()} == {
        "broken-db": "unreadable",
        "broken-yaml": "unreadable",
        "dead": "unreadable",
        "fine": "interrupted",
        "folder": "unreadable",
        "no-cards": "unreadable",
    }
    assert "/nowhere" in lines["no-cards"]["problem"]
    assert "is not YAML" in lines["broken-yaml"]["problem"]
    assert "database" in lines["broken-db"]["problem"]
    assert "127.0.0.1" in lines["dead"]["problem"] and "secret" not in lines["dead"]["problem"]
    assert main(["status"]) == 0
    assert "fine" in capsys.readouterr().out


def test_a_folder_that_may_not_be_read_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    list_searches()
    with tempfile.TemporaryDirectory() as home:
        monkeypatch.setenv("TASKMIX_HOME", home)
        Path(home).chmod(0o755)
        (Path(home) / "theirs").mkdir(mode=0o700)
        (Path(home) / "theirs" / "search.yaml").write_text("name: theirs\n")
        root = os.geteuid() == 0
        if root:
            os.seteuid(65534)
        else:
            (Path(home) / "theirs").chmod(0)
        try:
            [line] = list_searches().searches
        finally:
            if root:
                os.seteuid(0)
            (Path(home) / "theirs").chmod(0o700)
    assert (line.search, line.state) == ("theirs", "unreadable")
    assert "Permission denied" in str(line.problem)


def test_a_task_that_fails_in_every_mixture_is_said(filled: Filler) -> None:
    filled.fail("crossref:0.5 + ner:0.5", 0)
    filled.begin(filled.item("crossref:0.5 + paraphrase:0.5", 0))
    status = summarize(filled.studies, driven=False)
    assert (status.failures.tasks, status.unmeasured) == ({"crossref": 2}, [])
    said = "every mixture with crossref failed: 2 of 2 work items"
    assert said in report.render(status)
    assert said in report.final_answer(rank(filled.studies), status, "sqlite:///mlflow.db")


@pytest.mark.parametrize("baseline", [True, False])
def test_a_target_that_no_mixture_could_be_measured_on_is_said(
    make_search: Callable[..., Search], tmp_path: Path, baseline: bool
) -> None:
    search = make_search(budget={"recipes": 2, "work_items": 3})
    filler = Filler(search, Studies.create(kept_at(f"sqlite:///{tmp_path / 'other.db'}", search)))
    targets = {"related": 0.5, "verses": 0.6} if baseline else {"related": 0.5}
    filler.run("none", 0, targets, "baseline")
    item = filler.begin(filler.item("ner", 0))
    partly = filler.outcome(item, {"related": 0.6})
    failure = Failed(kind="exception", message="no such column")
    filler.studies.finish(item, partly.model_copy(update={"failure": failure}))
    assert summarize(filler.studies).unmeasured == [], "there may come something yet"
    filler.fail("paraphrase", 0)
    status = summarize(filler.studies)
    assert (status.over, status.unmeasured, status.failures.tasks) == (True, ["verses"], {"paraphrase": 1})
    assert "no mixture could be measured on verses" in report.render(status)


def test_everything_is_json(filled: Filler) -> None:
    answers = (
        rank(filled.studies).to_json(),
        summarize(filled.studies).to_json(),
        list_cards(Catalogue.load()).to_json(),
    )
    for answer in answers:
        assert json.loads(json.dumps(answer, allow_nan=False)) == answer
