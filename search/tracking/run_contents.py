"""What MLflow's runs of a search have to hold, computed from the studies. Knows nothing of MLflow's client.

There is a run for the search, below it one for each configuration, and below that one for each of its seeds.
Timestamps are the trials' own times, so that a page that is written again gives the same rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from optuna.trial import TrialState

from search.answers.mixes import BestMixes
from search.config.search import Search
from search.results.ranking import rank
from search.results.row_source import RowSource
from search.results.status import state_of
from search.studies.studies import Studies
from search.studies.trial_record import Record
from search.tracking import description, metric_rows
from search.tracking.metric_rows import MetricRow, milliseconds
from spaces.card import Card
from spaces.digest import digest
from spaces.recipe import Recipe

SEARCH, DIGEST, FAMILY, STATE = "search.id", "recipe.digest", "recipe.family", "state"
BEST, NOTE = "best.", "mlflow.note.content"
"""Tags of the runs. Of the search's: the best mix of each target, and the answer in words, which MLflow shows as the
run's description."""

UNKNOWN = "not known yet"
"""The best mix of a target while it has no baseline beside it."""


@dataclass(frozen=True)
class DataInput:
    """A data set that the search reads, as MLflow has it.

    Args:
        source_type: "hub", "suite", "files" or "tasks".
        context: "task" or "target".
    """

    name: str
    digest: str
    source_type: str
    source: str
    context: str


@dataclass(frozen=True)
class Page:
    """What the run of a configuration, or of one of its seeds, has to hold."""

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

    @cached_property
    def configurations(self) -> dict[str, list[Recipe]]:
        """Family -> its recipes, one for each seed, in the order of their start."""
        found = defaultdict[str, list[Recipe]](list)
        for recipe in list(self.recipes.values()):
            found[recipe.family].append(recipe)
        return dict(found)

    def page(self, recipe_digest: str) -> Page:
        """Of one recipe: a configuration with one seed."""
        records, recipe = self.studies.state.of_recipe(recipe_digest), self.recipes[recipe_digest]
        state, status = self._state(records)
        return self._page(
            recipe,
            records,
            name=f"{_name(recipe)} (seed {recipe.seed})",
            status=status,
            params={"seed": str(recipe.seed)},
            tags={DIGEST: recipe_digest, STATE: state},
            metrics=metric_rows.of_recipe(records, self.studies.state),
        )

    def configuration(self, family: str) -> Page:
        """Of one configuration: the means over its seeds, and what they cost together."""
        recipes, by_seed = self.configurations[family], list[tuple[str, str]]()
        records = list[Record]()
        for recipe in recipes:
            own = self.studies.state.of_recipe(recipe.digest)
            by_seed += [self._state(own)] if own else []
            records += own
        state, status = min(by_seed, key=lambda one: _MOST_TELLING.index(one[0]))
        return self._page(
            recipes[0],
            records,
            name=_name(recipes[0]),
            status=status,
            params={},
            tags={STATE: state, "seeds": ", ".join(str(recipe.seed) for recipe in recipes)},
            metrics=metric_rows.of_configuration(records, self.studies.state),
        )

    def _page(
        self,
        recipe: Recipe,
        records: list[Record],
        name: str,
        status: str,
        params: dict[str, str],
        tags: dict[str, str],
        metrics: list[MetricRow],
    ) -> Page:
        records.sort(key=lambda record: (record.rung, record.target))
        failures = [record.failure.message for record in records if record.failure]
        # a task that is left out is at 0, so that plots over all runs have it where it belongs
        mixture = {f"mix.{task}": "0" for task in self.search.space.tasks}
        mixture |= {f"mix.{task}": f"{weight:g}" for task, weight in recipe.mixture.weights.items()}
        hyperparameters = {f"hp.{name}": _text(value) for name, value in recipe.hyperparameters}
        times = [time for record in records for time in (record.started, record.finished) if time]
        return Page(
            name=name,
            status=status,
            started=milliseconds(min(times)),
            ended=milliseconds(max(times)),
            params={**mixture, **hyperparameters, "model": recipe.model, **params},
            tags={
                **tags,
                FAMILY: recipe.family,
                "mix": str(recipe.mixture),
                "rung": str(max(record.rung for record in records)),
                "purpose": records[0].purpose,
                **({"failure": failures[-1]} if failures else {}),
                **{f"micro_batch.{phase}": str(n) for record in records for phase, n in record.micro_batches.items()},
            },
            metrics=metrics,
        )

    def fixed(self) -> dict[str, str]:
        """Parameters of the search's own run: what never changes."""
        fixed = self.search.config.fixed()
        return {key: _text(value) for key, value in fixed.items() if value is not None and value not in ([], {})}

    def commits(self) -> dict[str, str]:
        """Parameters of the search's own run: what of the hub it reads. Known once data and model were looked at."""
        return {f"commit.{name}".replace("@", ":"): commit for name, commit in self.studies.commits.items()}

    def inputs(self) -> list[DataInput]:
        """The data sets that the search reads, with digests of what they hold. Known once they were looked at."""
        plan = self.studies.versioned(self.search.plan("", ""))
        known = [(card, plan.version_of(card)) for card in plan.cards()]
        return [_input(card, version) for card, version in known if version]

    def ranked(self, rows: RowSource | None = None) -> BestMixes:
        """The best of each target so far, and what its gain is worth.

        Args:
            rows: as for `rank`.
        """
        return rank(self.studies, top=1, rows=rows)

    def answer(self, ranked: BestMixes, run_of: Callable[[str], str | None]) -> dict[str, str]:
        """Tags of the search's own run: what it has found so far.

        Args:
            run_of: family -> address of the configuration's run in MLflow's page, if there is one.
        """
        recipes = self.recipes

        def address(recipe_digest: str) -> str | None:
            return run_of(recipes[recipe_digest].family) if recipe_digest in recipes else None

        best = {f"{BEST}{name}": mixes.best_mix or UNKNOWN for name, mixes in ranked.targets.items()}
        return {**best, NOTE: description.describe(ranked, address)}

    def headline(self, ranked: BestMixes) -> str:
        """The same in a paragraph, for the list of experiments."""
        return description.summarize(ranked)

    def summary(self, ranked: BestMixes) -> list[MetricRow]:
        """Metrics of the search's own run: the best of each target; the step is the number of work items."""
        state = self.studies.state
        over = [record for record in state.owners() if record.finished]
        times = [milliseconds(record.finished) for record in over if record.finished]
        if not times:
            return []
        values: dict[str, float | None] = {}
        for target, mixes in ranked.targets.items():
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


_MOST_TELLING = ("running", "interrupted", "complete", "not promoted", "failed")
"""States of a configuration's seeds; the first that one of them has is that of the configuration."""


def _name(recipe: Recipe) -> str:
    return str(recipe.mixture) if recipe.mixture else "baseline"


def _input(card: Card, version: str) -> DataInput:
    source = card.source
    kind = "hub" if source.hub else "files" if source.files else "suite" if source.suite else "tasks"
    return DataInput(card.name, version, kind, source.location, card.kind)


def _text(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
