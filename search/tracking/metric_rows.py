"""The metrics of MLflow's runs as rows, from records. The step is the rung, the time that at which a value was known.

A row never changes once it was written, since MLflow removes none: what grows with every work item, a mean over seeds
or a sum of costs, is a row for each moment, and of rows of one step MLflow shows the last.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from statistics import fmean

from search.studies.state import SearchState
from search.studies.trial_record import Cost, Record

MetricRow = tuple[str, float, int, int]
"""A metric: key, value, time in ms, step."""


def milliseconds(time: dt.datetime) -> int:
    return round(time.timestamp() * 1000)


def of_recipe(records: Iterable[Record], state: SearchState) -> list[MetricRow]:
    """Of one seed of a configuration: its scores, gains and costs."""
    records = list(records)
    scores = (
        (f"{record.target}/{name}", value, at, record.rung)
        for record in records
        for name, value, at in _values(record, state)
    )
    return sorted([*scores, *_costs(records)])


def of_configuration(records: Iterable[Record], state: SearchState) -> list[MetricRow]:
    """Means over the seeds so far, how many these are, and what all of them cost."""
    records, known = list(records), defaultdict[tuple[str, int], list[tuple[int, int, float]]](list)
    for record in records:
        for name, value, at in _values(record, state):
            known[f"{record.target}/{name}", record.rung].append((at, record.recipe.seed, value))
    rows = list(_costs(records))
    for (key, step), values in known.items():
        means = dict(_running_means(sorted(values)))
        rows += [(key, mean, at, step) for at, (mean, _) in means.items()]
        if key.endswith("/score"):
            rows += [(f"{key.removesuffix('score')}seeds", float(count), at, step) for at, (_, count) in means.items()]
    return sorted(rows)


def _running_means(values: Sequence[tuple[int, int, float]]) -> Iterator[tuple[int, tuple[float, int]]]:
    """Time -> mean and number of all values until then; of one time the last counts."""
    for count in range(1, len(values) + 1):
        yield values[count - 1][0], (fmean(value for _, _, value in values[:count]), count)


def _values(record: Record, state: SearchState) -> Iterator[tuple[str, float, int]]:
    """Name, value, and the time since which it is known."""
    score = record.score
    if record.finished is None or score is None:
        return
    at = milliseconds(record.finished)
    yield "score", score.score, at
    yield "floor", score.floor, at
    if score.test_score is not None:
        yield "test_score", score.test_score, at
    for language, metrics in score.dev.items():
        for metric, value in metrics.items():
            yield f"{language}/{metric}", value, at
    baseline = state.baseline(record.target, record.rung, record.recipe.seed)
    gain = state.gain_of(record)
    if gain is not None and baseline and baseline.finished and not record.recipe.is_baseline:
        yield "gain", gain, max(at, milliseconds(baseline.finished))


def _costs(records: Iterable[Record]) -> Iterator[MetricRow]:
    """What all work items so far have cost: summed up, since the last row is what is shown."""
    paid = [(milliseconds(record.finished), record.rung, record) for record in records if record.finished]
    total, step = Cost(), 0
    for at, rung, record in sorted(paid, key=lambda one: (*one[:2], one[2].recipe.seed, one[2].target)):
        if record.cost is not None:
            total, step = total + record.cost, max(step, rung)
            for name, value in asdict(total).items():
                yield f"cost/{name}", float(value), at, step
