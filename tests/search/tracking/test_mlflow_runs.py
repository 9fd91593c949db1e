"""MLflow's runs: one per recipe whatever happens, and nothing left running."""

from __future__ import annotations

import copy
import dataclasses
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import event

from search.results.ranking import rank
from search.studies.state import SearchState
from search.studies.studies import Studies
from search.tracking import metric_rows
from search.tracking.client import open_client
from search.tracking.description import describe
from search.tracking.mlflow_runs import Tracking
from search.tracking.run_contents import Pages
from spaces.errors import Failure
from tests.support.searches import Filler, copied, load
from trainables.work.item import WorkItem
from trainables.work.outcome import Failed, Outcome

pytestmark = pytest.mark.long

OVER, INTERRUPTED = SimpleNamespace(value="over"), SimpleNamespace(value="interrupted")
"""As `driver.SearchEnd`, without Ray."""


class Killed(BaseException):
    """The process ends here: no handler of ours sees it."""


class Broken(Exception):
    """MLflow does not answer."""


class Mortal:
    """A client that ends the process before its n-th call, which is also after the one before it."""

    def __init__(self, client: Any, at: int | None = None) -> None:
        self.client, self.at, self.calls, self.broken = client, at, 0, False

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **keywords: Any) -> Any:
            self.calls += 1
            if self.broken:
                raise Broken("the server is away")
            if self.calls == self.at:
                raise Killed
            return getattr(self.client, name)(*args, **keywords)

        return call


@dataclasses.dataclass
class Database:
    """One migrated database for the session; every test takes a search of another name."""

    uri: str
    file: Path
    client: Any
    names: Iterator[str]

    def runs(self, name: str) -> dict[str, Any]:
        """All that MLflow holds of a search, without ids: digest of recipe or family ("" for the search's own run) ->
        contents."""
        with closing(sqlite3.connect(self.file)) as database:
            question = "SELECT experiment_id FROM experiments WHERE name = ?"
            (experiment,) = database.execute(question, (f"taskmix/{name}",)).fetchone()
            question = "SELECT run_uuid, status, start_time, end_time FROM runs WHERE experiment_id = ?"
            found: dict[str, Any] = {}
            parents: dict[str, str] = {}
            keys: dict[str, str] = {}
            for run, status, started, ended in database.execute(question, (experiment,)).fetchall():

                def rows(table: str, columns: str, run: str = run) -> list[Any]:
                    return sorted(database.execute(f"SELECT {columns} FROM {table} WHERE run_uuid = ?", (run,)))

                tags = dict(rows("tags", "key, value"))
                assert tags.pop("search.id") == name
                role = tags["taskmix.role"]
                digest = tags.get({"recipe": "recipe.digest", "configuration": "recipe.family"}.get(role, ""), "")
                assert digest not in found, "a recipe or configuration has two runs"
                parents[digest], keys[run] = tags.pop("mlflow.parentRunId", ""), digest
                tags.pop("taskmix.of", None)
                times = (started, ended) if digest else ()
                if not digest:
                    assert tags.pop("mlflow.runName") == name
                params = [param for param in rows("params", "key, value") if param[0] != "name"]
                metrics = rows("metrics", "key, value, timestamp, step, is_nan")
                found[digest] = (status, times, tags, params, metrics)
        for digest, (_, _, tags, _, _) in found.items():
            of_search = "" if tags["taskmix.role"] != "recipe" else tags["recipe.family"]
            assert not digest or keys[parents[digest]] == of_search, "seeds hang on configurations, these on the search"
            if not digest and "mlflow.note.content" in tags:
                tags["mlflow.note.content"] = re.sub(
                    "runs/([0-9a-f]{32})", lambda run: f"runs/{keys[run.group(1)]}", tags["mlflow.note.content"]
                ).replace(f"experiments/{experiment}/", "")
        return found


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    file = tmp_path_factory.mktemp("mlflow") / "new folder" / "mlflow.db"
    uri = f"sqlite:///{file}"
    client = open_client(uri)
    engine = client._tracking_client.store.engine
    engine.dispose()
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    return Database(uri, file, client, (f"search-{number}" for number in range(10_000)))


Step = tuple[Studies, str, WorkItem, Outcome]
"""What the studies hold when a listener is told what."""


@pytest.fixture(scope="module")
def story(empty_database: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Step]:
    """A small search: one mix is faster than the baseline, one is promoted, one fails, one seed is repeated."""
    folder = tmp_path_factory.mktemp("story")
    search = load(folder)
    filler = Filler(search, copied(empty_database, folder, search))
    steps: list[Step] = []
    everywhere = {"related": 0.5, "verses": 0.6}

    def snapshot(what: str, item: WorkItem, outcome: Outcome) -> None:
        studies = copy.copy(filler.studies)
        studies.state = copy.deepcopy(filler.studies.state)
        studies.records = {target: list(records) for target, records in filler.studies.records.items()}
        steps.append((studies, what, item, outcome))

    def begin(item: WorkItem) -> WorkItem:
        filler.begin(item)
        snapshot("started", item, Outcome())
        return item

    def finish(item: WorkItem, outcome: Outcome) -> None:
        filler.studies.finish(item, outcome)
        snapshot("finished", item, outcome)

    baseline, mix = begin(filler.item("none", 0)), begin(filler.item("paraphrase", 0))
    finish(mix, filler.outcome(mix, {"related": 0.55, "verses": 0.55}))
    finish(baseline, filler.outcome(baseline, everywhere))
    failing, promoted = begin(filler.item("ner", 0)), begin(filler.item("paraphrase", 1, ("related",)))
    finish(failing, Outcome(failure=Failed(kind="diverged", message="loss is nan"), seconds=3.0))
    finish(promoted, filler.outcome(promoted, {"related": 0.6}))
    again = begin(filler.item("none", 1, ("related",), seed=2))
    finish(again, filler.outcome(again, {"related": 0.5}))
    return steps


def tell(
    steps: list[Step], tracking: Tracking, start: int = 0, reached: Callable[[int], None] = lambda step: None
) -> None:
    """Let a tracking see the story from a step on."""
    for number, (studies, what, item, outcome) in enumerate(steps[start:], start):
        reached(number)
        tracking.studies = studies
        if what == "started":
            tracking.started(item, "start")
        else:
            tracking.finished(item, outcome)


def track(
    database: Database,
    steps: list[Step],
    name: str,
    client: Any = None,
    enter: bool = True,
    at: int = 0,
    **keywords: Any,
) -> Tracking:
    """A launch when the studies are as after step `at`."""
    search = steps[0][0].search
    renamed = dataclasses.replace(search, config=search.config.model_copy(update={"name": name}))
    tracking = Tracking(renamed, steps[at][0], database.uri, opener=lambda uri: client or database.client, **keywords)
    return tracking.__enter__() if enter else tracking


def run(database: Database, steps: list[Step], name: str, client: Any) -> int:
    """From the first launch to the end; the number of calls."""
    tracking = track(database, steps, name, client)
    tracking.ready()
    tell(steps, tracking)
    tracking.end(OVER)  # type: ignore[arg-type]
    return int(client.calls)


def test_what_the_runs_hold(database: Database, story: list[Step]) -> None:
    name = next(database.names)
    run(database, story, name, Mortal(database.client))
    runs = database.runs(name)
    parent = runs.pop("")
    assert parent[0] == "FINISHED"
    assert ("model", "some/encoder") in parent[3]
    by_mix = {
        (tags["mix"], dict(params).get("seed", "")): (status, tags, dict(params), metrics)
        for status, _, tags, params, metrics in runs.values()
    }
    assert {key: entry[0] for key, entry in by_mix.items()} == {
        ("none", ""): "FINISHED",
        ("none", "1"): "FINISHED",
        ("none", "2"): "FINISHED",
        ("paraphrase:1", ""): "FINISHED",
        ("paraphrase:1", "1"): "FINISHED",
        ("ner:1", ""): "FAILED",
        ("ner:1", "1"): "FAILED",
    }
    _, tags, params, metrics = by_mix["paraphrase:1", "1"]
    assert tags["state"] == "complete"
    assert params == {
        "mix.paraphrase": "1",
        "mix.ner": "0",
        "mix.crossref": "0",
        "hp.intermediate.learning_rate": "5e-05",
        "model": "some/encoder",
        "seed": "1",
    }
    values = {(key, step): value for key, value, _, step, _ in metrics}
    assert values["related/score", 0] == 0.55
    assert values["related/gain", 0] == pytest.approx(0.05)
    assert values["verses/gain", 0] == pytest.approx(-0.05)
    assert values["related/de/accuracy", 0] == pytest.approx(0.57)
    assert values["related/score", 1] == 0.6
    assert values["related/test_score", 1] == pytest.approx(0.59)
    assert (values["cost/examples", 0], values["cost/examples", 1]) == (100, 200), "the sum so far"
    assert ("related/gain", 1) not in values  # the baseline of this seed was not measured there
    assert by_mix["ner:1", "1"][1]["failure"] == "loss is nan"


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_kill_between_any_two_calls_changes_nothing(
    database: Database, story: list[Step], monkeypatch: pytest.MonkeyPatch, every: int
) -> None:
    undisturbed = next(database.names)
    calls = run(database, story, undisturbed, Mortal(database.client))
    expected = database.runs(undisturbed)
    assert calls > 20
    for at in range(1, calls + 1, every):
        name, step = next(database.names), 0
        monkeypatch.setattr(
            "search.tracking.mlflow_runs.FEW", 10 if at % 2 else 0
        )  # runs are listed, or looked up one by one

        def reached(number: int) -> None:
            nonlocal step
            step = number

        tracking = track(database, story, name, Mortal(database.client, at))
        with pytest.raises(Killed):
            tracking.ready()
            tell(story, tracking, reached=reached)
            step = len(story)
            tracking.end(OVER)  # type: ignore[arg-type]
        # the next driver: the studies are where they were, work items that ran are started again
        again = track(database, story, name, at=min(step, len(story) - 1))
        known = again.studies
        again.ready()
        left = [entry[2] for digest, entry in database.runs(name).items() if digest and entry[0] == "RUNNING"]
        assert not left, f"killed at call {at}"
        for item in known.running():
            again.started(item, "start")
        tell(story, again, step + 1)
        again.end(OVER)  # type: ignore[arg-type]
        assert database.runs(name) == expected, f"killed at call {at}"


@pytest.mark.parametrize("few", [0, 10])
def test_a_resume_that_knows_what_was_written_changes_nothing(
    database: Database, story: list[Step], monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr("search.tracking.mlflow_runs.FEW", few)  # runs are looked up one by one, or listed
    monkeypatch.setattr("search.tracking.mlflow_runs.NOTE_EVERY", 0.0)
    undisturbed = next(database.names)
    run(database, story, undisturbed, Mortal(database.client))
    for at in range(len(story)):
        name = next(database.names)
        tracking = track(database, story, name)
        tracking.ready()
        tell(story[: at + 1], tracking)
        again = track(database, story, name, at=at)
        again.ready()
        for item in story[at][0].running():
            again.started(item, "start")
        tell(story, again, at + 1)
        again.end(OVER)  # type: ignore[arg-type]
        assert database.runs(name) == database.runs(undisturbed), f"killed after step {at}"


def test_an_estimate_has_no_run(database: Database, filler: Filler) -> None:
    item = dataclasses.replace(filler.item("ner:0.5 + crossref:0.5", 0), merged=True)
    filler.run("none", 0, {"related": 0.5, "verses": 0.6}, "baseline")
    name, told = next(database.names), list[str]()
    for launch in range(2):
        steps: list[Step] = [(filler.studies, "", item, Outcome())]
        tracking = track(database, steps, name, warn=told.append)
        tracking.ready()
        if launch == 0:
            filler.begin(item, "estimate")
            tracking.started(item, "estimate")
            outcome = filler.outcome(item, {"related": 0.6, "verses": 0.6})
            filler.studies.finish(item, outcome)
            tracking.finished(item, outcome)
        assert not tracking._behind
        tracking.end(OVER)  # type: ignore[arg-type]
    assert told == []
    assert {tags["mix"] for digest, (_, _, tags, _, _) in database.runs(name).items() if digest} == {"none"}


def test_an_interrupt_leaves_nothing_running(database: Database, story: list[Step]) -> None:
    name = next(database.names)
    tracking = track(database, story, name)
    tracking.ready()
    tell(story[:5], tracking)
    states = {tags["mix"]: (status, tags["state"]) for d, (status, _, tags, _, _) in database.runs(name).items() if d}
    assert states == {
        "none": ("FINISHED", "not promoted"),
        "paraphrase:1": ("FINISHED", "not promoted"),
        "ner:1": ("RUNNING", "running"),
    }
    tracking.end(INTERRUPTED)  # type: ignore[arg-type]
    found = database.runs(name)
    assert found[""][0] == "KILLED"
    ends = sorted(entry[0] for digest, entry in found.items() if digest)
    assert ends == ["FINISHED", "FINISHED", "FINISHED", "FINISHED", "KILLED", "KILLED"], "seeds and configurations"


def test_an_exception_ends_the_search_as_failed(database: Database, story: list[Step]) -> None:
    name = next(database.names)
    with pytest.raises(ZeroDivisionError), track(database, story, name, enter=False) as tracking:
        tracking.ready()
        raise ZeroDivisionError
    assert database.runs(name)[""][0] == "FAILED"


def test_a_failing_mlflow_stops_no_search(database: Database, story: list[Step]) -> None:
    undisturbed, name, client, said = next(database.names), next(database.names), Mortal(database.client), list[str]()
    run(database, story, undisturbed, Mortal(database.client))
    tracking = track(database, story, name, client, warn=said.append)
    tracking.ready()
    tell(story[:3], tracking)
    client.broken = True
    tell(story[:7], tracking, start=3)
    assert len(said) == 1 and "the server is away" in said[0]
    client.broken = False
    tracking._try_again = 0.0001  # the pause is over
    tell(story[:8], tracking, start=7)
    assert said[1:] == ["MLflow works again"]
    client.broken = True
    tell(story, tracking, start=8)
    tracking.end(OVER)  # type: ignore[arg-type]
    assert "launching it again" in said[-1]
    again = track(database, story, name)
    again.studies = story[-1][0]
    again.ready()
    again.end(OVER)  # type: ignore[arg-type]
    assert database.runs(name) == database.runs(undisturbed)


def test_a_server_that_stays_away_is_asked_ever_less_often(database: Database, story: list[Step]) -> None:
    """Its client hangs for seconds each time, in which the driver starts nothing."""
    client = Mortal(database.client)
    tracking = track(database, story, next(database.names), client)
    tracking.ready()
    client.broken, pauses = True, []
    for _ in range(6):
        tracking._try_again = 0.0001  # the pause is over
        before = time.monotonic()
        tell(story[:1], tracking)
        pauses.append(round(tracking._try_again - before))
    assert pauses == [60, 120, 240, 480, 600, 600]


def test_the_commits_of_the_hub_are_parameters(database: Database, filler: Filler) -> None:
    name = next(database.names)
    filler.studies.remember_data({"ner": "aaa"}, "hub:one", {"datasets/some/ner@v1": "c" * 40})
    with track(database, [(filler.studies, None, None)], name, enter=False) as tracking:  # type: ignore[list-item]
        tracking.ready()
    assert ("commit.datasets/some/ner:v1", "c" * 40) in database.runs(name)[""][3]


def test_what_is_right_is_not_written_again(database: Database, story: list[Step]) -> None:
    name = next(database.names)
    run(database, story, name, Mortal(database.client))
    client = Mortal(database.client)
    again = track(database, story, name, client)
    again.studies = story[-1][0]
    again.ready()
    assert client.calls < 10  # four recipes and three configurations, none touched


def test_the_environment_names_no_run(database: Database, story: list[Step], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_RUN_ID", "0123456789abcdef0123456789abcdef")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "another")
    name = next(database.names)
    run(database, story, name, Mortal(database.client))
    assert len(database.runs(name)) == 1 + 3 + 4


def test_a_new_database_is_whole_and_in_wal_mode(database: Database) -> None:
    with closing(sqlite3.connect(database.file)) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert {path.name.removesuffix("-wal").removesuffix("-shm") for path in database.file.parent.iterdir()} == {
        "mlflow.db"
    }


def _no_folder(tmp_path: Path) -> str:
    (tmp_path / "file").write_text("")
    return f"sqlite:///{tmp_path}/file/mlflow.db"


def _no_database(tmp_path: Path) -> str:
    (tmp_path / "mlflow.db").write_text(
        "not a database at all, but longer than a header of SQLite, which has 100 bytes" * 2
    )
    return f"sqlite:///{tmp_path}/mlflow.db"


@pytest.mark.parametrize(
    "uri",
    [_no_folder, _no_database, lambda _: "http://127.0.0.1:9", lambda _: "nonsense://x", lambda path: str(path)],
    ids=["no-folder", "no-database", "no-server", "no-scheme", "file-store"],
)
def test_what_cannot_be_opened_is_a_failure(uri: Callable[[Path], str], story: list[Step], tmp_path: Path) -> None:
    with Tracking(story[0][0].search, story[0][0], uri(tmp_path)) as tracking, pytest.raises(Failure) as raised:
        tracking.ready()
    (problem,) = raised.value.problems
    assert problem.where == uri(tmp_path)
    assert problem.found
    assert "storage.mlflow" in problem.fix


def test_a_configuration_has_the_means_over_its_seeds(database: Database, filled: Filler) -> None:
    name, steps = next(database.names), [(filled.studies, "", filled.item("none", 0), Outcome())]
    with track(database, steps, name, enter=False) as tracking:
        tracking.ready()
        tracking.end(OVER)  # type: ignore[arg-type]
    found = {
        (tags["mix"], tags["taskmix.role"]): rest for _, _, tags, *rest in database.runs(name).values() if "mix" in tags
    }
    _, metrics = found["paraphrase:0.7 + ner:0.3", "configuration"]
    latest = {key: value for key, value, *_ in sorted(metrics, key=lambda row: (row[0], row[3], row[2]))}
    assert latest["related/score"] == pytest.approx((0.61 + 0.63) / 2)
    assert latest["related/seeds"] == 2
    assert latest["related/test_score"] == pytest.approx((0.60 + 0.62) / 2)
    assert latest["related/gain"] == pytest.approx((0.06 + 0.10) / 2)
    assert latest["cost/examples"] == 300, "two rungs, and another seed"
    assert latest["cost/seconds"] == 30.0


def test_rows_are_only_added(filled: Filler) -> None:
    """MLflow forgets none, so none may turn out wrong when more is known."""
    records = [record for record in filled.studies.all() if record.finished]
    records.sort(key=lambda record: (record.finished, record.item is not None))
    search, before = filled.search, set[Any]()
    for count in range(1, len(records) + 1):
        state = SearchState(search.config.targets, 2, records[:count])
        families = {recipe.family for recipe in state.recipes.values()}
        now = {
            (family, row)
            for family in families
            for row in metric_rows.of_configuration(
                [record for record in records[:count] if record.recipe.family == family], state
            )
        }
        assert before <= now
        before = now


def test_the_search_has_the_answer(database: Database, filled: Filler) -> None:
    name, steps = next(database.names), [(filled.studies, "", filled.item("none", 0), Outcome())]
    for _ in range(2):  # the second launch has nothing to write, and looks runs up to link them
        with track(database, steps, name, enter=False) as tracking:
            tracking.ready()
            tracking.end(OVER)  # type: ignore[arg-type]
        _, _, tags, _, _ = database.runs(name)[""]
        assert (tags["best.related"], tags["best.verses"]) == ("paraphrase:0.7 + ner:0.3", "none")
        note = tags["mlflow.note.content"]
        assert note.startswith("Best mix: paraphrase:0.7 + ner:0.3 for related, +9.0 points (")
        family = filled.item("paraphrase:0.7 + ner:0.3", 0).recipe.family
        assert f"**[paraphrase:0.7 + ner:0.3](#/runs/{family})" in note
        assert "taskmix export small --target related" in note
    experiment = database.client.get_experiment_by_name(f"taskmix/{name}")
    assert experiment.tags["mlflow.note.content"] == note.splitlines()[0]
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"


def test_a_long_answer_fits(filled: Filler) -> None:
    ranked = rank(filled.studies, top=1)
    many = {f"target-{number}": mixes for number, mixes in enumerate([*ranked.targets.values()] * 60)}
    text = describe(ranked.model_copy(update={"targets": many}), lambda digest: "#/experiments/1/runs/" + "0" * 32)
    assert len(text) < 8000
    assert "more | see the command below" in text and text.endswith("```\n")


def test_data_sets_are_inputs(database: Database, filler: Filler) -> None:
    name = next(database.names)
    filler.studies.remember_data({"ner": "aaa", "related": "bbb"})
    for _ in range(2):
        with track(database, [(filler.studies, None, None)], name, enter=False) as tracking:  # type: ignore[list-item]
            tracking.ready()
    inputs = database.client.get_run(tracking._parent).inputs.dataset_inputs
    found = {
        (one.dataset.name, one.dataset.digest, one.dataset.source, tag.value) for one in inputs for tag in one.tags
    }
    cards = filler.search.catalogue
    assert len(inputs) == 2
    assert found == {
        ("ner", "aaa", cards.task("ner").source.location, "task"),
        ("related", "bbb", cards.targets["related"].source.location, "target"),
    }


def test_runs_from_before_there_were_configurations_move_below_them(database: Database, story: list[Step]) -> None:
    undisturbed, name, client = next(database.names), next(database.names), database.client
    run(database, story, undisturbed, Mortal(client))
    experiment = client.create_experiment(f"taskmix/{name}")
    tags = {"search.id": name, "taskmix.role": "search", "taskmix.written": "5", "mlflow.user": "unknown"}
    parent = client.create_run(experiment, tags=tags, run_name=name).info.run_id
    pages = Pages(story[-1][0].search, story[-1][0], set())
    for recipe_digest in pages.recipes:
        page = pages.page(recipe_digest)
        params = {key: value for key, value in page.params.items() if value != "0"}
        own = {"search.id": name, "taskmix.role": "recipe", "mlflow.parentRunId": parent, "taskmix.page": "old"}
        made = client.create_run(experiment, page.started, {**page.tags, **own}, page.name).info.run_id
        for key, value in params.items():
            client.log_param(made, key, value)
        client.set_terminated(made, page.status, page.ended)
    again = track(database, story, name, at=len(story) - 1)
    again.ready()
    again.end(OVER)  # type: ignore[arg-type]
    expected, found = database.runs(undisturbed), database.runs(name)
    assert found.keys() == expected.keys()
    for digest in set(found) - {""}:
        kept = ("mlflow.user", "mlflow.source.name")  # of what made the run
        own, others = ({k: v for k, v in runs[digest][2].items() if k not in kept} for runs in (found, expected))
        assert (own, *found[digest][3:]) == (others, *expected[digest][3:])


def test_a_report_is_kept_with_the_search_and_stops_nothing(
    database: Database, story: list[Step], tmp_path: Path
) -> None:
    said: list[str] = []
    tracking = track(database, story, next(database.names), warn=said.append)
    tracking.ready()
    tracking.keep_report(lambda: "<p>née</p>")
    kept = database.client.download_artifacts(tracking._parent, "report.html", str(tmp_path))
    assert Path(kept).read_text(encoding="utf-8") == "<p>née</p>"

    def broken() -> str:
        raise Broken("no page")

    tracking.keep_report(broken)
    assert said == ["MLflow cannot be written now, the search goes on: no page"]
    tracking.end(OVER)  # type: ignore[arg-type]


@pytest.mark.slow  # a server takes a dozen seconds to start
def test_a_server_holds_the_same(server: str, database: Database, story: list[Step]) -> None:
    name = next(database.names)
    renamed = dataclasses.replace(
        story[0][0].search, config=story[0][0].search.config.model_copy(update={"name": name})
    )
    for start in (0, len(story) - 1):
        tracking = Tracking(renamed, story[start][0], server)
        with tracking:
            tracking.ready()
            tell(story, tracking, start)
            tracking.end(OVER)  # type: ignore[arg-type]
    client = open_client(server)
    experiment = client.get_experiment_by_name(f"taskmix/{name}")
    runs = client.search_runs([experiment.experiment_id])
    assert sorted(run.data.tags["taskmix.role"] for run in runs) == ["configuration"] * 3 + ["recipe"] * 4 + ["search"]
    (found,) = [run for run in runs if run.data.tags["taskmix.role"] == "search"]
    assert found.data.tags["best.verses"] == "none" and found.info.status == "FINISHED"
    assert experiment.tags["mlflow.note.content"] == found.data.tags["mlflow.note.content"].splitlines()[0]


def test_mlflow_is_imported_late() -> None:
    code = "import sys, search.tracking.mlflow_runs; assert not {'mlflow', 'ray', 'torch'} & sys.modules.keys()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_search_has_what_its_gains_are_worth(filled: Filler) -> None:
    pages = Pages(filled.search, filled.studies, set())
    values = {key: value for key, value, _, _ in pages.summary(pages.ranked())}
    claim = rank(filled.studies, "related").targets["related"].best[0].claim
    assert claim is not None and claim.low is not None
    assert values["related/gain"] == pytest.approx(0.08)
    assert values["related/claim/mean"] == pytest.approx(claim.mean)
    assert values["related/claim/low"] == pytest.approx(claim.low)
    assert values["related/claim/probability"] == pytest.approx(claim.probability)
