"""What MLflow's runs of a search have to hold, computed from the studies. Knows nothing of MLflow's client.

Timestamps are the trials' own times, so that a page that is written again gives the same rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from optuna.trial import TrialState

from search.config.search import Search
from search.results.ranking import rank
from search.results.row_source import RowSource
from search.results.status import state_of
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.digest import digest
from spaces.recipe import Recipe

SEARCH, DIGEST, FAMILY, STATE = "search.id", "recipe.digest", "recipe.family", "state"
"""Tags of the runs."""

MetricRow = tuple[str, float, int, int]
"""A metric: key, value, time in ms, step."""


@dataclass(frozen=True)
class Page:
    """What the run of a recipe has to hold."""

    name: str
    status: str
    started: int
    ended: int
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[MetricRow]

    @property
    def mark(self) -> str:
        """Equal for equal contents."""
        return digest([self.params, self.tags, self.metrics])


class Pages:
    """The pages of a search as its studies are now.

    Args:
        in_flight: keys of the work items that run in this process; others that are RUNNING were abandoned.
    """

    def __init__(self, search: Search, studies: Studies, in_flight: set[str]) -> None:
        self.search, self.studies = search, studies
        self._in_flight = in_flight

    @property
    def recipes(self) -> dict[str, Recipe]:
        """Digest -> recipe, of all that was started, in the order of their start."""
        return self.studies.state.recipes

    def page(self, recipe_digest: str) -> Page:
        """Of one recipe."""
        records, recipe = self.studies.state.of_recipe(recipe_digest), self.recipes[recipe_digest]
        records.sort(key=lambda record: (record.rung, record.target))
        state, status = self._state(records)
        failures = [record.failure.message for record in records if record.failure]
        tags = {
            DIGEST: recipe_digest,
            FAMILY: recipe.family,
            STATE: state,
            "mix": str(recipe.mixture),
            "rung": str(max(record.rung for record in records)),
            "purpose": records[0].purpose,
            **({"failure": failures[-1]} if failures else {}),
            **{f"micro_batch.{phase}": str(n) for record in records for phase, n in record.micro_batches.items()},
        }
        mixture = {f"mix.{task}": f"{weight:g}" for task, weight in recipe.mixture.weights.items()}
        hyperparameters = {f"hp.{name}": _text(value) for name, value in recipe.hyperparameters}
        times = [time for record in records for time in (record.started, record.finished) if time]
        return Page(
            name=f"{recipe.mixture if recipe.mixture else 'baseline'} (seed {recipe.seed})",
            status=status,
            started=_milliseconds(min(times)),
            ended=_milliseconds(max(times)),
            params={**mixture, **hyperparameters, "model": recipe.model, "seed": str(recipe.seed)},
            tags=tags,
            metrics=sorted(row for record in records for row in self._metrics(record)),
        )

    def fixed(self) -> dict[str, str]:
        """Parameters of the search's own run: what never changes."""
        fixed = self.search.config.fixed()
        return {key: _text(value) for key, value in fixed.items() if value is not None and value not in ([], {})}

    def commits(self) -> dict[str, str]:
        """Parameters of the search's own run: what of the hub it reads. Known once data and model were looked at."""
        return {f"commit.{name}".replace("@", ":"): commit for name, commit in self.studies.commits.items()}

    def summary(self, rows: RowSource | None = None) -> list[MetricRow]:
        """Metrics of the search's own run: the best of each target so far, and what its gain is worth; the step is the
        number of work items.

        Args:
            rows: as for `rank`.
        """
        state = self.studies.state
        over = [record for record in state.owners() if record.finished]
        times = [_milliseconds(record.finished) for record in over if record.finished]
        if not times:
            return []
        values: dict[str, float | None] = {}
        for target, mixes in rank(self.studies, top=1, rows=rows).targets.items():
            values[f"{target}/baseline"] = mixes.baseline.score if mixes.baseline else None
            for result in mixes.best:
                values |= {f"{target}/score": result.score, f"{target}/gain": result.gain}
                for key in ("mean", "low", "high", "probability") if result.claim else ():
                    values[f"{target}/claim/{key}"] = getattr(result.claim, key)
        values |= {f"cost/{name}": value for name, value in asdict(state.cost).items()}
        values["work_items/failed"] = len(state.failures)
        return [
            (key, float(value), max(times), len(over)) for key, value in sorted(values.items()) if value is not None
        ]

    def _state(self, records: list[Record]) -> tuple[str, str]:
        """The state, and MLflow's status: a run is RUNNING only while a work item of its recipe runs."""
        running = [record.item for record in records if record.state is TrialState.RUNNING and record.item]
        if running:
            alive = any(item.key in self._in_flight for item in running)
            return ("running", "RUNNING") if alive else ("interrupted", "KILLED")
        state = state_of(records, self.studies.state.top_rung, over=False)
        if state == "waiting":  # the same word when the search is over, or thousands of runs had to be written again
            return "not promoted", "FINISHED"
        return state, "FAILED" if state == "failed" else "FINISHED"

    def _metrics(self, record: Record) -> Iterator[MetricRow]:
        """Scores, gain and cost; the step is the rung."""
        if record.finished is None:
            return
        at, step, target, score = _milliseconds(record.finished), record.rung, record.target, record.score
        if record.cost:
            for name, value in asdict(record.cost).items():
                yield f"cost/{name}", float(value), at, step
        if score is None:
            return
        yield f"{target}/score", score.score, at, step
        yield f"{target}/floor", score.floor, at, step
        if score.test_score is not None:
            yield f"{target}/test_score", score.test_score, at, step
        for language, metrics in score.dev.items():
            for metric, value in metrics.items():
                yield f"{target}/{language}/{metric}", value, at, step
        baseline = self.studies.state.baseline(target, record.rung, record.recipe.seed)
        gain = self.studies.state.gain_of(record)
        if gain is not None and baseline and baseline.finished and not record.recipe.is_baseline:
            yield f"{target}/gain", gain, max(at, _milliseconds(baseline.finished)), step


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _milliseconds(time: dt.datetime) -> int:
    return round(time.timestamp() * 1000)
