"""A search as Optuna Dashboard can show it: a study per target with one trial per configuration, whatever its seeds.

The search's own studies have a trial per recipe, rung and seed, so the dashboard names a lucky seed the best of them.
Here the value is the gain over the baseline in points, by the definition of `taskmix best`, and the parameters are what
was mixed. The baseline is a trial of its own, with 0. What stopped at a lower rung is pruned, and so is what one seed
alone puts as high as the first mix of the ranking: for the dashboard the highest value is the best, whatever it rests
on.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.exceptions import ExperimentalWarning
from optuna.storages import RDBStorage
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial
from sqlalchemy.engine import URL

from search.answers.mixes import GainEstimate, MixResult, TargetMixes
from search.formatting import duration, hyperparameters, percent, points, points_between, share
from search.results.gains import Gains
from search.results.ranking import mix_costs, rank, rank_target
from search.results.row_source import RowSource
from search.studies.studies import Studies
from search.studies.trial_record import Record
from spaces.errors import InputError, Problem, nearest
from trainables.store.filesystem import write_aside

METRIC = "gain in points"

LUCKY = "one seed alone puts it as high as the first mix of the ranking"


def export_view(studies: Studies, file: Path, targets: Sequence[str] = (), rows: RowSource | None = None) -> list[str]:
    """Write the view into a new SQLite file; the names of its studies.

    Args:
        targets: of the search; default: all.
        rows: as for `rank`.

    Raises:
        InputError: the file is there; the search has no such target.
    """
    known = studies.search.config.targets
    problems = [
        Problem("no target of this search", "--target", t, nearest(t, known)) for t in targets if t not in known
    ]
    if file.exists():
        problems.append(Problem("the file is there already", "--out", str(file), "name a new one"))
    if problems:
        raise InputError(problems)
    names = []
    with write_aside(file) as aside:
        storage = RDBStorage(URL.create("sqlite", database=str(aside)).render_as_string())
        for target in targets or known:
            names.append(_write(studies, target, rows, storage))
        storage.remove_session()
        storage.engine.dispose()
    return names


def _write(studies: Studies, target: str, rows: RowSource | None, storage: RDBStorage) -> str:
    name, mixes = f"{studies.search.config.name}/{target}", _ranked(studies, target, rows)
    study = optuna.create_study(storage=storage, study_name=name, direction=StudyDirection.MAXIMIZE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        study.set_metric_names([METRIC])
    for key, value in _about(mixes).items():
        study.set_user_attr(key, value)
    study.add_trials(list(_trials(studies, target, mixes)))
    return name


def _ranked(studies: Studies, target: str, rows: RowSource | None) -> TargetMixes:
    """All mixes of the highest rung; the first with its claim."""
    answer = rank(studies, target, top=1, rows=rows).targets[target]
    whole = rank_target(studies, mix_costs(studies), target, len(studies.records[target]), gains=Gains(studies))
    return whole.model_copy(
        update={
            "best": [*answer.best, *whole.best[1:]],
            "best_mix": answer.best_mix,
            "beats_baseline": answer.beats_baseline,
        }
    )


def _about(mixes: TargetMixes) -> dict[str, str]:
    """Attributes of the study."""
    about = {"best mix": mixes.best_mix or "not known yet"}
    if mixes.best:
        about |= {"gain of the first mix": _worth(mixes.best[0].claim or mixes.best[0].expected)}
    if mixes.baseline:
        about["baseline"] = f"{percent(mixes.baseline.score)} %, {len(mixes.baseline.seeds)} seeds"
    return {
        **about,
        "metric": f"{mixes.metric}, mean over {', '.join(mixes.languages)}",
        "measured with": f"{mixes.rung.share:.0%} of the examples",
    }


def _trials(studies: Studies, target: str, mixes: TargetMixes) -> Iterator[FrozenTrial]:
    """In the order of their start."""
    seed, by_digest = studies.search.config.seed, defaultdict[str, list[Record]](list)
    for record in studies.records[target]:
        by_digest[record.recipe.with_seed(seed).digest].append(record)
    results = {result.digest: result for result in mixes.best}
    for digest, records in by_digest.items():
        result = results.get(digest)
        if any(record.score for record in records) or all(record.state is TrialState.FAIL for record in records):
            yield _trial(studies, records, mixes, result)


def _trial(studies: Studies, records: Sequence[Record], mixes: TargetMixes, result: MixResult | None) -> FrozenTrial:
    recipe, gains = records[0].recipe, _gains(studies, records)
    value, first = _value(result), _value(mixes.best[0]) if mixes.best else None
    if recipe.is_baseline and mixes.baseline is not None:
        value = 0.0
    is_behind = result is not None and not result.confirmed and mixes.best[0].confirmed
    is_lucky = is_behind and value is not None and first is not None and value >= first
    if value is not None and mixes.rung.top and not is_lucky:
        state = TrialState.COMPLETE
    else:
        state = TrialState.PRUNED if any(record.score for record in records) else TrialState.FAIL
        value = gains[max(gains)] if gains else None
    space = _distributions(studies)
    params: dict[str, Any] = {task: recipe.mixture.weights.get(task, 0.0) for task in studies.search.space.tasks}
    params |= dict(recipe.hyperparameters)
    times = [time for record in records for time in (record.started, record.finished) if time]
    trial = create_trial(
        state=state,
        value=value,
        params=params,
        distributions={name: space[name] for name in params},
        user_attrs=_attributes(records, result) | ({"pruned": LUCKY} if is_lucky else {}),
        intermediate_values=gains,
    )
    trial.datetime_start, trial.datetime_complete = min(times), max(times)
    return trial


def _distributions(studies: Studies) -> Mapping[str, BaseDistribution]:
    """A weight for each task, which is 0 where it is left out; hyperparameters as they are searched."""
    space = studies.search.space
    weights: dict[str, BaseDistribution] = {task: FloatDistribution(0.0, 1.0) for task in space.tasks}
    return weights | {name: one.distribution for name, one in space.hyperparameters}


def _gains(studies: Studies, records: Sequence[Record]) -> dict[int, float]:
    """Rung -> gain in points, mean over seeds, where the baseline was measured, too."""
    found = defaultdict[int, list[float]](list)
    for record in records:
        gain = studies.state.gain_of(record)
        if gain is not None:
            found[record.rung].append(100 * gain)
    return {rung: fmean(gains) for rung, gains in sorted(found.items())}


def _attributes(records: Sequence[Record], result: MixResult | None) -> dict[str, Any]:
    """For people: few, short, in one line each."""
    recipe, rung = records[0].recipe, max(record.rung for record in records)
    found = {"mix": str(recipe.mixture) if recipe.mixture else "baseline"}
    if recipe.hyperparameters:
        found["hyperparameters"] = hyperparameters(dict(recipe.hyperparameters))
    found["seeds"] = ", ".join(str(record.recipe.seed) for record in records if record.rung == rung)
    failures = [record.failure.message for record in records if record.failure]
    if failures:
        found["failure"] = failures[-1]
    if result is None:
        return found
    found["score"] = f"{percent(result.score)} %"
    found["gain"] = f"{points(result.gain, result.gain_spread)} points"
    if result.gain_languages:
        found["gain by language"] = ", ".join(f"{name} {points(gain)}" for name, gain in result.gain_languages.items())
    if result.claim:
        found["gain on the test split"] = _worth(result.claim)
    found["cost"] = duration(result.cost.seconds)
    return found


def _worth(estimate: GainEstimate | None) -> str:
    if estimate is None:
        return "not known yet"
    text = f"{points(estimate.mean)} points on the {'test' if estimate.split == 'test' else 'development'} split"
    if estimate.low is None or estimate.high is None or estimate.probability is None:
        return text
    return f"{text} ({points_between(estimate.low, estimate.high)}), probability {share(estimate.probability)}"


def _value(result: MixResult | None) -> float | None:
    """The gain in points as a difference of means over all seeds, so that the order is that of the ranking."""
    if result is None:
        return None
    gain = result.expected.mean if result.expected else result.gain
    return None if gain is None else 100 * gain
