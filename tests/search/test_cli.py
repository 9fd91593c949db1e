"""The command line: exit codes and what a mistake prints. `tests/test_end_to_end.py` runs whole searches."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
import yaml

from search.cli import COMMANDS, main, make_parser
from search.config.search import Search
from search.config.workspace import Workspace
from search.formatting import typed
from search.studies.lease import acquire
from search.studies.studies import Studies
from spaces.catalogue import Catalogue
from tests.hub import benchmarks, models
from tests.hub.server import Hub
from tests.support import hub
from tests.support.searches import Filler

ROOT = Path(__file__).parents[2]

WAITING = """
import os, sys, threading
from search.cli import COMMANDS, main, make_parser
threading.Timer(0.5, print, ("begun",), {"flush": True}).start()
sys.exit(main(["launch", sys.argv[1]]))
"""

Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    return tmp_path / "home"


def fails(capsys: Capture, code: int, *arguments: str) -> str:
    """The complaint of a command that ends with `code`: no traceback, the fix on a line of its own."""
    assert main(arguments) == code
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert "Traceback" not in err
    return err


def test_the_version_is_that_of_the_package(capsys: Capture) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert re.fullmatch(r"taskmix \d+\.\d+\.\d+\n", capsys.readouterr().out)


@pytest.mark.parametrize(
    ("typed", "completed"),
    [("pro", {"promote"}), ("status sm", {"small"}), ("gc --a", {"--all"})],
)
def test_a_shell_completes_commands_options_and_names(
    typed: str, completed: set[str], make_search: Callable[..., Search], tmp_path: Path
) -> None:
    Workspace.of(make_search()).enter(tmp_path / "search.yaml")
    out = tmp_path / "completions"
    asked = {
        "_ARGCOMPLETE": "1",
        "_ARGCOMPLETE_STDOUT_FILENAME": str(out),
        "_ARGCOMPLETE_IFS": "\n",
        "COMP_LINE": f"taskmix {typed}",
        "COMP_POINT": str(len(f"taskmix {typed}")),
    }
    subprocess.run([sys.executable, "-m", "search"], cwd=ROOT, env={**os.environ, **asked}, timeout=60, check=False)
    assert {name.strip() for name in out.read_text().splitlines()} == completed


def test_tasks_lists_every_card(capsys: Capture) -> None:
    assert main(["tasks", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {"mnli", "paraphrase"} <= {card["name"] for card in found["tasks"]}
    assert {"xnli", "slots"} <= {card["name"] for card in found["targets"]}
    assert main(["tasks"]) == 0
    assert "span_qa" in capsys.readouterr().out


def test_mistakes_of_the_user_exit_with_2(capsys: Capture, tmp_path: Path, make_search: Callable[..., Search]) -> None:
    assert "no such file" in fails(capsys, 2, "launch", str(tmp_path / "none.yaml"))
    assert "no search of that name" in fails(capsys, 2, "best", "none")
    (tmp_path / "broken.yaml").write_text("name: [")
    assert "is not YAML" in fails(capsys, 2, "plan", str(tmp_path / "broken.yaml"))
    with pytest.raises(SystemExit) as caught:
        main(["best", "x", "--top", "0"])
    assert caught.value.code == 2


def test_failures_exit_with_1(
    capsys: Capture, tmp_path: Path, make_search: Callable[..., Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    make_search(storage={"studies": f"sqlite:///{tmp_path}/nowhere/studies.db"})
    err = fails(capsys, 1, "launch", str(tmp_path / "search.yaml"))
    assert "the studies' database cannot be opened" in err
    (tmp_path / "file").write_text("")
    make_search(name="other", storage={"store": str(tmp_path / "file" / "store")})
    assert "the store cannot be written" in fails(capsys, 1, "launch", str(tmp_path / "search.yaml"))
    monkeypatch.setenv("TASKMIX_HOME", str(tmp_path / "file"))
    assert "the search's folder cannot be written" in fails(capsys, 1, "launch", str(tmp_path / "search.yaml"))


def test_a_search_that_could_not_measure_a_target_ends_with_1(
    capsys: Capture, tmp_path: Path, make_search: Callable[..., Search]
) -> None:
    search = make_search(budget={"recipes": 1, "work_items": 2})
    workspace = Workspace.of(search)
    workspace.enter(tmp_path / "search.yaml")
    filler = Filler(search, Studies.create(workspace))
    filler.run("none", 0, {"related": 0.5, "verses": 0.6}, "baseline")
    filler.fail("ner", 0)
    assert main(["resume", "small"]) == 1
    said = capsys.readouterr()
    assert "every mixture with ner failed: 1 of 1 work items" in said.out
    assert "no mixture has a score on related, verses" in said.err
    assert "taskmix status small" in said.err


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8"])
@pytest.mark.parametrize("format", ["table", "json", "csv"])
def test_an_answer_is_not_lost_to_an_output_that_lacks_letters(
    filled: Filler, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoding: str, format: str
) -> None:
    Workspace.of(filled.search).enter(tmp_path / "search.yaml")
    shutil.copy(tmp_path / "empty.db", home / "small" / "studies.db")
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding))
    assert main(["best", "small", "--format", format]) == 0
    text = out.getvalue().decode(encoding)
    if format == "json":
        assert json.loads(text)["search"] == "small"
    elif format == "table":
        assert f"+8.0 {'?' if encoding == 'ascii' else '±'} 9.7" in text
    assert "paraphrase" in text


def test_cards_with_letters_that_cannot_be_shown_are_listed_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = "extends: mnli\ndescription: 日本語の文 😀\n"
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "mine.yaml").write_text(card, encoding="utf-8")
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, "cp1252"))
    assert main(["tasks", "mine", "--cards", str(tmp_path), "--format", "json"]) == 0
    [found] = json.loads(out.getvalue().decode("cp1252"))["tasks"]
    assert found["description"] == "日本語の文 😀"


def test_a_search_that_runs_is_not_launched_again(
    capsys: Capture, tmp_path: Path, make_search: Callable[..., Search]
) -> None:
    workspace = Workspace.of(make_search())
    assert main(["status"]) == 0
    workspace.folder.mkdir(parents=True)
    with acquire(workspace):
        assert "running already" in fails(capsys, 2, "launch", str(tmp_path / "search.yaml"))


def test_a_hub_model_out_of_reach_is_said(
    capsys: Capture, tmp_path: Path, make_search: Callable[..., Search], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    make_search(tasks=["mnli"], targets=["xnli"], model="nobody/nothing")
    assert main(["plan", str(tmp_path / "search.yaml"), "--offline"]) == 0
    out = capsys.readouterr().out
    assert "nobody/nothing" in out
    assert "not known here" in out


def test_download_says_what_it_is_and_fetches_it_once(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    catalogue = Catalogue.load([])
    benchmarks.publish(hub, [catalogue.tasks["csqa"], catalogue.targets["tydiqa"]])
    models.publish(hub)
    file, stage = tmp_path / "search.yaml", {"examples": 160}
    search = {"name": "far", "model": models.XLM_R, "tasks": ["csqa"], "targets": ["tydiqa"], "budget": {"recipes": 1}}
    file.write_text(yaml.safe_dump({**search, "stages": {"intermediate": stage, "target": stage}}))
    assert main(["download", str(file), "--list"]) == 0
    listed = capsys.readouterr().out
    assert all(
        name in listed for name in ("tau/commonsense_qa", "google-research-datasets/tydiqa", models.XLM_R, "mit")
    )
    assert hub.counts["cdn"] == 0
    assert main(["download", str(file)]) == 0
    assert "are here" in capsys.readouterr().out and hub.counts["cdn"] > 0
    hub.forget()
    hub.stop()
    assert main(["download", str(file)]) == 0
    assert "is taken as it is" in capsys.readouterr().out and hub.requests == []


def test_tasks_check_stops_where_the_hub_is_out_of_reach(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    hub.stop()
    assert main(["tasks", "csqa", "siqa", "squad_v1", "--check"]) == 1
    out = capsys.readouterr().out
    assert "the hub is out of reach: 2 cards were not looked at" in out and "cannot be reached" in out


def test_tasks_check_has_a_line_per_card_and_1_when_one_is_red(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for split, count in (("train", 400), ("validation", 100)):
        monkeypatch.setattr(hub, "COUNT", count)
        hub.write(tmp_path, "aps/super_glue", "copa", split)
    arguments = ["tasks", "--check", "--mirror", str(tmp_path)]
    assert main([*arguments, "copa", "ccg"]) == 0
    copa, ccg, last = capsys.readouterr().out.splitlines()
    assert re.search(r"ok +copa +task: 2 splits as on the card, rows counted in all$", copa)
    assert re.search(r"skipped +ccg .*LDC2005T13", ccg)
    assert last == "no card differs from its data"
    assert main([*arguments, "copa", "siqa"]) == 1
    _, siqa, what, *_, last = capsys.readouterr().out.splitlines()
    assert re.search(r"FAILED +siqa +task: 1 mistake$", siqa) and what == "  siqa.yaml: source: no such folder"
    assert last == "1 of 2 cards differ from their data"
    assert main([*arguments, "cops"]) == 2


def test_tasks_check_of_a_folder_looks_at_its_cards_alone(
    tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    (tmp_path / "cards" / "tasks" / "data").mkdir(parents=True)
    (tmp_path / "cards" / "tasks" / "data" / "mine.csv").write_text("text\nsome words\n")
    card = "description: x\nformat: masked_lm\nlicence: none\norigin: x\nsource: {files: data}\nlanguages: [en]\n"
    (tmp_path / "cards" / "tasks" / "mine.yaml").write_text(card)
    assert main(["tasks", "--cards", str(tmp_path / "cards"), "--check"]) == 0
    line, last = capsys.readouterr().out.splitlines()
    assert re.search(r"ok +mine +task: 1 split as on the card", line)
    assert last == "no card differs from its data"


def test_tasks_check_tells_of_data_beside_cards_that_cannot_be_read(
    hub: Hub, tmp_path: Path, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And files that lie here are looked at where the hub is away."""
    monkeypatch.setenv("TASKMIX_CACHE", str(tmp_path / "cache"))
    hub.stop()
    folder = tmp_path / "cards" / "tasks"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "train.csv").write_text("text\nsome words\n")
    head = "description: x\nformat: masked_lm\nlicence: none\norigin: x\nlanguages: [en]\n"
    (folder / "fine.yaml").write_text(f"{head}source: {{files: data}}\n")
    (folder / "far.yaml").write_text(f"{head}source: {{hub: owner/far}}\n")
    (folder / "odd.yaml").write_text(f"{head}source: {{files: data}}\ncolumns: {{text: words}}\n")
    (folder / "wrong.yaml").write_text(f"{head}source: {{files: data}}\nsize: 3\n")
    assert main(["tasks", "--cards", str(tmp_path / "cards"), "--check"]) == 2
    told = capsys.readouterr()
    assert re.search(r"FAILED +far ", told.out) and re.search(r"ok +fine ", told.out)
    assert re.search(r"FAILED +odd +task: 1 mistake\n +odd.yaml: columns.text: no such column", told.out)
    assert "2 of 3 cards differ from their data" in told.out
    assert "wrong.yaml: line 7: size: unknown key" in told.err and "did you mean 'sizes'" in told.err


def test_a_sigterm_is_an_interrupt_at_any_moment(
    make_search: Callable[..., Search], tmp_path: Path, home: Path, capsys: Capture
) -> None:
    """In a process of its own, which waits for a database that another one has locked."""
    workspace = Workspace.of(make_search())
    workspace.enter(tmp_path / "search.yaml")
    with closing(sqlite3.connect(home / "small" / "studies.db", isolation_level=None)) as database:
        database.execute("BEGIN EXCLUSIVE")
        command = [sys.executable, "-c", WAITING, str(tmp_path / "search.yaml")]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "begun\n"
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=60)
    assert (err, process.returncode) == ("interrupted\n", 130)


def test_messages_name_the_command_that_was_typed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every command of the program, and nothing that only mentions it."""
    monkeypatch.setattr("sys.argv", ["/there/search/__main__.py", "launch"])
    names = [name for action in make_parser()._actions for name in action.choices or ()]
    assert len(names) > len(COMMANDS)  # launch brings resume
    for name in names:
        assert typed(f"go on: taskmix {name} x") == f"go on: python -m search {name} x"
    assert typed("pip install taskmix; update taskmix there") == "pip install taskmix; update taskmix there"
    monkeypatch.setattr("sys.argv", ["/there/bin/taskmix", "launch"])
    assert typed("taskmix best x") == "taskmix best x"
