"""MLflow's view of a search: a run for the search, below it one for every configuration, and below that one for every
seed of it. The only writer of MLflow.

What a run has to hold is a page computed from the studies (`run_contents.py`), and what the run lacks is written: so
a run can be written again at any time and does not change. MLflow tells a metric's rows apart by key, value, time and
step, refuses another value for a parameter, and replaces tags; a batch writes parameters, then metrics, then tags. So a
tag that is the digest of the page says that all of it arrived.

A view must not stop a search: when MLflow fails while a search runs, this is said once, and what is missing is
written later, at the latest by the next launch. Only a database that cannot be opened at the start is a Failure.
"""

from __future__ import annotations

import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING

from search.config.search import Search
from search.results.row_source import RowSource
from search.studies.database import reason_of, shown
from search.studies.studies import Studies
from search.studies.trial_record import Purpose
from search.tracking.client import FIX, artifacts_beside, open_client
from search.tracking.metric_rows import MetricRow
from search.tracking.run_contents import DIGEST, FAMILY, NOTE, SEARCH, STATE, Page, Pages
from spaces.errors import Failure, Problem
from trainables.work.item import WorkItem
from trainables.work.outcome import Outcome, Progress

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run

    from search.scheduling.driver import SearchEnd

STATUS = {"over": "FINISHED", "stopped": "FAILED", "interrupted": "KILLED", "failed": "FAILED"}
"""MLflow's status of the search's run, by the values of `driver.SearchEnd`; `failed`: by an exception."""

PARENT, OF, PAGE, ROLE = "mlflow.parentRunId", "taskmix.of", "taskmix.page", "taskmix.role"
WRITTEN = "taskmix.ends_written"
"""Tags: MLflow's own for nesting; ours for the search's run that a run belongs to, what arrived, what a run stands for
("search", "configuration", or "recipe" for one seed), and on the search's run how many work items' ends are written.
(`taskmix.written` said the last of runs from before there was one for each configuration.)"""

KIND, TRAINING = "mlflow.experimentKind", "custom_model_development"
"""What an experiment is for; of one that does not say, MLflow's page guesses, and shows language models' traces."""

PAUSE, LONGEST_PAUSE = 60.0, 600.0
"""Seconds without a try after MLflow failed, twice as many each time: the driver waits while its client hangs."""

BATCH, PAIRS = 500, 100
"""Metrics per batch, and parameters and tags; MLflow takes 100 of each of the latter and 1,000 in all."""

RUNS_PER_PAGE = 1000

FEW = 10
"""Looking a run up alone takes about as long as this many in a list of all (10 ms each)."""

NOTE_EVERY = 30.0
"""Seconds between two notes of how far the runs are written."""


@dataclass
class _Run:
    """What is known of a run in MLflow."""

    id: str
    status: str
    ended: int | None = None
    parent: str = ""
    mark: str = ""
    params: set[str] = field(default_factory=set)
    rows: set[MetricRow] = field(default_factory=set)


class Tracking:
    """Writes a search's runs.

    MLflow takes seconds to open, and longer to tell which of thousands of runs there are: entering starts that in a
    thread, and `ready` waits for it.

    Args:
        search: whose runs these are.
        studies: what they are computed from.
        uri: MLflow's tracking URI.
        warn: told when MLflow fails while the search runs, and when it works again.
        opener: opens the client.
        rows: who knows the rows behind scores, asked when the search is over.
    """

    def __init__(
        self,
        search: Search,
        studies: Studies,
        uri: str,
        warn: Callable[[str], None] = lambda text: None,
        opener: Callable[[str], MlflowClient] = open_client,
        rows: RowSource | None = None,
    ) -> None:
        self.search, self.studies, self.uri = search, studies, uri
        self._warn, self._opener, self._rows = warn, opener, rows
        self._client: MlflowClient | None = None
        self._problem: BaseException | None = None
        self._experiment = self._parent = ""
        self._runs: dict[str, _Run] = {}
        recipes = studies.state.recipes.values()
        self._before = {recipe.family for recipe in recipes}  # configurations that may have runs
        self._doubtful: set[str] = set()
        self._looked_up: set[str] = set()
        self._behind: set[str] = set()
        self._next_note = 0.0
        self._in_flight: set[str] = set()
        self._try_again, self._pause = 0.0, PAUSE
        self._is_ready = self._ended = False
        self._opening = threading.Thread(target=self._open, name="mlflow", daemon=True)

    def __enter__(self) -> Tracking:
        self._opening.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._ended:
            self._end("interrupted" if kind and issubclass(kind, KeyboardInterrupt) else "failed")

    def ready(self) -> None:
        """Waits until MLflow is open, opens the search's run, and makes every recipe's run what the studies say.

        Raises:
            Failure: MLflow cannot be opened or read.
        """
        if self._is_ready:
            return
        self._opening.join()
        try:
            if self._problem is not None:
                raise self._problem
            self.sync()
            self._is_ready = True
        except Failure:
            raise
        except Exception as error:
            raise Failure(Problem("MLflow cannot be used", shown(self.uri), reason_of(error), FIX)) from error

    def sync(self) -> None:
        """Writes what the runs lack; those that are right are not touched."""
        if commits := self._pages().commits():
            self._log(self._parent, [], commits, {})
        self._log_inputs()
        self._behind |= self._doubtful
        self._write_all(self._behind)
        self._note_written()

    def end(self, ending: SearchEnd) -> None:
        """Terminates every run: the search's by how it ended, those of abandoned work items as KILLED."""
        self._end(ending.value)

    def _end(self, ending: str) -> None:
        """As `end`; never raises for MLflow's sake."""
        self._ended = True
        if not self._parent:
            return
        self._in_flight.clear()
        self._behind |= {item.recipe.digest for item in self.studies.running()}  # abandoned
        with self._bearing():
            self._write_all(self._behind)
            pages = self._pages()
            ranked = pages.ranked(self._rows if ending == "over" else None)
            tags = {**pages.answer(ranked, self._address), STATE: ending, WRITTEN: self._written()}
            self._get_client().set_experiment_tag(self._experiment, NOTE, pages.headline(ranked))
            self._log(self._parent, pages.summary(ranked), {}, tags)
            self._get_client().set_terminated(self._parent, STATUS[ending])
            return
        self._warn("MLflow lacks results of this search; launching it again writes them")

    # --- agenda.Listener

    def started(self, item: WorkItem, purpose: Purpose) -> None:
        self.ready()
        self._in_flight.add(item.key)
        self._refresh({item.recipe.digest})

    def progressed(self, item: WorkItem, progress: Progress) -> None:
        """MLflow gets results, not progress."""

    def finished(self, item: WorkItem, outcome: Outcome) -> None:
        self._in_flight.discard(item.key)
        affected = {item.recipe.digest}
        if item.recipe.is_baseline:  # now the gains of those that were faster are known
            seed = item.recipe.seed
            affected |= {name for name, recipe in self._pages().recipes.items() if recipe.seed == seed}
        self._refresh(affected)

    def _refresh(self, digests: Iterable[str]) -> None:
        """Writes the runs of these recipes, and of those that could not be written before."""
        failed_before = bool(self._behind)
        self._behind |= set(digests)
        if time.monotonic() < self._try_again:
            return
        with self._bearing():
            self._write_all(self._behind)
            if time.monotonic() >= self._next_note:
                self._note_written()
            if failed_before:
                self._warn("MLflow works again")

    @contextmanager
    def _bearing(self) -> Iterator[None]:
        """A failing MLflow stops no search: what is behind stays so until later."""
        try:
            yield
        except Exception as error:
            if not self._try_again:
                self._warn(f"MLflow cannot be written now, the search goes on: {reason_of(error)}")
            self._try_again = time.monotonic() + self._pause
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
        else:
            self._try_again, self._pause = 0.0, PAUSE

    # --- MLflow

    def _open(self) -> None:
        try:
            self._client = self._opener(self.uri)
            self._enter()
            self._read()
        except BaseException as error:  # of a thread it would be lost
            self._problem = error

    def _get_client(self) -> MlflowClient:
        assert self._client is not None
        return self._client

    def _enter(self) -> None:
        """The experiment and the search's own run: made once, reopened later."""
        client, name = self._get_client(), f"taskmix/{self.search.config.name}"
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            self._experiment = client.create_experiment(name, artifacts_beside(self.uri), {KIND: TRAINING})
        else:
            self._experiment = experiment.experiment_id
            if KIND not in experiment.tags:
                client.set_experiment_tag(self._experiment, KIND, TRAINING)
            if experiment.lifecycle_stage != "active":
                client.restore_experiment(self._experiment)
        run = next(iter(self._find(f"tags.`{ROLE}` = 'search'")), None)
        if run is None:
            tags = {**self._own_tags(), ROLE: "search"}
            run = client.create_run(self._experiment, tags=tags, run_name=self.search.config.name)
        self._doubtful = self._after(int(run.data.tags.get(WRITTEN, 0)))
        self._parent = run.info.run_id
        if run.info.status != "RUNNING":
            client.update_run(self._parent, status="RUNNING")
        params = {key: value for key, value in self._pages().fixed().items() if key not in run.data.params}
        self._log(self._parent, [], params, {STATE: "running"})

    def _find(self, condition: str) -> list[Run]:
        """Runs of this search, the oldest first."""
        runs: list[Run] = []
        token = None
        while token is None or token:
            page = self._get_client().search_runs(
                [self._experiment],
                f"tags.`{SEARCH}` = '{self.search.config.name}' AND {condition}",
                max_results=RUNS_PER_PAGE,
                order_by=["attributes.start_time ASC"],
                page_token=token,
            )
            runs.extend(page)
            token = page.token or ""
        return runs

    def _after(self, written: int) -> set[str]:
        """Recipes whose runs may lack something, given how many work items' ends are known to be written."""
        state = self.studies.state
        if not written:
            return set(state.recipes)
        ended = [owner for owner in state.owners() if owner.finished]
        ended.sort(key=lambda owner: owner.finished or dt.datetime.min)
        recipes = {owner.recipe for owner in (*ended[written:], *state.running())}
        seeds = {recipe.seed for recipe in recipes if recipe.is_baseline}  # gains over it are written when it ends
        gains = {digest for digest, recipe in state.recipes.items() if recipe.seed in seeds}
        return gains | {recipe.digest for recipe in recipes}

    def _read(self) -> None:
        """The runs of the recipes in doubt: one by one where they are few of many, as MLflow takes long to list all."""
        if FEW * len(self._doubtful) < len(self._before):
            for recipe_digest in self._doubtful:
                self._look_up(self.studies.state.recipes[recipe_digest].family)
        else:
            self._take(self._find(f"tags.`{ROLE}` != 'search'"))
            self._looked_up |= self._before

    def _look_up(self, family: str) -> None:
        self._take(self._find(f"tags.`{FAMILY}` = '{family}'"))
        self._looked_up.add(family)

    def _take(self, runs: list[Run]) -> None:
        """Note runs that are there. A second one of the same (a server that answered too late) is deleted."""
        for run in runs:
            info, tags = run.info, run.data.tags
            key, parent = tags.get(DIGEST) or tags.get(FAMILY), tags.get(PARENT, "")
            if key is None or self._parent not in (parent, tags.get(OF)):
                continue
            known = self._runs.get(key)
            if known is None:
                mark, params = tags.get(PAGE, ""), set(run.data.params)
                self._runs[key] = _Run(info.run_id, info.status, info.end_time, parent, mark, params)
            elif known.id != info.run_id:
                self._get_client().delete_run(info.run_id)
        for run in runs:  # below a second one that was deleted, or from before there were configurations
            digest, above = run.data.tags.get(DIGEST), self._runs.get(run.data.tags.get(FAMILY, ""))
            if digest in self._runs and (above is None or self._runs[digest].parent != above.id):
                self._behind.add(digest)

    def _written(self) -> str:
        return str(self.studies.state.over)

    def _note_written(self) -> None:
        """Says in MLflow what the answer is so far, and that all is written: so a resume need not compare it all."""
        pages = self._pages()
        ranked = pages.ranked()
        self._get_client().set_experiment_tag(self._experiment, NOTE, pages.headline(ranked))
        self._log(self._parent, [], {}, {**pages.answer(ranked, self._address), WRITTEN: self._written()})
        self._next_note = time.monotonic() + NOTE_EVERY

    def _pages(self) -> Pages:
        return Pages(self.search, self.studies, self._in_flight)

    def _address(self, family: str) -> str | None:
        """Where MLflow's page shows a configuration."""
        if family in self._before and family not in self._looked_up:
            self._look_up(family)
        run = self._runs.get(family)
        return f"#/experiments/{self._experiment}/runs/{run.id}" if run else None

    def _write_all(self, digests: Iterable[str]) -> None:
        """Brings the runs of these recipes up to date, in the order in which the recipes were started."""
        pages, wanted = self._pages(), set(digests)
        for recipe_digest, recipe in list(pages.recipes.items()):
            if recipe_digest in wanted:
                if recipe.family in self._before and recipe.family not in self._looked_up:
                    self._look_up(recipe.family)
                above = self._write(recipe.family, pages.configuration(recipe.family), "configuration", self._parent)
                self._write(recipe_digest, pages.page(recipe_digest), "recipe", above)
                self._behind.discard(recipe_digest)
        self._behind -= wanted  # what was estimated alone has no run

    def _write(self, key: str, page: Page, role: str, parent: str) -> str:
        """Brings the run of a configuration, or of one of its seeds, up to date; its id.

        Args:
            key: digest of the family, or of the recipe.
        """
        client, run = self._get_client(), self._runs.get(key)
        if run is None:
            tags = {**page.tags, **self._own_tags(), PARENT: parent, OF: self._parent, ROLE: role}
            made = client.create_run(self._experiment, page.started, tags, page.name)
            run = self._runs[key] = _Run(made.info.run_id, "RUNNING", parent=parent)
        if run.mark != page.mark or run.parent != parent:
            rows = [row for row in page.metrics if row not in run.rows]
            params = {key: value for key, value in page.params.items() if key not in run.params}
            place = {PARENT: parent, OF: self._parent} if run.parent != parent else {}
            self._log(run.id, rows, params, {**page.tags, **place, PAGE: page.mark})
            run.mark, run.params, run.rows, run.parent = page.mark, set(page.params), set(page.metrics), parent
        if page.status == "RUNNING":
            if run.status != "RUNNING":
                client.update_run(run.id, status="RUNNING")
        elif (run.status, run.ended) != (page.status, page.ended):
            client.set_terminated(run.id, page.status, page.ended)
        run.status, run.ended = page.status, page.ended
        return run.id

    def _log_inputs(self) -> None:
        """The data sets that the search reads; MLflow keeps each once."""
        from mlflow.entities import Dataset, DatasetInput, InputTag
        from mlflow.utils.mlflow_tags import MLFLOW_DATASET_CONTEXT

        inputs = [
            DatasetInput(
                Dataset(one.name, one.digest, one.source_type, one.source),
                [InputTag(MLFLOW_DATASET_CONTEXT, one.context)],
            )
            for one in self._pages().inputs()
        ]
        if inputs:
            self._get_client().log_inputs(self._parent, inputs)

    def _log(self, run_id: str, rows: list[MetricRow], params: dict[str, str], tags: dict[str, str]) -> None:
        """In as few batches as MLflow takes; the tags last."""
        from mlflow.entities import Metric, Param, RunTag

        metrics = [Metric(key, value, at, step) for key, value, at, step in rows]
        pairs = [Param(key, value) for key, value in params.items()]
        marks = [RunTag(key, value) for key, value in tags.items()]
        while len(metrics) > BATCH or len(pairs) > PAIRS:
            self._get_client().log_batch(run_id, metrics=metrics[:BATCH], params=pairs[:PAIRS])
            metrics, pairs = metrics[BATCH:], pairs[PAIRS:]
        self._get_client().log_batch(run_id, metrics=metrics, params=pairs, tags=marks)

    def _own_tags(self) -> dict[str, str]:
        user = os.environ.get("USER") or os.environ.get("LOGNAME") or "unknown"
        return {SEARCH: self.search.config.name, "mlflow.source.name": "taskmix", "mlflow.user": user}
