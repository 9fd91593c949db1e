"""What a search has found and where it stands, read from its studies alone. `docs/json.md` describes every field.

One definition of "best", for every command and every view. A *mix* is a recipe whatever its seed. For a target:

* Candidates are the mixes with a score at the top rung. While there are none, those at the highest rung that has
  scores, and the answer says so (`rung.top` is false). The baseline is compared at the same rung.
* `score` is the mean over seeds of the score on the development split: the mean of the target's metric over its
  languages. `gain` is the mean over seeds of the score minus the baseline's score with the same seed at the same rung.
* Mixes that were measured with all `confirm.seeds` come before the others; then the higher score; then the lower cost.
* A spread is the sample standard deviation over seeds. The test split drove nothing and ranks nothing.
* The cost of a mix is what its own work items cost, over all rungs and seeds and all targets they were measured on.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import fmean, stdev
from typing import Any, Literal

from optuna.trial import TrialState

from search import home
from search.agenda import Agenda
from search.config import Search
from search.studies import Cost, Record, Studies
from spaces.card import Card
from spaces.catalogue import Catalogue
from spaces.errors import InputError, Problem, TaskmixError, nearest
from trainables.outcome import Score

LAST_FAILURES = 5
"""How many failures `status` quotes."""

MixState = Literal["running", "waiting", "stopped", "complete", "failed"]
"""`waiting`: has scores of a lower rung and may still be promoted; `stopped`: the search is over and it was not."""


def best(search: Search, studies: Studies, target: str | None = None, top: int = 3) -> dict[str, Any]:
    """The best mixes of every target, or of one; see the definition above.

    Raises:
        InputError: the search has no such target.
    """
    if target is not None and target not in search.config.targets:
        raise InputError(
            Problem("no target of this search", "--target", target, nearest(target, search.config.targets))
        )
    costs = mix_costs(studies)
    chosen = [target] if target is not None else search.config.targets
    return {
        "search": search.config.name,
        "targets": {name: _best_of(search, studies, costs, name, top) for name in chosen},
    }


def status(search: Search, studies: Studies, alive: bool | None = None) -> dict[str, Any]:
    """Where a search stands.

    Args:
        alive: whether a driver runs it now; None: not known.
    """
    owners, budget = studies.owners(), search.config.budget
    running = [record for record in owners if record.state is TrialState.RUNNING]
    failed = [record for record in owners if record.state is TrialState.FAIL]
    over = not running and Agenda(search, studies).over
    cost = sum((record.cost for record in owners if record.cost), Cost())
    states = mix_states(search, studies, over)
    wall = studies.wall_seconds
    return {
        "search": search.config.name,
        "state": "running" if alive else "over" if over else "unfinished" if alive is None else "interrupted",
        "over": over,
        "recipes": {**_counts(states.values(), ("running", "waiting", "stopped", "complete", "failed"))},
        "work_items": {
            "running": 0 if alive is False else len(running),
            "interrupted": len(running) if alive is False else 0,
            "done": len(owners) - len(running) - len(failed),
            "failed": len(failed),
            "total": len(owners),
        },
        "budget": {
            "recipes": {"used": len(states), "total": budget.recipes},
            "work_items": {"used": len(owners), "total": budget.work_items},
            "hours": {"used": wall / 3600, "total": budget.hours},
            "gpu_hours": {"used": cost.gpu_seconds / 3600, "total": budget.gpu_hours},
        },
        "seconds": {
            "wall": wall,
            "work_items": cost.seconds,
            "training": cost.training_seconds,
            "training_share": cost.training_seconds / wall if wall else None,
        },
        "examples": cost.examples,
        "failures": {
            "count": len(failed),
            "by_kind": dict(sorted(Counter(record.failure.kind for record in failed if record.failure).items())),
            "last": [_failure(record) for record in failed[-LAST_FAILURES:]],
        },
        "running": [_running(record) for record in running],
    }


def searches(alive: Callable[[str], bool | None] = lambda name: None) -> list[dict[str, Any]]:
    """A line for every search in $TASKMIX_HOME.

    Args:
        alive: search name -> whether a driver runs it now; None: not known.
    """
    return [_line(name, alive(name)) for name in home.names()]


def tasks(catalogue: Catalogue) -> dict[str, Any]:
    """The cards."""
    return {
        "tasks": [_card(card) for _, card in sorted(catalogue.tasks.items())],
        "targets": [_card(card) for _, card in sorted(catalogue.targets.items())],
    }


def mix_states(search: Search, studies: Studies, over: bool) -> dict[str, MixState]:
    """Mix (family digest) -> state, over all targets and seeds, in the order of their start; no baseline."""
    records: dict[str, list[Record]] = defaultdict(list)
    for record in (*studies.owners(), *studies.all()):
        if not record.recipe.is_baseline:
            records[record.recipe.family].append(record)
    top = len(search.config.halving.rungs) - 1
    return {family: state_of(found, top, over) for family, found in records.items()}


def state_of(records: Sequence[Record], top: int, over: bool) -> MixState:
    """The state of one recipe or mix from its records."""
    if any(record.state is TrialState.RUNNING for record in records):
        return "running"
    highest = max(record.rung for record in records)
    if not any(record.score for record in records if record.rung == highest):
        return "failed"
    return "complete" if highest == top else "stopped" if over else "waiting"


def mix_costs(studies: Studies) -> dict[str, Cost]:
    """Mix (family digest) -> what its work items cost."""
    costs: dict[str, Cost] = defaultdict(Cost)
    for record in studies.owners():
        if record.cost:
            costs[record.recipe.family] += record.cost
    return costs


# --- best


@dataclass
class _Mix:
    """The records of one mix on one target at one rung, by seed."""

    by_seed: dict[int, Record] = field(default_factory=dict)

    @property
    def any(self) -> Record:
        return next(iter(self.by_seed.values()))

    def values(self, value: Callable[[Score], float | None]) -> dict[int, float]:
        """Seed -> value, where there is one; by seed."""
        found = {seed: value(record.score) for seed, record in sorted(self.by_seed.items()) if record.score}
        return {seed: number for seed, number in found.items() if number is not None}


def _best_of(search: Search, studies: Studies, costs: Mapping[str, Cost], target: str, top: int) -> dict[str, Any]:
    card, rungs = search.targets[target], search.config.halving.rungs
    scored = [record for record in studies.records[target] if record.score]
    rung = max((record.rung for record in scored if not record.recipe.is_baseline), default=None)
    if rung is None:
        rung = max((record.rung for record in scored), default=0)
    baseline, mixes = _Mix(), defaultdict[str, _Mix](_Mix)
    for record in scored:
        if record.rung == rung:
            mix = baseline if record.recipe.is_baseline else mixes[record.recipe.family]
            mix.by_seed[record.recipe.seed] = record

    def rank(family: str) -> tuple[bool, float, float, float, str]:
        values, cost = mixes[family].values(lambda score: score.score), costs.get(family, Cost())
        return len(values) < search.config.confirm.seeds, -fmean(values.values()), cost.seconds, cost.examples, family

    ranked = [
        _entry(search, card, mixes[family], baseline, costs.get(family, Cost()))
        for family in sorted(mixes, key=rank)[: max(top, 1)]
    ]
    gain = ranked[0]["gain"] if ranked else None
    return {
        "metric": card.metric,
        "languages": card.languages,
        "rung": {"index": rung, "share": rungs[rung], "top": rung == len(rungs) - 1},
        "baseline": _measured(card, baseline, "dev") | _test(card, baseline, None) if baseline.by_seed else None,
        "floor": _floor(card, baseline if baseline.by_seed else next(iter(mixes.values()), None)),
        "beats_baseline": None if gain is None else gain > 0,
        "candidates": len(mixes),
        "best": ranked[:top],
    }


def _entry(search: Search, card: Card, mix: _Mix, baseline: _Mix, cost: Cost) -> dict[str, Any]:
    recipe = mix.any.recipe
    return {
        "digest": recipe.with_seed(search.config.seed).digest,
        "mixture": recipe.mixture.weights,
        "mix": str(recipe.mixture),
        "hyperparameters": dict(recipe.hyperparameters),
        **_measured(card, mix, "dev"),
        **_gains(card, mix, baseline, "dev"),
        "confirmed": len(mix.by_seed) >= search.config.confirm.seeds,
        **_test(card, mix, baseline),
        "cost": asdict(cost),
    }


def _mean_of(split: str) -> Callable[[Score], float | None]:
    return (lambda score: score.score) if split == "dev" else (lambda score: score.test_score)


def _in_language(card: Card, split: str, language: str) -> Callable[[Score], float | None]:
    metric = card.metric or ""
    return lambda score: (score.dev if split == "dev" else score.test).get(language, {}).get(metric)


def _measured(card: Card, mix: _Mix, split: str) -> dict[str, Any]:
    """Mean and spread over seeds, for all languages together and for each."""
    values = mix.values(_mean_of(split))
    languages = {language: mix.values(_in_language(card, split, language)) for language in card.languages}
    return {
        "score": fmean(values.values()) if values else None,
        "spread": _spread(values.values()),
        "languages": {language: fmean(found.values()) for language, found in languages.items() if found},
        "seeds": list(values.values()),
    }


def _gains(card: Card, mix: _Mix, baseline: _Mix, split: str) -> dict[str, Any]:
    """What is gained over the baseline with the same seeds."""

    def differences(value: Callable[[Score], float | None]) -> list[float]:
        own, base = mix.values(value), baseline.values(value)
        return [own[seed] - base[seed] for seed in own if seed in base]

    gains = differences(_mean_of(split))
    languages = {language: differences(_in_language(card, split, language)) for language in card.languages}
    return {
        "gain": fmean(gains) if gains else None,
        "gain_spread": _spread(gains),
        "gain_languages": {language: fmean(found) for language, found in languages.items() if found},
        "gain_seeds": gains,
    }


def _test(card: Card, mix: _Mix, baseline: _Mix | None) -> dict[str, Any]:
    if not mix.values(_mean_of("test")):
        return {"test": None}
    return {"test": _measured(card, mix, "test") | (_gains(card, mix, baseline, "test") if baseline else {})}


def _floor(card: Card, mix: _Mix | None) -> dict[str, Any] | None:
    score = mix.any.score if mix else None
    if score is None:
        return None
    metric = card.metric or ""
    return {"score": score.floor, "languages": {lang: score.floors[lang][metric] for lang in card.languages}}


def _spread(values: Iterable[float]) -> float | None:
    found = list(values)
    return stdev(found) if len(found) > 1 else None


# --- status, searches, tasks


def _counts(states: Iterable[str], known: Sequence[str]) -> dict[str, int]:
    counts = Counter(states)
    return {**{state: counts[state] for state in known}, "total": counts.total()}


def _failure(record: Record) -> dict[str, Any]:
    failure = record.failure
    return {
        **_running(record),
        "kind": failure.kind if failure else "exception",
        "message": failure.message if failure else "",
        "finished": _time(record.finished),
    }


def _running(record: Record) -> dict[str, Any]:
    return {
        "digest": record.recipe.digest,
        "mix": str(record.recipe.mixture),
        "seed": record.recipe.seed,
        "rung": record.rung,
        "targets": list(record.item.targets) if record.item else [record.target],
        "purpose": record.kind,
        "started": _time(record.started),
    }


def _time(time: dt.datetime | None) -> str | None:
    """ISO 8601 with the time zone; Optuna's times are local ones."""
    return time.astimezone().isoformat(timespec="seconds") if time else None


def _line(name: str, alive: bool | None) -> dict[str, Any]:
    """A search in one line; what is wrong with it where it cannot be read."""
    line: dict[str, Any] = {"search": name, "state": "unreadable", "recipes": None, "work_items": None, "best": {}}
    try:
        search, place = home.find(name)
        studies = Studies.open(place.studies, search)
    except TaskmixError as error:
        return {**line, "problem": error.problems[0].what}
    found, answer = status(search, studies, alive), best(search, studies, top=1)
    return {
        "search": name,
        "state": found["state"],
        "recipes": found["budget"]["recipes"],
        "work_items": found["work_items"],
        "best": {
            target: {key: entry[key] for key in ("mix", "score", "gain")}
            for target, entries in answer["targets"].items()
            for entry in entries["best"]
        },
        "problem": None,
    }


def _card(card: Card) -> dict[str, Any]:
    return {
        "name": card.name,
        "description": card.description,
        "format": card.format,
        "metric": card.metric,
        "languages": card.languages,
        "training_language": card.training_language if card.is_trained else None,
        "sizes": card.sizes,
        "licence": card.licence,
        "source": card.source.place,
        "origin": card.origin,
    }
