"""How the search service itself fares with thousands of recipes: nothing is trained, everything else is real.

    python benchmarks/scale.py --recipes 1000 10000 --in-flight 64

For each size, a search that has come that far is made (simulated in memory, then copied into an SQLite file in bulk),
and then really goes on: its studies are opened, the agenda proposes, work items begin and end on Optuna's SQLite
storage, and at last it runs on Ray Tune with so many simulated work items in flight, MLflow listening where it was
given the runs before.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import optuna
from optuna.storages import BaseStorage, RDBStorage
from optuna.storages._rdb import models
from sqlalchemy import insert

sys.path.insert(0, str(Path(__file__).parent.parent))

from cluster.connect import connect
from cluster.resources import ItemResources
from search.config import search_file
from search.config.search import Search
from search.config.workspace import Workspace
from search.results.ranking import rank
from search.scheduling import driver
from search.scheduling.agenda import Agenda, Listener
from search.scheduling.searcher import AgendaSearcher
from search.studies.database import open_storage
from search.studies.studies import Studies, study_name
from search.tracking.mlflow_runs import Tracking
from trainables.simulated import SimulatedWorker, Surface, outcome, usual_values
from trainables.work.item import WorkItem

SEARCH = """\
name: scale
model: xlm-roberta-base
tasks: [mnli, qqp, squad_v1, squad_v2, hellaswag, csqa]
targets: [xnli, pawsx, panx, xquad]
space:
  max_tasks: 4
  weight_step: 0.05
  min_weight: 0.05
  hyperparameters:
    intermediate.learning_rate: {{low: 5.0e-6, high: 5.0e-5, log: true}}
stages:
  intermediate: {{examples: 100000}}
  target: {{examples: 60000}}
halving: {{rungs: [0.1, 0.3, 1.0], eta: 3}}
sampler: {{name: {sampler}}}
budget: {{recipes: {recipes}}}
confirm: {{top: 0, seeds: 1}}
failures: {{max_share: 1.0}}
"""
MORE = 200
"""Work items that are measured at each size."""

MILLISECONDS = 1000.0


class QuickWorker(SimulatedWorker):
    """A work item of two seconds at the full budget."""

    seconds = 2.0
    failures = 0.02


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipes", type=int, nargs="+", default=[1000, 10_000])
    parser.add_argument("--in-flight", type=int, default=64)
    parser.add_argument("--sampler", default="random", choices=["random", "tpe", "mixture"])
    parser.add_argument("--mlflow-up-to", type=int, default=1000, metavar="RECIPES", help="0.1 s for each run of each")
    parser.add_argument("--no-tune", action="store_true", help="leave out the part on Ray Tune")
    parser.add_argument("--json", type=Path, help="write the figures there")
    options = parser.parse_args()
    found = []
    for recipes in options.recipes:
        found.append(measure(recipes, options))
        print(json.dumps(found[-1], indent=1), flush=True)
    if options.json:
        options.json.write_text(json.dumps({"machine": platform.platform(), "sizes": found}, indent=1) + "\n")


def measure(recipes: int, options: argparse.Namespace) -> dict[str, Any]:
    """Everything at one size."""
    row: dict[str, Any] = {"recipes": recipes, "sampler": options.sampler, "in_flight": options.in_flight}
    with tempfile.TemporaryDirectory(prefix="taskmix-scale-") as name:
        folder = Path(name)
        search = made(folder, recipes, options.sampler)
        so_far = simulated(search, recipes)
        url = f"sqlite:///{folder / 'studies.db'}"
        copied(so_far, search, url)
        row["work_items"] = so_far.state.items
        row["trials"] = len(so_far.all())
        del so_far

        larger = made(folder, recipes + 10 * MORE, options.sampler)
        with timed(row, "resume: studies and agenda, s"):
            studies = Studies.create(replace(Workspace.of(larger), studies_url=url))
            agenda = Agenda(larger, studies)
        with timed(row, "resume: first work item, s"):
            first = agenda.next()
        assert first is not None
        row |= paced(agenda, first, options.in_flight)
        with timed(row, "best, s"):
            rank(studies)
        listeners: list[Listener] = []
        with ExitStack() as stack:
            if recipes <= options.mlflow_up_to:
                listeners.append(stack.enter_context(tracked(larger, studies, folder, row)))
            if not options.no_tune:
                row |= on_tune(larger, url, folder, listeners, options.in_flight)
        row["memory of this process, MB (peak)"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    return row


@contextmanager
def tracked(search: Search, studies: Studies, folder: Path, row: dict[str, Any]) -> Iterator[Tracking]:
    """MLflow with a run per recipe: written anew, after a clean end, and as a listener."""
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    with Tracking(search, studies, uri) as tracking:
        with timed(row, "MLflow: all runs written anew, s"):
            tracking.ready()
        tracking.end(driver.SearchEnd.INTERRUPTED)
    with Tracking(search, studies, uri) as tracking:
        with timed(row, "MLflow: resume, s"):
            tracking.ready()
        yield tracking


def made(folder: Path, recipes: int, sampler: str) -> Search:
    """The search from its file."""
    file = folder / "search.yaml"
    file.write_text(SEARCH.format(recipes=recipes, sampler=sampler), encoding="utf-8")
    return search_file.load(file)


def simulated(search: Search, recipes: int) -> Studies:
    """A search that has tried so many recipes; its proposals are drawn at random."""
    config = search.config.model_copy(update={"sampler": search.config.sampler.model_copy(update={"name": "random"})})
    search = Search(config, search.catalogue, search.space)
    studies = Studies.in_memory(search)
    agenda, finish = Agenda(search, studies), finisher(search)
    while (item := agenda.next()) is not None and len(studies.state.tried) < recipes:
        agenda.done(item, finish(item))
    return studies


def finisher(search: Search) -> Callable[[WorkItem], Any]:
    """What a work item comes to."""
    plan = search.plan("store", "cache")
    surface, top = Surface(usual=usual_values(plan)), plan.top_rung
    return lambda item: outcome(surface, plan.targets, item, plan.rungs[item.rung], item.rung == top, failures=0.02)


def copied(studies: Studies, search: Search, url: str) -> None:
    """The same studies in an SQLite file, by Optuna's own tables; one by one it would take 0.03 s per trial."""
    storage = open_storage(url)
    for target in search.config.targets:
        name = study_name(search.config.name, target)
        optuna.create_study(storage=storage, study_name=name, direction="maximize")
        rows = _rows(studies.storage, name, storage)
        with storage.engine.begin() as connection:
            for model, values in rows:
                for start in range(0, len(values), 5000):
                    connection.execute(insert(model), values[start : start + 5000])


def _rows(source: BaseStorage, name: str, storage: RDBStorage) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    study = storage.get_study_id_from_name(name)
    with storage.engine.connect() as connection:
        first = connection.exec_driver_sql("SELECT COALESCE(MAX(trial_id), 0) + 1 FROM trials").scalar_one()
    trials = source.get_all_trials(source.get_study_id_from_name(name), deepcopy=False)
    ids = {trial.number: first + trial.number for trial in trials}
    yield (
        models.TrialModel,
        [
            {
                "trial_id": ids[trial.number],
                "number": trial.number,
                "study_id": study,
                "state": trial.state,
                "datetime_start": trial.datetime_start,
                "datetime_complete": trial.datetime_complete,
            }
            for trial in trials
        ],
    )
    yield (
        models.TrialParamModel,
        [
            {
                "trial_id": ids[trial.number],
                "param_name": param,
                "param_value": trial.distributions[param].to_internal_repr(value),
                "distribution_json": optuna.distributions.distribution_to_json(trial.distributions[param]),
            }
            for trial in trials
            for param, value in trial.params.items()
        ],
    )
    yield (
        models.TrialValueModel,
        [
            {"trial_id": ids[trial.number], "objective": 0, "value": trial.value, "value_type": "FINITE"}
            for trial in trials
            if trial.value is not None
        ],
    )
    yield (
        models.TrialUserAttributeModel,
        [
            {"trial_id": ids[trial.number], "key": key, "value_json": json.dumps(value)}
            for trial in trials
            for key, value in trial.user_attrs.items()
        ],
    )


def paced(agenda: Agenda, first: WorkItem, in_flight: int) -> dict[str, Any]:
    """Time per suggestion (and per new recipe: a sampler is asked) and per outcome, with so many in flight."""
    finish, running, nexts, proposals, dones = finisher(agenda.search), deque([first]), [], [], []
    for _ in range(MORE):
        while len(running) < in_flight:
            started = time.perf_counter()
            item = agenda.next()
            nexts.append(time.perf_counter() - started)
            assert item is not None
            if item.rung == 0:
                proposals.append(nexts[-1])
            running.append(item)
        item = running.popleft()
        result = finish(item)
        started = time.perf_counter()
        agenda.done(item, result)
        dones.append(time.perf_counter() - started)
    while running:
        item = running.popleft()
        agenda.done(item, finish(item))
    return summary("suggestion", nexts) | summary("new recipe", proposals) | summary("tell", dones)


def on_tune(search: Search, url: str, folder: Path, listeners: list[Listener], in_flight: int) -> dict[str, Any]:
    """The same through the searcher, on Ray Tune."""
    studies = Studies.create(replace(Workspace.of(search), studies_url=url))
    more = search.config.budget.model_copy(update={"work_items": studies.state.items + 5 * in_flight})
    search = Search(search.config.model_copy(update={"budget": more}), search.catalogue, search.space)
    for listener in listeners:
        listener.studies = studies  # type: ignore[attr-defined]
    agenda = Agenda(search, studies, listeners)
    times: list[float] = []
    original = AgendaSearcher.suggest

    def suggest(searcher: AgendaSearcher, trial_id: str) -> Any:
        started = time.perf_counter()
        found = original(searcher, trial_id)
        if isinstance(found, dict):
            times.append(time.perf_counter() - started)
        return found

    AgendaSearcher.suggest = suggest  # type: ignore[method-assign]
    try:
        with connect("local", cpus=in_flight, log=folder / "ray.log"):
            started = time.perf_counter()
            plan = search.plan(str(folder / "store"), str(folder / "cache"))
            driver.run(plan, agenda, ItemResources(), in_flight, worker="benchmarks.scale:QuickWorker")
            seconds = time.perf_counter() - started
    finally:
        AgendaSearcher.suggest = original  # type: ignore[method-assign]
    return {"Tune: work items": len(times), "Tune: s": round(seconds, 1)} | summary("Tune: suggestion", times)


def summary(name: str, seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        f"{name}, ms (median)": round(MILLISECONDS * statistics.median(ordered), 1),
        f"{name}, ms (p99)": round(MILLISECONDS * ordered[int(0.99 * (len(ordered) - 1))], 1),
    }


@contextmanager
def timed(row: dict[str, Any], name: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    row[name] = round(time.perf_counter() - started, 2)


if __name__ == "__main__":
    main()
